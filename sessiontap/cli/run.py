"""`sessiontap run`: a command behind the proxy, and its receipt."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import home_option
from sessiontap.cli.run_receipt import Played, Ran, ReceiptForm, deliver, look_back
from sessiontap.cli.through import dollars, make_writable, proxy_options
from sessiontap.settings import PlaybackMissing, PlaybackPace
from sessiontap.times import rfc3339

if TYPE_CHECKING:
    from sessiontap.launch.joined import RunProxy


def _some_text(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        message = "an empty text names nothing; leave the option out"
        raise click.BadParameter(message, ctx, param)
    return value


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.argument("command", metavar="[--] COMMAND [ARGS]...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--session", metavar="ID", callback=_some_text, help="The session's id.  [default: a fresh one a run]"
)
@click.option(
    "--name", metavar="NAME", callback=_some_text, help="Its name.  [default: the command's first words]"
)
@click.option("--path", metavar="PATH", callback=_some_text, help="Where in its tree, such as /triage.")
@click.option("--user", metavar="ID", callback=_some_text, help="For whom the calls are made.")
@click.option("--budget", metavar="USD", callback=dollars, help="What the session may cost.")
@click.option(
    "--playback",
    metavar="SESSION",
    callback=_some_text,
    help="A recorded session that answers the calls; none is sent.",
)
@click.option(
    "--playback-missing",
    type=click.Choice(get_args(PlaybackMissing)),
    help="What befalls calls that it has not; record adds them to it.  [default: refuse]",
)
@click.option(
    "--playback-pace",
    type=click.Choice(get_args(PlaybackPace)),
    help="How fast its replies come.  [default: at-once]",
)
@proxy_options
@click.option(
    "--receipt",
    type=click.Choice(["text", "json", "none"]),
    default="text",
    show_default=True,
    help="What is printed on stderr at the end.",
)
@click.option(
    "--receipt-file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it into this file instead.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing of our own on stderr but errors.")
@home_option
@click.pass_context
def run(
    ctx: click.Context,
    command: tuple[str, ...],
    *,
    session: str | None,
    name: str | None,
    path: str | None,
    user: str | None,
    budget: Decimal | None,
    playback: str | None,
    playback_missing: PlaybackMissing | None,
    playback_pace: PlaybackPace | None,
    port: int | None,
    confdir: Path | None,
    arguments: tuple[str, ...],
    receipt: ReceiptForm,
    receipt_file: Path | None,
    home: Path,
    quiet: bool,
) -> None:
    """Run a command, and record its calls as one session.

    The command gets the variables that send it through the proxy and have it trust the proxy's CA, and
    everything else as it is: the terminal, signals, its exit code. At the end a receipt stands on stderr.

    \b
    Examples:
      sessiontap run -- claude -p 'What does this repository do?'
      sessiontap run --session ticket-4711 --path /triage -- python agent.py
      sessiontap run --receipt json --receipt-file run.json -- npm run agent
      sessiontap run --playback ticket-4711 -- python agent.py
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if playback is None and (playback_missing or playback_pace):
        message = (
            "--playback-missing and --playback-pace say how a session is played back;"
            " name one by --playback SESSION"
        )
        raise click.UsageError(message, ctx)
    from sessiontap.launch import child, environment, node
    from sessiontap.launch import session as sessions
    from sessiontap.launch.bundle import write_bundle
    from sessiontap.launch.joined import Wish, proxy_for

    before = environment.before(os.environ)
    try:
        # What cannot be run need not wait for a proxy.
        child.find(command[0], before)
        make_writable(home)
        played = _played(home, playback)
        session_id = session or sessions.run_id()
        if played is not None and session_id == played.session_id:
            # What is played gets into no recorded session; this one the receipt can tell of.
            from sessiontap.playback import session_beside

            session_id = session_beside(session_id, datetime.now(UTC))
        text = sessions.proxy_user(
            session_id,
            name=name or (played.name if played else sessions.run_name(command)),
            path=path,
            user=user,
            budget=budget,
        )
        wish = Wish(
            home=home,
            user=text,
            port=port,
            confdir=confdir,
            arguments=arguments,
            options=_playback_options(played, playback_missing, playback_pace),
            old_node=node.old_node(command, before),
        )
        with proxy_for(wish, before) as proxy, contextlib.ExitStack() as undisturbed:
            bundle = write_bundle(home, proxy.ca_file, before)
            url = sessions.proxy_url(proxy.port, text)
            variables = environment.client_environment(url, bundle, proxy.ca_file, before)
            variables = environment.with_replaced({**variables, **proxy.variables}, before)
            if not quiet:
                for note in (*proxy.notes, *_notes(before, proxy)):
                    complain(note)
            begun, clock = rfc3339(time.time()), time.monotonic()
            # Until the end: a second Ctrl-C must not cost the receipt, nor leave the proxy.
            undisturbed.enter_context(child.undisturbed())
            code = child.run(command, {**before, **variables})
            ran = Ran(session_id, begun, round((time.monotonic() - clock) * 1000), code)
            troubles, made = look_back(proxy, ran, {**before, **variables}, played)
            if not quiet:
                for trouble in troubles:
                    complain(trouble)
            if receipt != "none":
                deliver(made, receipt, receipt_file, quiet=quiet)
    except child.CommandError as error:
        complain(str(error))
        code = error.code
    ctx.exit(code)


def _played(home: Path, text: str | None) -> Played | None:
    if text is None:
        return None
    from sessiontap.cli.stored import open_store

    summary = open_store(home).cataloged(text).summary()
    return Played(summary.session_id, f"Playback of {summary.name or summary.session_id or text}")


def _playback_options(
    played: Played | None, missing: PlaybackMissing | None, pace: PlaybackPace | None
) -> Mapping[str, str]:
    if played is None:
        return {}
    from sessiontap.store.keys import UNASSIGNED

    return {
        "sessiontap_playback": played.session_id or UNASSIGNED,
        "sessiontap_playback_missing": missing or "",
        "sessiontap_playback_pace": pace or "",
    }


def _notes(before: Mapping[str, str], proxy: RunProxy) -> Iterator[str]:
    """What in the user's environment will keep calls from the record, or the user's proxy from its work."""
    from sessiontap.launch.environment import bypassed
    from sessiontap.launch.recorded import PROVIDER_HOSTS, some
    from sessiontap.launch.upstream import upstream

    if covered := bypassed(before, PROVIDER_HOSTS):
        yield f"NO_PROXY keeps {some(covered)} from the proxy: what goes there is not recorded"
    further = upstream(before)
    if further is not None and proxy.own is None:
        yield (
            f"{further.variable} names {further.shown}; the proxy at port {proxy.port} was not started by"
            " this run, and goes on through it only where it was told so"
        )
