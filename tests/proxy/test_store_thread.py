"""The store's thread: bodies reach the store behind the traffic's back, and nothing grows without bound."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.errors import StoreError
from sessiontap.proxy.store_thread import StoreThread
from sessiontap.proxy.trouble import MOST_BODY_BYTES, Trouble
from sessiontap.store import Ledger, StoredSession
from sessiontap.store.session_bodies import SessionBodies

WAIT_S = 20


def of_call(number: int, size: int = 10) -> CallBodies:
    """The bodies of a call that sent so many bytes."""
    return CallBodies(
        call_id=f"c{number}", session_id="s", headers={}, request=Body(content=b"x" * size, size=size)
    )


class Gate:
    """A real ledger, behind a gate that holds up whoever stores bodies, and a bell for each sync."""

    def __init__(self, home: Path) -> None:
        self.ledger = Ledger(home)
        self.open = threading.Event()
        self.waiting = threading.Event()
        self.synced = threading.Event()
        self.open.set()

    def put_bodies(self, bodies: CallBodies) -> None:
        """Stores them once the gate is open."""
        self.waiting.set()
        assert self.open.wait(WAIT_S)
        self.ledger.put_bodies(bodies)

    def sync(self) -> None:
        """Rings."""
        self.ledger.sync()
        self.synced.set()

    def append(self, call: Call) -> None:
        """As the ledger."""
        self.ledger.append(call)

    def calls(self, session_id: str | None) -> list[Call]:
        """As the ledger."""
        return self.ledger.calls(session_id)

    def bodies(self, session_id: str | None) -> SessionBodies:
        """As the ledger."""
        return self.ledger.bodies(session_id)

    def answered(self, host: str, response_id: str) -> Call | None:
        """As the ledger."""
        return self.ledger.answered(host, response_id)

    def sessions(self) -> Iterator[StoredSession]:
        """As the ledger."""
        return self.ledger.sessions()


def started(store: Gate, most_waiting_bytes: int = MOST_BODY_BYTES) -> StoreThread:
    """A thread whose faults fail the test."""
    return StoreThread(
        store,
        Trouble(),
        on_fault=lambda error: pytest.fail(repr(error)),
        most_waiting_bytes=most_waiting_bytes,
    )


def stored(home: Path) -> list[str]:
    """The calls of session s that have bodies."""
    return list(Ledger(home).bodies("s"))


def test_whoever_puts_does_not_wait(tmp_path: Path) -> None:
    """A store that takes long holds up its own thread only; in the end all is there, in order."""
    store = Gate(tmp_path)
    store.open.clear()
    thread = started(store)
    for number in range(5):
        thread.put(of_call(number))
    assert store.waiting.wait(WAIT_S)
    assert stored(tmp_path) == []
    store.open.set()
    assert thread.close() == 0
    assert stored(tmp_path) == ["c0", "c1", "c2", "c3", "c4"]


def test_what_waits_is_bounded_in_bytes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the bound the oldest are lost, and the log says so once as it begins and once as it ends."""
    store = Gate(tmp_path)
    store.open.clear()
    thread = started(store, most_waiting_bytes=1_000)
    with caplog.at_level(logging.WARNING):
        thread.put(of_call(0, 400))
        assert store.waiting.wait(WAIT_S)
        for number in range(1, 6):
            thread.put(of_call(number, 400))
        store.open.set()
        thread.close()
    assert stored(tmp_path) == ["c0", "c4", "c5"]
    assert caplog.messages == [
        "sessiontap: requests and replies come faster than they can be stored; some are lost",
        "sessiontap: recording again; of what waited, 0 written, 3 lost",
    ]


def test_a_body_larger_than_the_bound_is_stored(tmp_path: Path) -> None:
    """The bound is for what waits, not for the size of one."""
    thread = started(Gate(tmp_path), most_waiting_bytes=10)
    thread.put(of_call(1, 5_000))
    assert thread.close() == 0
    assert stored(tmp_path) == ["c1"]


def test_what_the_store_refuses_is_stored_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A home that is in the way for a while costs nothing but two lines in the log."""
    home = tmp_path / "home"
    home.write_text("in the way")
    store = Gate(home)
    thread = started(store)
    with caplog.at_level(logging.WARNING):
        thread.put(of_call(1))
        thread.put(of_call(2))
        while not caplog.messages:
            assert store.waiting.wait(WAIT_S)
        home.unlink()
        assert thread.close() == 0
    assert stored(home) == ["c1", "c2"]
    assert "bodies.jsonl cannot be written: Not a directory" in caplog.messages[0]
    assert "at most 10,000 records of calls and 128 MiB of requests and replies" in caplog.messages[0]
    assert caplog.messages[1:] == ["sessiontap: recording again; of what waited, 2 written, 0 lost"]


def test_a_store_that_refuses_to_the_end_is_told_by_number(tmp_path: Path) -> None:
    """Closing gives up after one try, and counts what is lost."""
    home = tmp_path / "home"
    home.write_text("in the way")
    thread = started(Gate(home))
    thread.put(of_call(1))
    thread.put(of_call(2))
    assert thread.close() == 2


def test_a_session_that_cannot_be_written_holds_up_no_other(tmp_path: Path) -> None:
    """The bodies of a broken session wait, those of the others are stored at once."""
    ledger = Ledger(tmp_path)
    ledger.path("broken").parent.parent.mkdir(parents=True)
    ledger.path("broken").parent.write_text("a file where a folder should be")
    store = Gate(tmp_path)
    thread = started(store)
    thread.put(replace(of_call(0), session_id="broken"))
    thread.put(of_call(1))
    assert store.synced.wait(WAIT_S)
    assert stored(tmp_path) == ["c1"]
    ledger.path("broken").parent.unlink()
    assert thread.close() == 0
    assert list(ledger.bodies("broken")) == ["c0"]


def test_a_large_body_does_not_hold_up_the_disk(tmp_path: Path) -> None:
    """While a body is being stored, what was appended is given to the disk all the same."""
    store = Gate(tmp_path)
    store.open.clear()
    thread = started(store)
    thread.put(of_call(0))
    assert store.waiting.wait(WAIT_S)
    thread.appended()
    assert store.synced.wait(1.0)
    store.open.set()
    assert thread.close() == 0


def test_a_disk_that_fails_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What could not be given to the disk is given to it later, without a new append; two lines tell."""

    class Failing(Gate):
        tries = 0

        def sync(self) -> None:
            self.tries += 1
            if self.tries == 1:
                message = "cannot be written: Input/output error"
                raise StoreError(message)
            super().sync()

    store = Failing(tmp_path)
    with caplog.at_level(logging.WARNING):
        thread = started(store)
        thread.appended()
        assert store.synced.wait(WAIT_S)
        thread.close()
    begins, ends = caplog.messages
    assert "not everything can be recorded for now: cannot be written: Input/output error" in begins
    assert ends == "sessiontap: recording again; of what waited, 0 written, 0 lost"


def test_a_fault_costs_one_body_only(tmp_path: Path) -> None:
    """An error of ours is reported, and the next bodies are stored."""
    faults: list[Exception] = []

    def prepare(bodies: CallBodies) -> CallBodies:
        if bodies.call_id == "c1":
            raise ZeroDivisionError
        return bodies

    thread = StoreThread(Ledger(tmp_path), Trouble(), on_fault=faults.append, prepare=prepare)
    for number in range(3):
        thread.put(of_call(number))
    thread.close()
    assert stored(tmp_path) == ["c0", "c2"]
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


def test_calls_are_given_to_the_disk_soon(tmp_path: Path) -> None:
    """Within a second of an append the store is asked to sync, bodies or none."""
    store = Gate(tmp_path)
    thread = started(store)
    thread.appended()
    assert store.synced.wait(1.0)
    thread.close()


def test_a_thread_that_never_had_anything_to_do_ends(tmp_path: Path) -> None:
    """Closing waits for nothing."""
    assert started(Gate(tmp_path)).close() == 0


def test_bodies_that_come_after_the_end_are_stored_at_once(tmp_path: Path) -> None:
    """Whatever is found while the proxy ends is not lost for want of a thread."""
    thread = started(Gate(tmp_path))
    thread.close()
    thread.put(of_call(1))
    assert stored(tmp_path) == ["c1"]


def test_other_work_is_done_and_its_faults_are_told(tmp_path: Path) -> None:
    """Jobs run in order beside the bodies; one that fails ends neither the thread nor the next."""
    faults: list[Exception] = []
    done: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError

    thread = StoreThread(Ledger(tmp_path), Trouble(), on_fault=faults.append)
    thread.run(lambda: done.append(1))
    thread.run(fail)
    thread.run(lambda: done.append(2))
    thread.put(of_call(1))
    assert thread.close() == 0
    assert done == [1, 2]
    assert [type(fault) for fault in faults] == [ZeroDivisionError]
    assert stored(tmp_path) == ["c1"]
