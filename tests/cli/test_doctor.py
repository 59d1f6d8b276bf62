from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sessiontap.cli.main import cli


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
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["versions", "home", "disk", "prices"]


def test_a_broken_price_file_is_a_warning(home: Path) -> None:
    """The proxy works without it, so the exit code stays 0; the line stands there."""
    (home / "pricing.yaml").write_text("providers: [x]\n")
    result = CliRunner().invoke(cli, ["doctor", "--home", str(home)])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
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
    """An array of verdict, topic and message."""
    result = CliRunner().invoke(cli, ["doctor", "--json", "--home", str(home)])
    found = json.loads(result.stdout)
    assert [sorted(each) for each in found] == [["message", "topic", "verdict"]] * 4
