"""Events -> model, usage, tools, errors: one file a wire shape, and the table of them."""

from __future__ import annotations

from sessiontap.apis.anthropic_messages import MESSAGES
from sessiontap.apis.gemini_embeddings import EMBED_CONTENT
from sessiontap.apis.gemini_generate_content import GENERATE_CONTENT
from sessiontap.apis.openai_assistants import RUNS
from sessiontap.apis.openai_chat import CHAT, COMPLETIONS
from sessiontap.apis.openai_embeddings import EMBEDDINGS
from sessiontap.apis.openai_responses import RESPONSES
from sessiontap.apis.reading import Api, ReplyFacts, ReplyReader, RequestFacts

__all__ = ["APIS", "Api", "ReplyFacts", "ReplyReader", "RequestFacts"]

APIS: dict[str, Api] = {
    api.name: api
    for api in (
        CHAT,
        COMPLETIONS,
        RESPONSES,
        EMBEDDINGS,
        RUNS,
        MESSAGES,
        GENERATE_CONTENT,
        EMBED_CONTENT,
    )
}
