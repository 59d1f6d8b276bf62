from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from sessiontap.launch.logfile import LogFile

_PROGRAM = """
import os, sys
from pathlib import Path
from sessiontap.launch.logfile import LogFile
LogFile(Path(sys.argv[1])).take_over()
print("printed")
os.write(2, b"an error\\n")
assert sys.stdin.read() == ""
raise ValueError("the last word")
"""


def test_takes_what_a_process_prints(tmp_path: Path) -> None:
    """To its last word, that of the exception that ends it, in a file of the user's alone."""
    home = tmp_path / "home"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(home)],
            input="x",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    log = home / "proxy.log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    text = log.read_text("utf-8")
    assert text.count("sessiontap ") == text.count("printed\n") == text.count("an error\n") == 2
    assert text.endswith("ValueError: the last word\n")


def test_is_never_large(tmp_path: Path) -> None:
    """One older file is kept beside it, and nothing is lost of the last two."""
    log = LogFile(tmp_path, largest=100)
    for number in range(30):
        log.write(b"%09d\n" % number)
    kept = [(tmp_path / name).read_bytes() for name in ("proxy.log.1", "proxy.log")]
    assert [len(each) for each in kept] == [100, 100]
    assert b"".join(kept).split() == [b"%09d" % number for number in range(10, 30)]


def test_a_log_that_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    """It goes on as soon as it can."""
    log = LogFile(tmp_path, largest=10)
    older = tmp_path / "proxy.log.1"
    older.mkdir()
    log.write(b"one.......\n")
    log.write(b"two.......\n")
    older.rmdir()
    log.write(b"three.....\n")
    assert (tmp_path / "proxy.log").read_bytes() == b"three.....\n"
