"""What every recorded exchange is, decided by hand from its host and path: a model call, a poll, or neither.

Written by looking at each path that was ever recorded, without a look at the package's table of providers.
"""

from __future__ import annotations

import re
from typing import Literal

from tests.oracles.corpus import Exchange

Kind = Literal["call", "poll", "neither"]

# Method and host with path, without the query; whole. A call is what a provider runs a model for on the
# caller's bill; a poll brings the reply of such a call later.
_DECIDED: tuple[tuple[Kind, str], ...] = (
    # OpenAI
    ("call", r"POST api\.openai\.com/v1/(chat/completions|completions|embeddings|images/generations)"),
    ("call", r"POST api\.openai\.com/v1/responses(/compact)?"),
    ("poll", r"GET api\.openai\.com/v1/responses/resp_\w+"),
    ("call", r"POST api\.openai\.com/v1/threads/\w+/runs"),
    ("poll", r"GET api\.openai\.com/v1/threads/\w+/runs/\w+"),
    ("neither", r"\w+ api\.openai\.com/v1/(assistants|files|vector_stores|conversations|traces)\b.*"),
    ("neither", r"\w+ api\.openai\.com/v1/threads(/\w+/messages)?"),
    ("neither", r"POST api\.openai\.com/v1/responses/input_tokens"),
    # A session is set up; what it costs goes over WebRTC.
    ("neither", r"POST (api\.openai\.com|[\w-]+\.openai\.azure\.com/openai)/v1/realtime/\w+"),
    # Azure
    ("call", r"POST [\w-]+\.openai\.azure\.com/openai/deployments/[\w.-]+/chat/completions"),
    ("call", r"POST [\w-]+\.openai\.azure\.com/openai/v1/responses"),
    # Anthropic
    ("call", r"POST api\.anthropic\.com/v1/(messages|complete)"),
    ("neither", r"POST api\.anthropic\.com/v1/messages/count_tokens"),
    ("neither", r"\w+ api\.anthropic\.com/v1/files\b.*"),
    # Google
    (
        "call",
        r"POST generativelanguage\.googleapis\.com/v1beta/models/[^/:]+:(g|streamG)enerateContent",
    ),
    (
        "call",
        r"POST generativelanguage\.googleapis\.com/v1beta/models/[^/:]+:batchEmbedContents",
    ),
    ("neither", r"POST generativelanguage\.googleapis\.com/v1beta/models/[^/:]+:countTokens"),
    (
        "neither",
        r"\w+ generativelanguage\.googleapis\.com/(upload/)?v1beta/(cachedContents|fileSearchStores)\b.*",
    ),
    ("call", r"POST ([\w-]+-)?aiplatform\.googleapis\.com/.*/models/[^/:]+:(g|streamG)enerateContent"),
    # AWS
    (
        "call",
        r"POST bedrock-runtime\.[\w-]+\.amazonaws\.com/model/[^/]+/(converse|invoke)",
    ),
    (
        "call",
        r"POST bedrock-runtime\.[\w-]+\.amazonaws\.com/model/[^/]+/[\w-]+-stream",
    ),
    ("neither", r"POST bedrock-runtime\.[\w-]+\.amazonaws\.com/model/[^/]+/count-tokens"),
    ("call", r"POST bedrock-mantle\.[\w-]+\.api\.aws/(openai/)?v1/(responses|chat/completions)"),
    # those who speak OpenAI's language
    ("call", r"POST api\.(cerebras\.ai|mistral\.ai|inference\.crusoecloud\.com)/v1/chat/completions"),
    ("call", r"POST api\.mistral\.ai/v1/embeddings"),
    ("call", r"POST api\.deepseek\.com/(beta/)?(chat/completions|responses)"),
    ("call", r"POST api\.groq\.com/openai/v1/chat/completions"),
    ("call", r"POST api\.z\.ai/api/paas/v4/chat/completions"),
    ("call", r"POST openrouter\.ai/api/v1/chat/completions"),
    ("call", r"POST router\.huggingface\.co/\w+/v1/chat/completions"),
    ("call", r"POST ollama\.com/v1/chat/completions"),
    ("call", r"POST [\w-]+\.snowflakecomputing\.com/api/v2/cortex/v1/chat/completions"),
    # those who speak their own
    ("call", r"POST api\.cohere\.com/(v1|v2)/(chat|embed|rerank)"),
    ("call", r"POST api\.voyageai\.com/v1/(embeddings|rerank)"),
    ("call", r"POST api\.writer\.com/v1/(chat|completions)"),
    ("call", r"POST api\.replicate\.com/v1/predictions"),
    ("poll", r"GET api\.replicate\.com/v1/predictions/\w+"),
    ("neither", r"GET api\.replicate\.com/v1/models/.*"),
    # A parser of documents, billed by its own subscription.
    ("neither", r"\w+ api\.cloud\.llamaindex\.ai/.*"),
    # on the user's own machine: Ollama, vLLM and its like, a gateway on 8787
    ("call", r"POST 127\.0\.0\.1:11434/api/(chat|generate|embeddings)"),
    ("call", r"POST localhost:(5002|8000)/v1/(chat/)?completions"),
    ("call", r"POST localhost:8787/bedrock/model/[^/]+/converse"),
    ("call", r"POST localhost:8787/google-vertex/.*:generateContent"),
    ("call", r"POST localhost:8787/(groq/openai/v1|openai)/(chat/completions|responses)"),
    # Two data bases of vectors.
    ("neither", r"\w+ localhost:(8080/v1/\w+(/\w+)?|8882/.*)"),
)
_RULES = tuple((kind, re.compile(pattern)) for kind, pattern in _DECIDED)


def kind_of(exchange: Exchange) -> Kind:
    """What the exchange is. A path that nobody has decided on, or two decisions, is a LookupError."""
    host = exchange.host if exchange.url.scheme == "https" else exchange.url.netloc
    where = f"{exchange.method} {host}{exchange.url.path}"
    found = [kind for kind, rule in _RULES if rule.fullmatch(where)]
    if len(found) != 1:
        message = f"{where}: {found or 'nobody has decided what it is'}"
        raise LookupError(message)
    return found[0]
