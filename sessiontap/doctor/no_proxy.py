"""Whether NO_PROXY keeps a provider's calls from the proxy."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from sessiontap.doctor.findings import Finding
from sessiontap.doctor.shell import Shell
from sessiontap.launch.environment import NO_PROXY_VARIABLES, bypassed
from sessiontap.providers import GATEWAYS, PROVIDERS
from sessiontap.settings import Settings

_MOST_SHOWN = 3


def check_no_proxy(settings: Settings, shell: Shell) -> Iterator[Finding]:
    """Each variable, with the entries that cover a provider; nothing where none is set."""
    del settings
    hosts = list(
        dict.fromkeys(
            host for row in (*PROVIDERS, *GATEWAYS) if not row.recognised_by_reply for host in row.hosts
        )
    )
    for name in NO_PROXY_VARIABLES:
        entries = [part.strip() for part in shell.environ.get(name, "").split(",") if part.strip()]
        if not entries:
            continue
        covering = [entry for entry in entries if bypassed({name: entry}, hosts)]
        covered = bypassed({name: ",".join(entries)}, hosts)
        if not covering:
            yield Finding("ok", name, "keeps no provider from the proxy")
            continue
        shown = ", ".join(covered[:_MOST_SHOWN])
        more = f" and {len(covered) - _MOST_SHOWN} more" if len(covered) > _MOST_SHOWN else ""
        rest = ",".join(entry for entry in entries if entry not in covering)
        message = f"{', '.join(covering)} keeps from the proxy, and so unrecorded: {shown}{more}"
        yield Finding("warning", name, message, f"export {name}={shlex.quote(rest)}")
