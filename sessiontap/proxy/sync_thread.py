"""SyncThread: gives to the disk what was appended, within a second, in a thread of its own.

Its own, because neither the traffic nor the bodies that are to be stored should wait for a slow disk, and
the disk should not wait for a large body.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from sessiontap.errors import StoreError
from sessiontap.proxy.trouble import Trouble
from sessiontap.store import CallStore

SYNC_S = 0.5
"""The pause between two syncs."""

_CLOSE_S = 10.0


class SyncThread:
    """Starts with the first append. Nothing in here ends it but `close`."""

    def __init__(self, store: CallStore, trouble: Trouble, *, on_fault: Callable[[Exception], None]) -> None:
        self._store = store
        self._trouble = trouble
        self._on_fault = on_fault
        self._ready = threading.Condition()
        self._former: list[CallStore] = []
        self._appended = False
        self._closing = False
        self._thread: threading.Thread | None = None

    def use(self, store: CallStore) -> None:
        """Goes on with another store; what the former one got is given to the disk, too."""
        self._former.append(self._store)
        self._store = store
        self.appended()

    def appended(self) -> None:
        """Something was appended; costs nothing where that is known already."""
        if not self._appended:
            with self._ready:
                self._appended = True
                if self._thread is None and not self._closing:
                    self._thread = threading.Thread(target=self._run, name="sessiontap-sync", daemon=True)
                    self._thread.start()
                self._ready.notify()

    def close(self) -> None:
        """Syncs a last time, where that can be done within seconds."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._appended or self._closing)
                closing, self._appended = self._closing, False
            if not self._sync():
                self._appended = True
            if closing:
                return
            with self._ready:
                self._ready.wait_for(lambda: self._closing, SYNC_S)

    def _sync(self) -> bool:
        """False where it has to be tried again."""
        try:
            while self._former:
                self._former[0].sync()
                del self._former[0]
            self._store.sync()
        except StoreError as error:
            self._trouble.refused("disk", error)
            return False
        except Exception as error:  # noqa: BLE001 -- a fault in one sync must not cost the others
            with suppress(Exception):
                self._on_fault(error)
        else:
            self._trouble.ends("disk", written=0, lost=0)
        return True
