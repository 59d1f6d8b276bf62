from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tinydb import Query, TinyDB, where
from tinydb.middlewares import CachingMiddleware
from tinydb.operations import delete, increment
from tinydb.storages import MemoryStorage
from tinydb.table import Document

from sessiontap.call import Call
from sessiontap.store import Ledger
from sessiontap.store.tinydb_storage import AppendStorage, AppendTable, CallDB


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of a test stands."""
    return tmp_path / "db.jsonl"


class TestDocumentedBehaviour:
    """What TinyDB's documentation says of every database, on its storages and on ours."""

    def test_insert_gives_ids_and_search_finds(self, db: TinyDB) -> None:
        """Ids count from 1, and queries see what was inserted."""
        assert db.insert({"type": "apple", "count": 7}) == 1
        assert db.insert({"type": "peach", "count": 3}) == 2
        assert db.search(Query().count > 5) == [{"type": "apple", "count": 7}]
        assert db.all() == [{"type": "apple", "count": 7}, {"type": "peach", "count": 3}]
        assert [document.doc_id for document in db] == [1, 2]

    def test_insert_multiple(self, db: TinyDB) -> None:
        """Several documents at once get ids in order; an id in use is refused and nothing changes."""
        assert db.insert_multiple({"n": number} for number in range(3)) == [1, 2, 3]
        with pytest.raises(ValueError):
            db.insert(Document({"n": 9}, doc_id=2))
        assert len(db) == 3
        assert db.insert(Document({"n": 9}, doc_id=10)) == 10
        assert db.insert({"n": 11}) == 11

    @pytest.mark.parametrize("document", [[1, 2], {"bark"}, 5])
    def test_only_mappings_are_documents(self, db: TinyDB, document: object) -> None:
        """Anything else is a ValueError, and the database stays as it was."""
        with pytest.raises(ValueError):
            db.insert(document)
        assert len(db) == 0

    def test_get_and_contains(self, db: TinyDB) -> None:
        """Documents are found by query, by id and by several ids."""
        db.insert_multiple([{"n": 1}, {"n": 2}, {"n": 3}])
        assert db.get(where("n") == 2) == {"n": 2}
        assert db.get(doc_id=3) == {"n": 3}
        assert db.get(doc_ids=[1, 3, 9]) == [{"n": 1}, {"n": 3}]
        assert db.get(doc_id=9) is None
        assert db.contains(where("n") == 1)
        assert not db.contains(doc_id=9)
        assert db.count(where("n") > 1) == 2

    def test_update(self, db: TinyDB) -> None:
        """Updates set fields of all, of the matching or of the named documents, also by operations."""
        db.insert_multiple([{"n": 1, "x": 0}, {"n": 2, "x": 0}])
        assert db.update({"x": 5}) == [1, 2]
        assert db.update(increment("x"), where("n") == 2) == [2]
        assert db.update(delete("n"), doc_ids=[1]) == [1]
        assert db.all() == [{"x": 5}, {"n": 2, "x": 6}]
        db.update_multiple([({"x": 1}, where("n") == 2)])
        assert db.get(doc_id=2) == {"n": 2, "x": 1}

    def test_an_update_to_an_equal_value_of_another_type_is_kept(self, db: TinyDB) -> None:
        """Python holds 1, 1.0 and True for equal; JSON does not."""
        db.insert({"flag": 1})
        db.update({"flag": True})
        assert db.get(doc_id=1, cond=None)["flag"] is True

    def test_a_change_inside_a_document_is_kept(self, db: TinyDB) -> None:
        """An update function may change what is nested in a document."""
        db.insert({"list": [1], "object": {"a": 1}})

        def change(document: dict[str, list[int]]) -> None:
            document["list"].append(2)

        db.update(change)
        assert db.all() == [{"list": [1, 2], "object": {"a": 1}}]

    def test_upsert(self, db: TinyDB) -> None:
        """What matches is updated, else inserted; a Document is matched by its id."""
        assert db.upsert({"name": "John", "n": 1}, where("name") == "John") == [1]
        assert db.upsert({"name": "John", "n": 2}, where("name") == "John") == [1]
        assert db.upsert(Document({"n": 3}, doc_id=1)) == [1]
        assert db.all() == [{"name": "John", "n": 3}]
        with pytest.raises(ValueError):
            db.upsert({"n": 4})

    def test_remove_and_truncate(self, db: TinyDB) -> None:
        """Documents go by query, by id and all at once; ids start again after that."""
        db.insert_multiple({"n": number} for number in range(5))
        assert db.remove(where("n") < 2) == [1, 2]
        assert db.remove(doc_ids=[5]) == [5]
        assert [document.doc_id for document in db] == [3, 4]
        db.truncate()
        assert db.all() == []
        assert db.insert({"n": 1}) == 1

    def test_tables(self, db: TinyDB) -> None:
        """Tables are apart from each other, can be listed and dropped, one or all."""
        db.insert({"n": 0})
        db.table("one").insert({"n": 1})
        db.table("two").insert({"n": 2})
        assert db.tables() == {"_default", "one", "two"}
        db.drop_table("one")
        assert db.tables() == {"_default", "two"}
        assert db.table("one").all() == []
        assert db.table("two").all() == [{"n": 2}]
        db.drop_tables()
        assert db.tables() == set()
        assert db.insert({"n": 5}) == 1
        assert db.all() == [{"n": 5}]

    def test_an_empty_table_is_kept_on_demand(self, db: TinyDB) -> None:
        """`persist_empty` makes a table exist without documents."""
        db.table("plain")
        db.table("kept", persist_empty=True)
        assert db.tables() == {"kept"}

    def test_text_of_any_kind_comes_back(self, db: TinyDB) -> None:
        """Line ends, quotes, nulls and other scripts in keys, values and table names."""
        document = {"line\n\u2028end": '"\\ \x00 \U0001f600 é', "": None}
        db.table('na"me\n').insert(document)
        assert db.table('na"me\n').all() == [document]


def test_another_database_object_sees_what_was_written(path: Path) -> None:
    """Everything is in the file when an operation returns, ids included."""
    with TinyDB(path, storage=AppendStorage) as first, TinyDB(path, storage=AppendStorage) as second:
        first.insert({"n": 1})
        assert second.all() == [{"n": 1}]
        second.update({"n": 2})
        first.clear_cache()
        assert first.search(where("n") == 2) == [{"n": 2}]
    with TinyDB(path, storage=AppendStorage) as third:
        assert third.insert({"n": 3}) == 2


def test_a_write_appends_only_what_changed(path: Path) -> None:
    """One operation is one line with the documents that it touched."""
    with TinyDB(path, storage=AppendStorage) as db:
        db.insert_multiple([{"n": 1}, {"n": 2}, {"n": 3}])
        db.update({"n": 5}, doc_ids=[2])
        db.remove(doc_ids=[1, 3])
        db.update({"n": 5})
        db.drop_tables()
    assert path.read_text(encoding="utf-8").splitlines() == [
        '{"_default":{"1":{"n":1},"2":{"n":2},"3":{"n":3}}}',
        '{"_default":{"2":{"n":5}}}',
        '{"_default":{"1":null,"3":null}}',
        '{"_default":null}',
    ]


def test_what_others_appended_in_between_stays(path: Path) -> None:
    """A write takes nothing back that it did not see: it says what changed, not what is."""
    mine, theirs = AppendStorage(path), AppendStorage(path)
    mine.write({"t": {"a": {"n": 1}}})
    seen = mine.read()
    assert seen is not None
    theirs.read()
    theirs.write({"t": {"a": {"n": 1}, "b": {"n": 2}}})
    seen["t"]["c"] = {"n": 3}
    mine.write(seen)
    assert theirs.read() == {"t": {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}}}
    mine.close()
    theirs.close()


def test_dropping_all_tables_drops_those_of_others_too(path: Path) -> None:
    """No tables means none, whoever made them since the last read."""
    mine, theirs = AppendStorage(path), AppendStorage(path)
    assert mine.read() is None
    theirs.write({"t": {"a": {}}})
    mine.write({})
    assert theirs.read() == {}
    mine.close()
    theirs.close()


def test_a_document_that_cannot_be_stored_changes_nothing(path: Path) -> None:
    """What JSON cannot hold is refused as TinyDB's own storage refuses it; the database goes on."""
    with TinyDB(path, storage=AppendStorage) as db:
        db.insert({"n": 1})
        for value, error in ((db, TypeError), ({1, 2}, TypeError), (float("nan"), ValueError)):
            with pytest.raises(error):
                db.insert({"n": value})
        assert db.all() == [{"n": 1}]
        db.insert({"n": 3})
        assert len(db) == 2


def test_a_closed_database_refuses_work(path: Path) -> None:
    """After `close` reading and writing are errors, not a file opened again in secret."""
    db = TinyDB(path, storage=AppendStorage)
    db.insert({"n": 1})
    db.close()
    db.close()
    with pytest.raises(ValueError, match="is closed"):
        db.all()
    with pytest.raises(ValueError, match="is closed"):
        db.insert({"n": 1})


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ({"t": [1, 2]}, "table 't' is a list; a table is documents by id"),
        ({"t": {"1": {}, "2": 42}}, "table 't', document '2' is a int, not an object"),
        ({"t": {"1": None}}, "table 't', document '1' is a NoneType, not an object"),
    ],
)
def test_what_is_no_document_is_refused(path: Path, tables: Any, why: str) -> None:
    """What reading would not give back is not written; the storage stays as it was."""
    storage = AppendStorage(path)
    storage.write({"t": {"1": {"n": 1}}})
    with pytest.raises(TypeError, match=why):
        storage.write(tables)
    assert storage.read() == {"t": {"1": {"n": 1}}}
    storage.close()


def test_folders_are_made_on_demand_only(tmp_path: Path) -> None:
    """A database in a missing folder is an OSError unless `create_dirs` is given."""
    path = tmp_path / "new" / "db.jsonl"
    with TinyDB(path, storage=AppendStorage) as db, pytest.raises(OSError):
        db.insert({"n": 1})
    with TinyDB(path, storage=AppendStorage, create_dirs=True) as db:
        db.insert({"n": 1})
    assert path.is_file()


def test_unreadable_documents_are_reported_and_kept_in_the_file(path: Path) -> None:
    """A document that is none is left out of what TinyDB sees, and no write deletes it."""
    path.write_bytes(b'{"_default":{"1":{"n":1},"2":5}}\noops\n')
    with TinyDB(path, storage=AppendStorage) as db:
        assert db.all() == [{"n": 1}]
        storage = db.storage
        assert isinstance(storage, AppendStorage)
        assert [problem.line for problem in storage.problems] == [2, None]
        db.insert({"n": 3})
    assert b"null" not in path.read_bytes()


def test_it_works_below_tinydbs_cache(path: Path) -> None:
    """TinyDB's caching middleware writes through at the end what it collected."""
    with TinyDB(path, storage=CachingMiddleware(AppendStorage)) as db:  # type: ignore[no-untyped-call]
        db.insert({"n": 1})
        db.insert({"n": 2})
        db.remove(doc_ids=[1])
        assert not path.exists()
    with TinyDB(path, storage=AppendStorage) as again:
        assert again.all() == [{"n": 2}]
        assert again.all()[0].doc_id == 2


class TestAppendTable:
    """The table of `calls.jsonl`: text ids, writes that do not read."""

    def test_ids_are_text(self, path: Path) -> None:
        """A document keeps the id that it was given; one without gets its own."""
        with CallDB(path) as db:
            assert db.insert(Document({"n": 1}, doc_id="call-a")) == "call-a"  # type: ignore[arg-type]
            made = db.insert({"n": 2})
            assert {document.doc_id for document in db} == {"call-a", made}
            assert db.tables() == {"calls"}
            assert db.get(doc_id="call-a") == {"n": 1}
            assert db.remove(doc_ids=["call-a"]) == ["call-a"]
            assert db.all() == [{"n": 2}]

    def test_inserts_and_upserts_do_not_read_the_file(self, path: Path) -> None:
        """Writing is flat at any size: a file that cannot be read as a whole can still be appended to."""
        with CallDB(path) as db:
            db.insert(Document({"n": 1, "old": True}, doc_id="a"))  # type: ignore[arg-type]
            reads = 0
            original = db.storage.read

            def count_reads() -> object:
                nonlocal reads
                reads += 1
                return original()

            db.storage.read = count_reads
            db.insert({"n": 2})
            db.insert_multiple([{"n": 3}, {"n": 4}])
            assert db.upsert(Document({"n": 5}, doc_id="a")) == ["a"]  # type: ignore[arg-type]
            assert reads == 0
            assert db.get(doc_id="a") == {"n": 5}
            assert sorted(document["n"] for document in db) == [2, 3, 4, 5]

    def test_insert_multiple_is_one_line(self, path: Path) -> None:
        """Several documents are written together or not at all."""
        with CallDB(path) as db:
            with pytest.raises(ValueError):
                db.insert_multiple([{"n": 1}, 5])
            assert not path.exists()
            assert db.insert_multiple([]) == []
            db.insert_multiple([{"n": 1}, {"n": 2}])
        assert path.read_bytes().count(b"\n") == 1

    def test_upsert_with_a_condition_updates(self, path: Path) -> None:
        """With a query, upsert does what TinyDB's does."""
        with CallDB(path) as db:
            (first,) = db.upsert({"name": "a", "n": 1}, where("name") == "a")
            assert db.upsert({"n": 2}, where("name") == "a") == [first]
            assert db.all() == [{"name": "a", "n": 2}]

    def test_writes_after_inserts_see_the_inserts(self, path: Path) -> None:
        """Operations that compare with the file compare with what the table itself appended."""
        with CallDB(path) as db:
            db.insert({"n": 1})
            db.truncate()
            db.insert({"n": 2})
            assert db.all() == [{"n": 2}]
            db.drop_tables()
            assert db.tables() == set()

    def test_queries_see_what_others_appended(self, path: Path) -> None:
        """Nothing is cached between queries: a proxy may append at any time."""
        with CallDB(path) as mine, CallDB(path) as theirs:
            assert mine.search(where("n") == 1) == []
            theirs.insert({"n": 1})
            assert mine.search(where("n") == 1) == [{"n": 1}]

    def test_another_storage_is_refused(self) -> None:
        """The table says at once that it cannot append there."""
        with pytest.raises(TypeError, match="needs an AppendStorage, not MemoryStorage"):
            AppendTable(MemoryStorage(), "calls")  # type: ignore[no-untyped-call]


def test_the_calls_of_a_session_are_a_tinydb_database(tmp_path: Path, new_call: Callable[..., Call]) -> None:
    """What the ledger wrote can be queried with TinyDB, and what TinyDB changed the ledger reads."""
    with Ledger(tmp_path) as ledger:
        ledger.append(new_call("a", status="running"))
        ledger.append(new_call("a", status="error"))
        ledger.append(new_call("b"))
        with CallDB(ledger.path("run-1")) as db:
            (found,) = db.search(where("status") == "error")
            assert found.doc_id == "a"
            assert db.update({"session_name": "mended"}, where("call_id") == "b") == ["b"]
        assert [call.session_name for call in ledger.calls("run-1")] == [None, "mended"]
        assert ledger.problems == ()
