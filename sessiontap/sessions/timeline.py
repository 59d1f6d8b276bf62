"""Timeline: a session's calls to scale, so that what ran at once stands side by side. Pure.

Long times in which nothing ran would leave no room for all else: on the axis each such pause is short, and
marked. Within a stretch in which something ran, a millisecond is as long as everywhere else.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from sessiontap.call import Call
from sessiontap.times import epoch_ms

# A pause is made short where it is longer than this share of all the time in which something ran; it is then
# as long as the second share.
_LONG_PAUSE = 0.2
_SHORT_PAUSE = 0.04
_LEAST_PAUSE_MS = 2_000
# Of a tick's share of the axis, as near as the next one may come.
_APART = 0.8
_S, _MIN, _H = 1_000, 60_000, 3_600_000
_STEPS = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(_S, 2 * _S, 5 * _S, 10 * _S, 15 * _S, 30 * _S),
    *(_MIN, 2 * _MIN, 5 * _MIN, 10 * _MIN, 15 * _MIN, 30 * _MIN),
    *(_H, 2 * _H, 3 * _H, 6 * _H, 12 * _H, 24 * _H),
)
"""Milliseconds between ticks that people read easily."""


@dataclass(frozen=True, slots=True)
class Span:
    """One call. Milliseconds since the session's first start."""

    call: Call
    start: int
    first: int | None
    """When its first output came."""
    end: int
    """Of a call under way, the moment of the look."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Calls of one path of which none overlaps another, by start."""

    path: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing ran, that the axis makes short. Milliseconds since the first start."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Axis:
    """Where each moment stands, from 0 to 1."""

    _moments: tuple[int, ...]
    _places: tuple[float, ...]
    pauses: tuple[Pause, ...]
    length: int
    """Milliseconds from the first start to the last end."""

    def at(self, moment: float) -> float:
        """The place of a moment, in milliseconds since the first start; those outside stand at the ends."""
        index = min(max(bisect_right(self._moments, moment) - 1, 0), len(self._moments) - 2)
        begin, end = self._moments[index], self._moments[index + 1]
        share = min(max((moment - begin) / (end - begin), 0.0), 1.0)
        return self._places[index] + share * (self._places[index + 1] - self._places[index])

    def ticks(self, most: int) -> Iterator[int]:
        """Round moments from 0 on, about as many; none in a pause, and none too near to the one before."""
        most = max(1, most)
        drawn = max(1, self.length - sum(pause.end - pause.start for pause in self.pauses))
        step = next((step for step in _STEPS if step >= drawn / most), None)
        if step is None:
            step = _STEPS[-1] * -(-drawn // (_STEPS[-1] * most))
        before, moment = -1.0, 0
        for pause in (*self.pauses, Pause(self.length, self.length)):
            while moment <= pause.start:
                place = self.at(moment)
                if place - before >= _APART / most:
                    yield moment
                    before = place
                moment += step
            moment = max(moment, -(-pause.end // step) * step)


@dataclass(frozen=True, slots=True)
class Timeline:
    """All calls of a session."""

    lanes: tuple[Lane, ...]
    """By path, in the order in which the paths came up."""
    axis: Axis


def timeline(
    calls: Iterable[Call], *, now_ms: int | None = None, lane_a_call: bool = False
) -> Timeline | None:
    """The timeline of the calls, in any order; None where there is none.

    Calls under way last until `now_ms`, epoch milliseconds, or else until the last thing that is known; of
    others whose end is not known, no longer than they are known to have lasted. A call whose start is no time
    has no place. With `lane_a_call` each call has a lane of its own.
    """
    placed = [(start, call) for call in calls if (start := moment_of(call.started_at)) is not None]
    if not placed:
        return None
    spans = _spans(sorted(placed, key=lambda each: (each[0], each[1].call_id)), now_ms)
    paths: dict[str, list[Span]] = {}
    for span in spans:
        paths.setdefault(span.call.session_path, []).append(span)
    lanes = [lane for path, of_path in paths.items() for lane in _lanes(path, of_path, apart=lane_a_call)]
    return Timeline(tuple(lanes), _axis(spans))


def moment_of(stamp: str | None) -> int | None:
    """Epoch milliseconds of a record's time; None where it is none."""
    try:
        return None if stamp is None else epoch_ms(stamp)
    except (ValueError, OverflowError):
        return None


def _spans(placed: Sequence[tuple[int, Call]], now_ms: int | None) -> list[Span]:
    ends = [_end(start, call) for start, call in placed]
    begin = placed[0][0]
    latest = max([now_ms or 0, placed[-1][0], *(end for end in ends if end is not None)])
    spans = []
    for (start, call), end in zip(placed, ends, strict=True):
        until = latest if end is None else max(start, end)
        first = None if call.ttft_ms is None else min(_sent(call, start, until) + call.ttft_ms, until)
        spans.append(Span(call, start - begin, None if first is None else first - begin, until - begin))
    return spans


def _end(start: int, call: Call) -> int | None:
    """When a call ended; None where it is under way."""
    end = moment_of(call.ended_at)
    if end is None and call.status != "running":
        return start + (call.duration_ms or call.ttft_ms or 0)
    return end


def _sent(call: Call, start: int, end: int) -> int:
    """When the request's last byte was sent: durations count from there, and starts from its first."""
    return start if call.duration_ms is None else max(start, end - call.duration_ms)


def _lanes(path: str, spans: Sequence[Span], *, apart: bool) -> list[Lane]:
    """Each call in the first lane that is free when it starts."""
    if apart:
        return [Lane(path, (span,)) for span in spans]
    lanes: list[list[Span]] = []
    # As heaps, for thousands may run at once: the lanes that are free, and until when the others are not.
    free: list[int] = []
    taken: list[tuple[int, int]] = []
    for span in spans:
        while taken and taken[0][0] <= span.start:
            heappush(free, heappop(taken)[1])
        number = heappop(free) if free else len(lanes)
        if number == len(lanes):
            lanes.append([])
        lanes[number].append(span)
        heappush(taken, (span.end, number))
    return [Lane(path, tuple(lane)) for lane in lanes]


def _axis(spans: Sequence[Span]) -> Axis:
    stretches: list[tuple[int, int]] = []
    for span in spans:
        if stretches and span.start <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(stretches[-1][1], span.end)
        else:
            stretches.append((span.start, span.end))
    active = sum(end - start for start, end in stretches)
    longest = max(_LEAST_PAUSE_MS, active * _LONG_PAUSE)
    short = max(1.0, active * _SHORT_PAUSE)
    moments, places, pauses = [0], [0.0], []
    for (_, end), (start, _) in pairwise(stretches):
        if start - end > longest:
            pauses.append(Pause(end, start))
            for moment, length in ((end, float(end - moments[-1])), (start, short)):
                if moment > moments[-1]:
                    places.append(places[-1] + length)
                    moments.append(moment)
    last = max(stretches[-1][1], moments[-1] + 1)
    places.append(places[-1] + last - moments[-1])
    moments.append(last)
    return Axis(
        tuple(moments),
        tuple(place / places[-1] for place in places),
        tuple(pauses),
        stretches[-1][1],
    )
