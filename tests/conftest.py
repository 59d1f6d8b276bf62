"""What all tests share: figures that a test measures are printed at the end of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings

# A wall-clock deadline for each example fails on a machine that is busy; slow code has tests of its own.
settings.register_profile("sessiontap", deadline=None)
settings.load_profile("sessiontap")

_TABLE = "table"


@pytest.fixture
def print_table(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a text in the run's summary; works from xdist's workers, whose own output is lost."""
    return lambda text: record_property(_TABLE, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what the tests handed to `print_table`, in the order of the reports."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, text in getattr(report, "user_properties", ()):
                if name == _TABLE and getattr(report, "when", None) == "call":
                    terminalreporter.section(report.nodeid)
                    terminalreporter.write_line(str(text))
