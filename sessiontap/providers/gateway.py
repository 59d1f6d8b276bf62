"""A company's gateway: a host of the user's own that speaks a known provider's wire shapes.

It may put any prefix before that provider's paths, and may leave out their version:
`/team/v1/chat/completions`, `/openai/chat/completions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from sessiontap.errors import SettingsError
from sessiontap.providers.route import Provider, Route

_PREFIX = r"(?:/[^/]+)*?"
_VERSION = re.compile(r"/v\d+(?:beta\d*|alpha\d*)?(?=/)")
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_*-]+(?:\.[a-z0-9_*-]+)*\.?")
_PORT = re.compile(r":\d{1,5}$")


def gateways(option: str, entries: Iterable[str], providers: Iterable[Provider]) -> tuple[Provider, ...]:
    """The rows for entries `HOST=PROVIDER`, each of which may hold several, separated by commas.

    The provider is a name of the table; a port of the host does not count, and a `*` in it stands for a part
    of one label. Raises SettingsError, which names the option, for an entry that cannot be meant.
    """
    rows = tuple(providers)
    pairs = [pair.strip() for entry in entries for pair in entry.split(",")]
    return tuple(_gateway(option, pair, rows) for pair in pairs if pair)


def _gateway(option: str, pair: str, rows: tuple[Provider, ...]) -> Provider:
    stated, _, name = (part.strip() for part in pair.partition("="))
    host = _PORT.sub("", stated.lower())
    if not _HOST.fullmatch(host):
        message = f"{option}: {pair[:80]!r} names no host; write HOST=PROVIDER, as in llm.corp.example=openai"
        raise SettingsError(message)
    own = [row for row in rows if row.name == name]
    if not own:
        known = ", ".join(dict.fromkeys(row.name for row in rows))
        message = f"{option}: {name[:40]!r} in {pair[:80]!r} is no provider; the providers are {known}"
        raise SettingsError(message)
    return Provider(
        name=own[0].name,
        hosts=(host.strip("[]").removesuffix("."),),
        routes=tuple(_behind_a_prefix(route) for row in own for route in row.routes),
        billing=own[0].billing,
    )


def _behind_a_prefix(route: Route) -> Route:
    pattern = route.path.pattern
    version = _VERSION.match(pattern)
    if version is not None:
        pattern = f"(?:{version[0]})?{pattern[version.end() :]}"
    # What a gateway refuses is documented nowhere.
    return replace(route, path=re.compile(_PREFIX + pattern), stream_usage=False)
