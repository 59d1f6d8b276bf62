from __future__ import annotations

import pytest
from mitmproxy.http import Headers

from sessiontap.proxy.headers import remove_session_headers

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
