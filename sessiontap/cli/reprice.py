"""`sessiontap reprice`: stored calls priced again by the present table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypeAlias

import click
import msgspec

from sessiontap.call import Call
from sessiontap.cli.main import complain
from sessiontap.cli.options import (
    SESSIONS_COUNTED_BACK,
    filter_options,
    home_option,
    json_option,
    session_texts,
)
from sessiontap.cli.prices_table import open_prices, pricing_option
from sessiontap.cli.progress import progress
from sessiontap.cli.stored import open_store, select
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.repricing import Repriced, Repricing
from sessiontap.store import CallStore, Ledger
from sessiontap.views.numbers import counted

_Pair: TypeAlias = tuple[Call, Call]
"""A call as it was, and as it is now."""


@click.command("reprice", context_settings=SESSIONS_COUNTED_BACK)
@click.argument("sessions", metavar="[ID]...", nargs=-1, callback=session_texts)
@click.option("--all", "everything", is_flag=True, help="Also the calls that have a price already.")
@click.option("--dry-run", is_flag=True, help="Write nothing; only say what would change.")
@filter_options
@json_option
@pricing_option
@home_option
def reprice(
    *,
    sessions: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    wanted: CallFilter,
    as_json: bool,
    pricing: Path | None,
    home: Path,
) -> None:
    """Price stored calls again, by today's table.

    Without --all only those without a price. ID is a session as `sessiontap show` takes it; without one,
    all sessions. Each call is priced by the entry of its own day. A cost that the provider stated stays.
    A new record is appended and the old one kept; calls under way are left to the proxy.

    \b
    Examples:
      sessiontap reprice --dry-run
      sessiontap reprice
      sessiontap reprice -1 --all
      sessiontap reprice --all --since 2026-11-01 --model 'gpt-5*' --dry-run
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    table, repricing = open_prices(home, pricing), Repricing()

    def stopped() -> str:
        return f"stopped after {counted(repricing.calls, 'call')}; run it again for the others"

    with Ledger(home) as store, progress(stopped, quiet=as_json) as step:
        records = open_store(home, store)
        for session, calls in select(records, wanted, sessions):
            pairs = [
                (call, table.price(call) if _is_due(call, everything=everything) else call) for call in calls
            ]
            if not dry_run:
                pairs = _written(store, session.session_id, pairs)
            for before, after in pairs:
                repricing.add(before, after)
            step(f"{counted(repricing.calls, 'call')} looked at")
    _print(repricing.result(), home, dry_run=dry_run, as_json=as_json)
    for problem in records.problems:
        complain(str(problem))


def _is_due(call: Call, *, everything: bool) -> bool:
    """False for what has its price, and for calls under way and costs that their provider stated."""
    if call.status == "running" or call.cost_source not in {None, "table"}:
        return False
    return everything or call.unpriced


def _written(store: CallStore, session_id: str | None, pairs: list[_Pair]) -> list[_Pair]:
    """Appends the calls that changed; gives all as they stand in the store then.

    A proxy may have written a later version since the session was read: that one stays.
    """
    if all(before == after for before, after in pairs):
        return pairs
    present = {call.call_id: call for call in store.calls(session_id)}
    standing: list[_Pair] = []
    for before, after in pairs:
        now = present.get(before.call_id, before)
        if now != before:
            standing.append((now, now))
            continue
        if after != before:
            store.append(after)
        standing.append((before, after))
    return standing


def _print(repriced: Repriced, home: Path, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        from sessiontap.views.price_json import encoded

        sys.stdout.buffer.write(encoded({"dry_run": dry_run, **msgspec.structs.asdict(repriced)}) + b"\n")
        return
    if not repriced.calls:
        click.echo(f"No call in {home} is meant; `sessiontap list` shows what there is.")
        return
    from sessiontap.views.console import console, show
    from sessiontap.views.price_repriced import price_repriced

    terminal = console(sys.stdout)
    show(terminal, price_repriced(repriced, terminal.width))
    if dry_run:
        click.echo("Nothing was written: --dry-run.")
