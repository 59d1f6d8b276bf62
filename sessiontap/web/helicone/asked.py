"""Asked: what the body of a REST call asks for. It is JSON that anybody may have written.

What is missing has a default, also where Helicone wants it; a key that means nothing here, or a value of
another type, is refused: it would let everything through.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

import msgspec

from sessiontap.store.notes import LONGEST_TAG
from sessiontap.times import rfc3339
from sessiontap.untrusted import JsonObject, clean, obj
from sessiontap.web.helicone.answers import RestError
from sessiontap.web.helicone.filters import Filter, leaf, read_filter

Percentile = Literal["p50", "p75", "p95", "p99", "p99.9"]
PERCENTILES: tuple[Percentile, ...] = get_args(Percentile)

PAGE = 50
"""How many sessions a query gives where it does not say."""
_MOST_MINUTES = 24 * 60
_LAST_MS = 253_402_300_799_999
"""The end of the year 9999, the last that a time of the record can be in."""

_TIMES = ("startTimeUnixMs", "endTimeUnixMs")
_NAMES = ("nameContains", "timezoneDifference", "timeFilter", "filter", "pSize", "useInterquartile")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """Which sessions, and how to tell their times."""

    chosen: Filter
    search: str = ""
    """A part of the id or a name, in any case."""
    name: str = ""
    """A whole name."""
    name_part: str = ""
    """A part of a name, in any case."""
    minutes: int = 0
    """What Helicone calls `timezoneDifference`."""
    offset: int = 0
    limit: int = PAGE
    percentile: Percentile = "p75"
    interquartile: bool = False


def read_body(data: bytes) -> JsonObject:
    """The object that was sent; an empty one for nothing. Raises RestError."""
    try:
        body = msgspec.json.decode(data) if data.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"the body is no JSON that can be read: {error}"
        raise RestError(message) from error
    if not isinstance(body, dict):
        message = "the body is no JSON object"
        raise RestError(message)
    return body


def session_query(body: JsonObject) -> SessionQuery:
    """What `POST /v1/session/query` asks for. Raises RestError."""
    _only(
        body,
        ("search", "nameEquals", "timezoneDifference", "timeFilter", "filter", "offset", "limit"),
        "body",
    )
    return SessionQuery(
        chosen=_chosen(body),
        search=_text(body, "search"),
        name=_text(body, "nameEquals"),
        minutes=_minutes(body),
        offset=_count(body, "offset", 0),
        limit=_count(body, "limit", PAGE),
    )


def name_query(body: JsonObject) -> SessionQuery:
    """What `/v1/session/name/query` and `/v1/session/metrics/query` ask for. Raises RestError."""
    _only(body, _NAMES, "body")
    given = body.get("pSize")
    percentile = "p75" if given is None else next((each for each in PERCENTILES if each == given), None)
    if percentile is None:
        message = f"pSize: {given!r:.60} is none; allowed are {', '.join(PERCENTILES)}"
        raise RestError(message)
    return SessionQuery(
        chosen=_chosen(body),
        name_part=_text(body, "nameContains"),
        minutes=_minutes(body),
        percentile=percentile,
        interquartile=_flag(body, "useInterquartile") or False,
    )


def read_rating(body: JsonObject) -> bool:
    """Whether a session went well. Raises RestError."""
    rating = _flag(body, "rating")
    if rating is None:
        message = "rating: true or false is due"
        raise RestError(message)
    return rating


def read_tag(body: JsonObject) -> str:
    """A tag; an empty one takes the tag away. Raises RestError."""
    if "tag" not in body:
        message = "tag: a text is due; an empty one takes the tag away"
        raise RestError(message)
    tag = _text(body, "tag")
    if len(tag.strip()) > LONGEST_TAG:
        message = f"tag: {len(tag)} characters are too many; at most {LONGEST_TAG} are kept"
        raise RestError(message)
    return tag


def _text(body: JsonObject, key: str) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        message = f"{key}: a text is due, not {value!r:.60}"
        raise RestError(message)
    return clean(value)


def _flag(body: JsonObject, key: str) -> bool | None:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        message = f"{key}: true or false is due, not {value!r:.60}"
        raise RestError(message)
    return value


def _chosen(body: JsonObject) -> Filter:
    chosen = read_filter(body["filter"]) if body.get("filter") is not None else Filter()
    times = body.get("timeFilter")
    if times is None:
        return chosen
    if not isinstance(times, dict):
        message = f"timeFilter: an object is due, not {times!r:.60}"
        raise RestError(message)
    _only(times, _TIMES, "timeFilter")
    for key, operator in zip(_TIMES, ("gt", "lt"), strict=True):
        moment = _number(obj(times), key)
        if moment is not None:
            stamp = rfc3339(min(max(moment, 0), _LAST_MS) / 1000)
            chosen &= leaf("request_response_rmt", "request_created_at", operator, stamp)
    return chosen


def _minutes(body: JsonObject) -> int:
    minutes = _number(body, "timezoneDifference") or 0
    if abs(minutes) > _MOST_MINUTES or minutes != int(minutes):
        message = (
            f"timezoneDifference: minutes from -{_MOST_MINUTES} to {_MOST_MINUTES} are due, not {minutes:g}"
        )
        raise RestError(message)
    return int(minutes)


def _count(body: JsonObject, key: str, default: int) -> int:
    number = _number(body, key)
    if number is None:
        return default
    if number < 0 or number != int(number):
        message = f"{key}: a whole number from 0 on is due, not {number:g}"
        raise RestError(message)
    return int(number)


def _number(body: JsonObject, key: str) -> float | None:
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        message = f"{key}: a number is due, not {value!r:.60}"
        raise RestError(message)
    return value


def _only(body: JsonObject, allowed: tuple[str, ...], where: str) -> None:
    unknown = next((key for key in body if key not in allowed), None)
    if unknown is not None:
        message = f"{where}: {unknown!r:.60} means nothing here; there are {', '.join(allowed)}"
        raise RestError(message)
