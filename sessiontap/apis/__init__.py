"""Events -> model, usage, tools, errors: one file a wire shape, and the table of them."""

from __future__ import annotations

from sessiontap.apis.anthropic_complete import TEXT_COMPLETE
from sessiontap.apis.anthropic_messages import MESSAGES
from sessiontap.apis.bedrock_agent import INVOKE_AGENT
from sessiontap.apis.bedrock_converse import CONVERSE
from sessiontap.apis.bedrock_invoke import INVOKE, INVOKE_EMBEDDINGS, INVOKE_IMAGES, INVOKE_RERANK
from sessiontap.apis.cohere_chat import COHERE_CHAT
from sessiontap.apis.cohere_meta import (
    COHERE_CHAT_V1,
    COHERE_CLASSIFY,
    COHERE_EMBED,
    COHERE_GENERATE,
    COHERE_RERANK,
)
from sessiontap.apis.gemini_code_assist import CODE_ASSIST
from sessiontap.apis.gemini_embeddings import EMBED_CONTENT
from sessiontap.apis.gemini_generate_content import GENERATE_CONTENT
from sessiontap.apis.gemini_interactions import INTERACTIONS
from sessiontap.apis.gemini_live import LIVE
from sessiontap.apis.mistral_conversations import MISTRAL_CONVERSATIONS
from sessiontap.apis.mistral_ocr import MISTRAL_OCR
from sessiontap.apis.mistral_transcription import MISTRAL_TRANSCRIPTION
from sessiontap.apis.ollama import OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_GENERATE
from sessiontap.apis.openai_assistants import RUNS
from sessiontap.apis.openai_audio import SPEECH, TRANSCRIPTION
from sessiontap.apis.openai_chat import CHAT, COMPLETIONS
from sessiontap.apis.openai_embeddings import EMBEDDINGS, VOYAGE_RERANK
from sessiontap.apis.openai_images import IMAGES
from sessiontap.apis.openai_moderations import DECISIONS, MODERATIONS
from sessiontap.apis.openai_realtime import REALTIME
from sessiontap.apis.openai_responses import RESPONSES
from sessiontap.apis.openai_videos import VIDEOS
from sessiontap.apis.reading import Api, ReplyFacts, ReplyReader, RequestFacts
from sessiontap.apis.replicate import PREDICTIONS
from sessiontap.apis.snowflake_complete import SNOWFLAKE_COMPLETE
from sessiontap.apis.vertex_predict import PREDICT_EMBEDDINGS, PREDICT_IMAGES, PREDICT_LONG_RUNNING
from sessiontap.apis.writer_completions import WRITER_COMPLETIONS

__all__ = ["APIS", "Api", "ReplyFacts", "ReplyReader", "RequestFacts"]

APIS: dict[str, Api] = {
    api.name: api
    for api in (
        CHAT,
        COMPLETIONS,
        RESPONSES,
        REALTIME,
        EMBEDDINGS,
        RUNS,
        IMAGES,
        TRANSCRIPTION,
        SPEECH,
        MODERATIONS,
        DECISIONS,
        VIDEOS,
        MESSAGES,
        TEXT_COMPLETE,
        CONVERSE,
        INVOKE,
        INVOKE_EMBEDDINGS,
        INVOKE_RERANK,
        INVOKE_IMAGES,
        INVOKE_AGENT,
        GENERATE_CONTENT,
        CODE_ASSIST,
        INTERACTIONS,
        LIVE,
        EMBED_CONTENT,
        PREDICT_EMBEDDINGS,
        PREDICT_IMAGES,
        PREDICT_LONG_RUNNING,
        COHERE_CHAT,
        COHERE_CHAT_V1,
        COHERE_GENERATE,
        COHERE_CLASSIFY,
        COHERE_EMBED,
        COHERE_RERANK,
        OLLAMA_CHAT,
        OLLAMA_GENERATE,
        OLLAMA_EMBED,
        PREDICTIONS,
        MISTRAL_CONVERSATIONS,
        MISTRAL_TRANSCRIPTION,
        MISTRAL_OCR,
        VOYAGE_RERANK,
        SNOWFLAKE_COMPLETE,
        WRITER_COMPLETIONS,
    )
}
