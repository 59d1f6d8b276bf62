"""`sessiontap replay`: a recorded session sent again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import click

from sessiontap.cli.main import Failure, complain
from sessiontap.cli.options import SESSIONS_COUNTED_BACK, home_option, json_option, session_text
from sessiontap.cli.prices_table import open_prices, pricing_option
from sessiontap.cli.show_messages import find_call
from sessiontap.cli.stored import find_session, open_store
from sessiontap.cli.through import dollars, make_writable, proxy_options
from sessiontap.replaying.changes import (
    Changes,
    Member,
    Place,
    read_header,
    read_member,
    read_model,
    read_place,
)
from sessiontap.times import rfc3339

T = TypeVar("T")


def _read(
    read: Callable[[str], T],
) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], tuple[T, ...]]:
    """The callback of a repeatable option each of whose values `read` reads."""

    def callback(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[T, ...]:
        try:
            return tuple(map(read, values))
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return callback


@click.command("replay", context_settings=SESSIONS_COUNTED_BACK)
@click.argument("session", metavar="SESSION", callback=session_text)
@click.option(
    "--model",
    "models",
    metavar="OLD=NEW",
    multiple=True,
    callback=_read(read_model),
    help="Another model in the place of this one; OLD may be a pattern such as 'gpt-5*'. Repeatable: the"
    " first that fits counts.",
)
@click.option(
    "--set",
    "members",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_read(read_member),
    help="A member of the body, such as temperature=0; VALUE is JSON or a text, dots lead into objects:"
    " reasoning.effort=low. Repeatable.",
)
@click.option(
    "--unset",
    "without",
    metavar="KEY",
    multiple=True,
    callback=_read(lambda text: read_member(text, with_value=False)),
    help="A member of the body that is left out. Repeatable.",
)
@click.option(
    "--path",
    "paths",
    metavar="PATH",
    multiple=True,
    help="Only calls of this path and below it; patterns work. Repeated: any of them.",
)
@click.option(
    "--calls",
    "texts",
    metavar="CALLS",
    multiple=True,
    help="Only these: numbers in the session, ranges, or beginnings of ids, as in 1,4-6,9f3b. Repeatable.",
)
@click.option(
    "--base-url",
    "places",
    metavar="[PROVIDER=]URL",
    multiple=True,
    callback=_read(read_place),
    help="Send the calls there, or those of one provider. Repeatable.",
)
@click.option(
    "--header",
    "headers",
    metavar="'NAME: VALUE'",
    multiple=True,
    callback=_read(read_header),
    help="Another header of each call; Authorization takes the place of the key. Repeatable.",
)
@click.option(
    "--parallel", is_flag=True, help="Calls that overlapped do so again.  [default: one after the other]"
)
@click.option(
    "--thread", is_flag=True, help="Where later calls repeat recorded replies, put the new ones there."
)
@click.option("--max-cost", metavar="USD", callback=dollars, help="Stop when the new session has cost that.")
@click.option(
    "--dry-run", is_flag=True, help="Send nothing; say what would be, and about what it would cost."
)
@proxy_options
@json_option
@pricing_option
@home_option
def replay(
    *,
    session: str,
    models: tuple[tuple[str, str], ...],
    members: tuple[Member, ...],
    without: tuple[Member, ...],
    paths: tuple[str, ...],
    texts: tuple[str, ...],
    places: tuple[tuple[str, Place], ...],
    headers: tuple[tuple[str, str], ...],
    parallel: bool,
    thread: bool,
    max_cost: Decimal | None,
    dry_run: bool,
    port: int | None,
    confdir: Path | None,
    arguments: tuple[str, ...],
    as_json: bool,
    pricing: Path | None,
    home: Path,
) -> None:
    """Send a recorded session again, with another model or as it was.

    SESSION is one as for show. Its calls are sent in the recorded order through a proxy, which records them
    as a session of its own with the same paths; the recording stays as it is. Keys come from the
    environment, such as OPENAI_API_KEY. Nothing is tried twice. Ends with 1 where a call failed that had
    not failed in the recording.

    \b
    Examples:
      sessiontap replay -1 --model gpt-5=gpt-5-mini --dry-run
      sessiontap replay 'nightly build' --model 'claude-sonnet-*=claude-haiku-4-5' --max-cost 2
      sessiontap replay -1 --path /triage --set temperature=0 --thread
      sessiontap replay -1 --base-url http://localhost:11434/v1 --model '*=qwen3:8b'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    changes = Changes(
        models=dict(models), members=(*without, *members), places=dict(places), headers=dict(headers)
    )
    store = open_store(home)
    found = find_session(store, session)
    for problem in store.problems:
        complain(str(problem))
    # Late: the proxy's launch, the store's bodies, the wire shapes.
    from sessiontap.cli.replay_sent import Through, send
    from sessiontap.cli.replay_steps import (
        before_lines,
        estimated,
        prepare,
        print_plan,
        skipped_lines,
        useless_lines,
    )
    from sessiontap.replaying.choosing import chosen

    calls = chosen(found.calls, texts, paths, lambda text: find_call(found.calls, text))
    ready = prepare(found, calls, store.ledger.bodies(found.session_id), changes, os.environ)
    for line in skipped_lines(ready.skipped):
        complain(line)
    if ready.plans and (useless := [*useless_lines(ready)]):
        raise Failure("; ".join(useless))
    missing = ready.keys.missing(ready.plans)
    costs = estimated(ready, open_prices(home, pricing), rfc3339(time.time()))
    if dry_run:
        for line in missing:
            complain(line)
        print_plan(ready, costs, missing, as_json=as_json)
        return
    if missing:
        message = "; ".join(missing) + ". Set it, give --header, or leave those calls out (--path, --calls)"
        raise Failure(message)
    if not ready.plans:
        message = "no call is left to be sent"
        raise Failure(message)
    make_writable(home)
    for line in before_lines(ready, costs, max_cost):
        complain(line)
    through = Through(home=home, port=port, confdir=confdir, arguments=arguments)
    if send(ready, through, parallel=parallel, thread=thread, max_cost=max_cost, as_json=as_json):
        raise click.exceptions.Exit(1)
