"""Recorded traffic of every provider through a real mitmdump: all of it, exactly, unchanged."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.pricing import load_prices
from sessiontap.resources import find
from sessiontap.store import Ledger
from tests.end_to_end.recorded import SESSION, Played, Player
from tests.oracles.calls import kind_of
from tests.oracles.corpus import HTTP_FILE, exchanges
from tests.oracles.usage import expected_usage, stated_cost

pytestmark = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)

_SEED = 20261123
_LEAST_WITH_USAGE = 1_200


@dataclass(frozen=True, slots=True)
class Run:
    """What was played, and what the proxy recorded of it."""

    played: list[Played]
    calls: dict[str, Call]
    log: str

    def call_of(self, played: Played) -> Call | None:
        """The record of an exchange; of a poll, the record of the call that it asked for."""
        if played.call_id in self.calls:
            return self.calls[played.call_id]
        ids = {document.get("id") for document in played.exchange.documents()}
        return next(
            (call for call in self.calls.values() if call.response_id and call.response_id in ids), None
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every recorded exchange, model call or not, sent through mitmdump once."""
    folder: Path = tmp_path_factory.mktemp("corpus")
    recorded = exchanges()
    player = Player(recorded, _SEED)
    hosts = sorted({each.host for each in recorded if each.url.scheme == "https"})
    # What goes to strangers is looked at too: it must make no call.
    options = {"sessiontap_passthrough": "off"}
    with (
        Double(player.handler, hosts=hosts, folder=folder) as double,
        ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double, options=options) as proxy,
    ):
        played = player.play(proxy)
        assert double.faults == []
        proxy.stop()
        log = proxy.log
    return Run(played, {call.call_id: call for call in Ledger(folder / "home").calls(SESSION)}, log)


def test_every_byte_reaches_the_client_unchanged(run: Run) -> None:
    """Each client got the double's status and exactly the bytes that it sent, compressed as they were."""
    changed = [
        each.exchange.source
        for each in run.played
        if each.received != each.sent or each.status != each.exchange.status
    ]
    assert changed == []
    assert len(run.played) == len(exchanges())


def test_every_exchange_with_usage_is_recorded_exactly(run: Run, print_table: Callable[[str], None]) -> None:
    """Each exchange that carries usage is a call with just that usage; the table printed has no gap."""
    table: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    wrong = []
    for each in run.played:
        expected = expected_usage(each.exchange)
        if not expected:
            continue
        call = run.call_of(each)
        row = table[(call.provider, call.api) if call else (each.exchange.host, "not recorded")]
        recorded = msgspec.to_builtins(call.usage) if call else {}
        row[0] += 1
        row[1] += call is not None
        row[2] += recorded == expected
        if recorded != expected:
            wrong.append((each.exchange.source, recorded, expected))
    lines = [f"{'provider':20} {'api':26} {'n':>5} {'recorded':>9} {'exact':>6}"]
    for (provider, api), figures in sorted(table.items()):
        lines.append(f"{provider:20} {api:26} {figures[0]:5} {figures[1]:9} {figures[2]:6}")
    print_table("\n".join(lines))
    assert wrong == []
    assert sum(row[0] for row in table.values()) > _LEAST_WITH_USAGE


def test_nothing_but_model_calls_is_recorded(run: Run) -> None:
    """Files, listings, settings, token counts and data bases make no call; a poll makes none of its own."""
    calls = {each.call_id: each for each in run.played if kind_of(each.exchange) == "call"}
    not_recorded = [each.exchange.url.geturl() for id_, each in calls.items() if id_ not in run.calls]
    assert not_recorded == []
    assert [call.url_path for id_, call in run.calls.items() if id_ not in calls] == []


def test_whole_replies_are_reported_and_none_is_running(run: Run) -> None:
    """Usage is `reported` just where a reply has it, no whole reply is taken for a cut one, polls end all."""
    reported = {
        call.call_id
        for each in run.played
        if expected_usage(each.exchange) and (call := run.call_of(each)) is not None
    }
    assert [
        (call.host, call.url_path, call.usage_source)
        for call in run.calls.values()
        if call.usage_source not in ({"reported"} if call.call_id in reported else {"estimated", "none"})
    ] == []
    assert [
        (call.host, call.url_path, call.status)
        for call in run.calls.values()
        if call.status not in {"ok", "error"}
    ] == []


def test_a_cost_that_the_provider_states_is_the_cost(run: Run) -> None:
    """Where a reply says what it costs, that is recorded to the last digit; elsewhere the table decides."""
    stated = {each.call_id: stated_cost(each.exchange) for each in run.played}
    assert [
        (call.host, call.cost_usd, call.cost_source, stated[call.call_id])
        for call in run.calls.values()
        if (stated[call.call_id] is not None) != (call.cost_source == "provider")
        or (call.cost_source == "provider" and call.cost_usd != stated[call.call_id])
    ] == []
    assert sum(cost is not None for cost in stated.values()) > 30


def test_recording_raises_no_alarm(run: Run) -> None:
    """The proxy's log has no warning of ours, but for requests whose body was recorded as no JSON."""
    said = [line for line in run.log.splitlines() if "sessiontap:" in line and "recording to" not in line]
    not_json = [
        each for each in run.played if kind_of(each.exchange) == "call" and not each.exchange.request_is_json
    ]
    assert [line for line in said if "request body: not JSON" not in line] == []
    assert len(said) == len(not_json)


def test_every_other_cost_is_that_of_our_table(run: Run) -> None:
    """Each call is recorded with the cost, parts and price that the table gives, or why there is none."""
    table = load_prices(find("pricing.yaml"))
    priced = [call for call in run.calls.values() if call.usage and call.cost_source != "provider"]
    assert [(call.provider, call.model) for call in priced if table.price(call) != call] == []
    assert sum(call.cost_source == "table" for call in priced) > _LEAST_WITH_USAGE
