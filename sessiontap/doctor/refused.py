"""Which clients would not have the proxy's certificate, of late."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sessiontap.doctor.findings import Finding, Verdict
from sessiontap.doctor.shell import Shell
from sessiontap.settings import Settings
from sessiontap.store.refusals import read_refusals
from sessiontap.times import rfc3339
from sessiontap.views.numbers import counted, moment

_LATE_S = 7 * 24 * 3600
_MOST_SHOWN = 5


def check_refused(settings: Settings, shell: Shell) -> Iterator[Finding]:
    """Hosts that refused within a week and where nothing was recorded since, the last ones first."""
    since = rfc3339(time.time() - _LATE_S)
    late = [each for each in read_refusals(settings.home) if each.last_at >= since]
    for each in late[:_MOST_SHOWN]:
        who = f" by {each.agent}" if each.agent else ""
        times = f"{counted(each.count, 'time')}, last at {moment(each.last_at)} UTC{who}"
        if each.certain:
            message = (
                f"{each.host}: the proxy's certificate was refused {times}; nothing recorded there since"
            )
        else:
            message = f"{each.host}: clients left at the sight of the proxy's certificate {times}"
        # A single one may just have been stopped by its user.
        verdict: Verdict = "warning" if each.certain or each.count > 1 else "info"
        yield Finding(verdict, "refused", message, shell.fix)
    if len(late) > _MOST_SHOWN:
        yield Finding("warning", "refused", f"and {counted(len(late) - _MOST_SHOWN, 'host')} more")
