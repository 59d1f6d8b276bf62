"""What `sessiontap doctor` looks at: checks of a home and of a shell, each of which answers with findings."""

from sessiontap.doctor.authority import check_authority
from sessiontap.doctor.disk import check_disk
from sessiontap.doctor.findings import Check, Finding, ShellCheck
from sessiontap.doctor.home import check_home
from sessiontap.doctor.no_proxy import check_no_proxy
from sessiontap.doctor.node import check_node
from sessiontap.doctor.prices import check_prices
from sessiontap.doctor.proxy import check_proxy
from sessiontap.doctor.refused import check_refused
from sessiontap.doctor.shell import Shell
from sessiontap.doctor.store import check_store
from sessiontap.doctor.trust import check_trust
from sessiontap.doctor.unpriced import check_unpriced
from sessiontap.doctor.versions import check_versions

CHECKS: tuple[Check, ...] = (
    check_versions,
    check_home,
    check_disk,
    check_store,
    check_prices,
    check_unpriced,
)
"""Of the home, in the order in which they are told. A new check: its file, and its name here."""

SHELL_CHECKS: tuple[ShellCheck, ...] = (
    check_proxy,
    check_no_proxy,
    check_authority,
    check_trust,
    check_node,
    check_refused,
)
"""Of the shell that asks, likewise."""

__all__ = ["CHECKS", "SHELL_CHECKS", "Check", "Finding", "Shell", "ShellCheck"]
