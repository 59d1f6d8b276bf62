"""Recorded WebSocket conversations through a real mitmdump: every call exactly, every message unchanged."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from sessiontap.call import Call
from sessiontap.store import Ledger
from tests.end_to_end.socket_double import open_socket, open_sockets
from tests.oracles.sockets import SOCKETS_FILE, Billed, Conversation, conversations

pytestmark = pytest.mark.skipif(
    not SOCKETS_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)

_GEMINI = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_VERTEX = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
_URLS = {
    "openai": "wss://api.openai.com/v1/realtime?model=gpt-realtime",
    "azure": "wss://recorded.openai.azure.com/openai/v1/realtime?model=gpt-realtime",
    "voice-live": "wss://recorded.services.ai.azure.com/voice-live/realtime?model=gpt-realtime",
    "xai": "wss://api.x.ai/v1/realtime?model=grok-voice-latest",
    "gemini": f"wss://generativelanguage.googleapis.com{_GEMINI}",
    "vertex": f"wss://us-central1-aiplatform.googleapis.com{_VERTEX}",
}
_BINARY = frozenset({"gemini", "vertex"})
_HOSTS = [url.split("/")[2] for url in _URLS.values()]


@dataclass(frozen=True, slots=True)
class Played:
    """One conversation as it went: what reached the client and the server, and what was recorded of it."""

    conversation: Conversation
    to_client: list[str | bytes]
    to_server: list[str | bytes]
    calls: list[Call]

    @property
    def billed(self) -> list[Billed]:
        """What was recorded, in the order in which it ended."""
        usages = [call.usage for call in sorted(self.calls, key=lambda call: call.ended_at or "")]
        return [
            Billed(
                usage.input_tokens or 0,
                usage.output_tokens or 0,
                usage.cache_read_input_tokens or 0,
                usage.input_audio_tokens or 0,
                usage.output_audio_tokens or 0,
                usage.reasoning_output_tokens or 0,
            )
            for usage in usages
            if usage
        ]


def _content(conversation: Conversation, text: str) -> str | bytes:
    """The message as it is sent: the JSON of Google's servers comes in binary frames."""
    return text.encode() if conversation.provider in _BINARY else text


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[Played]:
    """Every conversation, played in its order between a real client and a real server."""
    folder: Path = tmp_path_factory.mktemp("conversations")
    results = []
    with open_sockets(folder, _HOSTS) as (double, proxy):
        for number, conversation in enumerate(conversations()):
            to_client: list[str | bytes] = []
            to_server: list[str | bytes] = []

            def serve(
                socket: ServerConnection,
                conversation: Conversation = conversation,
                received: list[str | bytes] = to_server,
            ) -> None:
                for message in conversation.messages:
                    if message.sent:
                        received.append(socket.recv(timeout=60))
                    else:
                        socket.send(_content(conversation, message.text))
                socket.recv()  # the client closes first

            double.handler = serve
            compression = "deflate" if number % 2 else None
            url = _URLS[conversation.provider]
            session = conversation.source
            with open_socket(proxy, url, compression=compression, Helicone_Session_Id=session) as client:
                for message in conversation.messages:
                    if message.sent:
                        client.send(message.text)
                    else:
                        to_client.append(client.recv(timeout=60))
            results.append((conversation, to_client, to_server))
        proxy.stop()
        ledger = Ledger(proxy.home)
        return [Played(*each, calls=ledger.calls(each[0].source)) for each in results]


def test_every_message_arrives_as_it_was_sent(played: list[Played]) -> None:
    """Text and binary messages reach the other side identical and in order, compressed or not."""
    for each in played:
        sent = [message for message in each.conversation.messages if message.sent]
        received = [message for message in each.conversation.messages if not message.sent]
        assert each.to_server == [message.text for message in sent]
        assert each.to_client == [_content(each.conversation, message.text) for message in received]


def test_every_call_is_recorded_exactly(played: list[Played], print_table: Callable[[str], None]) -> None:
    """Each usage that a provider reports is one ended call's, with the same figures."""
    counts: collections.Counter[str] = collections.Counter()
    for each in played:
        provider, expected = each.conversation.provider, each.conversation.billed()
        counts[f"{provider} n"] += len(expected)
        counts[f"{provider} recorded"] += len(each.billed)
        counts[f"{provider} exact"] += sum(
            (collections.Counter(expected) & collections.Counter(each.billed)).values()
        )
    rows = [
        f"{provider:12}"
        + "".join(f"{counts[f'{provider} {column}']:10}" for column in ("n", "recorded", "exact"))
        for provider in _URLS
    ]
    print_table("\n".join([f"{'provider':12}{'n':>10}{'recorded':>10}{'exact':>10}", *rows]))
    for each in played:
        assert sorted(each.billed) == sorted(each.conversation.billed()), each.conversation.source


def test_nothing_is_left_open_and_nothing_is_made_up(played: list[Played]) -> None:
    """Every call ended well, but the one transcription that the provider failed; all have a model."""
    failed = []
    for each in played:
        assert {call.session_id for call in each.calls} == {each.conversation.source}
        for call in each.calls:
            assert call.model
            if call.status != "ok":
                failed.append((each.conversation.name, call.operation, call.status, call.error_type))
    assert failed == [
        (
            "test_audio_in_server_vad_transcription_requires_deployment",
            "transcription",
            "error",
            "server_error",
        )
    ]
