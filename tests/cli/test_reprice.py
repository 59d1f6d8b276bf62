from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result

from sessiontap.call import Call, UsagePart
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, fill
from tests.views.price_samples import unpriced, without_prices, write_prices

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


@pytest.fixture
def reprice(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `reprice` with the sample prices over ours."""
    write_prices(tmp_path)
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str, **environ: str) -> Result:
        return run("reprice", "--pricing", "prices.yaml", *args, **environ)

    return invoke


def outcome(result: Result) -> dict[str, object]:
    """What `--json` says, without the rows."""
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    found: dict[str, object] = json.loads(result.stdout)
    return {name: value for name, value in found.items() if name not in {"models", "unpriced"}}


def stored(home: Path) -> dict[str, Call]:
    """The latest version of every call."""
    return {call.call_id: call for session in Ledger(home).sessions() for call in session.calls}


def files(home: Path) -> dict[Path, bytes]:
    """What is on the disk, byte by byte."""
    return {path: path.read_bytes() for path in home.rglob("calls.jsonl")}


@pytest.mark.parametrize("width", ["80", "200"])
@pytest.mark.parametrize(
    ("name", "args"), [("reprice", []), ("reprice-all", ["--all"]), ("reprice-dry-run", ["--dry-run"])]
)
def test_what_is_printed(reprice: Run, home: Path, name: str, args: list[str], width: str) -> None:
    """The models whose cost changed, the totals before and after, and what stays unpriced."""
    fill(home, without_prices())
    result = reprice(*args, COLUMNS=width)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (EXPECTED / f"{name}-{width}.txt").read_text("utf-8")


def test_only_unpriced_calls_are_priced(reprice: Run, home: Path) -> None:
    """The others keep the cost of their day, whatever the table says by now."""
    fill(home, [unpriced(1, "o3")])
    before = stored(home)
    reprice()
    after = stored(home)
    assert {name for name in after if after[name] != before[name]} == {"u1", "c05"}
    # Not cached 750,000 at 100, cached 250,000 at 50, output 10,000 at 200 USD per million.
    assert after["u1"].cost_usd == Decimal("89.5")
    assert (after["u1"].price_id, after["u1"].cost_source) == ("openai/o3@2026-11-23", "table")
    # Not priced, but now it is written why.
    assert (
        after["c05"].unpriced_reason == "no price for model 'gpt-experimental-unlisted' of provider 'openai'"
    )


def test_all_prices_what_has_a_price_too(reprice: Run, home: Path) -> None:
    """A call whose model has another price now gets it, and one without any loses its cost."""
    said = outcome(reprice("--all", "--json"))
    after = stored(home)
    assert after["p1"].cost_usd == Decimal("0.1346")
    assert after["c04"].cost_usd is None
    assert (said["priced"], said["changed"], said["lost"]) == (0, 3, 1)
    assert after["c09"].status == "running"
    assert after["c09"].unpriced_reason is None


def test_a_call_is_priced_by_its_own_day(reprice: Run, home: Path) -> None:
    """Not by the day on which it is priced again."""
    fill(
        home,
        [
            unpriced(n, "anvil-1", provider="acme", started_at=f"2026-{n:02}-01T00:00:00.000Z")
            for n in (1, 11)
        ],
    )
    reprice()
    after = stored(home)
    assert after["u1"].price_id == "acme/anvil-1@2026-01-01"
    assert after["u11"].price_id == "acme/anvil-1@2026-10-01"


def test_what_the_provider_stated_stays(reprice: Run, home: Path) -> None:
    """Its own figure is better than any table's."""
    call = unpriced(1, "o3", cost_usd=Decimal("0.7"), cost_source="provider")
    fill(home, [call])
    assert outcome(reprice("u", "--all", "--json"))["stated"] == 1
    assert stored(home)["u1"] == call


def test_a_second_run_changes_nothing(reprice: Run, home: Path) -> None:
    """Not a byte: what is as it should be is not written again."""
    fill(home, without_prices())
    for args in ([], ["--all"]):
        reprice(*args)
        once = files(home)
        said = outcome(reprice(*args, "--json"))
        assert (said["priced"], said["changed"], said["lost"]) == (0, 0, 0)
        assert files(home) == once


def test_history_is_appended_to_and_never_rewritten(reprice: Run, home: Path) -> None:
    """What was on the disk stands there still, and whole lines of the same calls follow."""
    before = files(home)
    reprice("--all")
    after = files(home)
    assert all(after[path].startswith(text) for path, text in before.items())
    added = [json.loads(line) for path in after for line in after[path][len(before[path]) :].splitlines()]
    assert sorted(name for line in added for name in line["calls"]) == ["c00", "c01", "c04", "c05", "p1"]


def test_a_dry_run_writes_nothing_and_says_the_same(reprice: Run, home: Path) -> None:
    """Old and new totals are those that the real run comes to."""
    fill(home, without_prices())
    before = files(home)
    tried = outcome(reprice("--all", "--dry-run", "--json"))
    assert files(home) == before
    done = outcome(reprice("--all", "--json"))
    assert (tried.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert tried == done


@pytest.mark.parametrize(
    ("args", "changed"),
    [
        ([TRIAGE_ID], {"c00", "c01", "c04", "c05"}),
        (["-1"], {"p1"}),
        (["b-2", "triage ticket 4711", "--model", "o3"], {"p1"}),
        (["--since", "2026-11-23T20:00:03Z", "--until", "2026-11-23T20:00:05Z"], {"c04"}),
        (["--user", "ann"], {"c01"}),
        (["--name", "none"], set()),
    ],
)
def test_sessions_and_filters_choose_the_calls(
    reprice: Run, home: Path, args: list[str], changed: set[str]
) -> None:
    """Sessions as `show` takes them, filters as `list` has them; they narrow each other."""
    before = stored(home)
    assert reprice("--all", *args).exit_code == 0
    after = stored(home)
    assert {name for name in after if after[name] != before[name]} == changed


def test_a_call_whose_parts_had_no_price_gets_them_all(reprice: Run, home: Path) -> None:
    """The parts' own costs are written too."""
    usage = Usage(input_tokens=1_000_000)
    part = UsagePart(model="embed", usage=usage)
    fill(home, [unpriced(1, "o3", provider="acme", usage=usage, usage_parts=(part, part))])
    reprice()
    call = stored(home)["u1"]
    assert [one.cost_usd for one in call.usage_parts] == [Decimal("0.1"), Decimal("0.1")]
    assert call.cost_usd == Decimal("0.2")


def test_nothing_is_made_where_nothing_is(reprice: Run, tmp_path: Path) -> None:
    """An empty home stays one."""
    result = reprice("--home", "none")
    assert (
        result.stdout == f"No call in {tmp_path / 'none'} is meant; `sessiontap list` shows what there is.\n"
    )
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("args", "code", "stderr"),
    [
        (["nobody"], 1, "sessiontap: no session fits 'nobody' in "),
        (["-9"], 1, "sessiontap: no session -9: there are 2; "),
        (["--frobnicate"], 2, "Usage: sessiontap reprice "),
        ([""], 2, "Usage: sessiontap reprice "),
        (["--pricing", "none.yaml"], 2, "Usage: sessiontap reprice "),
    ],
)
def test_what_cannot_be_meant_is_told(reprice: Run, args: list[str], code: int, stderr: str) -> None:
    """Nothing is priced then."""
    result = reprice(*args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(stderr)


def test_a_broken_price_file_stops_it(reprice: Run, tmp_path: Path, home: Path) -> None:
    """Calls are not priced by half of the prices."""
    before = files(home)
    write_prices(tmp_path, "providers: {acme: {models: {m: {input: -1}}}}\n")
    result = reprice("--all")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("sessiontap: prices.yaml:1: acme > m > input: '-1'; allowed is ")
    assert files(home) == before


def test_a_version_that_a_proxy_wrote_meanwhile_stays(
    reprice: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of a session and the writing of its prices another process may append."""
    fill(home, [unpriced(1, "o3"), unpriced(2, "o3")])
    later = unpriced(1, "o3", status="error", usage=Usage())
    read = Ledger.calls

    def calls(self: Ledger, session_id: str | None) -> list[Call]:
        """The proxy comes in between."""
        fill(home, [later])
        return read(self, session_id)

    monkeypatch.setattr(Ledger, "calls", calls)
    reprice("--model", "o3", "--since", "2026-11-23")
    monkeypatch.undo()
    after = stored(home)
    assert after["u1"] == later
    assert after["u2"].cost_usd == Decimal("89.5")


def test_several_at_once_come_to_the_same(home: Path, tmp_path: Path) -> None:
    """Every line that they leave is whole, and each call has the one price."""
    fill(
        home, [unpriced(n, "o3", call_id=f"m{n}", started_at="2026-11-23T21:00:00.000Z") for n in range(200)]
    )
    prices = str(write_prices(tmp_path))
    command = [sys.executable, "-m", "sessiontap", "reprice", "--pricing", prices, "--home", str(home)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for one in runs:
        assert one.communicate(timeout=60)[1] == b""
        assert one.returncode == 0
    with Ledger(home) as ledger:
        calls = ledger.calls("u")
        assert ledger.problems == ()
    assert {call.cost_usd for call in calls} == {Decimal("89.5")}


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_ctrl_c_leaves_whole_lines(home: Path, tmp_path: Path) -> None:
    """Exit code 130, a line that says so, and a store that the next run goes on with."""
    many = 40
    for number in range(many):
        fill(
            home,
            [
                unpriced(
                    n,
                    "o3",
                    session_id=f"s{number}",
                    call_id=f"s{number}-{n}",
                    started_at="2026-11-24T00:00:00.000Z",
                )
                for n in range(50)
            ],
        )
    prices = str(write_prices(tmp_path))
    command = [sys.executable, "-m", "sessiontap", "reprice", "--pricing", prices, "--home", str(home)]
    outer, inner = pytest.importorskip("pty").openpty()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=inner)
    os.close(inner)
    seen = b""
    while b"looked at" not in seen:
        seen += os.read(outer, 1000)
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 130
    rest = _drained(outer)
    assert b"sessiontap: stopped after " in rest
    assert b"Traceback" not in rest
    with Ledger(home) as ledger:
        before = [call for session in ledger.sessions() for call in session.calls]
        assert ledger.problems == ()
    assert any(call.cost_usd is None for call in before if call.model == "o3")
    subprocess.run(command, check=True, capture_output=True)
    assert all(call.cost_usd is not None for call in stored(home).values() if call.model == "o3")


def _drained(handle: int) -> bytes:
    """What is left in a terminal whose other end is closed."""
    found = b""
    try:
        while data := os.read(handle, 65536):
            found += data
    except OSError:
        pass
    os.close(handle)
    return found
