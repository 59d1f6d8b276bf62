"""Columns: what Helicone's filters can ask for, by its tables and names, and where the store has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from sessiontap.call import Call
from sessiontap.catalog import CatalogSession
from sessiontap.sessions.fold import Group
from sessiontap.web.helicone.figures import Figures
from sessiontap.web.helicone.leaves import (
    Alike,
    CallLeaf,
    Constant,
    SessionLeaf,
    Single,
    Started,
    Sum,
    Tagged,
)
from sessiontap.web.helicone.operators import Number, number_test, text_test, time_test

Make: TypeAlias = Callable[[str, object, str], CallLeaf | SessionLeaf]
"""Makes the condition of an operator and its value; the last text says where they stand. Raises RestError."""


def property_column(key: str) -> Make:
    """A property of calls; to Helicone a session's id, name and path are some, too."""
    folded = key.casefold()

    def of(call: Call) -> str | None:
        return next((value for name, value in call.properties.items() if name.casefold() == folded), None)

    return _SESSION_PROPERTIES.get(folded) or _text(of)


def _constant(texts: Callable[[CatalogSession], Sequence[str]]) -> Make:
    return lambda operator, value, where: Constant(texts, text_test(operator, value, where))


def _alike(in_group: Callable[[Group], str | None], in_call: Callable[[Call], str | None]) -> Make:
    return lambda operator, value, where: Alike(in_group, in_call, text_test(operator, value, where))


def _text(of: Callable[[Call], str | None]) -> Make:
    def make(operator: str, value: object, where: str) -> CallLeaf:
        test = text_test(operator, value, where)
        return Single(lambda call: test((of(call) or "",)))

    return make


def _number(of: Callable[[Call], Number | None]) -> Make:
    def make(operator: str, value: object, where: str) -> CallLeaf:
        test = number_test(operator, value, where)
        return Single(lambda call: test(of(call)))

    return make


def _started(operator: str, value: object, where: str) -> CallLeaf:
    return Started(time_test(operator, value, where))


def _ended(operator: str, value: object, where: str) -> CallLeaf:
    test = time_test(operator, value, where)
    return Single(lambda call: test(call.ended_at))


def _provider(operator: str, value: object, where: str) -> CallLeaf:
    # Helicone writes them in capitals.
    test = text_test(operator, value.lower() if isinstance(value, str) else value, where)
    return Single(lambda call: test((call.provider.lower(),)))


def _property_key(operator: str, value: object, where: str) -> CallLeaf:
    test = text_test(operator, value.casefold() if isinstance(value, str) else value, where)
    return Single(lambda call: test([name.casefold() for name in call.properties]))


def _total(call: Call) -> int | None:
    known = [count for count in (call.usage.input_tokens, call.usage.output_tokens) if count is not None]
    return sum(known) if known else None


def _figure(of: Callable[[Figures], Number | None]) -> Make:
    def make(operator: str, value: object, where: str) -> SessionLeaf:
        test = number_test(operator, value, where)
        return Sum(lambda figures: test(of(figures)))

    return make


def _moment(of: Callable[[Figures], str]) -> Make:
    def make(operator: str, value: object, where: str) -> SessionLeaf:
        test = time_test(operator, value, where)
        return Sum(lambda figures: test(of(figures)))

    return make


def _tag(operator: str, value: object, where: str) -> SessionLeaf:
    return Tagged(text_test(operator, value, where))


_session_id = _constant(lambda session: (session.session_id or "",))
_session_name = _constant(lambda session: session.totals.names)
_path = _alike(lambda group: group.key.path, lambda call: call.session_path)
_model = _alike(lambda group: group.model, lambda call: call.model)
_user = _alike(lambda group: group.key.user_id, lambda call: call.user_id)
_status = _number(lambda call: call.http_status)
_call_id = _text(lambda call: call.call_id)

_SESSION_PROPERTIES: Mapping[str, Make] = MappingProxyType(
    {
        "helicone-session-id": _session_id,
        "helicone-session-name": _session_name,
        "helicone-session-path": _path,
    }
)

_OF_CALLS: Mapping[str, Make] = MappingProxyType(
    {
        "request_created_at": _started,
        "response_created_at": _ended,
        "request_id": _call_id,
        "model": _model,
        "user_id": _user,
        "provider": _provider,
        "status": _status,
        "latency": _number(lambda call: call.duration_ms),
        "time_to_first_token": _number(lambda call: call.ttft_ms),
        "cost": _number(lambda call: call.cost_usd),
        "prompt_tokens": _number(lambda call: call.usage.input_tokens),
        "completion_tokens": _number(lambda call: call.usage.output_tokens),
        "prompt_cache_read_tokens": _number(lambda call: call.usage.cache_read_input_tokens),
        "prompt_cache_write_tokens": _number(lambda call: call.usage.cache_creation_input_tokens),
        "total_tokens": _number(_total),
        "target_url": _text(lambda call: f"https://{call.host}{call.url_path}"),
        "property_key": _property_key,
        "session_id": _session_id,
        "session_name": _session_name,
    }
)
_OF_SESSIONS: Mapping[str, Make] = MappingProxyType(
    {
        "session_session_id": _session_id,
        "session_session_name": _session_name,
        "session_total_cost": _figure(lambda figures: figures.cost_usd),
        "session_prompt_tokens": _figure(lambda figures: figures.input_tokens),
        "session_completion_tokens": _figure(lambda figures: figures.output_tokens),
        "session_total_tokens": _figure(lambda figures: figures.total_tokens),
        "session_total_requests": _figure(lambda figures: figures.calls),
        "session_created_at": _moment(lambda figures: figures.first),
        "session_latest_request_created_at": _moment(lambda figures: figures.last),
        "session_tag": _tag,
    }
)
TABLES: Mapping[str, Mapping[str, Make]] = MappingProxyType(
    {
        "request_response_rmt": _OF_CALLS,
        "sessions_request_response_rmt": _OF_SESSIONS,
        # Their names in later versions.
        "session_rmt": _OF_CALLS,
        "sessions": _OF_SESSIONS,
        "request": MappingProxyType(
            {
                "created_at": _started,
                "id": _call_id,
                "user_id": _user,
                "model": _model,
                "path": _OF_CALLS["target_url"],
            }
        ),
        "response": MappingProxyType(
            {
                "status": _status,
                "model": _model,
                "body_model": _model,
                "body_tokens": _OF_CALLS["total_tokens"],
            }
        ),
    }
)
"""The columns that there are, by table; of the others nothing is kept here."""
PROPERTIES = "properties"
"""A table of its own, and a column in each of the others: an object by the properties' names."""
