"""`sessiontap run`: a command behind the proxy, and its receipt."""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from sessiontap.cli.main import complain
from sessiontap.cli.options import confdir_option, home_option
from sessiontap.settings import home_folder
from sessiontap.times import rfc3339

if TYPE_CHECKING:
    from sessiontap.launch.joined import RunProxy
    from sessiontap.views.receipt import Receipt

ReceiptForm = Literal["text", "json", "none"]

MITMDUMP_VARIABLE = "SESSIONTAP_MITMDUMP"

_ADDON = "sessiontap: "
_MOST_WARNINGS = 3


def _some_text(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        message = "an empty text names nothing; leave the option out"
        raise click.BadParameter(message, ctx, param)
    return value


def _dollars(ctx: click.Context, param: click.Parameter, value: str | None) -> Decimal | None:
    if value is None:
        return None
    from sessiontap.identity import amount

    budget = amount(value.removeprefix("$"))
    if not budget:
        message = f"{value!r} is no amount; write US dollars above zero and below a billion, such as 2.50"
        raise click.BadParameter(message, ctx, param)
    return budget


def _words(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        message = f"{value!r} cannot be taken apart ({error}); quote as for a shell"
        raise click.BadParameter(message, ctx, param) from error


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
@click.option("--budget", metavar="USD", callback=_dollars, help="What the session may cost.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="The proxy at this port of 127.0.0.1, started there where none is.  [default: the home's background"
    " proxy, else one of its own at a free port]",
)
@confdir_option("Where mitmproxy keeps its CA.")
@click.option(
    "--mitmdump",
    "arguments",
    metavar="ARGS",
    default="",
    envvar=MITMDUMP_VARIABLE,
    callback=_words,
    help=f"More arguments for mitmdump, in one text.  [default: ${MITMDUMP_VARIABLE}]",
)
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
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.launch import child, environment, node
    from sessiontap.launch import session as sessions
    from sessiontap.launch.bundle import write_bundle
    from sessiontap.launch.joined import Wish, proxy_for

    before = environment.before(os.environ)
    try:
        # What cannot be run need not wait for a proxy.
        child.find(command[0], before)
        _make_writable(home)
        session_id = session or sessions.run_id()
        text = sessions.proxy_user(
            session_id, name=name or sessions.run_name(command), path=path, user=user, budget=budget
        )
        wish = Wish(
            home=home,
            user=text,
            port=port,
            confdir=confdir,
            arguments=arguments,
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
            ran = _Ran(session_id, begun, round((time.monotonic() - clock) * 1000), code)
            troubles, made = _look_back(proxy, ran, {**before, **variables})
            if not quiet:
                for trouble in troubles:
                    complain(trouble)
            if receipt != "none":
                _deliver(made, receipt, receipt_file, quiet=quiet)
    except child.CommandError as error:
        complain(str(error))
        code = error.code
    ctx.exit(code)


class _Ran(NamedTuple):
    session_id: str
    begun: str
    wall_ms: int
    exit_code: int


def _make_writable(home: Path) -> None:
    """Raises OSError for a home that cannot be written: the proxy would go on and record nothing."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=home):
        pass


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


def _look_back(proxy: RunProxy, ran: _Ran, given: Mapping[str, str]) -> tuple[list[str], Receipt]:
    """What the proxy had to complain of, and the receipt. A proxy of our own has ended then."""
    from sessiontap.launch.heartbeat import ask
    from sessiontap.launch.recorded import calls_since, likely_causes, sessions_since
    from sessiontap.sessions.rollup import summarize
    from sessiontap.views.receipt import Receipt

    calls = calls_since(proxy.home, ran.session_id, ran.begun)
    beat = ask(proxy.port)
    troubles = [f"nothing can be recorded: {beat.trouble}"] if beat is not None and beat.trouble else []
    if proxy.own is not None:
        proxy.own.stop()
        troubles += _warnings(proxy.own.log)
        if any(call.status == "running" for call in calls):
            calls = calls_since(proxy.home, ran.session_id, ran.begun, settle_s=0)
    causes: Sequence[str] = ()
    if not calls:
        refused = [each for each in beat.refused if each.last_at >= ran.begun] if beat is not None else []
        causes = tuple(likely_causes(given, refused, sessions_since(proxy.home, ran.begun)))
    receipt = Receipt(
        summary=summarize(ran.session_id, calls),
        wall_ms=ran.wall_ms,
        exit_code=ran.exit_code,
        causes=causes,
        home_option="" if proxy.home == home_folder("") else f" --home {shlex.quote(str(proxy.home))}",
    )
    return troubles, receipt


def _warnings(log: str) -> list[str]:
    """What the addon warned of, without what it says at every start."""
    said = [line for line in log.splitlines() if line.startswith(_ADDON) and "recording to" not in line]
    return [line.removeprefix(_ADDON) for line in said[:_MOST_WARNINGS]]


def _deliver(receipt: Receipt, form: ReceiptForm, file: Path | None, *, quiet: bool) -> None:
    """Prints the receipt, or writes it. A terminal that has gone away by now is no fault of the command's."""
    from sessiontap.views.receipt import receipt_json, receipt_text

    text = receipt_text(receipt) if form == "text" else receipt_json(receipt).decode() + "\n"
    if file is not None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    elif not quiet:
        with contextlib.suppress(OSError):
            click.echo(("\n" if form == "text" else "") + text, err=True, nl=False)
