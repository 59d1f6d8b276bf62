"""StoreThread: does what the traffic should not wait for: stores bodies, and has files given to the disk.

Promises: `put` costs the event loop microseconds; the memory of what waits is bounded; a session that cannot
be written holds up no other; nothing in here ends the thread but `close`.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from sessiontap.bodies import CallBodies
from sessiontap.errors import StoreError
from sessiontap.proxy.sync_thread import SyncThread
from sessiontap.proxy.trouble import MOST_BODY_BYTES, Trouble
from sessiontap.store import CallStore

RETRY_S = 1.0
"""How long a session that refused a body is left alone."""

_CLOSE_S = 10.0
# After so many sessions that refused one it is the store, not a session: each try costs a masking.
_MOST_REFUSED = 4


class StoreThread:
    """Takes bodies as calls end, and other jobs. It starts with the first; that of the disk with an append.

    In the end `finish`, then `close`.
    """

    def __init__(
        self,
        store: CallStore,
        trouble: Trouble,
        *,
        on_fault: Callable[[Exception], None],
        prepare: Callable[[CallBodies], CallBodies] | None = None,
        most_waiting_bytes: int = MOST_BODY_BYTES,
    ) -> None:
        """`prepare` changes bodies before they are stored, in the thread."""
        self._store = store
        self._trouble = trouble
        self._on_fault = on_fault
        self._prepare = prepare
        self._most_waiting_bytes = most_waiting_bytes
        self._syncing = SyncThread(store, trouble, on_fault=on_fault)
        self._ready = threading.Condition()
        self._waiting: deque[CallBodies] = deque()
        self._waiting_bytes = 0
        self._jobs: deque[Callable[[], None]] = deque()
        self._refused: set[str | None] = set()
        self._retry_at = 0.0
        self._most_refused = 0
        self._lost = 0
        self._closing = False
        self._last_try = False
        self._thread: threading.Thread | None = None

    def use(self, store: CallStore, prepare: Callable[[CallBodies], CallBodies] | None = None) -> None:
        """Goes on with another store; what waits, waits for that."""
        self._store = store
        self._prepare = prepare
        self._syncing.use(store)

    def appended(self) -> None:
        """A call was appended: its file is to be given to the disk."""
        self._syncing.appended()

    def put(self, bodies: CallBodies) -> None:
        """Takes the bodies of a call. After `finish` nothing runs in the background: it stores them."""
        if self._closing:
            self._store_one(bodies)
            return
        with self._ready:
            self._waiting.append(bodies)
            self._waiting_bytes += bodies.size
            # The newest is kept whatever its size.
            while self._waiting_bytes > self._most_waiting_bytes and len(self._waiting) > 1:
                self._waiting_bytes -= self._waiting.popleft().size
                self._lost += 1
            if self._most_refused:
                self._most_refused = max(self._most_refused, len(self._waiting))
            lost = self._lost
            self._start()
        if lost:
            self._trouble.begins(
                "bodies", "requests and replies come faster than they can be stored; some are lost"
            )

    def run(self, job: Callable[[], None]) -> None:
        """Does something else that takes long, before the bodies that wait; what it raises is reported."""
        with self._ready:
            self._jobs.append(job)
            self._start()

    def finish(self) -> None:
        """Does and writes what waits, where that can be done within seconds."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    def close(self) -> int:
        """Finishes and gives all to the disk; says how many bodies are lost."""
        self.finish()
        self._syncing.close()
        return self._lost + len(self._waiting)

    def _start(self) -> None:
        """With the lock: has the thread see what is new."""
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="sessiontap-store", daemon=True)
            self._thread.start()
        self._ready.notify()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            work()

    def _next(self) -> Callable[[], None] | None:
        """The next job, or the oldest of the bodies that can be tried; None where it is time to end."""
        with self._ready:
            while True:
                # At the end one more try for each session, and no other.
                if self._closing and not self._last_try:
                    self._last_try = True
                    self._refused.clear()
                if self._refused and not self._closing and time.monotonic() >= self._retry_at:
                    self._refused.clear()
                if self._jobs:
                    return functools.partial(self._do, self._jobs.popleft())
                if (bodies := self._take()) is not None:
                    return functools.partial(self._store_one, bodies)
                if self._closing:
                    return None
                self._ready.wait(max(self._retry_at - time.monotonic(), 0) if self._refused else None)

    def _take(self) -> CallBodies | None:
        if len(self._refused) >= _MOST_REFUSED:
            return None
        for index, bodies in enumerate(self._waiting):
            if bodies.session_id not in self._refused:
                del self._waiting[index]
                self._waiting_bytes -= bodies.size
                return bodies
        return None

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 -- a fault in one job must not cost the others
            with suppress(Exception):
                self._on_fault(error)

    def _store_one(self, bodies: CallBodies) -> None:
        """Stores it; where the store refuses it, it waits again, as the first."""
        try:
            self._store.put_bodies(self._prepare(bodies) if self._prepare else bodies)
        except StoreError as error:
            with self._ready:
                self._waiting.appendleft(bodies)
                self._waiting_bytes += bodies.size
                self._most_refused = max(self._most_refused, len(self._waiting))
                self._refused.add(bodies.session_id)
                self._retry_at = time.monotonic() + RETRY_S
            self._trouble.refused("bodies", error)
            return
        except Exception as error:  # noqa: BLE001 -- a fault in one body must not cost the others
            self._lost += 1
            with suppress(Exception):
                self._on_fault(error)
            return
        self._syncing.appended()
        if (self._most_refused or self._lost) and not self._waiting:
            self._trouble.ends("bodies", written=self._most_refused, lost=self._lost)
            self._most_refused = self._lost = 0
