"""What `sessiontap replay` is about to send: the calls with their changes, their places, their costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.errors import StoreError
from sessiontap.export.replay_json import (
    PlannedCall,
    ReplayPlan,
    SkippedCall,
    replay_json,
)
from sessiontap.pricing import PriceTable
from sessiontap.providers import DIRECTORY
from sessiontap.replaying.changes import Changes
from sessiontap.replaying.estimating import estimate
from sessiontap.replaying.keys import Keys
from sessiontap.replaying.plan import Planned, Skipped, planned
from sessiontap.sessions.rollup import summarize
from sessiontap.store.keys import UNASSIGNED
from sessiontap.store.ledger import StoredSession
from sessiontap.store.session_bodies import SessionBodies
from sessiontap.views.numbers import UNKNOWN, counted, money
from sessiontap.views.replay_plan import PlanRow, replay_plan

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is to be sent."""

    session: StoredSession
    name: str
    """Of the new session."""
    plans: Sequence[Planned]
    skipped: Sequence[Skipped]
    bodies: SessionBodies
    changes: Changes
    keys: Keys


def prepare(
    session: StoredSession,
    chosen: Sequence[tuple[int, Call]],
    bodies: SessionBodies,
    changes: Changes,
    environ: Mapping[str, str],
) -> Ready:
    """The calls as they are to be sent, and those that are not."""
    plans: list[Planned] = []
    skipped: list[Skipped] = []
    for number, call in chosen:
        stored: CallBodies | None = None
        try:
            stored = bodies.get(call.call_id)
        except StoreError as error:
            # The other calls can be read all the same.
            skipped.append(Skipped(number=number, call=call, why=str(error)))
            continue
        made = planned(number, call, stored, changes, DIRECTORY)
        if isinstance(made, Skipped):
            skipped.append(made)
        else:
            plans.append(made)
    summary = summarize(session.session_id, session.calls)
    return Ready(
        session=session,
        name=f"Replay of {summary.name or session.session_id or UNASSIGNED}",
        plans=plans,
        skipped=skipped,
        bodies=bodies,
        changes=changes,
        keys=Keys(environ, changes),
    )


def useless_lines(ready: Ready) -> Iterator[str]:
    """What is to be otherwise and fits no call: a slip, and the calls would be sent as they were."""
    fitted = {plan.fitted for plan in ready.plans}
    asked = ", ".join(dict.fromkeys(plan.call.request_model or UNKNOWN for plan in ready.plans))
    for old, new in ready.changes.models.items():
        if old not in fitted:
            yield f"--model {old}={new} fits no call: they ask for {asked or UNKNOWN}"
    providers = dict.fromkeys(plan.call.provider for plan in ready.plans)
    for provider in ready.changes.places:
        if provider and provider not in providers:
            yield f"--base-url {provider}=… fits no call: they are of {', '.join(providers) or UNKNOWN}"


def estimated(ready: Ready, table: PriceTable, now: str) -> dict[int, Decimal | None]:
    """What each call would cost, by its number."""
    return {plan.number: estimate(plan, table, now) for plan in ready.plans}


def skipped_lines(skipped: Sequence[Skipped]) -> Iterator[str]:
    """A line for each call that is not sent; of many, the first."""
    for each in skipped[:_MOST_NAMED]:
        yield f"call {each.number} ({each.call.call_id}) is skipped: {each.why}"
    if len(skipped) > _MOST_NAMED:
        yield f"{len(skipped) - _MOST_NAMED:,} more calls are skipped; --dry-run --json names them all"


def print_plan(
    ready: Ready, costs: Mapping[int, Decimal | None], missing: Sequence[str], *, as_json: bool
) -> None:
    """Says what would be sent."""
    if not as_json:
        from sessiontap.views.console import console, show

        rows = [
            PlanRow(
                number=plan.number,
                method=plan.method,
                url=plan.url,
                path=plan.call.session_path,
                model=plan.model,
                before=plan.call.request_model if plan.new_model is not None else None,
                estimate=costs[plan.number],
            )
            for plan in ready.plans
        ]
        terminal = console(sys.stdout)
        show(terminal, replay_plan(rows, terminal.width))
        return
    known = [each for each in costs.values() if each is not None]
    told = ReplayPlan(
        replay_of=ready.session.session_id,
        calls=[
            PlannedCall(
                number=plan.number,
                call_id=plan.call.call_id,
                method=plan.method,
                url=plan.url,
                session_path=plan.call.session_path,
                provider=plan.provider,
                recorded_model=plan.call.request_model,
                model=plan.model,
                estimated_cost_usd=costs[plan.number],
            )
            for plan in ready.plans
        ],
        skipped=skipped_calls(ready),
        estimated_cost_usd=sum(known, Decimal(0)) if known else None,
        not_estimated=len(costs) - len(known),
        missing=missing,
    )
    sys.stdout.buffer.write(replay_json(told) + b"\n")


def before_lines(
    ready: Ready, costs: Mapping[int, Decimal | None], max_cost: Decimal | None
) -> Iterator[str]:
    """What a person should know before anything is sent: where it goes, by whose key, at what price."""
    hosts: dict[str, list[Planned]] = {}
    for plan in ready.plans:
        key = ready.keys.names(plan)
        where = plan.place.url.partition("://")[2] + (f" ({key})" if key else "")
        hosts.setdefault(where, []).append(plan)
    told = ", ".join(f"{len(plans):,} to {where}" for where, plans in hosts.items())
    yield f"{counted(len(ready.plans), 'call')}: {told}"
    known = sum((each for each in costs.values() if each is not None), Decimal(0))
    unknown = sum(each is None for each in costs.values())
    if max_cost is None:
        return
    if known > max_cost:
        yield f"they may cost about {money(known)}, by the recording: it will stop at {money(max_cost)}"
    if unknown:
        yield f"nothing says what {counted(unknown, 'call')} will cost: --max-cost may not hold for them"


def skipped_calls(ready: Ready) -> list[SkippedCall]:
    """The calls that are not sent, for JSON."""
    return [
        SkippedCall(number=each.number, call_id=each.call.call_id, why=each.why) for each in ready.skipped
    ]
