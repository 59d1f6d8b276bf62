from __future__ import annotations

import pytest

from sessiontap.apis.reading import ErrorFacts, Names, RequestFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject


def test_names_keep_their_order_and_repeat() -> None:
    """Names come back in the order in which they were added, as often as they were."""
    names = Names()
    for name in ("b", "a", None, "b"):
        names.add(name)
    assert names.all() == ("b", "a", "b")


def test_names_that_are_to_stand_once_stand_once() -> None:
    """With `once` a name that is there already is passed over."""
    names = Names()
    for name in ("b", "a", "b"):
        names.add(name, once=True)
    assert names.all() == ("b", "a")


def test_names_are_as_many_as_a_record_can_bear() -> None:
    """Beyond 256 names no more are kept, however many a reply has."""
    names = Names()
    for number in range(300):
        names.add(str(number))
    assert names.all() == tuple(str(number) for number in range(256))


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        ({"error": {"type": "t", "code": "c", "status": "s", "message": "m"}}, ErrorFacts("t", "m")),
        ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, ErrorFacts("RESOURCE_EXHAUSTED", None)),
        ({"error": {"type": None, "code": "c", "message": "m"}}, ErrorFacts("c", "m")),
        ({"error": {"code": 500, "message": "m"}}, ErrorFacts("500", "m")),
        ({"error": {"code": 0.5, "message": "m"}}, ErrorFacts("error", "m")),
        ({"error": {"message": ["m"], "type": 7}}, ErrorFacts("error", None)),
        ({"error": "all is lost"}, ErrorFacts("error", "all is lost")),
        ({"error": None}, None),
        ({"error": {}}, None),
        ({"error": ""}, None),
        ({"error": []}, None),
        ({"error": False}, None),
        ({}, None),
        (
            {"object": "error", "message": "m", "type": "BadRequestError", "param": None, "code": 400},
            ErrorFacts("BadRequestError", "m"),
        ),
        (
            {"object": "error", "message": {"detail": [{"msg": "m", "loc": ["body"]}]}, "type": "t"},
            ErrorFacts("t", "m"),
        ),
        ({"object": "error", "message": None, "code": 1}, ErrorFacts("1", None)),
        ({"type": "error", "code": "c", "message": "m"}, ErrorFacts("c", "m", bare=True)),
        ({"message": "m", "request_id": "r"}, ErrorFacts("error", "m", bare=True)),
        ({"message": "m", "error_code": "390142"}, ErrorFacts("390142", "m", bare=True)),
        ({"detail": "m"}, ErrorFacts("error", "m", bare=True)),
        ({"detail": [{"type": "missing", "msg": "m"}]}, ErrorFacts("error", "m", bare=True)),
        ({"detail": {"error": "m"}}, ErrorFacts("error", "m", bare=True)),
        ({"status": 404, "title": "t", "detail": "m"}, ErrorFacts("error", "m", bare=True)),
        ({"message": "m", "choices": []}, None),
        ({"message": {"role": "assistant"}}, None),
        ({"detail": []}, None),
    ],
)
def test_an_error_is_read_in_every_dialect(event: JsonObject, facts: ErrorFacts | None) -> None:
    """The error's kind is its type, else its status, else its code; nothing there is no error.

    Without an envelope a message is one only where nothing but the parts of an error stands beside it.
    """
    assert read_error(event) == facts


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({"model": "m", "stream": True, "user": "u"}, RequestFacts(model="m", stream=True, user="u")),
        ({"model": 7, "stream": "true", "user": {}}, RequestFacts()),
        ({"stream": 1}, RequestFacts()),
        ({}, RequestFacts()),
    ],
)
def test_a_plain_request_is_read(body: JsonObject, facts: RequestFacts) -> None:
    """Model, stream flag and user are read where they are of their own types."""
    assert plain_request(body) == facts
