"""Budgets through a real mitmdump: the SDKs raise at once, and a session costs no more than it may."""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import boto3  # type: ignore[import-untyped]
import openai
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from google import genai
from google.genai import errors, types

from sessiontap.call import Call
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.errors import SessiontapError
from sessiontap.store import Ledger
from sessiontap.times import rfc3339
from sessiontap.usage import Usage
from tests.end_to_end.place import Place, open_place, plain
from tests.oracles.corpus import HOSTS
from tests.sessions.samples import make_call

# A cent: gpt-5-nano's input is $0.05 a million.
CENT = Usage(input_tokens=200_000, output_tokens=0)
SPENT = "spent"


def _answer(call: ReceivedCall) -> Answer:
    """A cent's worth, whatever is asked."""
    stream = bool(json.loads(call.body).get("stream"))
    return replies.openai_chat("gpt-5-nano", "Hello", CENT, stream=stream)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A proxy before a double, and a session of a cent."""
    folder: Path = tmp_path_factory.mktemp("budget")
    with open_place(folder) as opened:
        assert opened.send(SPENT, _answer)[0] == 200
        opened.settled(SPENT)
        yield opened


@pytest.fixture(autouse=True)
def _through_the_proxy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", place.proxy.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(place.proxy.ca_file))
    monkeypatch.delenv("NO_PROXY", raising=False)


HEADERS = {"Helicone-Session-Id": SPENT, "Sessiontap-Budget-Usd": "0.01"}


def by_openai(*, stream: bool) -> Any:
    """Chat completions."""
    client = openai.OpenAI(api_key="k", default_headers=HEADERS)
    return client.chat.completions.create(
        model="gpt-5-nano", messages=[{"role": "user", "content": "Hi"}], stream=stream
    )


def by_anthropic(*, stream: bool) -> Any:
    """Messages."""
    client = anthropic.Anthropic(api_key="k", default_headers=HEADERS)
    return client.messages.create(
        model="claude-haiku-4-5",
        max_tokens=9,
        messages=[{"role": "user", "content": "Hi"}],
        stream=stream,
    )


def by_google(*, stream: bool) -> Any:
    """GenerateContent."""
    client = genai.Client(api_key="k", http_options=types.HttpOptions(headers=HEADERS))
    # Else its connection stays open in the error's traceback.
    with closing(client):
        if stream:
            return list(client.models.generate_content_stream(model="gemini-2.5-flash", contents="Hi"))
        return client.models.generate_content(model="gemini-2.5-flash", contents="Hi")


def by_boto3(place: Place) -> Any:
    """Converse; botocore signs only its own headers, so the session comes by the proxy's URL."""
    proxy = f"http://{SPENT}%3Fbudget%3D0.01:run@127.0.0.1:{place.proxy.port}"
    client = boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="s",
        config=Config(proxies={"https": proxy}),
        verify=str(place.proxy.ca_file),
    )
    message: Any = {"role": "user", "content": [{"text": "Hi"}]}
    return client.converse(modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=[message])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("call", "error"),
    [
        (by_openai, openai.APIStatusError),
        (by_anthropic, anthropic.APIStatusError),
        (by_google, errors.APIError),
    ],
)
def test_an_sdk_raises_at_once(
    place: Place, call: Callable[..., Any], error: type[Exception], *, stream: bool
) -> None:
    """One call, one error in words that help, no try again, nothing upstream; recorded as `budget`, free."""
    before, upstream = refused(place), len(place.double.received)
    with pytest.raises(error) as caught:
        call(stream=stream)
    assert "has cost $0.0100 of its budget of $0.01" in str(caught.value)
    assert len(place.double.received) == upstream
    (new,) = [each for each in refused(place) if each.call_id not in {old.call_id for old in before}]
    assert (new.status, new.http_status, new.error_type) == ("error", 402, "budget")
    assert not new.cost_usd
    assert not new.unpriced


def test_boto3_raises_at_once(place: Place) -> None:
    """Signed as it is; AWS's own kind of error."""
    before, upstream = refused(place), len(place.double.received)
    with pytest.raises(ClientError, match="has cost") as caught:
        by_boto3(place)
    assert caught.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
    assert len(place.double.received) == upstream
    assert len(refused(place)) == len(before) + 1


def refused(place: Place) -> list[Call]:
    """The calls of the session that did not go."""
    return [call for call in Ledger(place.proxy.home).calls(SPENT) if call.error_type == "budget"]


def test_the_log_says_it_once(place: Place) -> None:
    """One line as the budget is reached, however many calls are refused."""
    for _ in range(3):
        assert place.send("told", _answer, Sessiontap_Budget_Usd="0.01")[0] in {200, 402}
    (line,) = place.logged("session told has cost")
    assert "100 % of its budget of $0.01, further calls are refused" in line


def test_a_session_without_a_budget_is_free_to_go_on(place: Place) -> None:
    """The same session, without the header."""
    assert place.send(SPENT, plain)[0] == 200


def test_the_budgets_header_does_not_travel_on(place: Place) -> None:
    """It is the proxy's own."""
    seen: list[ReceivedCall] = []

    def look(call: ReceivedCall) -> Answer:
        seen.append(call)
        return plain(call)

    assert place.send("rich", look, Sessiontap_Budget_Usd="5")[0] == 200
    assert seen[0].header("sessiontap-budget-usd") is None


def test_what_is_no_budget_is_said(place: Place) -> None:
    """A typing error limits nothing: the call goes, and the log says so once, without a control character."""
    for _ in range(2):
        assert place.send("typo", plain, Sessiontap_Budget_Usd="2,50 \x1b[2J")[0] == 200
    (line,) = place.logged("as its session's budget")
    assert "'2,50 \\x1b[2J'" in line
    assert "Write it as 2.50" in line
    assert place.send(SPENT, plain, Sessiontap_Budget_Usd="$0.01")[0] == 402


def test_two_proxies_stop_a_session_together(tmp_path: Path) -> None:
    """Eight calls at a time of a cent each: no more than the budget, and those that were under way."""
    at_once, budget = 8, Decimal("0.05")
    with ExitStack() as running:
        folder = tmp_path / "double"
        folder.mkdir()
        double = running.enter_context(Double(_answer, hosts=HOSTS, folder=folder))
        proxies = [
            running.enter_context(
                ProxyProcess(
                    home=tmp_path / "home",
                    confdir=tmp_path / "conf",
                    double=double,
                    options={"sessiontap_budget": str(budget)},
                )
            )
            for _ in range(2)
        ]
        places = [Place(double, proxy, tmp_path, {"shared": _answer}) for proxy in proxies]
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            sent = [pool.submit(places[n % 2].send, "shared", _answer) for n in range(40)]
            statuses = [future.result()[0] for future in sent]
        (last,) = {place.send("shared", _answer)[0] for place in places}
        for proxy in proxies:
            proxy.stop()
        assert double.faults == []
    calls = Ledger(tmp_path / "home").calls("shared")
    cost = sum((call.cost_usd or Decimal(0) for call in calls), Decimal(0))
    assert budget <= cost <= budget + at_once * Decimal("0.01")
    assert statuses.count(200) == cost / Decimal("0.01")
    assert set(statuses) == {200, 402}
    assert last == 402


def test_a_day_s_budget_holds_for_every_session_and_every_proxy(tmp_path: Path) -> None:
    """What one proxy records ends the calls of the other, whatever session they are of."""
    options = {"sessiontap_budget_day": "0.02"}
    with open_place(tmp_path, options=options) as place:
        with Ledger(place.proxy.home) as other:
            other.append(
                make_call(1, "/", session_id="elsewhere", started_at=now(), cost_usd=Decimal("0.01"))
            )
        assert place.send("one", _answer)[0] == 200
        place.settled("one")
        deadline = time.monotonic() + 30
        while (status := place.send("two", _answer)[0]) == 200:
            assert time.monotonic() < deadline
        assert status == 402


def test_a_session_has_no_more_calls_than_it_may(tmp_path: Path) -> None:
    """The next one is refused; another session goes on."""
    with open_place(tmp_path, options={"sessiontap_max_calls": "2"}) as place:
        assert [place.send("one", _answer)[0] for _ in range(4)] == [200, 200, 402, 402]
        assert place.send("two", _answer)[0] == 200


def now() -> str:
    """A call that starts now is one of this day."""
    return rfc3339(time.time())


def test_a_word_that_is_no_amount_is_refused_at_the_start(tmp_path: Path) -> None:
    """An option that cannot be meant ends the start with one line."""
    with (
        pytest.raises(SessiontapError, match="sessiontap_budget: 'much' is no amount"),
        open_place(tmp_path, options={"sessiontap_budget": "much"}),
    ):
        pass
