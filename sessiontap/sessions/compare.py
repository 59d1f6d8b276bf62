"""Compare: two sessions side by side, path by path and call by call. A pure fold over their calls.

Calls are matched within their path: first those that were asked the same, then those of one model, then what
is left; among equals by order. A difference of something that is not known on both sides is not known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import msgspec

from sessiontap.call import Call
from sessiontap.sessions.tally import Tally, Totals

KeyOf = Callable[[Call], bytes | None]
"""What a call was asked, as a key that calls have in common that were asked the same; None: not known."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the one session and the one of the other that it was matched with."""

    path: str
    before: Call | None
    """None: the second session alone has it."""
    after: Call | None
    """None: the first session alone has it."""
    same_request: bool | None
    """They were asked the same; None where that is not known."""


class PathPair(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one path, without those below it, in both sessions."""

    path: str
    before: Totals
    after: Totals


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two sessions."""

    before: Totals
    after: Totals
    models_before: tuple[str, ...]
    """In the order in which they came up."""
    models_after: tuple[str, ...]
    paths: tuple[PathPair, ...]
    """In the order of the first session, then what the second alone has."""
    pairs: tuple[Pair, ...]
    """By path, and in it by order."""


def compare(before: Sequence[Call], after: Sequence[Call], key_of: KeyOf = lambda _: None) -> Comparison:
    """The comparison of two sessions' calls, each the latest version, in any order."""
    first, second = _ordered(before), _ordered(after)
    by_path: dict[str, tuple[list[Call], list[Call]]] = {}
    for number, calls in enumerate((first, second)):
        for call in calls:
            by_path.setdefault(call.session_path, ([], []))[number].append(call)
    of_paths = [(path, one, other) for path, (one, other) in by_path.items()]
    return Comparison(
        before=_totals(first),
        after=_totals(second),
        models_before=_models(first),
        models_after=_models(second),
        paths=tuple(
            PathPair(path=path, before=_totals(one), after=_totals(other)) for path, one, other in of_paths
        ),
        pairs=tuple(pair for path, one, other in of_paths for pair in _pairs(path, one, other, key_of)),
    )


def difference(before: Decimal | int | None, after: Decimal | int | None) -> Decimal | None:
    """By how much the second is more; None where one of them is not known."""
    return None if before is None or after is None else Decimal(after) - Decimal(before)


def differs(pair: Pair) -> bool:
    """True where the two calls did not end alike: one is missing, another model, another end, other tools."""
    one, other = pair.before, pair.after
    if one is None or other is None:
        return True
    return (one.model, one.status, one.finish_reasons, one.tools) != (
        other.model,
        other.status,
        other.finish_reasons,
        other.tools,
    )


def _ordered(calls: Sequence[Call]) -> list[Call]:
    return sorted(calls, key=lambda call: (call.started_at, call.call_id))


def _totals(calls: Sequence[Call]) -> Totals:
    tally = Tally()
    for call in calls:
        tally.add(call)
    return tally.totals()


def _models(calls: Sequence[Call]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call.model for call in calls if call.model))


def _pairs(path: str, before: Sequence[Call], after: Sequence[Call], key_of: KeyOf) -> Iterator[Pair]:
    """The calls of one path, by the order of the first session; what the second alone has comes last."""
    keys = {id(call): key_of(call) for call in (*before, *after)}
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for alike in (
        # Calls at once come in any order: what they were asked tells more than their place.
        lambda call: keys[id(call)] and (keys[id(call)], call.model),
        lambda call: keys[id(call)],
        lambda call: call.model,
        lambda _: True,
    ):
        free: dict[object, deque[int]] = {}
        for number, call in enumerate(after):
            if number not in taken and (key := alike(call)):
                free.setdefault(key, deque()).append(number)
        for number, call in enumerate(before):
            if number not in matched and (places := free.get(alike(call))):
                matched[number] = places.popleft()
                taken.add(matched[number])
    for number, call in enumerate(before):
        other = after[matched[number]] if number in matched else None
        known = other is not None and None not in {keys[id(call)], keys[id(other)]}
        same = keys[id(call)] == keys[id(other)] if known else None
        yield Pair(path=path, before=call, after=other, same_request=same)
    for number, call in enumerate(after):
        if number not in taken:
            yield Pair(path=path, before=None, after=call, same_request=None)
