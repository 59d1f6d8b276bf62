"""Bodies: what of a request may be kept, and what is text."""

from __future__ import annotations

import base64
import json
import random

import pytest

from sessiontap.bodies import Body, CallBodies, Piece, kept_headers, kept_target, text_only


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/v1/chat", "/v1/chat"),
        ("/v1beta/models/m:stream?alt=sse&key=AIzaX", "/v1beta/models/m:stream?alt=sse"),
        ("/v1beta/models/m:stream?key=AIzaX", "/v1beta/models/m:stream"),
        (
            "/openai/x?api-version=2025-01-01&API_KEY=1&access_token=2&sig=3",
            "/openai/x?api-version=2025-01-01",
        ),
        ("/x?X-Amz-Signature=1&X-Amz-Credential=2&model=a%20b", "/x?model=a%20b"),
        ("/x?", "/x"),
        ("/x?a&b=", "/x?a&b="),
    ],
)
def test_no_parameter_with_a_credential_is_kept(target: str, kept: str) -> None:
    """The others stay as they were written."""
    assert kept_target(target) == kept


def test_only_headers_that_say_how_a_body_is_meant_are_kept() -> None:
    """Credentials stand in headers; the list says what is kept, not what is left out."""
    headers = {
        "authorization": "Bearer x",
        "x-api-key": "x",
        "cookie": "x",
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-new-provider-secret": "x",
    }
    assert kept_headers(headers) == {"content-type": "application/json", "anthropic-version": "2023-06-01"}


def _of(request: bytes, content_type: str | None = "application/json") -> CallBodies:
    body = Body(
        content=request, size=len(request), content_type=content_type, pieces=(Piece(0, len(request)),)
    )
    return CallBodies(call_id="c", session_id=None, headers={}, request=body)


def _text_of(bodies: CallBodies) -> Body:
    found = text_only(bodies).request
    assert found is not None
    return found


def test_a_picture_in_json_is_left_out() -> None:
    """Base64 of a picture, bare or as a data URL, goes; the JSON around it stays JSON."""
    data = base64.b64encode(random.Random(1).randbytes(3_000)).decode()
    message = {
        "text": "What is this?",
        "url": f"data:image/png;base64,{data}",
        "source": {"type": "base64", "data": data},
    }
    found = _text_of(_of(json.dumps(message).encode()))
    assert found.content is not None
    assert json.loads(found.content) == {
        "text": "What is this?",
        "url": "data:image/png;base64,[media left out]",
        "source": {"type": "base64", "data": "[media left out]"},
    }
    assert (found.cut, found.pieces) == (False, ())


def test_text_stays() -> None:
    """Prose, code, and long lists of numbers are no media; the body is the very same."""
    bodies = _of(json.dumps({"text": "word " * 5_000, "path": "a/b/c " * 400, "n": [1.5] * 2_000}).encode())
    assert text_only(bodies) == bodies


@pytest.mark.parametrize("content_type", ["image/png", "audio/wav", "multipart/form-data; boundary=x"])
def test_a_body_that_is_no_text_is_left_out(content_type: str) -> None:
    """Its size and type stay."""
    found = _text_of(_of(b"\x89PNG" * 100, content_type))
    assert (found.content, found.size, found.left_out) == (None, 400, "media")
    assert found.content_type == content_type


@pytest.mark.parametrize(
    "content_type",
    [
        "text/event-stream",
        "application/x-ndjson",
        "application/problem+json",
        "application/vnd.api+json",
        None,
    ],
)
def test_a_body_that_is_text_stays(content_type: str | None) -> None:
    """As does one of which nobody said what it is."""
    bodies = _of(b"data: 1\n\n", content_type)
    assert text_only(bodies) == bodies
