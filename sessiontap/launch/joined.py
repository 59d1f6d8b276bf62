"""The proxy that a run goes through: one that is there already, or one of its own, which ends with it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sessiontap.errors import SessiontapError
from sessiontap.launch import node
from sessiontap.launch.heartbeat import ask
from sessiontap.launch.shared import shared_proxy
from sessiontap.launch.started import StartedProxy, start_proxy
from sessiontap.launch.upstream import Upstream, upstream

SESSION_OPTION = "sessiontap_session"
"""The addon's option for calls whose client names no session: the text of a proxy user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a run wants of its proxy."""

    home: Path
    user: str
    """As `proxy_user` gives it."""
    port: int | None = None
    confdir: Path | None = None
    arguments: Sequence[str] = ()
    """The user's own for mitmdump."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the addon that only a proxy of its own can have."""
    old_node: str | None = None
    """The version of a Node that knows no proxy, where the command runs on one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProxy:
    """A proxy that is ready for a run."""

    port: int
    home: Path
    """Where it records."""
    ca_file: Path
    own: StartedProxy | None
    variables: Mapping[str, str]
    """What a client needs beside the proxy's variables: base URLs for an old Node."""
    notes: Sequence[str]
    """What the user should know before the command starts; each is a line."""


@contextlib.contextmanager
def proxy_for(wish: Wish, environ: Mapping[str, str]) -> Iterator[RunProxy]:
    """The proxy for a run; `environ` is as the user had it, by `before`.

    One that is there is joined: the one at `port`, else the background one of the home. But one of our own is
    started where the run needs more: arguments for mitmdump, a proxy to go on through, base URLs.
    Raises SessiontapError, in one line, where that does not start.
    """
    further = upstream(environ)
    needs_own = bool(wish.arguments or wish.options or wish.old_node) or further is not None
    joined = _at_port(wish) if wish.port else None if needs_own else _shared(wish.home)
    if joined is not None:
        if wish.options:
            message = (
                f"a proxy is at port {wish.port} already, and this run needs one of its own"
                f" ({', '.join(sorted(wish.options))}); leave --port out"
            )
            raise SessiontapError(message)
        yield joined
        return
    urls = node.base_urls(environ) if wish.old_node and (further is None or further.mode is None) else ()
    arguments = [*(further.arguments if further else ()), *wish.arguments]
    with start_proxy(
        home=wish.home,
        port=wish.port or 0,
        confdir=wish.confdir,
        options={SESSION_OPTION: wish.user, **wish.options},
        modes=node.modes(urls),
        before=[node.SCRIPT] if urls else [],
        arguments=arguments,
        environ=further.environ if further else {},
    ) as own:
        yield RunProxy(
            port=own.port,
            home=wish.home,
            ca_file=own.ca_file,
            own=own,
            variables=node.base_url_environment(urls, own.ports),
            notes=(*_node_notes(wish.old_node, urls, environ), *_upstream_notes(further)),
        )


def _at_port(wish: Wish) -> RunProxy | None:
    assert wish.port is not None
    found = ask(wish.port)
    if found is None:
        return None
    return RunProxy(
        port=wish.port,
        home=Path(found.home),
        ca_file=Path(found.ca_file),
        own=None,
        variables={},
        notes=(),
    )


def _shared(home: Path) -> RunProxy | None:
    found = shared_proxy(home)
    if found is None:
        return None
    return RunProxy(port=found.port, home=home, ca_file=found.ca_file, own=None, variables={}, notes=())


def _node_notes(
    version: str | None, urls: Sequence[node.BaseUrl], environ: Mapping[str, str]
) -> Iterator[str]:
    if version is None:
        return
    if urls:
        names = ", ".join(each.variable for each in urls)
        yield (
            f"Node {version} knows no proxy (22.21 and 24 do): {names} lead its SDKs through this one;"
            " calls to other hosts are not recorded"
        )
    else:
        yield f"Node {version} knows no proxy (22.21 and 24 do), and what it calls is not recorded; update it"
    for each in node.BASE_URLS:
        if environ.get(each.variable) and urls:
            yield f"{each.variable} is set, and stays: what goes there from Node {version} is not recorded"


def _upstream_notes(further: Upstream | None) -> Iterator[str]:
    if further is not None and further.mode is None:
        yield (
            f"{further.variable} names {further.shown}, which mitmproxy cannot go on through (http:// and https://"
            " it can): calls go to the providers directly"
        )
