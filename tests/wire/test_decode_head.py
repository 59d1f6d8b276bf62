"""decode_head: the small members of a large object, without the cost of the rest."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.errors import WireError
from sessiontap.wire.jsontext import decode_head


def test_small_members_are_given_and_large_ones_passed_over() -> None:
    """A conversation of megabytes is left out, and the model beside it is read."""
    body = json.dumps({"model": "m", "messages": ["word " * 2000], "stream": True, "n": 3}).encode()
    assert decode_head(body) == {"model": "m", "stream": True, "n": 3}


@pytest.mark.parametrize("text", [b"[1]", b"3", b"null", b'"x"'])
def test_what_is_no_object_has_no_members(text: bytes) -> None:
    """JSON of another kind is not an error."""
    assert decode_head(text) == {}


@given(st.binary() | st.text().map(str.encode))
def test_arbitrary_bytes_raise_only_the_wire_error(data: bytes) -> None:
    """Whatever comes is members or a WireError."""
    with contextlib.suppress(WireError):
        assert isinstance(decode_head(data), dict)


def test_deep_nesting_is_passed_over_or_refused() -> None:
    """Ten thousand levels do not end the process."""
    body = b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    with contextlib.suppress(WireError):
        assert decode_head(body) == {}


def test_a_request_of_30_mb_holds_nobody_up() -> None:
    """Half a million small messages are passed over in well under a fifth of a second."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 20}] * 500_000}).encode()
    started = time.process_time()
    assert decode_head(body) == {"model": "m"}
    assert time.process_time() - started < 0.2


def test_a_member_that_may_be_long_is_given() -> None:
    """What `long` names is read up to 1 MiB, and passed over beyond."""
    body = json.dumps({"input": "x" * 100_000, "other": "x" * 100_000}).encode()
    assert decode_head(body, long={"input"}) == {"input": "x" * 100_000}
    assert decode_head(json.dumps({"input": "x" * (1 << 20)}).encode(), long={"input"}) == {}
