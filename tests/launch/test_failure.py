from __future__ import annotations

import pytest

from sessiontap.launch.failure import taken_port, why_not_started

_TAKEN = (
    "HTTP(S) proxy failed to listen on 127.0.0.1:8080 with [Errno 98] error while attempting to bind on"
    " address ('127.0.0.1', 8080): address already in use"
)
_TAKEN_ON_WINDOWS = (
    "HTTP(S) proxy failed to listen on 127.0.0.1:8080 with [Errno 10048] error while attempting to bind on"
    " address ('127.0.0.1', 8080): only one usage of each socket address is normally permitted"
)


@pytest.mark.parametrize("line", [_TAKEN, _TAKEN_ON_WINDOWS])
@pytest.mark.parametrize(("who", "named"), [("nginx (pid 7)", " by nginx (pid 7)"), (None, "")])
def test_a_port_that_is_taken(line: str, who: str | None, named: str) -> None:
    """Which, by whom where that can be told, and what to do."""
    lines = [
        "Loading script addon.py",
        line,
        "Try specifying a different port by using `--mode regular@8082`.",
    ]
    assert taken_port(lines) == 8080
    assert why_not_started(1, lines, lambda _port: who) == (
        f"port 8080 of 127.0.0.1 is taken{named}; end that, or give --port another number"
    )


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "it printed nothing"),
        (["", "usage: mitmdump [options] [filter]"], "it printed nothing"),
        (
            ["usage: mitmdump [options] [filter]", "mitmdump: error: unrecognized arguments: --bogus"],
            "unrecognized arguments: --bogus",
        ),
        (
            ["Loading script a.py", "mitmdump: Received multiple values for flow_detail: ['0', '1']"],
            "mitmdump: Received multiple values for flow_detail: ['0', '1']",
        ),
        (
            [
                "error in script a.py",
                "Traceback:",
                '  File "a.py"',
                "ModuleNotFoundError: No module named 'x'",
            ],
            "ModuleNotFoundError: No module named 'x'",
        ),
    ],
)
def test_the_line_that_says_why(lines: list[str], reason: str) -> None:
    """Of all that mitmdump prints, the one that a user can act on."""
    assert taken_port(lines) is None
    assert why_not_started(1, lines) == f"mitmdump did not start (exit status 1): {reason}"
