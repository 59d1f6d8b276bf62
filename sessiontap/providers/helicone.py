"""Helicone's gateway hosts: which provider each stands for, and where a call to one of them is to go.

Code that was written for Helicone has such a host in its base URL. A host counts by its first label and its
whole domain, so `oai.helicone.ai.evil.example` is nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from sessiontap.providers.route import Provider, Route, route
from sessiontap.semconv import ProviderName

UPSTREAMS: Mapping[str, str] = MappingProxyType(
    {
        "oai": "api.openai.com",
        "anthropic": "api.anthropic.com",
        "google": "generativelanguage.googleapis.com",
        "openrouter": "openrouter.ai",
        "groq": "api.groq.com",
        "mistral": "api.mistral.ai",
        "together": "api.together.xyz",
        "fireworks": "api.fireworks.ai",
        "perplexity": "api.perplexity.ai",
        "deepseek": "api.deepseek.com",
        "deepinfra": "api.deepinfra.com",
        "cerebras": "api.cerebras.ai",
        "hyperbolic": "api.hyperbolic.xyz",
        "x": "api.x.ai",
        "nebius": "api.studio.nebius.ai",
        "novita": "api.novita.ai",
        "nvidia": "integrate.api.nvidia.com",
        "llama": "api.llama.com",
        "vercel": "ai-gateway.vercel.sh",
    }
)
"""The first label of a gateway's host, and the provider's host that it stands for."""

GATEWAY, BEDROCK, MODEL_ROUTER = "gateway", "bedrock", "ai-gateway"
"""The labels that stand for no one host."""

GATEWAY_HOST = "gateway.helicone.ai"
"""In its rows the wire shape of a path says whose call it is."""

_NO_HOST = frozenset({GATEWAY, BEDROCK, MODEL_ROUTER})
# Where each states another upstream, by the first header that is there.
_STATED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {GATEWAY: ("Helicone-Target-URL",), "oai": ("Helicone-OpenAI-Api-Base", "Helicone-Target-URL")}
)
_DOMAINS = ("helicone.ai", "hconeai.com")
_DOMAIN = "|".join(map(re.escape, _DOMAINS))
_HOST = re.compile(rf"([a-z0-9-]+)(?:\.[a-z0-9-]+)*\.(?:{_DOMAIN})\.?")
_OWN_DOMAIN = re.compile(rf"(?:.*\.)?(?:{_DOMAIN})\.?")
_LONGEST_HOST = 253
_KEY = re.compile(r"(?<![a-z0-9])[sp]k-helicone", re.IGNORECASE)
_REGION = re.compile(r"/v1/([a-z]{2}(?:-[a-z]+)+-\d)(?=/)")
_NAME_OF_A_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*")
_PORTS: Mapping[str, int] = MappingProxyType({"https": 443, "http": 80})


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a call to a gateway goes."""

    gateway: str
    """The gateway's host, in lower case."""
    host: str
    """The provider's; the gateway's own where nobody can say which it is. Then the call is refused."""
    scheme: str = "https"
    port: int = 443
    target: str
    """Path and query, without Helicone's key."""
    refused: str | None = None
    """Why the call cannot go there, and what to set instead."""


def label_of(host: str) -> str | None:
    """The first label of one of Helicone's gateway hosts, in lower case; None for every other host."""
    found = _HOST.fullmatch(host.lower()) if len(host) <= _LONGEST_HOST else None
    return found[1] if found and (found[1] in UPSTREAMS or found[1] in _NO_HOST) else None


def destination(host: str, target: str, headers: Mapping[str, str]) -> Destination | None:
    """Where a call goes that was sent to a host, with a path and query; None where that is no gateway.

    `headers` finds names in any case. Of a stated base URL the path does not count, as with Helicone.
    """
    label = label_of(host)
    if label is None:
        return None
    gateway = host.lower().removesuffix(".")
    here = Destination(gateway=gateway, host=gateway, target=without_keys(target))
    if label == MODEL_ROUTER:
        return replace(here, refused=_CANNOT_ROUTE.format(gateway))
    if label == BEDROCK:
        return _bedrock(here)
    for name in _STATED_BY.get(label, ()):
        if stated := headers.get(name, "").strip():
            return _stated(here, name, stated)
    if label == GATEWAY:
        return replace(here, refused=_NO_TARGET.format(gateway))
    return replace(here, host=UPSTREAMS[label])


def has_key(text: str) -> bool:
    """True where a key of Helicone's stands in the text."""
    return _KEY.search(text) is not None


def without_key(value: str) -> str:
    """The value of a header that holds a key, without Helicone's, which may stand beside it with a comma."""
    return ", ".join(kept for part in value.split(",") if not has_key(part) and (kept := part.strip()))


def without_keys(target: str) -> str:
    """A path and query without the segments and parameters in which a key of Helicone's stands."""
    path, mark, query = target.partition("?")
    if not has_key(unquote(target)):
        return target
    segments = path.split("/")
    kept = "/".join(each for each in segments[1:] if not has_key(unquote(each)))
    parameters = "&".join(each for each in query.split("&") if not has_key(unquote(each)))
    return f"/{kept}{mark if parameters else ''}{parameters}"


def rows(providers: Iterable[Provider]) -> tuple[Provider, ...]:
    """The gateways' rows: those of the providers that they stand for, under the gateways' hosts.

    Where the host does not say which provider that is, or it is none of them, the path's wire shape counts.
    """
    known = tuple(providers)
    hosts = {host for row in known for host in row.hosts}
    nobodys = (label for label, upstream in UPSTREAMS.items() if upstream not in hosts)
    return (
        *(
            replace(row, hosts=_hosts(label))
            for label, upstream in UPSTREAMS.items()
            for row in known
            if upstream in row.hosts
        ),
        *(replace(row, hosts=_hosts(BEDROCK)) for row in known if row.name == "aws.bedrock"),
        *(
            Provider(name=name, hosts=_hosts(label), routes=routes)
            for label in (GATEWAY, MODEL_ROUTER, *nobodys)
            for name, routes in _SHAPES
        ),
    )


def _hosts(label: str) -> tuple[str, ...]:
    return tuple(f"{label}.{between}{domain}" for domain in _DOMAINS for between in ("", "*."))


def _shape(path: str, api: str) -> Route:
    # No key becomes a part of a path that is recorded.
    return route(rf"(?!.*[sp]k-helicone)(?:/.*)?/{path}", api)


_SHAPES: tuple[tuple[ProviderName, tuple[Route, ...]], ...] = (
    (
        "openai",
        (
            _shape("chat/completions", "openai.chat"),
            _shape("completions", "openai.completions"),
            _shape("responses", "openai.responses"),
            _shape("embeddings", "openai.embeddings"),
            _shape("images/(?:generations|edits)", "openai.images"),
        ),
    ),
    ("anthropic", (_shape("messages", "anthropic.messages"),)),
    (
        "gcp.gemini",
        (
            _shape(
                "models/(?P<model>[^/:]+):(?:generateContent|streamGenerateContent)",
                "gemini.generate_content",
            ),
        ),
    ),
)


def _bedrock(here: Destination) -> Destination:
    region = _REGION.match(here.target)
    named = region[1] if region else "us-east-1"
    refused = replace(here, refused=_CANNOT_SIGN.format(here.gateway, named))
    if region is None:
        return refused
    host = f"bedrock-runtime.{region[1]}.amazonaws.com"
    return replace(refused, host=host, target=here.target[region.end() :])


def _stated(here: Destination, name: str, url: str) -> Destination:
    """Where a header says that the call goes."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or ""), parts.port
    except ValueError:
        return replace(here, refused=_NO_ADDRESS.format(name))
    if "@" in parts.netloc:
        return replace(here, refused=_CREDENTIALS.format(name))
    if (
        parts.scheme not in _PORTS
        or port == 0
        or len(host) > _LONGEST_HOST
        or not _NAME_OF_A_HOST.fullmatch(host)
    ):
        return replace(here, refused=_NO_ADDRESS.format(name))
    if _OWN_DOMAIN.fullmatch(host):
        return replace(here, refused=_ROUND.format(name))
    return replace(here, host=host, scheme=parts.scheme, port=port or _PORTS[parts.scheme])


_CANNOT_ROUTE = (
    "{} chooses a provider by the model's name at Helicone, and stands for no provider's host. Set base_url"
    " to the provider's own, such as https://api.openai.com/v1, and api_key to a key of that provider's; with"
    " HTTPS_PROXY the calls are recorded as they are"
)
_CANNOT_SIGN = (
    "{} has Helicone sign the calls for AWS anew, which nobody else can do. Take the endpoint out of the"
    " client, as in boto3.client('bedrock-runtime', region_name='{}'); with HTTPS_PROXY the calls are"
    " recorded as they are"
)
_NO_TARGET = (
    "{} does not say where the call is to go. Set the header Helicone-Target-URL to the provider's address,"
    " such as https://api.openai.com, or set base_url to that"
)
# What was said is not quoted: a key may stand in it.
_NO_ADDRESS = "{} holds no address of a provider; give one such as https://api.openai.com"
_CREDENTIALS = "{} holds a user or a password; give the address without, and the key in its own header"
_ROUND = "{} leads to Helicone again; give the provider's own address, such as https://api.openai.com"
