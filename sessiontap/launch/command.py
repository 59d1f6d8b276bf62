"""The command line of a mitmdump that sessiontap starts.

What must hold is given as flags: mitmproxy's config.yaml beats `--set`, and flags beat config.yaml.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from sessiontap import resources
from sessiontap.errors import SessiontapError
from sessiontap.launch.told import LOOPBACK

_SCRIPT = Path(__file__).parent.parent / "proxy" / "scripts" / "launched.py"
# What sessiontap must know, and so has its own word for.
_OURS = {
    "confdir": "--confdir FOLDER of sessiontap",
    "sessiontap_home": "--home FOLDER of sessiontap",
    "listen_host": "--listen-host HOST",
    "listen_port": "--port N of sessiontap",
    "mode": "--mode MODE",
}
_NO_SERVER = frozenset({"-n", "--no-server"})


def mitmdump() -> list[str]:
    """The command that starts the mitmdump of this very environment. Raises SessiontapError where none is."""
    beside = shutil.which("mitmdump", path=str(Path(sys.executable).parent))
    if beside:
        return [beside]
    if find_spec("mitmproxy") is None:
        message = (
            f"mitmdump is not installed for {sys.executable}; run: {sys.executable} -m pip install mitmproxy"
        )
        raise SessiontapError(message)
    return [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()"]


def flags(
    *,
    port: int,
    options: Mapping[str, str],
    modes: Sequence[str],
    arguments: Sequence[str],
    addon: bool,
    before: Sequence[Path] = (),
) -> list[str]:
    """What stands behind `mitmdump`; the user's own arguments come last, and so win.

    `modes` are as `placed` gives them; `before` are scripts that see each flow before the addon does.
    """
    scripts = [*before, *([resources.find("addon.py")] if addon else []), _SCRIPT]
    return [
        *("--listen-host", LOOPBACK),
        *("--listen-port", str(port)),
        *(part for mode in modes for part in ("--mode", mode)),
        *(part for script in scripts for part in ("-s", str(script))),
        *(part for name, value in options.items() for part in ("--set", f"{name}={value}")),
        *arguments,
    ]


def placed(modes: Sequence[str], port: int, arguments: Sequence[str]) -> dict[str, str]:
    """Each mode with an address of its own, by how it was given; the forward proxy is first.

    mitmproxy gives all the modes one port, and refuses that. A mode that states its address keeps it. Where
    `arguments` state a mode, that is the forward proxy.
    """
    if not modes:
        return {}
    wanted = [*([] if states(arguments, "-m", "--mode") else ["regular"]), *modes]
    own = [mode for mode in wanted if "@" not in mode]
    ports = _free_ports(len(own))
    if port and wanted[0] == "regular":
        ports[0] = port
    given = dict(zip(own, ports, strict=True))
    return {mode: f"{mode}@{LOOPBACK}:{given[mode]}" if mode in given else mode for mode in wanted}


def check(arguments: Sequence[str]) -> None:
    """Raises SessiontapError for an argument that has another place, or that makes it no proxy."""
    for argument, following in itertools.pairwise([*arguments, ""]):
        if argument in _NO_SERVER:
            message = f"{argument} makes mitmdump listen nowhere, so it is no proxy; leave it out"
            raise SessiontapError(message)
        setting = following if argument == "--set" else argument.removeprefix("--set=")
        if argument == "--set" or argument.startswith("--set="):
            name = setting.partition("=")[0]
            if name in _OURS:
                message = f"--set {name} has another place here; use {_OURS[name]}"
                raise SessiontapError(message)


def states(arguments: Sequence[str], *names: str) -> bool:
    """Whether arguments have an option, as `--mode x`, `--mode=x`, `-m x` or `-mx`."""
    for argument in arguments:
        for name in names:
            long = name.startswith("--")
            if argument == name or argument.startswith(f"{name}=" if long else name):
                return True
    return False


def _free_ports(count: int) -> list[int]:
    """So many ports of loopback that were free just now. Raises OSError."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
