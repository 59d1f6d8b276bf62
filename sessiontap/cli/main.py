"""The command `sessiontap`: finds the command by name, and says what went wrong in one line.

Exit codes: 0 done, 1 something failed, 2 wrong usage, 130 Ctrl-C. A command's module is imported
when that command runs: a start costs click and nothing else.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

import click

from sessiontap import __version__
from sessiontap.errors import SessiontapError
from sessiontap.views.safe_text import safe

INTERRUPTED = 130


class Entry(NamedTuple):
    """Where a command lives, and its line in the list of commands."""

    place: str
    """`module:attribute`."""
    help: str


COMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "demo": Entry(
            "sessiontap.cli.demo:demo", "Watch a small agent become a session: no key, no network."
        ),
        "run": Entry("sessiontap.cli.run:run", "Run a command, and record its calls as one session."),
        "proxy": Entry(
            "sessiontap.cli.proxy:proxy", "Record: mitmdump with the addon, on this machine only."
        ),
        "env": Entry(
            "sessiontap.cli.env:env", "Print the variables that send a shell through the home's proxy."
        ),
        "list": Entry("sessiontap.cli.list:list_sessions", "List the sessions, newest first."),
        "show": Entry("sessiontap.cli.show:show", "Show one session as a tree of paths and calls."),
        "diff": Entry(
            "sessiontap.cli.diff:diff", "Compare two sessions: cost, tokens, time, and what was replied."
        ),
        "replay": Entry(
            "sessiontap.cli.replay:replay", "Send a recorded session again, with another model or as it was."
        ),
        "search": Entry(
            "sessiontap.cli.search:search", "Find the calls whose messages hold TEXT, newest first."
        ),
        "watch": Entry("sessiontap.cli.watch:watch", "Watch sessions as they happen."),
        "serve": Entry("sessiontap.cli.serve:serve", "Show the sessions as pages in a browser."),
        "export": Entry(
            "sessiontap.cli.export:export", "Write sessions or calls for another program, or for people."
        ),
        "import": Entry(
            "sessiontap.cli.import_captures:import_captures",
            "Make sessions of past captures: mitmproxy's flow files and HAR.",
        ),
        "prices": Entry("sessiontap.cli.prices:prices", "Look into the prices that calls are priced by."),
        "reprice": Entry("sessiontap.cli.reprice:reprice", "Price stored calls again, by today's table."),
        "prune": Entry("sessiontap.cli.prune:prune", "Remove old sessions."),
        "compact": Entry("sessiontap.cli.compact:compact", "Make the files of sessions smaller."),
        "verify": Entry(
            "sessiontap.cli.verify:verify", "Read every line of the store, and name what is damaged."
        ),
        "doctor": Entry("sessiontap.cli.doctor:doctor", "Look for what is not in order."),
    }
)
"""A new command: its file, and its line here."""


class Failure(click.ClickException):
    """A fault that the user must act on: one line on stderr, exit code 1."""

    exit_code = 1

    def show(self, file: object = None) -> None:
        """Prints `sessiontap: what went wrong`."""
        del file
        complain(self.message)


def complain(message: str) -> None:
    """Prints one line on stderr, harmless whatever the message quotes."""
    click.echo(f"sessiontap: {safe(message, 2000)}", err=True)


class LazyGroup(click.Group):
    """A group whose commands are imported when they run, not when their names are listed."""

    def __init__(
        self, name: str | None = None, *, places: Mapping[str, Entry] = COMMANDS, **options: Any
    ) -> None:
        super().__init__(name, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the table's order."""
        del ctx
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now; None where there is none of that name."""
        del ctx
        if cmd_name not in self._places:
            return None
        module, attribute = self._places[cmd_name].place.split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command), cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self._places.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; a fault that the user must act on becomes one line."""
        try:
            result: object = super().invoke(ctx)
            # Written out here, where a reader that has gone away is dealt with quietly.
            sys.stdout.flush()
        except SessiontapError as error:
            raise Failure(str(error)) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Failure(_reason(error)) from error
        except (KeyboardInterrupt, click.Abort) as error:
            # The terminal shows ^C; what follows begins on a line of its own.
            click.echo(err=True)
            raise click.exceptions.Exit(INTERRUPTED) from error
        return result


def _reason(error: OSError) -> str:
    """`/a/path: Permission denied`, without Python's number and quotes."""
    reason = error.strerror or str(error) or type(error).__name__
    return reason if error.filename is None else f"{os.fsdecode(error.filename)}: {reason}"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sessiontap", message="%(prog)s %(version)s")
def cli() -> None:
    """See what agents did, what it took and what it cost.

    `run` records a command, and the proxy what goes through it (also mitmdump -s addon.py); the others read,
    also while it runs.

    \b
    Examples:
      sessiontap demo
      sessiontap run -- claude
      sessiontap list --since 7d
      sessiontap show -1
      sessiontap export --what calls --format csv -o calls.csv
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


def main() -> NoReturn:
    """The entry point: never returns, never shows a traceback for a fault of the user's making."""
    # Closed by the caller (`>&-`): there is nobody to print for.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115 -- open until the process ends
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # An output that cannot hold a character gets its number instead of an exception.
            reconfigure(errors="backslashreplace")
    code: object = 1
    try:
        cli(prog_name="sessiontap")
    except SystemExit as error:
        code = error.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    _leave(code)


def _leave(code: object) -> NoReturn:
    """Ends; what nobody will read any more is thrown away instead of complained about."""
    try:
        if code == INTERRUPTED:
            _discard_output()
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    sys.exit(code if isinstance(code, int) else 1)


def _discard_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
