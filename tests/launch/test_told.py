from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.errors import SessiontapError
from sessiontap.launch.told import (
    VARIABLE,
    Listening,
    Order,
    Report,
    environment,
    proxy_address,
    read_order,
    read_report,
    report_line,
)

# A path is bytes, and Python has those that are no text as lone surrogates.
_PATHS = st.text(st.characters(exclude_characters="\0"))


@given(home=_PATHS, anywhere=st.booleans())
def test_an_order_arrives_as_it_was_given(home: str, anywhere: bool) -> None:
    """Through the environment, which carries ASCII wherever this runs."""
    order = Order(home=home, anywhere=anywhere)
    text = environment(order)[VARIABLE]
    assert text.isascii()
    assert read_order(text) == order


@given(confdir=_PATHS)
def test_a_report_arrives_as_it_was_given(confdir: str) -> None:
    """On one line, whatever the folder is called."""
    order = Order()
    report = Report(
        pid=1, listening=(Listening(mode="regular", kind="regular", host="::1", port=2),), confdir=confdir
    )
    line = report_line(order, report)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert read_report(order, line) == report


@given(line=st.text())
def test_what_a_stranger_has_printed_is_no_report(line: str) -> None:
    """Only the two know the word; one that was used before is of no use."""
    assert read_report(Order(), line) is None
    assert read_report(Order(), report_line(Order(), Report(pid=1, listening=(), confdir=line))) is None


def _report(*listening: tuple[str, str, int]) -> Report:
    found = tuple(Listening(mode=kind, kind=kind, host=host, port=port) for kind, host, port in listening)
    return Report(pid=1, listening=found, confdir="/c")


@pytest.mark.parametrize(
    ("report", "url", "port"),
    [
        (_report(("regular", "127.0.0.1", 8080)), "http://127.0.0.1:8080", 8080),
        (_report(("reverse", "127.0.0.1", 1), ("upstream", "127.0.0.1", 2)), "http://127.0.0.1:2", 2),
        (_report(("reverse", "127.0.0.1", 1), ("reverse", "127.0.0.1", 2)), "http://127.0.0.1:1", 1),
        (_report(("regular", "::", 8080)), "http://127.0.0.1:8080", 8080),
        (_report(("regular", "::1", 8080)), "http://[::1]:8080", 8080),
        (_report(("regular", "192.0.2.7", 8080)), "http://192.0.2.7:8080", 8080),
    ],
)
def test_where_clients_are_pointed(report: Report, url: str, port: int) -> None:
    """To the forward proxy where there is one, on an address that can be reached from here."""
    assert proxy_address(report) == (url, port)


def test_a_mitmdump_that_listens_nowhere_is_no_proxy() -> None:
    """One line says what it lacks."""
    with pytest.raises(SessiontapError, match="listens on no port; give it a mode that does"):
        proxy_address(_report())
