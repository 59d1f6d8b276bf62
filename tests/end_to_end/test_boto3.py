"""boto3's bedrock-runtime through a real mitmdump: it reads what it read before, and every call is recorded.

What boto3 signed reaches the double as it was signed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.eventstream import ChecksumMismatch  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from sessiontap.demo.answer import Answer, Handler, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.usage import Usage
from tests.aws_frames import frame
from tests.end_to_end.place import Place, raw

HOST = "bedrock-runtime.us-east-1.amazonaws.com"
NOVA, CLAUDE = "us.amazon.nova-lite-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TEXT = "The order is replaced today."
MESSAGES = [{"role": "user", "content": [{"text": "Hi"}]}]
USAGE = {"inputTokens": 20, "outputTokens": 7, "totalTokens": 127, "cacheReadInputTokens": 100}
COUNTED = Usage(input_tokens=120, cache_read_input_tokens=100, output_tokens=7)
CONVERSE_EVENTS = (
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": TEXT[:9]}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": TEXT[9:]}}),
    ("messageStop", {"stopReason": "end_turn"}),
    ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 9}}),
)
CLAUDE_USAGE = {"input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 7}
CLAUDE_REPLY = {
    "id": "msg_bdrk_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "usage": CLAUDE_USAGE,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for all the tests here; each test has a session of its own."""
    folder: Path = tmp_path_factory.mktemp("boto3")
    with (
        Double(raw(b"{}", status=404), hosts=(HOST,), folder=folder) as double,
        ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double) as proxy,
    ):
        made = Place(double, proxy, folder)
        double.handler = made.answer
        yield made
        assert double.faults == []


class Client:
    """A boto3 client whose calls carry a session's headers, and what it was about to send."""

    def __init__(self, place: Place, session: str, handler: Handler, *, sign_them: bool = False) -> None:
        self._place = place
        self._headers = {"Helicone-Session-Id": session, "x-test": session}
        self.signed: dict[str, str] = {}
        place.handlers[session] = handler
        self.boto: Any = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            aws_access_key_id="AKIANONE",
            aws_secret_access_key="none",
            verify=str(place.proxy.ca_file),
            config=Config(proxies={"https": place.proxy.url}, retries={"total_max_attempts": 1}),
        )
        events = self.boto.meta.events
        events.register("before-sign.*" if sign_them else "before-send.*", self._add_headers)
        events.register_last("before-send.*", self._remember)

    def _add_headers(self, request: Any, **_: object) -> None:
        for name, value in self._headers.items():
            request.headers[name] = value

    def _remember(self, request: Any, **_: object) -> None:
        self.signed = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }


def _streamed(*messages: bytes) -> Handler:
    headers = (("Content-Type", "application/vnd.amazon.eventstream"),)
    return lambda _: Answer(headers=headers, chunks=messages)


def _converse_stream(*more: bytes) -> Handler:
    return _streamed(*(frame(name, json.dumps(said).encode()) for name, said in CONVERSE_EVENTS), *more)


def _chunks(*said: dict[str, Any]) -> Handler:
    carried = (base64.b64encode(json.dumps(each).encode()).decode() for each in said)
    return _streamed(*(frame("chunk", json.dumps({"bytes": each, "p": "ab"}).encode()) for each in carried))


def _converse(place: Place, session: str) -> str:
    reply = {
        "output": {"message": {"role": "assistant", "content": [{"text": TEXT}]}},
        "stopReason": "end_turn",
        "usage": USAGE,
        "metrics": {"latencyMs": 9},
    }
    client = Client(place, session, raw(json.dumps(reply).encode())).boto
    said = client.converse(modelId=NOVA, messages=MESSAGES)
    return str(said["output"]["message"]["content"][0]["text"])


def _converse_streamed(place: Place, session: str) -> str:
    client = Client(place, session, _converse_stream()).boto
    stream = client.converse_stream(modelId=NOVA, messages=MESSAGES)["stream"]
    return _said(stream)


def _invoke(place: Place, session: str) -> str:
    client = Client(place, session, raw(json.dumps(CLAUDE_REPLY).encode())).boto
    said = client.invoke_model(modelId=CLAUDE, body=b'{"max_tokens": 9, "messages": []}')
    return str(json.loads(said["body"].read())["content"][0]["text"])


def _invoke_streamed(place: Place, session: str) -> str:
    handler = _chunks(
        {"type": "message_start", "message": {**CLAUDE_REPLY, "content": [], "stop_reason": None}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 20}},
    )
    client = Client(place, session, handler).boto
    stream = client.invoke_model_with_response_stream(modelId=CLAUDE, body=b"{}")["body"]
    said = [json.loads(event["chunk"]["bytes"]) for event in stream]
    return "".join(each["delta"].get("text", "") for each in said if "delta" in each)


def _said(stream: Any) -> str:
    return "".join(event.get("contentBlockDelta", {}).get("delta", {}).get("text", "") for event in stream)


OPERATIONS: dict[str, tuple[Callable[[Place, str], str], str, str, bool]] = {
    "converse": (_converse, "bedrock.converse", NOVA, False),
    "converse_stream": (_converse_streamed, "bedrock.converse", NOVA, True),
    "invoke_model": (_invoke, "bedrock.invoke", CLAUDE, False),
    "invoke_model_with_response_stream": (_invoke_streamed, "bedrock.invoke", CLAUDE, True),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_call_is_recorded(place: Place, name: str) -> None:
    """boto3 reads its reply as ever, and the call stands in its session with the exact usage."""
    make, api, model, streamed = OPERATIONS[name]
    assert make(place, name) == TEXT
    call = place.settled(name)
    assert (call.provider, call.api, call.request_model, call.stream) == (
        "aws.bedrock",
        api,
        model,
        streamed,
    )
    assert (call.status, call.http_status, call.usage_source) == ("ok", 200, "reported")
    assert call.usage == COUNTED
    assert call.finish_reasons == ("end_turn",)
    assert call.ttft_ms is not None


def test_an_error_is_recorded(place: Place) -> None:
    """A failed call raises in boto3, and its record names the kind and says the provider's words."""
    handler = raw(b'{"message":"No such model."}', ("x-amzn-errortype", "ValidationException"), status=400)
    with pytest.raises(ClientError, match="No such model"):
        Client(place, "error", handler).boto.converse(modelId=NOVA, messages=MESSAGES)
    call = place.settled("error")
    assert (call.status, call.http_status) == ("error", 400)
    assert (call.error_type, call.error_message) == ("ValidationException", "No such model.")


def test_a_damaged_stream_reaches_boto3_as_it_is(place: Place) -> None:
    """A wrong check sum is boto3's to find; the record keeps what came before it, and the log says so."""
    damaged = bytearray(frame("contentBlockDelta", b'{"delta":{"text":"!"}}'))
    damaged[-6] ^= 1
    stream = Client(place, "damaged", _converse_stream(bytes(damaged))).boto.converse_stream(
        modelId=NOVA, messages=MESSAGES
    )["stream"]
    with pytest.raises(ChecksumMismatch):
        _said(stream)
    call = place.settled("damaged")
    assert (call.status, call.usage) == ("ok", COUNTED)
    assert "does not fit its check sum" in "".join(place.logged(call.call_id))
    assert _converse(place, "after the damage") == TEXT


def _signed_headers(call: ReceivedCall) -> list[str]:
    found = re.search(r"SignedHeaders=([^,\s]+)", call.header("authorization") or "")
    assert found is not None
    return found[1].split(";")


@pytest.mark.parametrize("sign_them", [False, True], ids=["not signed", "signed"])
def test_what_was_signed_reaches_the_provider(place: Place, sign_them: bool) -> None:
    """The signature and all that it covers arrive as sent; session headers go where nobody signed them."""
    session = f"signed {sign_them}"
    client = Client(place, session, _converse_stream(), sign_them=sign_them)
    assert _said(client.boto.converse_stream(modelId=NOVA, messages=MESSAGES)["stream"]) == TEXT
    received = next(call for call in place.double.received if call.header("x-test") == session)
    signed = _signed_headers(received)
    assert {"host", "x-amz-date"} <= set(signed)
    for name in ("authorization", *(each for each in signed if each != "host")):
        assert received.header(name) == client.signed[name], name
    assert (received.header("helicone-session-id") is not None) == sign_them
    assert received.path == "/model/us.amazon.nova-lite-v1%3A0/converse-stream"
    assert json.loads(received.body)["messages"] == MESSAGES
    if (digest := client.signed.get("x-amz-content-sha256")) is not None:
        assert hashlib.sha256(received.body).hexdigest() == digest
    assert place.settled(session).session_source == "header"
