"""A price file renewed from a public table: what is missing or differs is put in, and the rest stays right.

What a model costs may follow from another's entry: a snapshot's from its family, Azure's from OpenAI's. So
the new file is loaded and compared again, and models that agreed with the public table and no longer do are
put in too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeAlias

from sessiontap.errors import PricingError
from sessiontap.pricing.public.differences import Compared, Report, report
from sessiontap.pricing.public.own_file import Changed, put_in
from sessiontap.pricing.public.quotes import PublicTable
from sessiontap.pricing.public.takeover import Choice, Taken, takeover
from sessiontap.pricing.table import PriceTable

Load: TypeAlias = Callable[[Path], PriceTable]
"""Gives our prices with those of a file over them; raises PricingError."""

_MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Renewal:
    """A price file with models put in."""

    changed: Changed
    left_out: int
    """Rows of the public table that were asked for and not taken."""


def renewed(
    path: Path,
    load: Load,
    public: PublicTable,
    found: Report,
    choice: Choice,
    *,
    at_ms: int,
    starts: date | None,
    overwrite: bool,
) -> Renewal:
    """The price file at `path` with what is chosen of `found`, which compares it with the public table.

    The new text loads; it is not written. A price that differs holds from `starts` on, else from the day
    of `at_ms`, milliseconds since the epoch, which is also when prices are compared.
    Raises PricingError, one line, for a file that nothing can be put into and for a text that would not
    load; and OSError.
    """
    today = datetime.fromtimestamp(at_ms / 1000, UTC).date()
    derived = _derived(load(path))
    asked = [each for each in (*found.missing, *found.differing) if choice.wants(each)]
    rows, now, left_out = asked, found, 0
    taken: dict[tuple[str, str], Taken] = {}
    for _ in range(_MOST_ROUNDS):
        more = list(takeover(rows, now.agreeing, starts or today, today, public.home))
        left_out = left_out if taken else len(asked) - len(more)
        taken = {**{(each.provider, each.model): each for each in more}, **taken}
        changed = put_in(path, taken.values(), derived, overwrite=overwrite)
        if not more or not changed.put_in:
            break
        now = report(_loaded(changed.text, path, load), public, at_ms, choice.providers)
        rows = _shaken(found, now)
    return Renewal(changed, left_out)


def _shaken(before: Report, after: Report) -> list[Compared]:
    """The rows that agreed before and do not now."""
    differing = {id(each.quote) for each in after.differing}
    return [each for each in before.agreeing if id(each.quote) in differing]


def _derived(table: PriceTable) -> Mapping[str, frozenset[str]]:
    """By provider the classes that its rules fill in."""
    found: dict[str, frozenset[str]] = {}
    for provider, _, entry in table.entries():
        found.setdefault(provider, frozenset(rule.token_class for rule in entry.derived))
    return found


def _loaded(text: str, path: Path, load: Load) -> PriceTable:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path.name
        file.write_text(text, "utf-8")
        try:
            return load(file)
        except PricingError as error:
            reason = str(error).replace(str(file), "it would have, in line", 1).replace("line:", "line ", 1)
            message = f"{path}: nothing was put in, for {reason}; leave the model out with --model"
            raise PricingError(message) from error
