"""The usage of `run` and `env`; what they do before a real proxy is in tests/end_to_end/test_run.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Run


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["run"], "Missing argument '[--] COMMAND [ARGS]...'"),
        (["run", "--budget", "0", "true"], "'0' is no amount"),
        (["run", "--budget", "-1", "true"], "'-1' is no amount"),
        (["run", "--budget", "NaN", "true"], "'NaN' is no amount"),
        (["run", "--budget", "Infinity", "true"], "'Infinity' is no amount"),
        (["run", "--budget", "1e9", "true"], "below a billion"),
        (["run", "--budget", "two", "true"], "'two' is no amount"),
        (["run", "--session", " ", "true"], "an empty text names nothing"),
        (["run", "--name", "", "true"], "an empty text names nothing"),
        (["run", "--port", "0", "true"], "0 is not in the range"),
        (["run", "--mitmdump", "'", "true"], "cannot be taken apart"),
        (["run", "--receipt", "xml", "true"], "'xml' is not one of"),
        (["run", "--nothing", "true"], "No such option '--nothing'"),
        (["env", "--name", "n"], "--name names a session; give its --session ID too"),
        (["env", "--shell", "csh"], "'csh' is not one of"),
    ],
)
def test_wrong_usage(run: Run, args: list[str], said: str) -> None:
    """Exit code 2, and what is allowed; nothing is started."""
    result = run(*args)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("no-such-command", 127, "no such command; a shell's function or alias is none (see sessiontap env)"),
        ("/etc/passwd", 126, "is not executable; name a program, or make it executable"),
        ("/etc", 126, "is a folder; name a program, or make it executable"),
    ],
)
def test_a_command_that_cannot_be_run(run: Run, command: str, code: int, said: str) -> None:
    """A shell's exit code, in one line, and no proxy is waited for."""
    result = run("run", command, "--help")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"sessiontap: {command}: {said}\n"


def test_a_home_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """One line, before anything is started: the command would run without a record."""
    (tmp_path / "file").write_text("")
    result = run("run", "--home", str(tmp_path / "file"), "true")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"sessiontap: {tmp_path}/file: ")
    assert result.stderr.count("\n") == 1


def test_env_without_a_proxy(run: Run, home: Path) -> None:
    """It starts none, and says what does."""
    result = run("env")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"sessiontap: no background proxy runs for {home}; start one: sessiontap proxy --detach\n"
    )


def test_unset_without_anything_set(run: Run) -> None:
    """There is nothing to take back."""
    result = run("env", "--unset", SESSIONTAP_REPLACED="")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_unset_gives_back_what_was(run: Run) -> None:
    """In the shell's words; only variables that are ours to set."""
    before = '{"HTTPS_PROXY":null,"SSL_CERT_FILE":"/it\'s","PATH":"/evil"}'
    result = run("env", "--unset", "--shell", "sh", SESSIONTAP_REPLACED=before)
    assert result.stdout == "unset HTTPS_PROXY\nexport SSL_CERT_FILE='/it'\\''s'\nunset SESSIONTAP_REPLACED\n"
