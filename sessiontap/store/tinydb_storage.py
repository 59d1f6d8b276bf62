"""TinyDB on a journal: a `Storage` and a `Table` that append what changed instead of rewriting the file.

    db = CallDB(path)                                   # ids are text, as in calls.jsonl
    db.search(where("status") == "error")
    db = TinyDB(path, storage=AppendStorage)            # ids are numbers, as TinyDB has them

Every query and operation of TinyDB works on both; its seams are used as its documentation shows them:
https://tinydb.readthedocs.io/en/latest/extend.html
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.storages import Storage
from tinydb.table import Document, Table

from sessiontap.store import journal
from sessiontap.store.appender import LOCK_TIMEOUT_S, Appender

CALLS_TABLE = "calls"

Tables = dict[str, dict[str, Any]]


class AppendStorage(Storage):
    """A journal as a TinyDB storage: `read` merges its lines, `write` appends the difference.

    Nothing is opened or made before the first write. `create_dirs` makes missing folders (0700). Reading and
    writing raise OSError; after `close` both raise ValueError, as `JSONStorage` does. Several processes may
    write: each appends what it changed itself, so nobody's documents are undone.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        create_dirs: bool = False,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        super().__init__()
        self._path = Path(path)
        self._appender: Appender | None = Appender(
            self._path, create_folders=create_dirs, lock_timeout_s=lock_timeout_s
        )
        # What the last read or write left, as JSON; TinyDB changes the documents it was given in place.
        self._known: journal.RawTables | None = None
        self._problems: tuple[journal.Problem, ...] = ()

    @property
    def problems(self) -> tuple[journal.Problem, ...]:
        """What the last `read` left out."""
        return self._problems

    def read(self) -> Tables | None:
        """All tables by name, their documents by id; None for a file that is absent or empty."""
        self._open_appender()
        raw, problems = journal.read(self._path)
        tables: Tables = {name: {} for name in raw}
        unreadable = list(problems)
        for name, documents in raw.items():
            for doc_id, document in documents.items():
                try:
                    tables[name][doc_id] = journal.loads(document)
                except journal.UNREADABLE as error:
                    reason = f"document {doc_id!r} of table {name!r} cannot be read ({error}); left out"
                    unreadable.append(journal.Problem(self._path, reason))
        self._known = {name: {doc_id: raw[name][doc_id] for doc_id in tables[name]} for name in tables}
        self._problems = tuple(unreadable)
        return tables or self._nothing()

    def write(self, data: Tables) -> None:
        """Appends, as one line, how the tables differ from those of the last `read` or `write`.

        Raises TypeError or ValueError for a document that JSON cannot hold, or what is none; nothing is
        written then.
        """
        appender = self._open_appender()
        if self._known is None or not data:
            # No tables at all means: whatever there is by now, drop it.
            self.read()
        known = self._known or {}
        new = {name: _encoded(name, documents) for name, documents in data.items()}
        changes: dict[str, dict[str, msgspec.Raw | None] | None] = {
            name: None for name in known if name not in new
        }
        for name, documents in new.items():
            changed = _difference(known.get(name, {}), documents)
            if changed or name not in known:
                changes[name] = changed
        if changes:
            appender.append(journal.changes_line(changes))
        self._known = new

    def append(self, table: str, documents: Mapping[str, bytes]) -> None:
        """Appends documents, each encoded as one line of JSON, in one line; does not read the file."""
        appender = self._open_appender()
        # The next write compares with the file as it is then.
        self._known = None
        appender.append(journal.documents_line(table, documents))

    def close(self) -> None:
        """Gives the file back; the storage cannot be used after it."""
        if self._appender is not None:
            self._appender.close()
            self._appender = None

    def _open_appender(self) -> Appender:
        if self._appender is None:
            message = f"{self._path} is closed"
            raise ValueError(message)
        return self._appender

    def _nothing(self) -> Tables | None:
        """TinyDB takes None for a new database and {} for one whose tables were dropped."""
        try:
            return {} if self._path.stat().st_size else None
        except FileNotFoundError:
            return None


class AppendTable(Table):
    """A TinyDB table with text ids on an `AppendStorage`, whose inserts and upserts append in constant time.

    Where TinyDB would have to read the file first, this does not look: inserting a `Document` whose id
    is there already replaces that document, and so does upserting a `Document` without a condition.
    Documents without an id get a random UUID. Queries are not cached unless `cache_size` says so, because
    another process may append at any time.
    """

    document_id_class = str  # type: ignore[assignment]  # TinyDB's own type is that of its default

    def __init__(self, storage: Storage, name: str, cache_size: int = 0, **options: Any) -> None:
        if not isinstance(storage, AppendStorage):
            message = f"table {name!r} needs an AppendStorage, not {type(storage).__name__}"
            raise TypeError(message)
        self._journal = storage
        super().__init__(storage, name, cache_size, **options)

    def insert(self, document: Mapping[str, Any]) -> Any:
        """Appends a document; gives its id (text)."""
        return self.insert_multiple([document])[0]

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Appends documents as one line, all of them or none; gives their ids in order."""
        ids: list[str] = []
        encoded: dict[str, bytes] = {}
        for document in documents:
            if not isinstance(document, Mapping):
                message = "Document is not a Mapping"
                raise ValueError(message)  # noqa: TRY004 - what TinyDB raises
            ids.append(str(document.doc_id) if isinstance(document, Document) else self._get_next_id())
            encoded[ids[-1]] = journal.dumps(dict(document))
        if encoded:
            self.put(encoded)
        return ids

    def put(self, documents: Mapping[str, bytes]) -> None:
        """Appends encoded documents, by id, as one line; each replaces its earlier version."""
        self._journal.append(self.name, documents)
        self.clear_cache()

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[Any]:
        """Puts a `Document` in the place of its id; with a condition, updates or inserts as TinyDB does."""
        if cond is None and isinstance(document, Document):
            return [self.insert(document)]
        return super().upsert(document, cond)

    def _get_next_id(self) -> Any:
        return str(uuid.uuid4())


class CallDB(TinyDB):
    """A `calls.jsonl` as TinyDB sees it: `CallDB(path).search(where("provider") == "openai")`."""

    # TinyDB lets a subclass replace these; its types are those of the defaults.
    table_class = AppendTable  # type: ignore[assignment]
    default_table_name = CALLS_TABLE
    default_storage_class = AppendStorage  # type: ignore[assignment]


def _encoded(table: str, documents: object) -> dict[str, msgspec.Raw]:
    """The documents of a table as JSON. Raises TypeError where reading would not give them back."""
    if not isinstance(documents, Mapping):
        message = f"table {table!r} is a {type(documents).__name__}; a table is documents by id"
        raise TypeError(message)
    encoded = {}
    for doc_id, document in documents.items():
        if not isinstance(document, Mapping):
            message = f"table {table!r}, document {doc_id!r} is a {type(document).__name__}, not an object"
            raise TypeError(message)
        encoded[str(doc_id)] = msgspec.Raw(journal.dumps(document))
    return encoded


def _difference(
    old: Mapping[str, msgspec.Raw], new: Mapping[str, msgspec.Raw]
) -> dict[str, msgspec.Raw | None]:
    """What makes the new documents of a table out of the old ones; None is a document that went."""
    gone: dict[str, msgspec.Raw | None] = {doc_id: None for doc_id in old if doc_id not in new}
    return gone | {
        doc_id: document
        for doc_id, document in new.items()
        if doc_id not in old or not _same(old[doc_id], document)
    }


def _same(old: msgspec.Raw, new: msgspec.Raw) -> bool:
    """Whether two documents are the same JSON. Not `==`, for which 1, 1.0 and True are equal."""
    return bytes(old) == bytes(new) or journal.dumps(journal.loads(old)) == bytes(new)
