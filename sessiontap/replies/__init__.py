"""Replies: the events of a reply -> whole messages, as a later request of the same dialect would hold them.

making = maker("openai.chat")       # None where replies of that wire shape hold no messages
making.feed(event)                  # each event of a stream, or all of a plain reply
making.messages()                   # the replies so far, each a row of messages or items

One file a family of wire shapes, and one table of them. No event makes a maker raise.
"""

from __future__ import annotations

from collections.abc import Callable

from sessiontap.replies.anthropic import Messages
from sessiontap.replies.bedrock import Agent, Converse, Invoke
from sessiontap.replies.bounds import WHOLE, WORDS, Bounds, Maker
from sessiontap.replies.chat import Chat
from sessiontap.replies.cohere import CohereV1, CohereV2
from sessiontap.replies.gemini import Gemini
from sessiontap.replies.interactions import Interactions
from sessiontap.replies.live import Live
from sessiontap.replies.media import Pictures
from sessiontap.replies.mistral import Entries
from sessiontap.replies.ollama import Ollama
from sessiontap.replies.responses import Responses
from sessiontap.replies.runs import Runs
from sessiontap.replies.texts import Texts

__all__ = ["CONVERSATIONAL", "WHOLE", "WORDS", "Bounds", "Maker", "maker"]

_MAKERS: dict[str, Callable[[Bounds], Maker]] = {
    "openai.chat": Chat,
    "snowflake.complete": Chat,
    "openai.responses": Responses,
    "anthropic.messages": Messages,
    "bedrock.converse": Converse,
    "bedrock.invoke": Invoke,
    "gemini.generate_content": Gemini,
    "gemini.code_assist": Gemini,
    "ollama.chat": Ollama,
    "cohere.chat": CohereV2,
    "cohere.chat_v1": CohereV1,
}
CONVERSATIONAL = frozenset(_MAKERS)
"""The wire shapes whose replies go back, word for word, in the request of the next call."""

_OTHERS: dict[str, Callable[[Bounds], Maker]] = {
    "openai.realtime": Responses,
    "openai.assistants": Runs,
    "openai.completions": Texts,
    "openai.transcription": Texts,
    "openai.images": Pictures,
    "vertex.images": Pictures,
    "bedrock.images": Pictures,
    "anthropic.complete": Texts,
    "writer.completions": Texts,
    "ollama.generate": Ollama,
    "cohere.generate": Texts,
    "replicate.predictions": Texts,
    "mistral.transcription": Texts,
    "mistral.conversations": Entries,
    "gemini.interactions": Interactions,
    "gemini.live": Live,
    "bedrock.agent": Agent,
}


def maker(api: str, bounds: Bounds = WHOLE) -> Maker | None:
    """Who makes messages of the replies of a wire shape; None where they hold none."""
    made = _MAKERS.get(api) or _OTHERS.get(api)
    return None if made is None else made(bounds)
