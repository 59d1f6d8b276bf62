from __future__ import annotations

from pathlib import Path

import pytest

from sessiontap.doctor import CHECKS
from sessiontap.doctor.disk import check_disk
from sessiontap.doctor.home import check_home
from sessiontap.doctor.prices import check_prices
from sessiontap.doctor.store import check_store
from sessiontap.doctor.unpriced import check_unpriced
from sessiontap.doctor.versions import check_versions
from sessiontap.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is the user's alone."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_every_check_is_quiet_about_a_good_home(home: Path) -> None:
    """Each has something to say, and nothing bad; nothing is written."""
    found = {check: list(check(Settings(home=home))) for check in CHECKS}
    # Nothing is recorded there yet; how full this machine's disk is, is not the home's fault.
    assert found.pop(check_store) == []
    assert found.pop(check_unpriced) == []
    assert len(found.pop(check_disk)) == 1
    assert all(findings and {each.verdict for each in findings} == {"ok"} for findings in found.values())
    assert list(home.iterdir()) == []


def test_a_home_that_is_not_there_can_be_made_or_not(tmp_path: Path) -> None:
    """The next call makes it; below a file it cannot."""
    (tmp_path / "file").write_text("")
    (new,) = check_home(Settings(home=tmp_path / "a" / "b"))
    (below,) = check_home(Settings(home=tmp_path / "file" / "b"))
    (file,) = check_home(Settings(home=tmp_path / "file"))
    assert new.verdict == "ok"
    assert not (tmp_path / "a").exists()
    assert (below.verdict, below.message) == (
        "problem",
        f"{tmp_path / 'file' / 'b'}: not there, and {tmp_path / 'file'} cannot be written",
    )
    assert (file.verdict, file.message) == (
        "problem",
        f"{tmp_path / 'file'}: not a folder; name another one with --home",
    )


def test_a_home_that_others_may_read_is_a_warning(home: Path) -> None:
    """It says what to type."""
    home.chmod(0o755)
    (found,) = check_home(Settings(home=home))
    assert (found.verdict, found.message) == ("warning", f"{home}: others may look into it")
    assert found.fix == f"chmod 700 {home}"


def test_a_mistake_in_the_users_prices_is_told_with_its_line(home: Path) -> None:
    """Ours are used; the line is the one that the proxy logs at its start."""
    own = home / "pricing.yaml"
    own.write_text("providers:\n  acme:\n    models: {m: {input: -3}}\n")
    ours, theirs = check_prices(Settings(home=home))
    assert ours.verdict == "ok"
    assert (theirs.verdict, theirs.topic, theirs.message) == (
        "warning",
        "your prices",
        (
            f"not used, sessiontap's own are: {own}:3: acme > m > input: '-3'; "
            "allowed is a number >= 0 without quotes, such as 2.5"
        ),
    )


def test_the_users_prices_are_counted(home: Path) -> None:
    """A file without a mistake is named with what it has."""
    own = home / "pricing.yaml"
    own.write_text("providers: {acme: {source: s, checked: 2026-01-01, models: {m: {input: 3}}}}\n")
    _, theirs = check_prices(Settings(home=home))
    assert (theirs.verdict, theirs.message) == ("ok", f"1 models in {own}")


def test_versions_are_told(home: Path) -> None:
    """Everything that a report of a fault should have."""
    (found,) = check_versions(Settings(home=home))
    assert found.verdict == "ok"
    assert {"sessiontap", "Python", "mitmproxy"} <= {word.strip(",") for word in found.message.split()}
