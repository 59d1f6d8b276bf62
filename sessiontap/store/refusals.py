"""Refusals: at which providers' hosts a client would not have the proxy's certificate, kept across proxies.

    <home>/refusals.json

Small: of so many hosts only those are kept whose clients refused last. Each change is made under a lock and
put in the file's place as a whole; who reads takes no lock. A file that cannot be understood has none.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from operator import attrgetter
from pathlib import Path

import msgspec

from sessiontap.store.appender import locked, make_private_folder

MOST_HOSTS = 100
"""How many hosts are kept."""

_FILE = "refusals.json"
_VERSION = 1
_LARGEST_BYTES = 1 << 20


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The handshakes at one host that clients broke off. Times are RFC 3339."""

    host: str
    count: int
    first_at: str
    last_at: str
    certain: bool = True
    """A client said that it does not trust the certificate; else they only left when they had seen it."""
    address: str | None = None
    """Where the last client was."""
    agent: str | None = None
    """What the last client calls itself, where it did."""

    def with_later(self, later: Refusal) -> Refusal:
        """This, and what came after it."""
        return msgspec.structs.replace(
            later,
            count=self.count + later.count,
            first_at=min(self.first_at, later.first_at),
            last_at=max(self.last_at, later.last_at),
            certain=self.certain or later.certain,
        )


class _File(msgspec.Struct, frozen=True):
    version: int
    hosts: list[Refusal]


def read_refusals(home: Path) -> list[Refusal]:
    """What is kept, the last ones first; none where there is no file, or none that can be read."""
    try:
        with (home / _FILE).open("rb") as file:
            kept = msgspec.json.decode(file.read(_LARGEST_BYTES), type=_File)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return []
    return kept.hosts if kept.version == _VERSION else []


def change_refusals(home: Path, added: Iterable[Refusal], forgotten: Mapping[str, str]) -> None:
    """Adds to what is kept, and forgets those of a host that are before a time.

    Makes no file to forget something. Waits for other writers; raises OSError, and then nothing is changed.
    """
    path, new = home / _FILE, list(added)
    if not new and not path.exists():
        return
    make_private_folder(home)
    with locked(path):
        before = read_refusals(home)
        # Forgotten first: what comes after it is counted anew.
        hosts = {each.host: each for each in before if each.last_at >= forgotten.get(each.host, "")}
        for each in new:
            known = hosts.get(each.host)
            hosts[each.host] = each if known is None else known.with_later(each)
        after = sorted(hosts.values(), key=attrgetter("last_at"), reverse=True)[:MOST_HOSTS]
        if after != before:
            _replace(path, msgspec.json.encode(_File(_VERSION, after)))


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
