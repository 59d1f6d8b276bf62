from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessiontap.launch.shells import Shell, detected, statements

HOSTILE = [
    "plain",
    "",
    "it's",
    "''",
    "$(touch pwned) `touch pwned` ${HOME} $HOME",
    'a "b" \\ c \\\' d',
    "two\nlines\n",
    "!history & ; | > < * ? ~ # %PATH%",
    "\u2018typographic\u2019 \u201a\u201b",
    "ä 日本 \U0001f600",
]


def evaluated(
    shell: list[str], text: str, names: Mapping[str, object], folder: Path
) -> dict[str, str | None]:
    """What a real shell has in its variables after it evaluated the text, as its child sees it."""
    dump = folder / "dump.py"
    dump.write_text("import os, sys\nfor n in sys.argv[1:]:\n    print(ascii(os.environ.get(n)))\n")
    import sys

    script = f"{text}{sys.executable} {dump} {' '.join(names)}\n"
    done = subprocess.run([*shell, script], capture_output=True, text=True, check=True, cwd=folder)
    assert done.stderr == ""
    assert [path.name for path in folder.iterdir()] == ["dump.py"]
    import ast

    return dict(zip(names, map(ast.literal_eval, done.stdout.splitlines()), strict=True))


def shells() -> list[object]:
    """The shells of this machine, each with how it is told a script."""
    known: list[tuple[Shell, list[str]]] = [
        ("sh", ["sh", "-c"]),
        ("sh", ["bash", "-c"]),
        ("sh", ["zsh", "-c"]),
        ("fish", ["fish", "--no-config", "-c"]),
        ("powershell", ["pwsh", "-NoProfile", "-Command"]),
    ]
    return [
        pytest.param(
            shell,
            line,
            id=line[0],
            marks=pytest.mark.skipif(shutil.which(line[0]) is None, reason=f"{line[0]} is not here"),
        )
        for shell, line in known
    ]


@pytest.mark.parametrize(("shell", "line"), shells())
def test_a_shell_has_exactly_these_values(shell: Shell, line: list[str], tmp_path: Path) -> None:
    """Whatever stands in a value is a value, and nothing is run."""
    variables = {f"V{number}": value for number, value in enumerate(HOSTILE)}
    assert evaluated(line, statements(shell, variables), variables, tmp_path) == variables


@pytest.mark.parametrize(("shell", "line"), shells())
def test_a_shell_takes_variables_away(
    shell: Shell, line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is to be removed is gone for its children, whether or not it was there."""
    monkeypatch.setenv("THERE", "1")
    names: dict[str, str | None] = {"THERE": None, "NOT_THERE": None}
    assert evaluated(line, statements(shell, names), names, tmp_path) == names


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_any_value_for_sh(value: str, tmp_path: Path) -> None:
    """The POSIX shell gets any text as it is."""
    if os.name == "posix":
        assert evaluated(["sh", "-c"], statements("sh", {"V": value}), ["V"], tmp_path) == {"V": value}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shell", "text"),
    [
        ("fish", "set -gx V 'it\\'s \\\\ $x'\nset -e W\n"),
        (
            "powershell",
            "$env:V = 'it''s \\ $x'\nRemove-Item Env:W -ErrorAction SilentlyContinue\n",
        ),
    ],
)
def test_the_words_of_shells_that_may_not_be_here(shell: Shell, text: str) -> None:
    """By their rules of quoting."""
    assert statements(shell, {"V": "it's \\ $x", "W": None}) == text


def test_powershell_has_five_single_quotes() -> None:
    """Each of them would end the text; doubled it is itself."""
    assert statements("powershell", {"V": "'\u2018\u2019\u201a\u201b"}) == (
        "$env:V = '''\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b'\n"
    )


@pytest.mark.parametrize(
    ("parent", "variable", "shell"),
    [
        ("fish", "/bin/bash", "fish"),
        ("zsh", "/usr/bin/fish", "sh"),
        ("python3", "/usr/bin/fish", "fish"),
        ("pwsh", "/bin/bash", "powershell"),
        ("make", "", "sh"),
        (None, "/opt/homebrew/bin/fish", "fish"),
    ],
)
def test_which_shell_asks(tmp_path: Path, parent: str | None, variable: str, shell: Shell) -> None:
    """The one that has started us; where that is none, the user's own."""
    if parent is not None:
        (tmp_path / "7").mkdir()
        (tmp_path / "7" / "comm").write_text(parent + "\n")
    assert detected({"SHELL": variable}, parent=7, proc=tmp_path) == shell
