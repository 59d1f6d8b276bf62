"""Whether this shell's Node goes through the proxy that a variable names."""

from __future__ import annotations

from collections.abc import Iterator

from sessiontap.doctor.findings import Finding, Verdict
from sessiontap.doctor.shell import Shell, with_home
from sessiontap.launch.node import knows_proxies, node_version
from sessiontap.settings import Settings

_ANSWER_S = 1.0
_TOPIC = "Node"


def check_node(settings: Settings, shell: Shell) -> Iterator[Finding]:
    """By its version and its variable; nothing where there is no Node."""
    node = shell.which("node")
    if node is None:
        return
    bad: Verdict = "warning" if shell.records else "info"
    version = node_version(node, shell.environ, _ANSWER_S)
    if version is None:
        yield Finding("info", _TOPIC, f"{node} does not say its version")
    elif not knows_proxies(version):
        # The agents' own command lines do, on any Node.
        message = f"{version} knows no proxy: only programs that find it themselves go through one"
        command = with_home("sessiontap run", settings.home) + " -- COMMAND"
        yield Finding(bad, _TOPIC, message, command)
    elif shell.environ.get("NODE_USE_ENV_PROXY") == "1" or _told(shell.environ.get("NODE_OPTIONS", "")):
        yield Finding("ok", _TOPIC, f"{version} goes through the proxy that a variable names")
    else:
        message = f"{version} goes past the proxy: NODE_USE_ENV_PROXY is not 1"
        yield Finding(bad, _TOPIC, message, "export NODE_USE_ENV_PROXY=1")


def _told(options: str) -> bool:
    return "--use-env-proxy" in options.split()
