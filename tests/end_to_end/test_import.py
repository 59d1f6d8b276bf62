"""What a real mitmdump wrote beside the addon, and without it, is imported as what the addon records live."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sessiontap.call import Call
from sessiontap.cli.main import cli
from sessiontap.demo.agent import Agent
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.demo.script import HOSTS, handler, story
from sessiontap.store import Ledger


def _captured(home: Path, scratch: Path, *, addon: bool, keep: bool = True) -> tuple[Path, Path]:
    """Runs the demonstration's agent through mitmdump; the flow file and the HAR that it wrote."""
    scratch.mkdir()
    steps = story()
    files = scratch / "flows.mitm", scratch / "flows.har"
    options = {
        "save_stream_file": str(files[0]),
        "hardump": str(files[1]),
        "store_streamed_bodies": str(keep).lower(),
    }
    with (
        Double(handler(steps), hosts=HOSTS, folder=scratch) as double,
        ProxyProcess(
            home=home, confdir=scratch / "mitmproxy", double=double, options=options, addon=addon
        ) as proxy,
    ):
        Agent(proxy_port=proxy.port, ca_file=proxy.ca_file, session_id="the-run", watcher=lambda _: None).run(
            steps
        )
    return files


def _import(home: Path, *files: Path) -> str:
    result = CliRunner().invoke(cli, ["import", *map(str, files), "--home", str(home)])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _calls(home: Path) -> list[Call]:
    return [call for session in Ledger(home).sessions() for call in session.calls]


@pytest.mark.parametrize("keep", [True, False], ids=["stored", "streamed away"])
def test_what_was_recorded_live_is_there_already(tmp_path: Path, keep: bool) -> None:
    """A flow file and a HAR that were written beside the addon bring nothing new, with bodies or without."""
    home = tmp_path / "home"
    files = _captured(home, tmp_path / "scratch", addon=True, keep=keep)
    live = _calls(home)
    told = _import(home, *files)
    assert told.count(f"{len(live)} there already") == 2
    assert _calls(home) == live


def test_a_capture_without_the_addon_is_what_the_addon_would_have_recorded(tmp_path: Path) -> None:
    """Sessions, usage and costs of the same run, out of both formats."""
    live, with_flows, with_har = tmp_path / "live", tmp_path / "mitm", tmp_path / "har"
    _captured(live, tmp_path / "one", addon=True)
    flows, har = _captured(tmp_path / "none", tmp_path / "two", addon=False)
    _import(with_flows, flows)
    _import(with_har, har)
    figures = [
        sorted(
            (
                call.session_id,
                call.session_path,
                call.response_model or "",
                call.status,
                str(call.usage),
                call.cost_usd,
            )
            for call in _calls(home)
            if call.status == "ok"
        )
        for home in (live, with_flows, with_har)
    ]
    assert figures[1] == figures[2]
    assert [row[:4] for row in figures[0]] == [row[:4] for row in figures[1]]
