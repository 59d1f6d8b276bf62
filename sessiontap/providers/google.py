"""Google: the Gemini API, Vertex AI and Gemini Code Assist."""

from __future__ import annotations

import re

from sessiontap.providers.route import Provider, route

# Express mode leaves the project out.
_VERTEX = r"/v1(alpha1|beta1)?/(projects/[^/]+/locations/[^/]+/)?"
_MODEL = r"(?P<model>[^/:]+)"
# Batches and the rest of a model's methods are no calls; nor is `count-tokens`, which looks like a model.
_GENERATE = r":(generateContent|streamGenerateContent)"
_RAW_PREDICT = r":(rawPredict|streamRawPredict)"

PROVIDERS = (
    Provider(
        name="gcp.gemini",
        hosts=("generativelanguage.googleapis.com",),
        routes=(
            route(
                rf"/v1(alpha|beta)?/(models|tunedModels)/{_MODEL}{_GENERATE}",
                "gemini.generate_content",
            ),
            route(
                rf"/v1(alpha|beta)?/models/{_MODEL}:(embedContent|batchEmbedContents)",
                "gemini.embeddings",
            ),
            # Google's own SDK writes the first slash twice.
            route(
                r"//?ws/google\.ai\.generativelanguage\.v1(alpha|beta)?\.GenerativeService\.BidiGenerateContent(Constrained)?",
                "gemini.live",
                method="GET",
                kind="socket",
            ),
            route(r"/v1(alpha|beta)?/interactions", "gemini.interactions"),
            route(
                r"/v1(alpha|beta)?/interactions/[^/:]+(:stream)?",
                "gemini.interactions",
                method="GET",
                kind="poll",
            ),
            route(r"/v1(alpha|beta)?/interactions/[^/:]+/cancel", "gemini.interactions", kind="poll"),
            route(rf"/v1(alpha|beta)?/models/{_MODEL}:predict", "vertex.images"),
            route(rf"/v1(alpha|beta)?/models/{_MODEL}:predictLongRunning", "vertex.long_running"),
            # Google's OpenAI-compatible endpoint.
            route(r"/v1beta/openai/chat/completions", "openai.chat"),
            route(r"/v1beta/openai/embeddings", "openai.embeddings"),
            route(r"/v1beta/openai/images/generations", "openai.images"),
        ),
    ),
    Provider(
        name="gcp.vertex_ai",
        hosts=("aiplatform.googleapis.com", "*-aiplatform.googleapis.com", "aiplatform.*.rep.googleapis.com"),
        # https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
        regions=(
            re.compile(r"/locations/([a-z0-9-]+)/"),
            re.compile(r"^([a-z0-9-]+)-aiplatform\."),
            re.compile(r"^aiplatform\.([a-z0-9-]+)\.rep\."),
        ),
        routes=(
            route(rf"{_VERTEX}publishers/[^/]+/models/{_MODEL}{_GENERATE}", "gemini.generate_content"),
            # Tuned models; the reply names the model behind the endpoint.
            route(rf"{_VERTEX}endpoints/{_MODEL}{_GENERATE}", "gemini.generate_content"),
            route(
                rf"{_VERTEX}publishers/[^/]+/models/{_MODEL}:(embedContent|batchEmbedContents)",
                "gemini.embeddings",
            ),
            route(
                rf"{_VERTEX}publishers/google/models/(?P<model>[^/:]*embedding[^/:]*):predict",
                "vertex.embeddings",
            ),
            route(rf"{_VERTEX}publishers/google/models/(?P<model>image[^/:]+):predict", "vertex.images"),
            route(rf"{_VERTEX}publishers/google/models/{_MODEL}:predictLongRunning", "vertex.long_running"),
            route(
                rf"{_VERTEX}publishers/anthropic/models/(?!count-tokens:){_MODEL}{_RAW_PREDICT}",
                "anthropic.messages",
            ),
            route(
                rf"{_VERTEX}publishers/(mistralai|ai21)/models/(?!mistral-ocr){_MODEL}{_RAW_PREDICT}",
                "openai.chat",
            ),
            route(rf"{_VERTEX}publishers/mistralai/models/{_MODEL}:rawPredict", "mistral.ocr"),
            # The OpenAI-compatible endpoint, and those of models that a user has deployed.
            route(rf"{_VERTEX}endpoints/[^/:]+/chat/completions", "openai.chat"),
            route(rf"{_VERTEX}endpoints/[^/:]+/embeddings", "openai.embeddings"),
            route(rf"{_VERTEX}interactions", "gemini.interactions"),
            route(
                rf"{_VERTEX}interactions/[^/:]+(:stream)?", "gemini.interactions", method="GET", kind="poll"
            ),
            route(rf"{_VERTEX}interactions/[^/:]+/cancel", "gemini.interactions", kind="poll"),
            route(
                r"//?ws/google\.cloud\.aiplatform\.v1(alpha1|beta1)?\.LlmBidiService/BidiGenerateContent",
                "gemini.live",
                method="GET",
                kind="socket",
            ),
        ),
    ),
    # What the Gemini CLI calls for a user who is logged in: a plan or credits pay.
    Provider(
        name="gcp.gemini",
        hosts=(
            "cloudcode-pa.googleapis.com",
            "*-cloudcode-pa.googleapis.com",
            "*-cloudcode-pa.sandbox.googleapis.com",
        ),
        billing="subscription",
        routes=(route(rf"/v1internal{_GENERATE}", "gemini.code_assist"),),
    ),
)
"""The rows of this family."""
