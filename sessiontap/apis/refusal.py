"""The errors by which a call is refused before it reaches its provider, each in the provider's own dialect.

The statuses are such as no SDK tries again (408, 409, 429 and 5xx are tried again), and an SDK that asks is
told not to. A client that wants a stream is answered alike: providers refuse before a stream begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from sessiontap.untrusted import JsonObject

STATUS = 402
"""Of a call that may not cost what it would."""
NOT_FOUND = 404
"""Of a call that is not there, such as one that a recording has not."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What a status is called."""

    anthropic: str
    google: str
    amazon: str


# https://docs.claude.com/en/api/errors, https://cloud.google.com/apis/design/errors,
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
_WORDS = {
    400: _Words("invalid_request_error", "INVALID_ARGUMENT", "ValidationException"),
    STATUS: _Words("billing_error", "RESOURCE_EXHAUSTED", "ServiceQuotaExceededException"),
    NOT_FOUND: _Words("not_found_error", "NOT_FOUND", "ResourceNotFoundException"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReply:
    """A whole reply. The body is JSON."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    status: int


def refusal(api: str, kind: str, message: str, *, status: int = STATUS) -> ErrorReply:
    """The reply that a client of that wire shape reads as an error with this message.

    `kind` is one word; the status is 400, 402 or 404.
    """
    family = api.partition(".")[0]
    headers = [
        ("Content-Type", "application/json"),
        # The SDKs of OpenAI and Anthropic heed it.
        ("X-Should-Retry", "false"),
    ]
    if family == "bedrock":
        headers.append(("X-Amzn-ErrorType", _WORDS[status].amazon))
    body = msgspec.json.encode(_body(family, kind, message, status))
    return ErrorReply(body=body, headers=tuple(headers), status=status)


def socket_refusal(kind: str, message: str, *, status: int = STATUS) -> bytes:
    """The event by which OpenAI's sockets refuse a response.

    https://platform.openai.com/docs/api-reference/realtime-server-events/error
    """
    return msgspec.json.encode(
        {"type": "error", "status": status, "error": {"type": kind, "code": kind, "message": message}}
    )


def _body(family: str, kind: str, message: str, status: int) -> JsonObject:
    words = _WORDS[status]
    match family:
        case "anthropic":
            return {"type": "error", "error": {"type": words.anthropic, "message": message}}
        case "gemini":
            return {"error": {"code": status, "message": message, "status": words.google}}
        case "bedrock" | "cohere":
            return {"message": message}
        case "ollama":
            return {"error": message}
        case _:
            return {"error": {"message": message, "type": kind, "param": None, "code": kind}}
