"""Plots as SVG: shapes made here, written by the template `plots.html`. Lengths are in the SVG's own units.

A plot is a picture for those who see it; the table of the same figures stands beside it for everybody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sessiontap.times import days_from

_MOST_DAYS = 92


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, from the base line up."""

    label: str
    text: str
    """What it stands for, for a tooltip."""
    x: float
    y: float
    width: float
    height: float
    href: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid with its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One series as the points of a polyline; gaps are where nothing is known."""

    label: str
    points: tuple[str, ...]
    """Each `x,y x,y …` without a gap."""
    dots: tuple[tuple[float, float, str], ...]
    """Each point, and what it stands for."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From 0 to a round amount above the largest."""

    top: float
    step: float

    @property
    def steps(self) -> list[float]:
        """The amounts that the grid shows, from 0."""
        return [self.step * number for number in range(round(self.top / self.step) + 1)]


def scale_for(largest: float, most_steps: int = 4) -> Scale:
    """The scale for amounts up to the largest; steps of 1, 2 or 5 of a power of ten."""
    if largest <= 0 or not math.isfinite(largest):
        return Scale(1, 1)
    rough = largest / most_steps
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    return Scale(step * math.ceil(largest / step - 1e-9), step)


def days_between(first: str, last: str) -> list[str]:
    """Each day from the first to the last, `2026-11-23`; of many only the latest."""
    # One wrong clock makes thousands of years of it.
    latest = date.fromisoformat(last).toordinal() - _MOST_DAYS + 1
    return days_from(max(first, date.fromordinal(max(1, latest)).isoformat()), last)


@dataclass(frozen=True, slots=True)
class Frame:
    """The inside of a plot, and the size of the whole."""

    width: float
    height: float
    left: float = 56
    right: float = 8
    top: float = 8
    bottom: float = 20

    @property
    def inner_width(self) -> float:
        """Between the margins."""
        return self.width - self.left - self.right

    @property
    def base(self) -> float:
        """Where 0 is."""
        return self.height - self.bottom

    def y(self, share: float) -> float:
        """A share of the scale, from 0 to 1, as a place."""
        return round(self.base - share * (self.base - self.top), 2)


def place_in(frame: Frame, count: int, number: int) -> tuple[float, float]:
    """Where the slot of one of several bars begins, and how wide it is."""
    slot = frame.inner_width / max(1, count)
    return round(frame.left + slot * number, 2), round(slot, 2)


def day_labels(frame: Frame, days: Sequence[str], most: int) -> Iterator[Tick]:
    """Some of the days, as `11-23`, in the middle of their slots."""
    every = -(-len(days) // most)
    for number in range(0, len(days), every):
        begin, slot = place_in(frame, len(days), number)
        yield Tick(round(begin + slot / 2, 2), days[number][5:])


def line_of(
    frame: Frame, scale: Scale, label: str, values: Sequence[float | None], texts: Sequence[str]
) -> Line:
    """A series over equal slots."""
    pieces: list[list[str]] = [[]]
    dots: list[tuple[float, float, str]] = []
    for number, (value, text) in enumerate(zip(values, texts, strict=True)):
        if value is None:
            pieces.append([])
            continue
        begin, slot = place_in(frame, len(values), number)
        x, y = round(begin + slot / 2, 2), frame.y(value / scale.top)
        pieces[-1].append(f"{x},{y}")
        dots.append((x, y, text))
    return Line(label, tuple(" ".join(piece) for piece in pieces if len(piece) > 1), tuple(dots))
