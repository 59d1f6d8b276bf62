"""StoreThread: does what the traffic should not wait for: stores bodies, and gives files to the disk.

Promises: `put` costs the event loop microseconds; the memory of what waits is bounded; within a second of
an append its file is given to the disk; nothing in here ends the thread but `close`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from sessiontap.bodies import CallBodies
from sessiontap.errors import StoreError
from sessiontap.proxy.trouble import MOST_BODY_BYTES, Trouble
from sessiontap.store import CallStore

SYNC_S = 0.5
"""How often what was appended is given to the disk."""

RETRY_S = 1.0
"""How long a store that refused a body is left alone."""

_CLOSE_S = 10.0


class StoreThread:
    """Takes bodies as calls end. It starts with the first one, or the first call that is to be synced."""

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
        self._ready = threading.Condition()
        self._waiting: deque[CallBodies] = deque()
        self._waiting_bytes = 0
        self._jobs: deque[Callable[[], None]] = deque()
        self._refused = 0
        self._lost = 0
        self._closing = False
        self._appended = False
        self._thread: threading.Thread | None = None

    def use(self, store: CallStore, prepare: Callable[[CallBodies], CallBodies] | None = None) -> None:
        """Goes on with another store; what waits, waits for that."""
        self._store = store
        self._prepare = prepare

    def appended(self) -> None:
        """A call was appended: its file is to be given to the disk."""
        if not self._appended:
            with self._ready:
                self._appended = True
                self._start()
                self._ready.notify()

    def put(self, bodies: CallBodies) -> None:
        """Takes the bodies of a call. After `close`, which nothing runs in the background, it stores them."""
        if self._closing:
            self._lost += not self._written(bodies)
            return
        with self._ready:
            self._waiting.append(bodies)
            self._waiting_bytes += bodies.size
            # The newest is kept whatever its size.
            while self._waiting_bytes > self._most_waiting_bytes and len(self._waiting) > 1:
                self._waiting_bytes -= self._waiting.popleft().size
                self._lost += 1
            lost = self._lost
            self._start()
            self._ready.notify()
        if lost:
            self._trouble.begins(
                "bodies", "requests and replies come faster than they can be stored; some are lost"
            )

    def run(self, job: Callable[[], None]) -> None:
        """Does something else that takes long; what it raises is reported."""
        with self._ready:
            self._jobs.append(job)
            self._start()
            self._ready.notify()

    def close(self) -> int:
        """Writes what waits, where that can be done within seconds; gives how many bodies are lost."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)
        return self._lost + len(self._waiting)

    def _start(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="sessiontap-store", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        sync_at = time.monotonic()
        retry_at = 0.0
        while True:
            with self._ready:
                self._wait(sync_at, retry_at)
                closing = self._closing
                due = closing or time.monotonic() >= retry_at
                bodies = self._waiting.popleft() if self._waiting and due else None
                if bodies is not None:
                    self._waiting_bytes -= bodies.size
                job = self._jobs.popleft() if self._jobs else None
            if job is not None:
                self._do(job)
            if bodies is not None and not self._written(bodies):
                retry_at = time.monotonic() + RETRY_S
                if closing and not self._jobs:
                    return
            if closing and bodies is None and job is None:
                self._sync()
                return
            if time.monotonic() >= sync_at and self._appended:
                self._appended = False
                self._sync()
                sync_at = time.monotonic() + SYNC_S

    def _wait(self, sync_at: float, retry_at: float) -> None:
        """Until there is something to do."""
        while not self._closing:
            now = time.monotonic()
            moments = ([retry_at] if self._waiting else []) + ([sync_at] if self._appended else [])
            if self._jobs or any(moment <= now for moment in moments):
                return
            self._ready.wait(min(moments) - now if moments else None)

    def _written(self, bodies: CallBodies) -> bool:
        """False where the store refused it: then it waits again, as the first."""
        try:
            self._store.put_bodies(self._prepare(bodies) if self._prepare else bodies)
            self._appended = True
        except StoreError as error:
            with self._ready:
                self._waiting.appendleft(bodies)
                self._waiting_bytes += bodies.size
                self._refused = max(self._refused, len(self._waiting))
            self._trouble.refused("bodies", error)
            return False
        except Exception as error:  # noqa: BLE001 -- a fault in one body must not cost the others
            self._lost += 1
            with suppress(Exception):
                self._on_fault(error)
            return True
        if (self._refused or self._lost) and not self._waiting:
            self._trouble.ends("bodies", written=self._refused, lost=self._lost)
            self._refused = self._lost = 0
        return True

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 -- as above
            with suppress(Exception):
                self._on_fault(error)

    def _sync(self) -> None:
        try:
            self._store.sync()
        except StoreError as error:
            self._trouble.refused("disk", error)
        except Exception as error:  # noqa: BLE001 -- as above
            with suppress(Exception):
                self._on_fault(error)
        else:
            self._trouble.ends("disk", written=0, lost=0)
