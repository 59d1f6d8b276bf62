"""The shapes of Helicone's replies, as its documentation has them, written as JSON schemas.

https://docs.helicone.ai/rest/session/post-v1sessionquery and its neighbours. Where a number may not be known
it may be null here, and what is not Helicone's is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Schema: TypeAlias = Mapping[str, object]

_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_TEXT: Schema = {"type": "string"}
_TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$",
}
_NUMERAL: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d+)?(e-?\d+)?$"}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _reply(data: Schema) -> Schema:
    return _object({"data": data, "error": {"type": "null"}})


_SESSION = _object(
    {
        "created_at": _TIME,
        "latest_request_created_at": _TIME,
        "session_id": _TEXT,
        "session_name": _TEXT,
        "avg_latency": _NUMBER_OR_NULL,
        "total_cost": _NUMBER_OR_NULL,
        "total_requests": _COUNT,
        "prompt_tokens": _NUMBER_OR_NULL,
        "completion_tokens": _NUMBER_OR_NULL,
        "total_tokens": _NUMBER_OR_NULL,
        "user_ids": _list(_TEXT),
        # Not Helicone's.
        "unpriced_requests": _COUNT,
    }
)
_NAME = _object(
    {
        "name": _TEXT,
        "created_at": _TIME,
        "first_used": _TIME,
        "last_used": _TIME,
        "session_count": _COUNT,
        "avg_latency": _NUMBER_OR_NULL,
    }
)
_BAR = _object({"range_start": _NUMERAL, "range_end": _NUMERAL, "value": {"type": "number"}})
_AVERAGE = _object({"average": _NUMBER_OR_NULL})
_METRICS = _object(
    {
        "session_count": _list(_BAR),
        "session_duration": _list(_BAR),
        "session_cost": _list(_BAR),
        "average": _object(
            {
                "session_count": _list(_AVERAGE),
                "session_duration": _list(_AVERAGE),
                "session_cost": _list(_AVERAGE),
            }
        ),
        # Not Helicone's.
        "unpriced_sessions": _COUNT,
    }
)

SESSIONS = _reply(_list(_SESSION))
NAMES = _reply(_list(_NAME))
METRICS = _reply(_METRICS)
DONE = _reply({"type": "null"})
TAG = _reply({"type": ["string", "null"]})
HAS_SESSION = _reply({"type": "boolean"})
ERROR = _object({"data": {"type": "null"}, "error": {"type": "string", "minLength": 1}})
