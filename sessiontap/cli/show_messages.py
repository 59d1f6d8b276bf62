"""`show --messages` and `show --call`: what was said in a session's calls, and one call in full."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click

from sessiontap.cli.main import complain
from sessiontap.cli.stored import Records
from sessiontap.errors import StoreError

if TYPE_CHECKING:
    from rich.text import Text

    from sessiontap.call import Call
    from sessiontap.conversation import Turn
    from sessiontap.store.ledger import StoredSession
    from sessiontap.store.session_bodies import SessionBodies
    from sessiontap.views.conversation import Look

R = TypeVar("R")

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class MessageView:
    """What of the messages is to be shown: those of the one call, or of all."""

    call: str | None = None
    full: bool = False
    raw: bool = False


def message_options(command: Callable[..., R]) -> Callable[..., R]:
    """Adds `--messages`, `--call`, `--full`, `--raw`; the command gets `view`, or None."""

    @functools.wraps(command)
    def with_view(
        *args: object, messages: bool, call: str | None, full: bool, raw: bool, **kwargs: object
    ) -> R:
        if messages and call is not None:
            message = "--messages is of all calls, --call of one: give one of them"
            raise click.UsageError(message)
        if full and not messages and call is None:
            message = "--full goes with --messages or --call"
            raise click.UsageError(message)
        if raw and call is None:
            message = "--raw goes with --call"
            raise click.UsageError(message)
        view = MessageView(call, full, raw) if messages or call is not None else None
        return command(*args, view=view, **kwargs)

    decorated: Callable[..., R] = with_view
    for option in (
        click.option("--raw", is_flag=True, help="With --call: both bodies as they are stored."),
        click.option("--full", is_flag=True, help="With --messages or --call: long texts are not cut."),
        click.option(
            "--call",
            metavar="CALL",
            help="One call with its record, its request and its reply: the beginning of its id,"
            " or its number in the session.",
        ),
        click.option("--messages", is_flag=True, help="What was said, call by call, only what is new."),
    ):
        decorated = option(decorated)
    return decorated


def show_messages(store: Records, found: StoredSession, view: MessageView, *, as_json: bool) -> None:
    """Prints the messages of a session. Raises StoreError where the call that is wanted is not there."""
    bodies = store.ledger.bodies(found.session_id)
    if view.call is not None:
        number = find_call(found.calls, view.call)
        _show_call(found.calls[number - 1], number, bodies, view, as_json=as_json)
    elif as_json:
        _print_turns(_turns(found.calls, bodies))
    else:
        _print(lambda look: _turn_lines(_turns(found.calls, bodies), look), full=view.full)


def find_call(calls: list[Call], text: str) -> int:
    """The number, from 1, of the call that `text` names: its number, its id or the beginning of it.

    Raises StoreError where there is none, or more than one.
    """
    if text.isdecimal() and 1 <= int(text[:9]) <= len(calls) and len(text) <= len(str(len(calls))):
        return int(text)
    found = [number for number, call in enumerate(calls, 1) if text and call.call_id.startswith(text)]
    exact = [number for number in found if calls[number - 1].call_id == text]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        message = f"no call {text!r} in the session: give the beginning of its id, or 1 to {len(calls):,}"
        raise StoreError(message)
    named = ", ".join(calls[number - 1].call_id for number in found[:_MOST_NAMED])
    message = f"{len(found):,} calls begin with {text!r}: {named}{', …' if len(found) > _MOST_NAMED else ''}"
    raise StoreError(message)


def _turns(calls: list[Call], bodies: SessionBodies) -> Iterator[Turn]:
    from sessiontap.conversation import Turns

    turns = Turns()
    for call in calls:
        stored = None
        try:
            stored = bodies.get(call.call_id)
        except StoreError as error:
            # The other calls can be read all the same.
            complain(str(error))
        yield turns.feed(call, stored)


def _turn_lines(turns: Iterator[Turn], look: Look) -> Iterator[Text]:
    from rich.text import Text

    from sessiontap.views.conversation import turn_lines

    for number, turn in enumerate(turns, 1):
        if number > 1:
            yield Text()
        yield from turn_lines(turn, number, look)


def _show_call(call: Call, number: int, bodies: SessionBodies, view: MessageView, *, as_json: bool) -> None:
    from sessiontap.conversation import call_messages

    stored = bodies.get(call.call_id)
    if view.raw:
        from sessiontap.views.raw_bodies import bodies_json, raw_lines

        if as_json:
            sys.stdout.buffer.write(bodies_json(stored) + b"\n")
        else:
            for line in raw_lines(stored):
                click.echo(line)
    elif as_json:
        from sessiontap.export.messages_json import call_json

        sys.stdout.buffer.write(call_json(call, call_messages(call, stored)) + b"\n")
    else:
        from sessiontap.views.call_record import record_lines
        from sessiontap.views.conversation import said_lines

        def lines(look: Look) -> Iterator[Text]:
            yield from record_lines(call, number, look.width)
            yield from said_lines(call_messages(call, stored), look)

        _print(lines, full=view.full)


def _print_turns(turns: Iterator[Turn]) -> None:
    """A list of one object a call, written as it is read."""
    from sessiontap.export.messages_json import turn_json

    out = sys.stdout.buffer
    before = b"["
    for number, turn in enumerate(turns, 1):
        out.write(before + turn_json(turn, number))
        before = b",\n"
    out.write(b"[]\n" if before == b"[" else b"]\n")


def _print(lines: Callable[[Look], Iterator[Text]], *, full: bool) -> None:
    from sessiontap.views.console import console, draws_lines, show
    from sessiontap.views.conversation import Look

    terminal = console(sys.stdout)
    look = Look(width=terminal.width, ascii_only=not draws_lines(terminal), full=full)
    show(terminal, lines(look))
