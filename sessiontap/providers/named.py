"""Named: the names under which the proxy's own port leads to providers, and the host behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sessiontap.providers import PROVIDERS
from sessiontap.providers.route import Provider

# Beside the names of the table, which are OpenTelemetry's: those that people use.
_ALSO: Mapping[str, str] = MappingProxyType(
    {
        "copilot": "github.copilot",
        "gemini": "gcp.gemini",
        "google": "gcp.gemini",
        "mistral": "mistral_ai",
        "moonshot": "moonshot_ai",
        "vertex": "gcp.vertex_ai",
        "xai": "x_ai",
    }
)
# What a client's SDK expects at the end of its base URL, where that is more than the name.
_ENDS: Mapping[str, str] = MappingProxyType({"openai": "/v1"})
_SHOWN = ("openai", "anthropic", "gemini")


def hosts_by_name(providers: Iterable[Provider]) -> Mapping[str, str]:
    """The host behind each name: the first that a provider has, where it has one that is no pattern.

    This machine's own servers have none: they can be asked without us.
    """
    hosts: dict[str, str] = {}
    for row in providers:
        plain = [host for host in row.hosts if "*" not in host]
        if plain and row.billing != "free":
            hosts.setdefault(row.name, plain[0])
    also = {name: hosts[meant] for name, meant in _ALSO.items() if meant in hosts}
    return MappingProxyType({**hosts, **also})


HOSTS = hosts_by_name(PROVIDERS)
"""Name to host."""


def base_urls(origin: str) -> tuple[str, ...]:
    """Base URLs of the best-known providers behind an origin, such as `http://127.0.0.1:8080`."""
    return tuple(f"{origin}/{name}{_ENDS.get(name, '')}" for name in _SHOWN)
