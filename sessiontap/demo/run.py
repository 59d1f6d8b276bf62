"""Runs the demonstration: double, mitmdump, agent; when it returns, the session is on disk."""

from __future__ import annotations

import http.client
import uuid
from pathlib import Path

from sessiontap.demo.agent import Agent, Watcher
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.demo.script import HOSTS, handler, story
from sessiontap.errors import SessiontapError


def run_demo(*, home: Path, scratch: Path, watcher: Watcher) -> str:
    """The id of the session that the demonstration recorded in `home`.

    `scratch` is an empty folder that the caller removes afterwards; `watcher` is told how the calls go on.
    mitmdump and every thread have ended when this returns or raises. Raises SessiontapError, in one line,
    where mitmdump does not start or a call does not come through.
    """
    session_id = f"demo-{uuid.uuid4().hex[:8]}"
    steps = story()
    with (
        Double(handler(steps), hosts=HOSTS, folder=scratch) as double,
        ProxyProcess(home=home, confdir=scratch / "mitmproxy", double=double) as proxy,
    ):
        agent = Agent(proxy_port=proxy.port, ca_file=proxy.ca_file, session_id=session_id, watcher=watcher)
        try:
            agent.run(steps)
        except (OSError, http.client.HTTPException) as error:
            message = (
                f"a call of the demonstration did not come through the proxy: {error}; {_last_line(proxy)}"
            )
            raise SessiontapError(message) from error
    return session_id


def _last_line(proxy: ProxyProcess) -> str:
    lines = proxy.log.splitlines()
    return f"mitmdump's last line: {lines[-1].strip()}" if lines else "mitmdump printed nothing"
