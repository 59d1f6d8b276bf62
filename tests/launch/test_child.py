from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sessiontap.launch.child import CommandError, find
from tests.end_to_end.place import tries
from tests.launch.terminal import in_terminal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no such signals there")

# Whoever runs the tests in the background of a shell has these ignored, and what is ignored stays so. By
# `nohup` the last one is: one test is about that.
RUNNER = (
    "import os, signal, sys\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "signal.signal(signal.SIGQUIT, signal.SIG_DFL)\n"
    "if 'UNDER_NOHUP' not in os.environ:\n    signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    "from sessiontap.launch.child import CommandError, run\n"
    "try:\n    sys.exit(run(sys.argv[1:], os.environ))\n"
    "except CommandError as error:\n    print(error, file=sys.stderr)\n    sys.exit(error.code)\n"
)
RUN = [sys.executable, "-c", RUNNER]
# Says that it is there, and then each signal that comes, the last one by its exit code.
LISTENER = """
import signal, sys, os
def say(number, frame):
    print(signal.Signals(number).name, flush=True)
    if number in (signal.SIGTERM, signal.SIGHUP):
        sys.exit(number)
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGQUIT"):
    signal.signal(getattr(signal, name), say)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("exit 255", 255),
        ("kill -9 $$", 128 + 9),
        ("kill -TERM $$", 128 + 15),
        ("kill -PIPE $$", 128 + 13),
    ],
)
def test_the_exit_code_is_the_commands(script: str, code: int) -> None:
    """Its own, and 128+n where a signal has killed it, as a shell has it."""
    assert subprocess.run([*RUN, "sh", "-c", script], check=False).returncode == code


def test_what_cannot_be_run(tmp_path: Path) -> None:
    """127 where there is nothing of that name, 126 where it cannot be run; one line each."""
    (tmp_path / "text").write_text("hello")
    (tmp_path / "broken").write_text("#!/no/such/interpreter\n")
    (tmp_path / "data").write_bytes(b"\x00\x01\x02")
    for name in ("broken", "data"):
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": str(tmp_path)}
    found = {}
    for name in ("nothing", "text", str(tmp_path), str(tmp_path / "none")):
        with pytest.raises(CommandError) as error:
            find(name, environ)
        found[name] = error.value.code
    assert found == {"nothing": 127, "text": 126, str(tmp_path): 126, str(tmp_path / "none"): 127}
    assert find("broken", environ) == str(tmp_path / "broken")
    for name, code in (("broken", 127), ("data", 126)):
        done = subprocess.run([*RUN, str(tmp_path / name)], capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert done.stderr.startswith(f"{tmp_path / name}: cannot be run: ")
        assert done.stderr.count("\n") == 1


def test_descriptors_go_through() -> None:
    """Standard input, output, errors, and any other that the caller has opened."""
    reading, writing = os.pipe()
    program = (
        f"import os, sys; os.write({writing}, b'beside'); print('errors', file=sys.stderr);"
        " print(input()); sys.exit(4)"
    )
    done = subprocess.run(
        [*RUN, sys.executable, "-c", program],
        input=b"piped in\n",
        capture_output=True,
        pass_fds=[writing],
        check=False,
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert file.read() == b"beside"
    assert (done.returncode, done.stdout, done.stderr) == (4, b"piped in\n", b"errors\n")


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ([signal.SIGTERM], signal.SIGTERM),
        ([signal.SIGHUP], signal.SIGHUP),
        ([signal.SIGINT, signal.SIGUSR1, signal.SIGQUIT, signal.SIGTERM], signal.SIGTERM),
    ],
)
def test_what_is_sent_to_us_alone_is_handed_on(signals: list[signal.Signals], code: int) -> None:
    """Without a terminal, or from a supervisor, a signal has us alone: the command gets each of them once."""
    child = subprocess.Popen(
        [*RUN, sys.executable, "-c", LISTENER], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    for number in signals:
        child.send_signal(number)
        assert child.stdout.readline() == f"{number.name}\n"
    assert child.wait(30) == code
    child.stdout.close()


def test_what_is_ignored_stays_so() -> None:
    """`nohup` holds for the command too."""
    script = "trap '' HUP; exec " + " ".join(f'"${number}"' for number in range(1, 8))
    ask = "import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    done = subprocess.run(
        ["sh", "-c", script, "sh", *RUN, sys.executable, "-c", ask],
        env={**os.environ, "UNDER_NOHUP": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_the_commands_signals_are_as_they_were() -> None:
    """What we handle the command finds at its default."""
    ask = "import signal; print([signal.getsignal(n) == signal.SIG_DFL for n in (1, 3, 10, 12, 15, 20)])"
    done = subprocess.run([*RUN, sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == f"{[True] * 6}\n"


def test_ctrl_c_reaches_the_command_once() -> None:
    """The terminal sends it to the command itself; we neither end nor hand it on a second time."""
    with in_terminal([*RUN, sys.executable, "-c", LISTENER], os.environ) as terminal:
        terminal.wait_for("ready")
        terminal.type("\x03")
        terminal.wait_for("SIGINT")
        terminal.type("\x1c")
        assert "SIGINT" not in terminal.wait_for("SIGQUIT").removeprefix("\r\n")
        terminal.type("\x03")
        terminal.wait_for("SIGINT")
        os.kill(terminal.pid, signal.SIGTERM)
        assert "SIGINT" not in terminal.wait_for("SIGTERM")
        assert terminal.ended() == signal.SIGTERM


def test_the_command_has_the_terminal() -> None:
    """All three of its descriptors are the terminal, its group is in the foreground, and keys reach it."""
    ask = (
        "import os; print([os.isatty(n) for n in range(3)], os.tcgetpgrp(0) == os.getpgrp());"
        "print('heard', input('say: '))"
    )
    with in_terminal([*RUN, sys.executable, "-c", ask], os.environ) as terminal:
        terminal.wait_for("[True, True, True] True")
        terminal.wait_for("say: ")
        terminal.type("hello\n")
        terminal.wait_for("heard hello")
        assert terminal.ended() == 0


def test_stopped_and_woken_alone() -> None:
    """Where the command is stopped we stop, and whoever wakes us wakes the command."""
    program = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGCONT, lambda *_: print('awake', flush=True))\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(6))\n"
        "print(os.getpid(), flush=True)\n"
        "while True:\n    signal.pause()\n"
    )
    child = subprocess.Popen(
        [*RUN, sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    command = int(child.stdout.readline())
    for _ in range(3):
        os.kill(command, signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])
        child.send_signal(signal.SIGCONT)
        assert child.stdout.readline() == "awake\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 6
    child.stdout.close()


@pytest.mark.skipif(shutil.which("bash") is None, reason="a shell with job control is needed")
def test_ctrl_z_and_fg() -> None:
    """The shell has its prompt back as soon as the command has stopped, and `fg` goes on with it."""
    environ = {**os.environ, "PS1": "prompt> ", "HISTFILE": "/dev/null", "RUNNER": RUNNER}
    command = (
        f'{sys.executable} -c "$RUNNER" sh -c \'echo be""gun; while read x; do echo got-$x; done; exit 5\''
    )
    with in_terminal(["bash", "--norc", "--noprofile", "--noediting", "-i"], environ) as terminal:
        terminal.wait_for("prompt> ")
        terminal.type(command + "\n")
        terminal.wait_for("begun")
        for word in ("more", "still"):
            terminal.type("\x1a")
            terminal.wait_for("Stopped")
            terminal.wait_for("prompt> ")
            terminal.type(f"fg\n{word}\n")
            terminal.wait_for(f"got-{word}")
        terminal.type("\x04")
        terminal.wait_for("prompt> ")
        terminal.type("echo code=$?\n")
        terminal.wait_for("code=5")
        terminal.type("exit 0\n")
        assert terminal.ended() == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells who is stopped")
def test_a_stop_after_fg_holds_though_we_wake_late() -> None:
    """The command may run and stop again before we do; only a stop that was known is ended."""
    child = subprocess.Popen(
        [*RUN, "sh", "-c", "echo $$; read x; exit 6"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout is not None
    command = int(child.stdout.readline())
    try:
        os.kill(command, signal.SIGSTOP)
        _wait_for_state(child.pid, "T")
        os.kill(command, signal.SIGCONT)
        _wait_for_state(command, "S")
        os.kill(command, signal.SIGSTOP)
        _wait_for_state(command, "T")
        # The new stop is ours to heed: we have run, and are stopped again, and the command all the while.
        before = _switches(child.pid)
        child.send_signal(signal.SIGCONT)
        for _ in tries():
            if _switches(child.pid) > before and _state(child.pid) == "T":
                break
        assert (_state(child.pid), _state(command)) == ("T", "T")
        child.send_signal(signal.SIGCONT)
        _wait_for_state(command, "S")
    finally:
        os.kill(command, signal.SIGCONT)
        child.send_signal(signal.SIGCONT)
        child.communicate("go on\n", 30)
    assert child.returncode == 6


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def _wait_for_state(pid: int, state: str) -> None:
    for _ in tries():
        if _state(pid) == state:
            return
    pytest.fail(f"process {pid} is in state {_state(pid)}, not in {state}")


def _switches(pid: int) -> int:
    """How often a process has given up its processor: more than before, once it has run."""
    status = Path(f"/proc/{pid}/status").read_text()
    return sum(int(line.split()[1]) for line in status.splitlines() if "ctxt_switches" in line)
