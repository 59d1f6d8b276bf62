from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mitmproxy.connection import Server
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.test import tflow
from mitmproxy.tls import TlsData

from sessiontap.providers import DIRECTORY
from sessiontap.proxy.refusals import Refusals
from sessiontap.settings import Settings
from sessiontap.store.refusals import MOST_HOSTS, read_refusals

SAID = "The client does not trust the proxy's certificate for api.openai.com (tlsv1 alert unknown ca)"
LEFT = (
    "The client disconnected during the handshake. If this happens consistently for x, this may indicate"
    " that the client does not trust the proxy's certificate."
)
LATER = "2999-01-01T00:00:00.000Z"


def now(job: Callable[[], None]) -> None:
    """Does a job at once."""
    job()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home that is not there yet."""
    return Settings(home=tmp_path / "home", confdir=tmp_path)


def fail(refusals: Refusals, settings: Settings, host: str = "api.openai.com", said: str = SAID) -> None:
    """A handshake fails."""
    client = tflow.tclient_conn()
    client.sni, client.error = host, said
    context = Context(client, Options())
    context.server = Server(address=("203.0.113.7", 443))
    refusals.failed(TlsData(client, context), DIRECTORY, settings)


@pytest.mark.parametrize(
    ("said", "certain"),
    [
        (SAID, True),
        (LEFT, False),
        ("The client may not trust the proxy's certificate for x (whatever)", False),
        ("Cannot parse ClientHello: 16030100", None),
        ("Client and mitmproxy cannot agree on a TLS version to use.", None),
        ("connection closed early", None),
    ],
)
def test_only_what_is_about_the_certificate_counts(
    settings: Settings, said: str, certain: bool | None
) -> None:
    """A client that says so is certain, one that leaves is not, and other faults are none of it."""
    refusals = Refusals(now)
    fail(refusals, settings, said=said)
    assert [each.certain for each in refusals.seen] == ([] if certain is None else [certain])


def test_a_later_call_ends_it(settings: Settings) -> None:
    """In memory and in the home; an earlier one, which is only now recorded, does not."""
    refusals = Refusals(now)
    fail(refusals, settings)
    refusals.write(settings.home)
    refusals.recorded("api.openai.com", "2000-01-01T00:00:00.000Z")
    refusals.write(settings.home)
    assert len(refusals.seen) == len(read_refusals(settings.home)) == 1
    refusals.recorded("api.openai.com", LATER)
    refusals.write(settings.home)
    assert not refusals.seen
    assert not read_refusals(settings.home)


def test_what_another_proxy_has_seen_is_forgotten_once_a_minute(settings: Settings) -> None:
    """A host that works costs no more than a look at a clock."""
    time = [0.0]
    jobs: list[Callable[[], None]] = []

    def run(job: Callable[[], None]) -> None:
        jobs.append(job)
        job()

    refusals = Refusals(run, clock=lambda: time[0])
    for second in range(121):
        time[0] = float(second)
        refusals.recorded("api.openai.com", LATER)
        refusals.write(settings.home)
    assert len(jobs) == 3
    assert not settings.home.exists()


def test_what_cannot_be_written_waits(settings: Settings) -> None:
    """And adds up."""
    settings.home.write_text("in the way")
    refusals = Refusals(now)
    for _ in range(3):
        fail(refusals, settings)
        refusals.write(settings.home)
    settings.home.unlink()
    refusals.write(settings.home)
    assert [each.count for each in read_refusals(settings.home)] == [3]


def test_memory_and_log_are_bounded(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """However many names under a provider's pattern a client makes up."""
    refusals = Refusals(now)
    for number in range(MOST_HOSTS + 50):
        fail(refusals, settings, f"r{number}.openai.azure.com")
        fail(refusals, settings, f"r{number}.openai.azure.com")
    assert len(refusals.seen) == MOST_HOSTS
    assert len(caplog.records) == MOST_HOSTS
    refusals.write(settings.home)
    assert len(read_refusals(settings.home)) == MOST_HOSTS
