"""Recorded traffic of OpenAI, Anthropic and Google through a real mitmdump: all of it, exactly, unchanged."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sessiontap.call import Call
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.providers import DIRECTORY
from sessiontap.store import Ledger
from tests.end_to_end.recorded import SESSION, Played, Player
from tests.oracles.corpus import HOSTS, HTTP_FILE, exchanges
from tests.oracles.usage import Counts, expected_usage

pytestmark = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)

_SEED = 20261123
# Counts that a provider bills by the piece; the oracle reads tokens only.
_PIECES = frozenset({"web_search_requests", "file_search_requests"})


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
    """Every recorded exchange with the three hosts, model call or not, sent through mitmdump once."""
    folder: Path = tmp_path_factory.mktemp("corpus")
    player = Player(exchanges(), _SEED)
    with (
        Double(player.handler, hosts=HOSTS, folder=folder) as double,
        ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double) as proxy,
    ):
        played = player.play(proxy)
        assert double.faults == []
        proxy.stop()
        log = proxy.log
    return Run(played, {call.call_id: call for call in Ledger(folder / "home").calls(SESSION)}, log)


def _expected(played: Played) -> Counts:
    """What the oracle reads in a reply that is a model call's or the poll of one."""
    exchange = played.exchange
    found = DIRECTORY.match(exchange.method, exchange.url.netloc, exchange.target)
    # `cachedContents` reports tokens that are stored, not used.
    return expected_usage(exchange.url.netloc, exchange.documents()) if found else {}


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
        expected = _expected(each)
        if not expected:
            continue
        call = run.call_of(each)
        row = table[each.exchange.url.netloc, call.api if call else "not recorded"]
        recorded = msgspec.to_builtins(call.usage) if call else {}
        exact = {k: v for k, v in recorded.items() if k in expected or k not in _PIECES} == expected
        row[0] += 1
        row[1] += call is not None
        row[2] += exact
        if not exact:
            wrong.append((each.exchange.source, recorded, expected))
    lines = [f"{'host':36} {'api':26} {'n':>5} {'recorded':>9} {'exact':>6}"]
    for (host, api), figures in sorted(table.items()):
        lines.append(f"{host:36} {api:26} {figures[0]:5} {figures[1]:9} {figures[2]:6}")
    print_table("\n".join(lines))
    assert wrong == []
    assert sum(row[0] for row in table.values()) > 800


def test_nothing_but_model_calls_is_recorded(run: Run) -> None:
    """Files, listings, settings and token counts elsewhere make no call; a poll makes none of its own."""
    calls = {
        each.call_id
        for each in run.played
        if DIRECTORY.match(each.exchange.method, each.exchange.url.netloc, each.exchange.target) is not None
        and each.exchange.method == "POST"
    }
    assert set(run.calls) == calls


def test_whole_replies_are_reported_and_none_is_running(run: Run) -> None:
    """A reply that came whole has usage `reported`, and every background call was asked for to its end."""
    sources = collections.Counter(call.usage_source for call in run.calls.values())
    assert set(sources) == {"reported", "none"}
    running = [call.url_path for call in run.calls.values() if call.status == "running"]
    assert running == []


def test_recording_raises_no_alarm(run: Run) -> None:
    """The proxy's log has no warning of ours."""
    assert [
        line for line in run.log.splitlines() if "sessiontap:" in line and "recording to" not in line
    ] == []


# Why our cost may differ from what genai-prices gives for the same call; the first that fits counts.
_REASONS: tuple[tuple[str, Callable[[Call], bool]], ...] = (
    (
        (
            "web and file searches are billed by use (https://platform.openai.com/docs/pricing, "
            "https://docs.anthropic.com/en/docs/about-claude/pricing); genai-prices counts tokens only"
        ),
        lambda call: bool(call.usage.web_search_requests or call.usage.file_search_requests),
    ),
    (
        (
            "usage.iterations are billed at the model of each (anthropic SDK, BetaIterationsUsage); "
            "genai-prices prices the whole at the model that answered"
        ),
        lambda call: bool(call.usage_parts),
    ),
    (
        (
            "audio tokens of gpt-4o-audio-preview cost $40 in, $80 out "
            "(https://platform.openai.com/docs/pricing; so LiteLLM); genai-prices has its text rates only"
        ),
        lambda call: (call.model or "").startswith("gpt-4o-audio-preview"),
    ),
)


def test_cost_is_that_of_genai_prices(run: Run, print_table: Callable[[str], None]) -> None:
    """Each call that genai-prices knows costs the same to 1e-6, or differs for a reason that is named."""
    pytest.importorskip("genai_prices", reason="genai-prices needs Python 3.12")
    from tests.oracles.prices import genai_prices_cost

    counted: collections.Counter[str] = collections.Counter()
    unexplained = []
    for call in run.calls.values():
        if not call.usage:
            continue
        assert call.cost_usd is not None, (call.model, call.unpriced_reason)
        theirs = genai_prices_cost(call)
        if theirs is None:
            counted[f"priced here, unknown to genai-prices: {call.model}"] += 1
        elif abs(theirs - call.cost_usd) <= Decimal("0.000001"):
            counted["equal"] += 1
        else:
            reason = next((text for text, fits in _REASONS if fits(call)), None)
            counted[f"different: {reason}"] += 1
            if reason is None:
                unexplained.append((call.model, call.service_tier, call.usage, call.cost_usd, theirs))
    print_table("\n".join(f"{number:5}  {text}" for text, number in counted.most_common()))
    assert unexplained == []
    assert counted["equal"] > 750
