from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from sessiontap.cli.main import cli


@pytest.fixture(autouse=True)
def _bare_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One without variables, programs and a CA."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is the user's alone."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_a_good_home_is_exit_code_0(home: Path) -> None:
    """One line a finding: verdict, topic, message."""
    result = CliRunner().invoke(cli, ["doctor", "--home", str(home)])
    assert result.exit_code == 0
    topics = [line.split()[1] for line in result.stdout.splitlines()]
    assert topics == ["versions", "home", "disk", "prices", "proxy", "CA"]
    assert result.stdout.splitlines()[-2].startswith("info     proxy        none is set here: ")
    assert result.stdout.splitlines()[-2].endswith(f" -> sessiontap run --home {home} -- COMMAND")


def test_a_broken_price_file_is_a_warning(home: Path) -> None:
    """The proxy works without it, so the exit code stays 0; the line stands there."""
    (home / "pricing.yaml").write_text("providers: [x]\n")
    result = CliRunner().invoke(cli, ["doctor", "--home", str(home)])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[4] == (
        f"warning  your prices  not used, sessiontap's own are: {home / 'pricing.yaml'}:1: providers: "
        "a list; allowed is a mapping"
    )


def test_a_problem_is_exit_code_1(tmp_path: Path) -> None:
    """And one line on stderr."""
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(cli, ["doctor", "--home", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert "PROBLEM  home" in result.stdout
    assert result.stderr == "sessiontap: 1 problem found\n"


def test_findings_are_json(home: Path) -> None:
    """An array of verdict, topic, message and the command that mends it, or null."""
    result = CliRunner().invoke(cli, ["doctor", "--json", "--home", str(home)])
    found = json.loads(result.stdout)
    assert [sorted(each) for each in found] == [["fix", "message", "topic", "verdict"]] * 6
    assert [each["fix"] is None for each in found] == [True, True, True, True, False, False]
