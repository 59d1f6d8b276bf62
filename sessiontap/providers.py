"""The table of providers: exact hosts, and which wire shape each path speaks.

To add a provider that speaks a known shape: a row here, a block in pricing.yaml, a fixture.
Hosts are compared whole and in lower case, so `api.openai.com.evil.example` is nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from sessiontap.apis import APIS, Api
from sessiontap.semconv import ProviderName
from sessiontap.untrusted import clean

Kind = Literal["call", "poll"]


@dataclass(frozen=True, slots=True)
class Route:
    """One path of a provider: which method and path (whole, a regular expression), which wire shape.

    A group `model` in the path names the model. A `poll` asks for the result of an earlier call, so it
    is no call of its own.
    """

    path: re.Pattern[str]
    api: Api
    method: str = "POST"
    kind: Kind = "call"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: its name (OpenTelemetry's where it has one), hosts and routes; the first match wins."""

    name: ProviderName
    hosts: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What the table says of one URL. `url_path` has neither query nor fragment."""

    provider: ProviderName
    host: str
    url_path: str
    api: Api
    kind: Kind
    model: str | None
    """The model, where the path names it."""
    streams: bool
    """The path itself asks for a stream."""


def _route(path: str, api: str, *, method: str = "POST", kind: Kind = "call") -> Route:
    return Route(re.compile(path), APIS[api], method, kind)


PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "openai",
        # us. and eu. are the hosts of projects with data residency.
        ("api.openai.com", "us.api.openai.com", "eu.api.openai.com"),
        (
            _route(r"/v1/chat/completions", "openai.chat"),
            _route(r"/v1/responses(/compact)?", "openai.responses"),
            _route(r"/v1/responses/resp_[^/]+", "openai.responses", method="GET", kind="poll"),
            _route(r"/v1/responses/resp_[^/]+/cancel", "openai.responses", kind="poll"),
            _route(r"/v1/completions", "openai.completions"),
            _route(r"/v1/embeddings", "openai.embeddings"),
            _route(r"/v1/threads/([^/]+/)?runs", "openai.assistants"),
            _route(
                r"/v1/threads/[^/]+/runs/[^/]+/(submit_tool_outputs|cancel)", "openai.assistants", kind="poll"
            ),
            _route(r"/v1/threads/[^/]+/runs/[^/]+", "openai.assistants", method="GET", kind="poll"),
        ),
    ),
    Provider(
        "anthropic",
        ("api.anthropic.com",),
        (
            _route(r"/v1/messages", "anthropic.messages"),
            _route(r"/v1/messages/count_tokens", "anthropic.count_tokens"),
            # Anthropic's OpenAI-compatible endpoint.
            _route(r"/v1/chat/completions", "openai.chat"),
        ),
    ),
    Provider(
        "gcp.gemini",
        ("generativelanguage.googleapis.com",),
        (
            _route(
                r"/v1(alpha|beta)?/(models|tunedModels)/(?P<model>[^/:]+):(stream)?[gG]enerateContent",
                "gemini.generate_content",
            ),
            _route(
                r"/v1(alpha|beta)?/models/(?P<model>[^/:]+):(embedContent|batchEmbedContents)",
                "gemini.embeddings",
            ),
            # Google's OpenAI-compatible endpoint.
            _route(r"/v1beta/openai/chat/completions", "openai.chat"),
            _route(r"/v1beta/openai/embeddings", "openai.embeddings"),
        ),
    ),
)

_BY_HOST: dict[str, Provider] = {host: provider for provider in PROVIDERS for host in provider.hosts}


POLLED_APIS: frozenset[str] = frozenset(
    route.api.name for provider in PROVIDERS for route in provider.routes if route.kind == "poll"
)
"""The wire shapes whose calls may answer later."""


def known_host(name: str) -> str | None:
    """The host as the table writes it, whatever the case and with or without a final dot; None: unknown."""
    host = name.lower().rstrip(".")
    return host if host in _BY_HOST else None


def match(method: str, host: str, target: str) -> Match | None:
    """What the table says of a method, a host (as `known_host` takes it) and a path with its query.

    None for everything that is not a model call: other hosts, file uploads, listings, settings.
    """
    known = known_host(host)
    if known is None:
        return None
    provider = _BY_HOST[known]
    path = clean(target.partition("?")[0].partition("#")[0])
    for route in provider.routes:
        found = route.path.fullmatch(path) if route.method == method else None
        if found:
            model = found.groupdict().get("model")
            return Match(
                provider=provider.name,
                host=known,
                url_path=path,
                api=route.api,
                kind=route.kind,
                model=clean(unquote(model)) if model else None,
                streams=":streamGenerateContent" in path,
            )
    return None
