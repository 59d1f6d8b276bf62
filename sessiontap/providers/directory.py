"""Directory: which provider a host is, and which wire shape a path of it speaks.

Hosts are compared whole and in lower case, so `api.openai.com.evil.example` is nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from sessiontap.apis import Api
from sessiontap.call import Billing
from sessiontap.providers.route import Kind, Provider
from sessiontap.semconv import ProviderName
from sessiontap.untrusted import clean

_LONGEST_HOST = 253
_PART_OF_A_LABEL = "[a-z0-9-]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What the table says of one URL. `url_path` has neither query nor fragment."""

    provider: ProviderName
    host: str
    url_path: str
    api: Api
    kind: Kind
    model: str | None
    """The model, where the path names it."""
    model_span: tuple[int, int] | None = None
    """Where in `url_path` it stands, as the path spells it."""
    streams: bool
    """The path itself asks for a stream."""
    billing: Billing = "metered"
    stream_usage: bool = False
    """The provider documents `stream_options.include_usage`."""
    region: str | None = None
    """In which region the model runs, where host or path say it."""
    recognised_by_reply: bool = False
    """Only a reply in the wire shape proves that it is a model call."""


class Directory:
    """The rows of providers, ready to be asked. Of the rows of one host, the first with a route counts."""

    __slots__ = ("_exact", "_patterns", "providers")

    def __init__(self, providers: Iterable[Provider]) -> None:
        self.providers = tuple(providers)
        self._exact: dict[str, list[Provider]] = {}
        self._patterns: list[tuple[re.Pattern[str], Provider]] = []
        for provider in self.providers:
            for host in provider.hosts:
                if "*" in host:
                    regex = re.escape(host).replace(r"\*", _PART_OF_A_LABEL)
                    self._patterns.append((re.compile(regex), provider))
                else:
                    self._exact.setdefault(host, []).append(provider)

    @property
    def polled_apis(self) -> frozenset[str]:
        """The wire shapes whose calls may answer later."""
        return frozenset(
            route.api.name for each in self.providers for route in each.routes if route.kind == "poll"
        )

    def known_host(self, *names: str) -> str | None:
        """The first name that the table knows, in its spelling, whatever case and final dot; None: none."""
        return next((host for name in names if self._rows(host := _plain(name))), None)

    def provider_host(self, *names: str) -> str | None:
        """The first name that is a provider's whatever it replies, spelled as by `known_host`; None: none.

        That leaves out this machine's own servers, unless the user has named one as a gateway.
        """
        plain = (_plain(name) for name in names)
        return next(
            (host for host in plain if not all(r.recognised_by_reply for r in self._rows(host))), None
        )

    def on_this_machine(self, host: str) -> bool:
        """True where nothing that is sent to the host leaves the user's machine."""
        return all(row.billing == "free" for row in self._rows(_plain(host)))

    def dialect(self, host: str) -> str:
        """The wire shape that is most a host's own, by name; empty for a host that is not known."""
        return next((route.api.name for row in self._rows(_plain(host)) for route in row.routes), "")

    def match(self, method: str, host: str, target: str) -> Match | None:
        """What the table says of a method, a host and a path with its query.

        None for everything that is not a model call: other hosts, file uploads, listings, settings.
        """
        known = _plain(host)
        path = clean(target.partition("?")[0].partition("#")[0])
        for provider, route in ((row, route) for row in self._rows(known) for route in row.routes):
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
                    model_span=found.span("model") if model else None,
                    streams=path_streams(path),
                    billing=route.billing or provider.billing,
                    stream_usage=(
                        provider.stream_usage if route.stream_usage is None else route.stream_usage
                    ),
                    region=provider.region(known, path),
                    recognised_by_reply=provider.recognised_by_reply,
                )
        return None

    def _rows(self, host: str) -> list[Provider]:
        if len(host) > _LONGEST_HOST:
            return []
        exact = self._exact.get(host, [])
        return exact or [provider for regex, provider in self._patterns if regex.fullmatch(host)]


def path_streams(path: str) -> bool:
    """True where the path of a URL itself asks for a stream."""
    return _STREAMING.search(path) is not None


# Google's and Bedrock's paths say which kind of reply is asked for.
_STREAMING = re.compile(r":stream\w+$|/(converse|invoke-with-response)-stream$")


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")
