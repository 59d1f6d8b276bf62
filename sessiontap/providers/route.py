"""Route and Provider: what a row of the table of providers says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sessiontap.apis import APIS, Api
from sessiontap.call import Billing
from sessiontap.semconv import ProviderName

Kind = Literal["call", "poll", "socket"]


@dataclass(frozen=True, slots=True)
class Route:
    """One path of a provider: which method and path (whole, a regular expression), which wire shape.

    A group `model` in the path names the model. A `poll` asks for the result of an earlier call, so it
    is no call of its own. A `socket` is a WebSocket's handshake; the calls are in its messages.
    """

    path: re.Pattern[str]
    api: Api
    method: str = "POST"
    kind: Kind = "call"
    billing: Billing | None = None
    """Where it is not the row's: `free` for what the provider gives away."""
    stream_usage: bool | None = None
    """Where it is not the row's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One row: a provider's name (OpenTelemetry's where it has one), hosts and routes; the first match wins.

    A host is lower case; a `*` in it stands for the letters, digits and hyphens of one label or a part
    of one, never for a dot. A provider may have several rows: its prices go by its name.
    """

    name: ProviderName
    hosts: tuple[str, ...]
    routes: tuple[Route, ...]
    billing: Billing = "metered"
    """`subscription` where a plan pays for what goes to these hosts; `free` for the user's own machine."""
    stream_usage: bool = False
    """The provider documents `stream_options.include_usage` for its OpenAI-style streams."""
    recognised_by_reply: bool = False
    """The path alone does not prove a model call: without a reply in the shape there is none."""
    regions: tuple[re.Pattern[str], ...] = ()
    """Where host and path (`api.example.com/v1/chat`) say in which region the model runs: the first that is
    found counts, its first group is the region."""

    def region(self, host: str, path: str) -> str | None:
        """The region that host and path name; None where they name none."""
        found = (pattern.search(host + path) for pattern in self.regions)
        return next((region[1].lower() for region in found if region is not None), None)


def route(
    path: str,
    api: str,
    *,
    method: str = "POST",
    kind: Kind = "call",
    billing: Billing | None = None,
    stream_usage: bool | None = None,
) -> Route:
    """A row's route: the path as a regular expression, the wire shape by its name in `APIS`."""
    return Route(re.compile(path), APIS[api], method, kind, billing, stream_usage)
