"""What `sessiontap doctor` looks at: `CHECKS`, each of which answers with findings."""

from sessiontap.doctor.disk import check_disk
from sessiontap.doctor.findings import Check, Finding
from sessiontap.doctor.home import check_home
from sessiontap.doctor.prices import check_prices
from sessiontap.doctor.store import check_store
from sessiontap.doctor.versions import check_versions

CHECKS: tuple[Check, ...] = (check_versions, check_home, check_disk, check_store, check_prices)
"""In the order in which they are told. A new check: its file, and its name here."""

__all__ = ["CHECKS", "Check", "Finding"]
