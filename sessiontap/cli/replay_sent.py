"""How `sessiontap replay` sends: through a proxy, its progress on stderr; and what came of it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import click
import msgspec

from sessiontap.cli.main import Failure, complain
from sessiontap.cli.progress import progress
from sessiontap.cli.replay_steps import Ready, skipped_calls
from sessiontap.cli.run_receipt import Ran, look_back
from sessiontap.export.replay_json import Replayed, ReplayedCall, replay_json
from sessiontap.launch import environment
from sessiontap.launch import session as sessions
from sessiontap.launch.heartbeat import ask
from sessiontap.launch.joined import RunProxy, Wish, proxy_for
from sessiontap.replaying.forward import Forward
from sessiontap.replaying.plan import Planned
from sessiontap.replaying.replay import Head, Replay, Result, settled
from sessiontap.replaying.sending import Sender
from sessiontap.store import Ledger
from sessiontap.store.keys import UNASSIGNED
from sessiontap.store.spending import Spending
from sessiontap.times import rfc3339
from sessiontap.views.numbers import counted
from sessiontap.views.receipt import Receipt, receipt_json, receipt_text
from sessiontap.views.replayed import ReplayedRow, progress_text, result_lines

HOSTS_OPTION = "sessiontap_hosts"
"""The addon's option for hosts that it does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """The proxy that is wanted, as `sessiontap run` has it."""

    home: Path
    port: int | None
    confdir: Path | None
    arguments: Sequence[str]


def send(
    ready: Ready,
    through: Through,
    *,
    parallel: bool,
    thread: bool,
    max_cost: Decimal | None,
    as_json: bool,
) -> bool:
    """Sends the calls and says what came of them; True where one failed that had not in the recording."""
    session_id, count = sessions.run_id(kind="replay"), counted(len(ready.plans), "call")
    before = environment.before(os.environ)
    user = sessions.proxy_user(session_id, name=ready.name)
    wish = Wish(
        home=through.home,
        user=user,
        port=through.port,
        confdir=through.confdir,
        arguments=through.arguments,
        options=_options(ready.plans),
    )
    results: list[Result] = []
    with proxy_for(wish, before) as proxy:
        _check(proxy, through)
        for note in proxy.notes:
            complain(note)
        spending = Spending(through.home)
        running = Replay(
            plans=ready.plans,
            recording=ready.bodies,
            changes=ready.changes,
            keys=ready.keys,
            sender=Sender(proxy.port, proxy.ca_file, user),
            head=Head(
                session_id=session_id,
                name=ready.name,
                replay_of=ready.session.session_id,
                max_cost=max_cost,
            ),
            parallel=parallel,
            forward=Forward() if thread else None,
            spent=lambda: spending.of(session_id).usd,
        )

        def stopped() -> str:
            return f"stopped after {len(results):,} of {count}; sessiontap show {session_id} has them"

        begun, clock = rfc3339(time.time()), time.monotonic()
        with progress(stopped, quiet=as_json) as step, contextlib.closing(running.results()) as ending:
            step(progress_text(0, len(ready.plans), 0))
            for result in ending:
                results.append(result)
                failed = sum(each.error is not None for each in results)
                step(progress_text(len(results), len(ready.plans), failed))
        wall_ms = round((time.monotonic() - clock) * 1000)
        troubles, receipt = look_back(proxy, Ran(session_id, begun, wall_ms, 0), before, None)
    recorded = {call.call_id: call for call in Ledger(through.home).calls(session_id)}
    results = [settled(result, recorded.get(result.call_id)) for result in results]
    worse = any(result.worse for result in results)
    lost = sum(each.http_status is not None and each.call_id not in recorded for each in results)
    if lost and recorded:
        troubles.append(
            f"{counted(lost, 'call')} of those that were answered are not recorded: sessiontap doctor"
        )
    for trouble in troubles:
        complain(trouble)
    if running.stopped is not None:
        complain(f"stopped after {len(results):,} of {count}: {running.stopped}")
    receipt = replace(receipt, exit_code=int(worse))
    _report(ready, results, running.stopped, receipt, as_json=as_json)
    return worse


def _options(plans: Sequence[Planned]) -> dict[str, str]:
    """What a proxy has to be told of hosts that it does not know."""
    strange = dict.fromkeys(f"{plan.place.host}={plan.provider}" for plan in plans if not plan.known)
    return {HOSTS_OPTION: ",".join(strange)} if strange else {}


def _check(proxy: RunProxy, through: Through) -> None:
    """Refuses a proxy that would record elsewhere, or nothing: the calls would cost, and be lost."""
    if proxy.home.absolute() != through.home.absolute():
        message = (
            f"the proxy at port {proxy.port} records into {proxy.home}, and the recording is in"
            f" {through.home}; leave --port out"
        )
        raise Failure(message)
    beat = ask(proxy.port)
    if beat is not None and not beat.recording:
        message = f"the proxy at port {proxy.port} cannot record: {beat.trouble}; sessiontap doctor"
        raise Failure(message)


def _report(
    ready: Ready, results: Sequence[Result], stopped: str | None, receipt: Receipt, *, as_json: bool
) -> None:
    old, new = ready.session.session_id, receipt.summary.session_id
    if as_json:
        told = Replayed(
            session_id=new or "",
            replay_of=old,
            calls=[_call(each) for each in sorted(results, key=lambda each: each.plan.number)],
            skipped=skipped_calls(ready),
            stopped=stopped,
            receipt=msgspec.Raw(receipt_json(receipt)),
        )
        sys.stdout.buffer.write(replay_json(told) + b"\n")
        return
    for line in result_lines([_row(each) for each in results]):
        click.echo(line)
    click.echo(receipt_text(replace(receipt, replay_of=old or UNASSIGNED)), nl=False)


def _call(result: Result) -> ReplayedCall:
    plan = result.plan
    return ReplayedCall(
        number=plan.number,
        recorded_call_id=plan.call.call_id,
        call_id=result.call_id,
        session_path=plan.call.session_path,
        model=plan.model,
        http_status=result.http_status,
        error=result.error,
        recorded_status=plan.call.status,
        replies_fed=result.fed.replaced,
        replies_kept=result.fed.kept,
    )


def _row(result: Result) -> ReplayedRow:
    plan = result.plan
    return ReplayedRow(
        number=plan.number,
        path=plan.call.session_path,
        model=plan.model,
        error=result.error,
        worse=result.worse,
        fed=result.fed.replaced,
        kept=result.fed.kept,
    )
