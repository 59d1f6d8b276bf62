from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sessiontap import __version__
from sessiontap.cli.main import COMMANDS, Entry, LazyGroup, cli
from sessiontap.cli.prices import SUBCOMMANDS as PRICES
from sessiontap.cli.proxy import SUBCOMMANDS as PROXY
from sessiontap.errors import StoreError
from tests.cli.running import Run, Start
from tests.sessions.samples import fill, make_call

GROUPS = {"prices": PRICES, "proxy": PROXY}
NAMES = [*COMMANDS, *(f"{group} {name}" for group, table in GROUPS.items() for name in table)]
DOCS = Path(__file__).parent.parent.parent / "docs" / "cli.md"


def command(name: str) -> click.Command:
    """The command of that name, such as `prices show`, imported."""
    found: click.Command = cli
    for word in name.split():
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), word)
        assert below is not None
        found = below
    return found


def entry(name: str) -> Entry:
    """Its line in the table that it stands in."""
    group, _, last = name.rpartition(" ")
    return GROUPS[group][last] if group else COMMANDS[last]


def python(*args: str) -> subprocess.CompletedProcess[str]:
    """Runs the interpreter that runs the tests."""
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, check=True)


def test_a_start_imports_nothing_that_is_slow() -> None:
    """The entry point loads neither the proxy nor the terminal library nor YAML nor the store."""
    report = python("-X", "importtime", "-c", "import sessiontap.cli.main").stderr
    loaded = {line.split("|")[-1].strip().split(".")[0] for line in report.splitlines()}
    assert "click" in loaded
    assert not loaded & {"mitmproxy", "rich", "yaml", "tinydb", "filelock", "zstandard"}


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_imports_no_command(args: list[str]) -> None:
    """Listing the commands does not load them."""
    code = f"import sys; sys.argv[1:] = {args}; from sessiontap.cli.main import cli\n"
    code += (
        "try: cli()\nexcept SystemExit: print([n for n in sys.modules if n.startswith('sessiontap.cli.')])"
    )
    assert python("-c", code).stdout.splitlines()[-1] == "['sessiontap.cli.main']"


@pytest.mark.parametrize(("args", "needless"), [(["export"], "rich"), (["list", "--json"], "rich")])
def test_a_command_without_a_table_does_not_load_the_terminal_library(args: list[str], needless: str) -> None:
    """JSON costs no rich."""
    code = f"import sys; sys.argv[1:] = {args}; from sessiontap.cli.main import cli\n"
    code += f"try: cli()\nexcept SystemExit: print({needless!r} in sys.modules, 'mitmproxy' in sys.modules)"
    assert python("-c", code).stdout.splitlines()[-1] == "False False"


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_commands_is_true(name: str) -> None:
    """Each command is where the table says, under its name, with its line of help."""
    assert command(name).name == name.rpartition(" ")[2]
    assert command(name).get_short_help_str(200) == entry(name).help


def test_version(run: Run) -> None:
    """`--version` names the program and its version."""
    assert run("--version").stdout == f"sessiontap {__version__}\n"


def test_an_unknown_command(run: Run) -> None:
    """Exit code 2, and the name that was typed."""
    result = run("lst")
    assert result.exit_code == 2
    assert "No such command 'lst'" in result.stderr


def group(fault: BaseException) -> click.Group:
    """A group as ours with one command that fails."""

    def fail() -> None:
        raise fault

    class One(LazyGroup):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            del ctx
            return click.Command(cmd_name, callback=fail)

    return One("sessiontap")


@pytest.mark.parametrize(
    ("fault", "code", "stderr"),
    [
        (StoreError("the store is gone"), 1, "sessiontap: the store is gone\n"),
        (StoreError("bad\x1b[2J\nline"), 1, "sessiontap: bad line\n"),
        (OSError(errno.EACCES, "Permission denied", "/a/b"), 1, "sessiontap: /a/b: Permission denied\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "sessiontap: No space left on device\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (click.Abort(), 130, "\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, ""),
    ],
)
def test_faults_and_exit_codes(fault: BaseException, code: int, stderr: str) -> None:
    """What the user must act on is one line; a reader that went away and Ctrl-C are none."""
    result = CliRunner().invoke(group(fault), ["x"])
    assert (result.exit_code, result.stderr) == (code, stderr)


def test_a_fault_of_ours_is_not_hidden() -> None:
    """A bug keeps its traceback."""
    assert isinstance(CliRunner().invoke(group(ZeroDivisionError()), ["x"]).exception, ZeroDivisionError)


def many(home: Path) -> None:
    """More calls than a pipe holds."""
    fill(home, [make_call(1, "/", call_id=f"m{number}", session_id="many") for number in range(2000)])


def test_a_reader_that_goes_away_is_no_fault(process: Start, home: Path) -> None:
    """`sessiontap export | head -1` prints a line and nothing on stderr."""
    many(home)
    child = process("export", "--what", "calls", "--format", "jsonl")
    assert child.stdout is not None
    assert child.stderr is not None
    assert child.stdout.readline().startswith(b'{"schema":1')
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(30) == 1


@pytest.mark.parametrize("args", [["list"], ["show", "many"], ["--help"]])
def test_a_reader_that_was_never_there_is_no_fault(process: Start, home: Path, args: list[str]) -> None:
    """Output that fits a buffer fails only at the end, and is as quiet."""
    many(home)
    child = process(*args)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    child.wait(30)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_ctrl_c_ends_at_once_without_a_traceback(process: Start, home: Path) -> None:
    """In the middle of an export that nobody reads on: exit code 130."""
    many(home)
    child = process("export", "--what", "calls", "--format", "jsonl")
    assert child.stdout is not None
    # A line has come and the pipe cannot hold the rest: the child is writing now.
    assert child.stdout.readline().startswith(b'{"schema":1')
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=30)
    assert (child.returncode, stderr) == (130, b"\n")


def test_the_module_is_the_command(process: Start) -> None:
    """`python -m sessiontap` prints what `sessiontap` prints, under the same name."""
    child = process("frobnicate")
    stdout, stderr = child.communicate(timeout=30)
    assert (child.returncode, stdout) == (2, b"")
    assert stderr.startswith(b"Usage: sessiontap [OPTIONS] COMMAND [ARGS]...\n")


def test_an_output_that_cannot_hold_a_character_gets_its_number(process: Start, home: Path) -> None:
    """An ASCII terminal is no reason for a traceback."""
    fill(home, [make_call(1, "/größe/tief", session_id="u", session_name="日本")])
    child = process("show", "u", PYTHONIOENCODING="ascii")
    stdout, stderr = child.communicate(timeout=30)
    assert (child.returncode, stderr) == (0, b"")
    assert stdout.startswith(b"\\u65e5\\u672c\n")
    assert b"\n   `- gpt-5-mini-2025-08-07 ~" in stdout


def test_an_unreadable_home_is_one_line(process: Start, tmp_path: Path) -> None:
    """A home that is a file is named, with exit code 1."""
    (tmp_path / "file").write_bytes(b"")
    child = process("list", "--home", str(tmp_path / "file"))
    stdout, stderr = child.communicate(timeout=30)
    assert (child.returncode, stdout) == (1, b"")
    assert stderr.startswith(b"sessiontap: " + os.fsencode(tmp_path / "file"))
    assert stderr.count(b"\n") == 1


def documented() -> dict[str, str]:
    """Each help block of docs/cli.md, by the arguments that print it."""
    found = re.findall(r"```console\n\$ sessiontap (.*?)--help\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    return {args.strip(): block for args, block in found}


def test_the_docs_have_every_command() -> None:
    """No command without its section."""
    assert set(documented()) == {"", *NAMES}


@pytest.mark.parametrize("name", ["", *NAMES])
def test_the_docs_show_the_help_as_it_is(name: str) -> None:
    """Each block in docs/cli.md is what `--help` prints at 80 columns; paste the new one where this fails."""
    result = CliRunner().invoke(cli, [*name.split(), "--help"], prog_name="sessiontap", terminal_width=80)
    assert documented()[name] == result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_command_shows_examples(name: str) -> None:
    """A help text without an example helps half."""
    result = CliRunner().invoke(cli, [*name.split(), "--help"], prog_name="sessiontap")
    assert f"Examples:\n    sessiontap {name}" in result.stdout
