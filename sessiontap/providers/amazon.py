"""Amazon Bedrock: its own APIs, its agents, and the endpoints that speak OpenAI's and Anthropic's."""

from __future__ import annotations

import re

from sessiontap.providers.route import Provider, route

# A model is a name, an inference profile or an ARN, its colons and slashes escaped or not.
_MODEL = r"(?P<model>.+)"
_EMBEDDINGS = r"(?P<model>(?=.*embed).+)"
_RANKINGS = r"(?P<model>(?=.*rerank).+)"
_PICTURES = r"(?P<model>(?=.*(?:titan-image|nova-canvas|stability\.)).+)"

# https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
_COMPATIBLE = (
    route(r"(/openai)?/v1/chat/completions", "openai.chat"),
    route(r"(/openai)?/v1/responses", "openai.responses"),
)

# A cross-region profile says how far a call may travel; without one it stays in the region of the host.
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_REGIONS = (
    re.compile(r"/model/(?:.*(?:/|%2F))?(global|us-gov|us|eu|apac|jp|au|ca|sa|me|af)\.[a-z]", re.IGNORECASE),
    re.compile(
        r"^(?:[a-z0-9-]+\.)?(?:bedrock-[a-z-]+|aws-external-anthropic)\.([a-z]+(?:-[a-z]+)+-[0-9]+)\."
    ),
)

PROVIDERS = (
    Provider(
        name="aws.bedrock",
        regions=_REGIONS,
        # FIPS, dual stack, a VPC's own endpoint, China, and the European sovereign cloud.
        hosts=(
            "bedrock-runtime.*.amazonaws.com",
            "bedrock-runtime-fips.*.amazonaws.com",
            "bedrock-runtime.*.api.aws",
            "bedrock-runtime-fips.*.api.aws",
            "*.bedrock-runtime.*.vpce.amazonaws.com",
            "bedrock-runtime.*.amazonaws.com.cn",
            "bedrock-runtime.*.amazonaws.eu",
        ),
        routes=(
            route(rf"/model/{_MODEL}/converse(-stream)?", "bedrock.converse"),
            route(rf"/model/{_EMBEDDINGS}/invoke", "bedrock.embeddings"),
            route(rf"/model/{_RANKINGS}/invoke", "bedrock.rerank"),
            route(rf"/model/{_PICTURES}/invoke", "bedrock.images"),
            route(rf"/model/{_MODEL}/invoke(-with-response-stream)?", "bedrock.invoke"),
            *_COMPATIBLE,
        ),
    ),
    Provider(
        name="aws.bedrock",
        regions=_REGIONS,
        hosts=("bedrock-mantle.*.api.aws",),
        routes=(
            *_COMPATIBLE,
            route(r"(/openai)?/v1/responses/resp_[^/]+", "openai.responses", method="GET", kind="poll"),
            route(r"(/openai)?/v1/responses/resp_[^/]+/cancel", "openai.responses", kind="poll"),
            route(r"/anthropic/v1/messages", "anthropic.messages"),
        ),
    ),
    Provider(
        name="aws.bedrock",
        regions=_REGIONS,
        hosts=("aws-external-anthropic.*.api.aws",),
        routes=(route(r"/v1/messages", "anthropic.messages"),),
    ),
    Provider(
        name="aws.bedrock",
        regions=_REGIONS,
        hosts=(
            "bedrock-agent-runtime.*.amazonaws.com",
            "bedrock-agent-runtime-fips.*.amazonaws.com",
            "bedrock-agent-runtime.*.api.aws",
        ),
        routes=(
            route(r"/agents/[^/]+/agentAliases/[^/]+/sessions/[^/]+/text", "bedrock.agent"),
            route(r"/agents/[^/]+", "bedrock.agent"),
        ),
    ),
)
"""The rows of this family."""
