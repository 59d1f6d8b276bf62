"""Whether what is started in this shell goes through a proxy that records, and into this home."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sessiontap import __version__
from sessiontap.doctor.findings import Finding
from sessiontap.doctor.shell import PROXY_VARIABLES, Pointed, Shell, point, with_home
from sessiontap.launch.heartbeat import Heartbeat, Silence, ask
from sessiontap.settings import Settings

_ANSWER_S = 0.7


def check_proxy(settings: Settings, shell: Shell) -> Iterator[Finding]:
    """The proxy that the variables name, where they name one; and the home's background proxy."""
    where, home = shell.pointed, settings.home
    if where is None:
        yield Finding("info", "proxy", "none is set here: what is started here is not recorded", shell.fix)
    elif where.port is None:
        yield Finding(
            "problem", "proxy", f"{where.variable}={where.shown}: not the URL of a proxy", shell.fix
        )
    elif shell.answer is None:
        message = f"{_name(where)} is not on this machine: it does not say whether it records"
        yield Finding("info", "proxy", message, shell.fix)
    elif isinstance(shell.answer, Heartbeat):
        yield _heard(settings, shell, where, shell.answer)
    else:
        yield _silent(settings, shell, where, shell.answer)
    yield from _of_two_minds(shell)
    shared = shell.shared
    if shared is not None and (where is None or (where.host, where.port) != ("127.0.0.1", shared.port)):
        beat = ask(shared.port, _ANSWER_S)
        restart = (
            f"{with_home('sessiontap proxy stop', home)} && {with_home('sessiontap proxy', home)} --detach"
        )
        if beat is None:
            message = f"the background proxy on port {shared.port} does not answer"
            yield Finding("problem", "background", message, restart)
        elif not beat.recording:
            yield Finding("problem", "background", f"port {shared.port} does not record: {beat.trouble}")
        else:
            yield Finding("ok", "background", f"port {shared.port}, pid {beat.pid}, records into {home}")


def _heard(settings: Settings, shell: Shell, where: Pointed, beat: Heartbeat) -> Finding:
    said = f"{_name(where)}, pid {beat.pid}"
    if not beat.recording:
        return Finding("problem", "proxy", f"{said}, does not record: {beat.trouble}")
    if os.path.realpath(beat.home) != os.path.realpath(settings.home):
        message = f"{said}, records into {beat.home}, not into {settings.home}"
        return Finding("warning", "proxy", message, f"sessiontap doctor --home {beat.home}")
    if beat.version != __version__:
        message = f"{said}, is sessiontap {beat.version}, this is {__version__}: start it again"
        return Finding("warning", "proxy", message, shell.fix)
    return Finding("ok", "proxy", f"{said}, records into {beat.home}")


def _silent(settings: Settings, shell: Shell, where: Pointed, silence: Silence) -> Finding:
    if silence == "nothing listens":
        message = f"{_name(where)}: nothing listens there, so all that is started here fails"
        start = with_home(f"sessiontap proxy --detach --port {where.port}", settings.home)
        return Finding("problem", "proxy", message, start if shell.shared is None else shell.fix)
    if silence == "wants a password":
        message = f"{_name(where)} wants another user and password than {where.variable} has"
        return Finding("problem", "proxy", message)
    message = f"{_name(where)} has no sessiontap: what goes through it is not recorded"
    return Finding("warning", "proxy", message, shell.fix)


def _of_two_minds(shell: Shell) -> Iterator[Finding]:
    """Clients differ in which spelling they heed."""
    lower, upper = (shell.environ.get(name) for name in PROXY_VARIABLES[:2])
    # On Windows both are one.
    if lower and upper and lower != upper:
        one, other = point("https_proxy", lower).shown, point("HTTPS_PROXY", upper).shown
        if one == other:
            message = (
                "https_proxy and HTTPS_PROXY have different users: which session it is depends on the client"
            )
        else:
            message = f"https_proxy={one} beats HTTPS_PROXY={other} in most clients, and not in all"
        yield Finding("warning", "proxy", message, "unset https_proxy")


def _name(where: Pointed) -> str:
    return f"{where.variable}={where.shown}"
