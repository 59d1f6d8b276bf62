"""Presence: a call of a proxy that is dead is not under way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.store import Ledger
from sessiontap.store.presence import Liveness, Presence
from sessiontap.store.records import Calls, read_calls

RUNNING = Call(
    call_id="c1",
    session_id="s",
    provider="openai",
    api="openai.chat",
    operation="chat",
    host="api.openai.com",
    url_path="/v1/chat/completions",
    status="running",
    started_at="2026-11-23T20:00:00.000Z",
)

# Appends a running call, says so, and waits to be killed.
_PROXY = """
import sys, msgspec
from pathlib import Path
from sessiontap.call import decode
from sessiontap.store import Ledger
ledger = Ledger(Path(sys.argv[1]))
ledger.append(decode(sys.argv[2].encode()))
print("appended", flush=True)
sys.stdin.read()
"""


def status(home: Path) -> tuple[str, str | None]:
    """What the one call of session s is read as."""
    (call,) = Ledger(home).calls("s")
    return call.status, call.error_type


def test_a_call_is_running_as_long_as_its_proxy_lives(tmp_path: Path) -> None:
    """Killed with SIGKILL, which nothing can tidy up after, the proxy leaves an interrupted call."""
    line = msgspec.json.encode(RUNNING).decode()
    with subprocess.Popen(
        [sys.executable, "-c", _PROXY, str(tmp_path), line], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as proxy:
        assert proxy.stdout is not None
        assert proxy.stdout.readline() == b"appended\n"
        assert status(tmp_path) == ("running", None)
        proxy.kill()
        proxy.wait()
    assert status(tmp_path) == ("interrupted", "interrupted")


def test_a_ledger_that_is_closed_has_no_call_under_way(tmp_path: Path) -> None:
    """A proxy that ended in order and left a call behind is as gone as one that was killed."""
    with Ledger(tmp_path) as ledger:
        ledger.append(RUNNING)
        assert status(tmp_path) == ("running", None)
    assert status(tmp_path) == ("interrupted", "interrupted")
    assert list((tmp_path / "proxies").iterdir()) == []


def test_one_proxy_says_nothing_of_another(tmp_path: Path) -> None:
    """Each call is judged by the proxy that it belongs to."""
    with Ledger(tmp_path) as mine:
        mine.append(RUNNING)
        with Ledger(tmp_path) as other:
            other.append(msgspec.structs.replace(RUNNING, call_id="c2"))
        statuses = {call.call_id: call.status for call in Ledger(tmp_path).calls("s")}
    assert statuses == {"c1": "running", "c2": "interrupted"}


def test_an_ended_call_has_no_proxy(tmp_path: Path) -> None:
    """The mark goes with the call's end."""
    with Ledger(tmp_path) as ledger:
        ledger.append(RUNNING)
        ledger.append(msgspec.structs.replace(RUNNING, status="ok"))
        (call,) = ledger.calls("s")
    assert (call.status, call.proxy_id) == ("ok", None)


def test_a_sign_that_was_removed_is_given_again(tmp_path: Path) -> None:
    """The home may be removed while the proxy runs."""
    presence = Presence(tmp_path)
    presence.keep()
    (sign,) = (tmp_path / "proxies").iterdir()
    sign.unlink()
    presence.keep()
    running = msgspec.structs.replace(RUNNING, proxy_id=presence.proxy_id)
    assert Liveness(tmp_path)(running) == running
    presence.end()
    assert Liveness(tmp_path)(running).status == "interrupted"


def test_the_signs_of_the_dead_are_removed(tmp_path: Path) -> None:
    """They do not gather, and those of the living stay."""
    living = Presence(tmp_path)
    living.keep()
    dead = tmp_path / "proxies" / "0123456789ab.lock"
    dead.touch()
    Presence(tmp_path).keep()
    assert not dead.exists()
    running = msgspec.structs.replace(RUNNING, proxy_id=living.proxy_id)
    assert Liveness(tmp_path)(running).status == "running"


@pytest.mark.parametrize(
    "proxy_id", ["../../etc/passwd", "", "a/b", "\N{LATIN SMALL LETTER E WITH ACUTE}", "gone"]
)
def test_an_id_that_nobody_has_is_dead(tmp_path: Path, proxy_id: str) -> None:
    """Ids come out of files: none leads out of the folder, and none makes a file."""
    running = msgspec.structs.replace(RUNNING, proxy_id=proxy_id)
    assert Liveness(tmp_path)(running).status == "interrupted"
    assert list(tmp_path.iterdir()) == []


def test_a_call_that_names_no_proxy_stays_as_it_is(tmp_path: Path) -> None:
    """Records of before have no such mark: nothing is known of them."""
    assert Liveness(tmp_path)(RUNNING) == RUNNING


def test_a_proxy_that_ends_while_it_is_read_leaves_no_false_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its call was under way as the file was read, and ended before its life was asked for: it has ended."""
    proxy = Ledger(tmp_path)
    proxy.append(RUNNING)

    def reading(path: Path) -> Calls:
        found = read_calls(path)
        proxy.append(msgspec.structs.replace(RUNNING, status="ok"))
        proxy.close()
        return found

    monkeypatch.setattr("sessiontap.store.ledger.read_calls", reading)
    assert status(tmp_path) == ("ok", None)
