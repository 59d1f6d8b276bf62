"""`sessiontap import`: past captures become sessions."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

import click
import msgspec

from sessiontap.cli.main import Failure, complain
from sessiontap.cli.options import home_option, json_option
from sessiontap.cli.prices_table import open_prices, pricing_option
from sessiontap.cli.progress import progress
from sessiontap.errors import CaptureError
from sessiontap.identity import normalise_path
from sessiontap.imports.importing import Imported, Importing, Unassigned
from sessiontap.imports.known import Known
from sessiontap.imports.source import STDIN, Format, Source, opened
from sessiontap.imports.stored import StoredFlow, Unreadable
from sessiontap.masking import Masker
from sessiontap.providers import GATEWAYS, PROVIDERS, Directory
from sessiontap.providers.gateway import gateways
from sessiontap.settings import CaptureMode, Settings, home_folder
from sessiontap.settle import Settling
from sessiontap.store import Ledger
from sessiontap.untrusted import clean
from sessiontap.views.numbers import counted

_DIGITS = 12
# How many flows are between two updates of the progress line.
_OFTEN = 50
_STOPPED = "stopped; what was imported stays, and the same command imports the rest"


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--session", metavar="ID", help="The session of calls that name none.  [default: one a file]")
@click.option("--name", metavar="NAME", help="The name of that session.  [default: the file's]")
@click.option("--path", metavar="PATH", default="/", help="The path in it of calls that name none.")
@click.option(
    "--host",
    "hosts",
    metavar="HOST=PROVIDER",
    multiple=True,
    help="A gateway of yours that speaks a provider's API, as the proxy's sessiontap_hosts. Repeatable.",
)
@click.option(
    "--session-header",
    "session_headers",
    metavar="NAME",
    multiple=True,
    help="A header of yours that names a session, as the proxy's sessiontap_session_headers. Repeatable.",
)
@click.option(
    "--format",
    "chosen",
    type=click.Choice(["auto", "mitm", "har"]),
    default="auto",
    show_default=True,
    help="What the files are; auto looks into them.",
)
@click.option(
    "--capture",
    type=click.Choice(["full", "text", "none"]),
    default="full",
    show_default=True,
    help="What is kept of requests and replies; text leaves out pictures, sound and files.",
)
@click.option(
    "--mask",
    "masks",
    metavar="REGEX",
    multiple=True,
    help="What is masked in them beside the known credentials. Repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; only say what would be imported.")
@json_option
@pricing_option
@home_option
def import_captures(
    *,
    files: tuple[str, ...],
    session: str | None,
    name: str | None,
    path: str,
    hosts: tuple[str, ...],
    session_headers: tuple[str, ...],
    chosen: str,
    capture: CaptureMode,
    masks: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    pricing: Path | None,
    home: Path,
) -> None:
    """Make sessions of past captures: mitmproxy's flow files and HAR.

    FILE is what `mitmdump -w` wrote, or a HAR of a browser or a proxy; - is standard input, and gzip is
    unpacked. Calls keep the session that they name; those without one go into one session a file,
    `import-…`, or the one of --session. Each call is priced by its own day. What is stored already, from
    this file, another one or the proxy, is not imported again.

    \b
    Examples:
      sessiontap import flows.mitm
      sessiontap import monday.har tuesday.har --session review --name 'Review week'
      sessiontap import capture.har --host llm.corp.example=openai --dry-run
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    directory = Directory((*gateways("--host", hosts, PROVIDERS), *PROVIDERS, *GATEWAYS))
    settling = Settling(open_prices(home, pricing), directory.polled_apis)
    with Ledger(home, masker=Masker(masks)) as store, progress(lambda: _STOPPED, quiet=as_json) as show:
        importing = Importing(
            directory=directory,
            settling=settling,
            known=Known.in_store(store),
            store=None if dry_run else store,
            settings=Settings(home=home, capture=capture, session_headers=session_headers),
        )
        results = []
        for file in files:
            result = _import(importing, file, chosen, _Wanted(session, name, path), _counting(show, file))
            results.append(result)
            if (fault := _fault(result)) is not None:
                complain(fault)
    _print(results, home, dry_run=dry_run, as_json=as_json)
    for problem in store.problems:
        complain(str(problem))
    if any(result.failed for result in results):
        sys.exit(Failure.exit_code)


def _fault(result: Imported) -> str | None:
    """What was wrong with a whole file, or with the rest of it."""
    if result.error is None:
        reasons = "; ".join(result.unreadable)
        return f"{result.file}: none of its flows can be read: {reasons}" if result.failed else None
    return f"{result.file} {result.error}" + ("" if result.failed else "; what is before that is imported")


class _Wanted(msgspec.Struct, frozen=True):
    session: str | None
    name: str | None
    path: str

    def of(self, source: Source) -> Unassigned:
        """What the calls of a file get that name no session."""
        return Unassigned(
            session_id=clean(self.session or "") or f"import-{source.digest[:_DIGITS]}",
            session_name=clean(self.name or "") or source.name,
            session_path=normalise_path(clean(self.path)),
        )


def _import(
    importing: Importing, file: str, chosen: str, wanted: _Wanted, step: Callable[[], None]
) -> Imported:
    try:
        with opened(file) as source:
            format_ = source.format() if chosen == "auto" else chosen
            result = importing.take(source.name, wanted.of(source), _flows(source, format_), step)
            return msgspec.structs.replace(result, format=format_)
    except CaptureError as error:
        return Imported(file=_name(file), error=str(error))
    except OSError as error:
        if error.filename != file:
            raise
        return Imported(file=_name(file), error=f"cannot be opened: {error.strerror}")


def _name(file: str) -> str:
    return "stdin" if file == STDIN else clean(os.fsdecode(PurePath(file).name)) or clean(file)


def _flows(source: Source, format_: Format | str) -> Iterator[StoredFlow | Unreadable | None]:
    if format_ == "har":
        from sessiontap.imports.har import har_flows

        # By its size: reading to the end would hold it twice for a moment.
        yield from har_flows(source.file.read(source.size))
    else:
        # mitmproxy takes a second to be imported.
        from sessiontap.proxy.flowfile import flow_file

        yield from flow_file(source.file, source.size)


def _counting(show: Callable[[str], None], file: str) -> Callable[[], None]:
    """Shows now and then how many flows of a file were read; to be called after each."""
    flows = 0

    def step() -> None:
        nonlocal flows
        flows += 1
        if flows % _OFTEN == 1:
            show(f"{_name(file)}: {counted(flows, 'flow')}")

    return step


def _print(results: list[Imported], home: Path, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        found = {"dry_run": dry_run, "files": [msgspec.structs.asdict(result) for result in results]}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        return
    from sessiontap.imports.words import told, where_to_look

    for result in results:
        if not result.failed:
            click.echo("\n".join(told(result)))
    if dry_run:
        click.echo("Nothing was written: --dry-run.")
        return
    option = "" if home == home_folder("") else f" --home {shlex.quote(str(home))}"
    for line in where_to_look((each for result in results for each in result.sessions), option):
        click.echo(line)
