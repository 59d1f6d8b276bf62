"""What `bodies.jsonl` holds that nothing needs, and what of it is damaged."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import zstandard

from sessiontap.store import journal
from sessiontap.store.body_lines import (
    BODIES,
    PARTS,
    SCHEMA,
    Side,
    Stamp,
    decode_document,
    decode_part,
    loaded_part,
)
from sessiontap.store.ropes import Rope, RopeError, is_leaf_of

_stamp = msgspec.json.Decoder(Stamp)


def without_unused_parts(tables: journal.RawTables) -> journal.RawTables:
    """The tables of a `bodies.jsonl` without the parts that none of its bodies needs.

    Where a body or a part cannot be read, nobody knows what it needs: then all parts stay.
    """
    parts = tables.get(PARTS, {})
    used: set[str] = set()
    try:
        documents = [decode_document(raw) for raw in tables.get(BODIES, {}).values()]
        waiting = [
            side.rope
            for document in documents
            for side in (document.request, document.reply)
            if side and side.rope
        ]
        while waiting:
            for piece in waiting.pop():
                if isinstance(piece, str) or piece[0] in used:
                    continue
                used.add(piece[0])
                if (raw := parts.get(piece[0])) is not None and (rope := decode_part(raw).rope) is not None:
                    waiting.append(rope)
    except journal.UNREADABLE:
        return tables
    return {
        **tables,
        PARTS: {part_id: part for part_id, part in parts.items() if part_id in used},
    }


def broken_bodies(tables: journal.RawTables) -> Iterator[tuple[str, str]]:
    """Each call of a `bodies.jsonl` whose bodies cannot be joined as they were, and why.

    Every part is looked at once, however many bodies need it. Bodies of a later schema are passed over.
    """
    needs: dict[str, Rope | str] = {
        part_id: _checked_part(part_id, raw) for part_id, raw in tables.get(PARTS, {}).items()
    }
    good: set[str] = set()
    for call_id, raw in tables.get(BODIES, {}).items():
        try:
            document = decode_document(raw)
        except journal.UNREADABLE as error:
            if not _is_later(raw):
                yield call_id, str(error)
            continue
        looked_at: set[str] = set()
        waiting = _part_ids(document.request) + _part_ids(document.reply)
        while waiting:
            part_id = waiting.pop()
            if part_id in good or part_id in looked_at:
                continue
            looked_at.add(part_id)
            found = needs.get(part_id, "is not there")
            if isinstance(found, str):
                if document.schema <= SCHEMA:
                    yield call_id, f"part {part_id} {found}"
                break
            waiting += [piece[0] for piece in found if not isinstance(piece, str)]
        else:
            good |= looked_at


def _part_ids(side: Side | None) -> list[str]:
    return [piece[0] for piece in (side and side.rope) or () if not isinstance(piece, str)]


def _checked_part(part_id: str, raw: msgspec.Raw) -> Rope | str:
    """The rope that a part is, an empty one for a leaf; or, as a text, what is wrong with it."""
    try:
        part = loaded_part(decode_part(raw))
    except (*journal.UNREADABLE, RopeError, zstandard.ZstdError) as error:
        return f"is damaged ({error})"
    if isinstance(part, tuple):
        return part
    return () if is_leaf_of(part_id, part) else "is not what it was"


def _is_later(raw: msgspec.Raw) -> bool:
    try:
        return _stamp.decode(raw).schema > SCHEMA
    except journal.UNREADABLE:
        return False
