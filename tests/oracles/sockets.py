"""Reads recorded WebSocket conversations with model providers, and their usage straight from the messages.

They are no part of the project: tests that use them skip where they are absent. Nothing here is shared with
the package, so that a mistake in it cannot be made twice.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.oracles.corpus import FOLDER

SOCKETS_FILE = FOLDER / "recorded-websockets.jsonl.gz"


class Message(NamedTuple):
    """One message, by the client (`sent`) or the provider."""

    sent: bool
    text: str


class Billed(NamedTuple):
    """What one message reports: whole input and output, and the parts that have prices of their own."""

    input: int
    output: int
    cached: int
    input_audio: int
    output_audio: int
    reasoning: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """One recorded socket."""

    source: str
    messages: tuple[Message, ...]

    @property
    def name(self) -> str:
        """The recording's file, without folders and suffix."""
        return self.source.rpartition("/")[2].removesuffix(".yaml")

    @property
    def provider(self) -> str:
        """Whom it was recorded with: openai, azure, voice-live, xai, gemini or vertex."""
        for part, provider in (
            ("voice_live", "voice-live"),
            ("azure", "azure"),
            ("xai", "xai"),
            ("gateway-google", "vertex"),
            ("google", "gemini"),
        ):
            if part in self.source:
                return provider
        return "openai"

    def billed(self) -> list[Billed]:
        """What each message of the provider reports, in order."""
        return [found for message in self.messages if not message.sent for found in _billed(message.text)]


def conversations() -> list[Conversation]:
    """Every recorded conversation."""
    with gzip.open(SOCKETS_FILE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Conversation(row["source"], tuple(Message(each["sent"], each["text"]) for each in row["messages"]))
        for row in rows
    ]


def _billed(text: str) -> Iterator[Billed]:
    message = json.loads(text)
    if message.get("type") == "response.done":
        yield _openai(message["response"].get("usage") or message["usage"])
    elif "usage" in message:
        yield _openai(message["usage"])
    elif "usageMetadata" in message:
        yield _gemini(message["usageMetadata"])


def _openai(usage: dict[str, Any]) -> Billed:
    given, produced = usage.get("input_token_details", {}), usage.get("output_token_details", {})
    return Billed(
        usage["input_tokens"],
        usage["output_tokens"],
        given.get("cached_tokens", 0),
        given.get("audio_tokens", 0),
        produced.get("audio_tokens", 0),
        produced.get("reasoning_tokens", 0),
    )


def _gemini(usage: dict[str, Any]) -> Billed:
    answered = "response" if "responseTokenCount" in usage else "candidates"
    thoughts = usage.get("thoughtsTokenCount", 0)

    def audio(details: str) -> int:
        return sum(
            each.get("tokenCount", 0) for each in usage.get(details, ()) if each["modality"] == "AUDIO"
        )

    return Billed(
        usage["promptTokenCount"],
        usage.get(f"{answered}TokenCount", 0) + thoughts,
        usage.get("cachedContentTokenCount", 0),
        audio("promptTokensDetails"),
        audio(f"{answered}TokensDetails"),
        thoughts,
    )
