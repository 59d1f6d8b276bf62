"""What passes between a starter and the mitmdump that it starts: an order one way, a report the other.

The order is in an environment variable, the report is a line on standard output. The line begins with a
word that only the two know, for mitmdump prints text of strangers there too.
"""

from __future__ import annotations

import json
import secrets
from typing import TypeVar

import msgspec

from sessiontap.errors import SessiontapError

VARIABLE = "SESSIONTAP_LAUNCHED"
CA_NAME = "mitmproxy-ca-cert.pem"
"""mitmproxy's CA, in its folder."""
_LINE = "sessiontap launched "
LOOPBACK = "127.0.0.1"
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 -- read, not bound
_FORWARD = ("regular", "upstream")

_S = TypeVar("_S", bound=msgspec.Struct)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the mitmdump is told."""

    word: str = msgspec.field(default_factory=lambda: secrets.token_hex(8))
    """Begins the line of the report."""
    home: str | None = None
    """Where the addon records; None where there is no addon."""
    anywhere: bool = False
    """Whether it may listen elsewhere than on loopback."""
    detached: bool = False
    """Whether it outlives its starter, as the shared proxy of the home."""


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """Where one mode of mitmdump is to be reached."""

    mode: str
    """As mitmproxy was given it, such as `regular` or `reverse:https://api.anthropic.com@127.0.0.1:4000`."""
    kind: str
    """`regular`, `reverse`, `upstream` …"""
    host: str
    port: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What it says when it is up."""

    pid: int
    listening: tuple[Listening, ...]
    confdir: str
    trouble: str | None = None
    """Why it is about to end all the same."""


def environment(order: Order) -> dict[str, str]:
    """The variable that carries the order."""
    return {VARIABLE: to_json(order)}


def read_order(text: str) -> Order:
    """The order out of the variable's value."""
    return from_json(text, Order)


def report_line(order: Order, report: Report) -> str:
    """The line to print."""
    return f"{_LINE}{order.word} {to_json(report)}"


def read_report(order: Order, line: str) -> Report | None:
    """The report in a line; None where the line is another."""
    start = f"{_LINE}{order.word} "
    return from_json(line[len(start) :], Report) if line.startswith(start) else None


def proxy_address(report: Report) -> tuple[str, int]:
    """URL and port that a proxy variable names: the forward proxy's, else those of the first mode.

    Raises SessiontapError where there are none.
    """
    found = [each for each in report.listening if each.kind in _FORWARD] + [*report.listening]
    if not found:
        message = "mitmdump listens on no port; give it a mode that does, such as --mode regular"
        raise SessiontapError(message)
    host = LOOPBACK if found[0].host in _EVERYWHERE else found[0].host
    return f"http://{f'[{host}]' if ':' in host else host}:{found[0].port}", found[0].port


def to_json(what: msgspec.Struct) -> str:
    """ASCII, so that a path survives which is no text."""
    return json.dumps(msgspec.to_builtins(what))


def from_json(text: str, kind: type[_S]) -> _S:
    """What `to_json` has written. Raises ValueError for anything else."""
    return msgspec.convert(json.loads(text), kind)
