from __future__ import annotations

import pytest
from mitmproxy.http import Headers, Response

from sessiontap.proxy.headers import remove_session_headers, tell_id

_SIGNATURE = (
    b"AWS4-HMAC-SHA256 Credential=AKIANONE/20260101/us-east-1/bedrock/aws4_request, "
    b"SignedHeaders=host;helicone-session-id;x-amz-date, Signature=00"
)


def _left(*fields: tuple[bytes, bytes]) -> list[bytes]:
    """The names that are left of these headers."""
    headers = Headers(fields)
    remove_session_headers(headers)
    return [name for name, _ in headers.fields]


def test_session_headers_are_removed_in_any_case() -> None:
    """Every `helicone-*` header goes, repeated ones too; the others keep their bytes and order."""
    assert _left(
        (b"Host", b"a"),
        (b"Helicone-Session-Id", b"s"),
        (b"X-Helicone", b"x"),
        (b"HELICONE-AUTH", b"k"),
        (b"helicone-session-id", b"t"),
        (b"accept", b"*/*"),
    ) == [b"Host", b"X-Helicone", b"accept"]


@pytest.mark.parametrize(
    "signature",
    [
        _SIGNATURE,
        _SIGNATURE.replace(b", ", b","),
        _SIGNATURE.replace(b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256"),
    ],
)
def test_what_a_signature_covers_stays(signature: bytes) -> None:
    """Of the `helicone-*` headers of a signed request, only those that are not signed are removed."""
    assert _left(
        (b"Authorization", signature),
        (b"Helicone-Session-Id", b"s"),
        (b"Helicone-Session-Name", b"n"),
    ) == [b"Authorization", b"Helicone-Session-Id"]


@pytest.mark.parametrize(
    "authorization", [b"Bearer SignedHeaders=helicone-session-id", b"AWS4-HMAC-SHA256 Credential=x"]
)
def test_only_a_signature_protects(authorization: bytes) -> None:
    """A credential of another kind, or a signature that names no headers, keeps none."""
    assert _left((b"Authorization", authorization), (b"Helicone-Session-Id", b"s")) == [b"Authorization"]


@pytest.mark.parametrize("name", [b"Authorization", b"X-Api-Key", b"api-key", b"x-goog-api-key"])
def test_helicones_own_key_goes(name: bytes) -> None:
    """Beside the provider's it leaves that, alone it takes the header along; other keys keep their bytes."""
    key = b"Bearer sk-helicone-eu-1234567"
    assert _left((name, key), (b"Host", b"a")) == [b"Host"]
    headers = Headers([(name, b"Bearer sk-none,  " + key)])
    remove_session_headers(headers)
    assert headers.fields == ((name, b"Bearer sk-none"),)
    untouched = Headers([(name, b"a,b ,  c")])
    remove_session_headers(untouched)
    assert untouched.fields == ((name, b"a,b ,  c"),)


@pytest.mark.parametrize(
    ("status", "word"), [(200, "success"), (101, "success"), (400, "failed"), (502, "failed")]
)
def test_a_reply_tells_its_calls_id(status: int, word: str) -> None:
    """And whether the provider took the call, whatever stood there before."""
    reply = Response.make(status, b"", {"Helicone-Id": "another"})
    tell_id(reply, "the-call")
    assert (reply.headers["helicone-id"], reply.headers["helicone-status"]) == ("the-call", word)
