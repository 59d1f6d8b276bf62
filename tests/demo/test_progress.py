from __future__ import annotations

import io

from rich.console import Console

from sessiontap.demo.agent import CallProgress, State
from sessiontap.demo.progress import ProgressLines


def _printed(*updates: CallProgress) -> list[str]:
    """What a file that is no terminal gets of these updates."""
    output = io.StringIO()
    with ProgressLines(Console(file=output, width=120)) as lines:
        for update in updates:
            lines.update(update)
    return [line.rstrip() for line in output.getvalue().splitlines()]


def _call(state: State, **changes: object) -> CallProgress:
    values: dict[str, object] = {"number": 0, "path": "/triage", "model": "gpt-5.4-mini", **changes}
    return CallProgress(state=state, **values)  # type: ignore[arg-type]


def test_not_a_terminal() -> None:
    """Where there is no terminal, a call is one plain line when it has ended."""
    assert _printed(
        _call("waiting"),
        _call("streaming", events=3),
        _call("ok", input_tokens=1412, output_tokens=96),
    ) == ["✓  /triage                     gpt-5.4-mini               1,412 in, 96 out"]


def test_a_retry_has_two_lines() -> None:
    """A refused attempt and its repetition are told apart."""
    assert _printed(
        _call("retrying", note="429, again in 300 ms"),
        _call("ok", attempt=1, input_tokens=1, output_tokens=2),
    ) == [
        "↻  /triage                     gpt-5.4-mini               429, again in 300 ms",
        "✓  /triage                     gpt-5.4-mini               1 in, 2 out, 2nd attempt",
    ]


def test_unknown_tokens() -> None:
    """A count that a reply did not give is not shown as zero."""
    [line] = _printed(_call("ok", output_tokens=0))
    assert line.endswith("? in, 0 out")


def test_terminal() -> None:
    """On a terminal all calls stand in the order of their numbers, each with what has come so far."""
    output = io.StringIO()
    terminal = Console(file=output, width=100, force_terminal=True, color_system=None)
    with ProgressLines(terminal) as lines:
        lines.update(_call("streaming", number=1, path="/second", events=7))
        lines.update(_call("waiting", number=0, path="/first"))
    last_frame = output.getvalue().split("/first")[-1]
    assert "sent" in last_frame
    assert last_frame.index("/second") < last_frame.index("7 events")


def test_ascii() -> None:
    """An output without the signs gets letters instead of an exception."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with ProgressLines(Console(file=stream, width=120)) as lines:
        lines.update(_call("ok", input_tokens=1, output_tokens=2))
    stream.flush()
    assert raw.getvalue().startswith(b"ok  /triage ")
