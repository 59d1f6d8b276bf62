from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sessiontap.call import Call
from sessiontap.cli.main import cli
from sessiontap.store import Ledger
from tests.imports.captures import flow, har, mitm
from tests.imports.test_flowfile import ASKED, JSON, REPLY

CHAT = "https://api.openai.com/v1/chat/completions"
Import = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two captures of the same three flows, one of which is no model call."""
    flows = [
        flow(CHAT, ASKED, REPLY, reply_headers=JSON, number=1),
        flow(
            CHAT, ASKED, REPLY, reply_headers=JSON, request_headers={"helicone-session-id": "run-1"}, number=2
        ),
        flow("https://example.com/", b"", b"", method="GET", number=3),
    ]
    (tmp_path / "flows.mitm").write_bytes(mitm(flows))
    (tmp_path / "flows.har").write_bytes(har(flows))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here: Path) -> Import:
    """Runs `import` with a home that is not there yet."""

    def invoke(*args: str, stdin: bytes = b"") -> Result:
        environ = {"SESSIONTAP_HOME": str(here / "home")}
        return CliRunner().invoke(cli, ["import", *args], input=stdin, env=environ, prog_name="sessiontap")

    return invoke


def stored(here: Path) -> list[Call]:
    """All calls in the home."""
    return [call for session in Ledger(here / "home").sessions() for call in session.calls]


def told(result: Result) -> list[dict[str, Any]]:
    """What `--json` says of each file."""
    found: list[dict[str, Any]] = json.loads(result.stdout)["files"]
    return found


def test_what_is_printed(run: Import, here: Path) -> None:
    """Calls, sessions, what was passed over, and how to look at it; the second time that it is there."""
    result = run("flows.mitm")
    assert (result.exit_code, result.stderr) == (0, "")
    session = next(call.session_id for call in stored(here) if call.session_source == "none")
    assert result.stdout == (
        "flows.mitm: 2 calls in 2 sessions: 2 new\n"
        "  1 flow passed over: no model calls\n"
        "Look at them:\n"
        f"  sessiontap show {session}\n"
        "  sessiontap show run-1\n"
        "  sessiontap list\n"
    )
    assert run("flows.har").stdout.startswith("flows.har: 2 calls in 2 sessions: 2 there already\n")
    assert len(stored(here)) == 2


def test_a_session_is_named_after_its_file(run: Import, here: Path) -> None:
    """The commands find it by that name."""
    run("flows.har")
    call = next(call for call in stored(here) if call.session_source == "none")
    assert call.session_id is not None
    assert call.session_id.startswith("import-")
    assert (call.session_name, call.properties) == ("flows.har", {"import": "flows.har"})


def test_the_session_can_be_chosen(run: Import, here: Path) -> None:
    """Calls that name their own keep it."""
    run("flows.mitm", "--session", "review", "--name", "The review", "--path", "monday/")
    chosen, own = sorted(stored(here), key=lambda call: call.session_source, reverse=True)
    assert (chosen.session_id, chosen.session_name, chosen.session_path) == (
        "review",
        "The review",
        "/monday",
    )
    assert (own.session_id, own.session_path) == ("run-1", "/")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress], ids=["plain", "gzip", "zlib"])
@pytest.mark.parametrize("name", ["flows.mitm", "flows.har"])
def test_the_format_is_told_by_the_content(
    run: Import, here: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    """Whatever a file is called, packed or not, and out of standard input."""
    (here / "capture.txt").write_bytes(pack((here / name).read_bytes()))
    by_name, by_stdin = (
        told(run("capture.txt", "--json", "--dry-run")),
        told(run("-", "--json", "--dry-run", stdin=pack((here / name).read_bytes()))),
    )
    for (found,) in (by_name, by_stdin):
        assert (found["calls"], found["format"]) == (2, name.rpartition(".")[2])
    assert by_stdin[0]["file"] == "stdin"


def test_a_dry_run_writes_nothing(run: Import, here: Path) -> None:
    """It tells the same, and makes no folder."""
    result = run("flows.mitm", "--dry-run")
    assert "2 calls in 2 sessions: 2 new" in result.stdout
    assert result.stdout.endswith("Nothing was written: --dry-run.\n")
    assert not (here / "home").exists()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "bad is empty"),
        (b"hello", "bad is neither a flow file of mitmproxy nor a HAR, by its first bytes"),
        (b"{}", "bad is JSON but no HAR"),
        (b"12:", "bad is damaged at byte 0"),
        (b"\x1f\x8bgarbage", "bad cannot be unpacked: corrupt gzip content"),
        (b"4:true!", "bad: none of its flows can be read: a flow cannot be read: AttributeError"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(run: Import, here: Path, content: bytes, line: str) -> None:
    """Exit code 1; the other files are imported all the same."""
    (here / "bad").write_bytes(content)
    result = run("bad", "flows.mitm")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith(f"sessiontap: {line}")
    assert len(stored(here)) == 2


def test_a_file_that_is_not_there_is_one_line(run: Import, here: Path) -> None:
    """As is a folder."""
    result = run("gone.mitm", str(here))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "sessiontap: gone.mitm cannot be opened: No such file or directory",
        f"sessiontap: {here.name} cannot be opened: Is a directory",
    ]


def test_a_file_that_ends_early_is_imported_as_far_as_it_goes(run: Import, here: Path) -> None:
    """What is whole stays; a line says where the damage is, and that is no failure."""
    whole = (here / "flows.mitm").read_bytes()
    (here / "cut.mitm").write_bytes(whole[:-10])
    result = run("cut.mitm")
    assert result.exit_code == 0
    assert "cut.mitm is damaged at byte" in result.stderr
    assert result.stderr.endswith("what is before that is imported\n")
    assert len(stored(here)) == 2


def test_a_format_can_be_forced(run: Import) -> None:
    """A HAR is no flow file."""
    result = run("flows.har", "--format", "mitm")
    assert result.exit_code == 1
    assert "is damaged at byte 0" in result.stderr


def test_a_gateway_of_ones_own_is_named(run: Import, here: Path) -> None:
    """As the proxy's option has it; without it, its calls are other flows."""
    made = flow("https://llm.corp.example/team/v1/chat/completions", ASKED, REPLY, reply_headers=JSON)
    (here / "own.mitm").write_bytes(mitm([made]))
    assert told(run("own.mitm", "--json"))[0]["other"] == 1
    assert told(run("own.mitm", "--json", "--host", "llm.corp.example=openai"))[0]["new"] == 1
    refused = run("own.mitm", "--host", "llm.corp.example=nobody")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("sessiontap: --host: 'nobody'")


def test_calls_are_priced_by_their_own_day(run: Import, here: Path) -> None:
    """With a price file over ours."""
    rows = "{from: 2026-01-01, input: 1, output: 1}, {from: 2026-12-01, input: 9, output: 9}"
    (here / "prices.yaml").write_text(
        "version: 1\nproviders:\n  openai:\n    source: https://a.example\n    checked: 2026-01-01\n"
        f"    models:\n      gpt-4.1-mini: {{entries: [{rows}]}}\n",
        "utf-8",
    )
    result = run("flows.mitm", "--pricing", "prices.yaml")
    assert result.exit_code == 0, result.stderr
    assert {call.price_id for call in stored(here)} == {"openai/gpt-4.1-mini@2026-01-01"}


def test_a_file_name_is_harmless(run: Import, here: Path) -> None:
    """A terminal would obey it."""
    (here / "a\x1b[2Jb.mitm").write_bytes((here / "flows.mitm").read_bytes())
    result = run("a\x1b[2Jb.mitm")
    assert "\x1b" not in result.stdout


def test_a_har_is_imported_without_mitmproxy(here: Path) -> None:
    """It takes a second to be loaded."""
    code = (
        "import sys; sys.argv[1:] = ['import', 'flows.har', '--json', '--dry-run', '--home', 'home']\n"
        "from sessiontap.cli.main import cli\n"
        "try: cli()\nexcept SystemExit: print('mitmproxy' in sys.modules, 'rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=here)
    assert done.stdout.splitlines()[-1] == "False False"


@pytest.mark.skipif(os.name == "nt", reason="pipes have names elsewhere")
def test_a_pipe_is_a_file(here: Path) -> None:
    """As in `sessiontap import <(ssh host cat flows.mitm)`."""
    pipe = here / "pipe"
    os.mkfifo(pipe)
    child = subprocess.Popen(
        [sys.executable, "-m", "sessiontap", "import", "pipe", "--json", "--home", "home"],
        stdout=subprocess.PIPE,
        cwd=here,
    )
    pipe.write_bytes((here / "flows.mitm").read_bytes())
    stdout, _ = child.communicate(timeout=60)
    assert json.load(io.BytesIO(stdout))["files"][0]["calls"] == 2
