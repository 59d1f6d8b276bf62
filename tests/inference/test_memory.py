"""What is remembered is bounded."""

from __future__ import annotations

from sessiontap.inference import memory
from sessiontap.inference.memory import Conversation, End, Memory
from sessiontap.inference.pieces import Piece, chain, text_piece

CLIENT = ("127.0.0.1", "python")


def _piece(number: int) -> Piece:
    piece = text_piece(f"{number} " * 40, by_model=True)
    assert piece is not None
    return piece


def test_the_oldest_positions_are_forgotten() -> None:
    """Each table keeps so many, and at one position so many conversations."""
    kept, conversation = Memory(), Conversation("s", CLIENT)
    for number in range(memory.MOST_POSITIONS + 10):
        (position,) = chain(b"", [_piece(number)])
        kept.add_said([position], conversation)
        kept.add_end(position, End(conversation))
        kept.add_telling([_piece(number)], conversation)
    sizes = [len(table.values()) for table in (kept.said, kept.ends, kept.telling)]
    assert sizes == [memory.MOST_POSITIONS] * 3
    for number in range(100):
        other = Conversation(str(number), CLIENT)
        kept.add_said([b"here"], other)
        kept.add_end(b"here", End(other))
        kept.add_telling([_piece(0)], other)
    assert [mark.conversation.session_id for mark in kept.said.get(b"here") or []] == [
        str(number) for number in range(84, 100)
    ]
    assert len(kept.ends.get(b"here") or []) == 16


def test_a_conversation_is_noted_once_at_a_place() -> None:
    """Saying the same again makes it wait again."""
    kept, conversation = Memory(), Conversation("s", CLIENT)
    kept.add_said([b"here"], conversation)
    (mark,) = kept.said.get(b"here") or []
    mark.continued = True
    kept.add_said([b"here"], conversation)
    (mark,) = kept.said.get(b"here") or []
    assert not mark.continued


def test_a_session_is_one_conversation() -> None:
    """Of a session's id there is one, until it is forgotten."""
    kept = Memory()
    assert kept.conversation("s", CLIENT) is kept.conversation("s", CLIENT)
