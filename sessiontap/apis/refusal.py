"""The errors by which a call is refused before it reaches its provider, each in the provider's own dialect.

The status is 402, which no SDK tries again (408, 409, 429 and 5xx are tried again), and an SDK that asks is
told not to. A client that wants a stream is answered alike: providers refuse before a stream begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from sessiontap.untrusted import JsonObject

STATUS = 402


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReply:
    """A whole reply. The body is JSON."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    status: int = STATUS


def refusal(api: str, kind: str, message: str) -> ErrorReply:
    """The reply that a client of that wire shape reads as an error with this message; `kind` is one word."""
    family = api.partition(".")[0]
    headers = [
        ("Content-Type", "application/json"),
        # The SDKs of OpenAI and Anthropic heed it.
        ("X-Should-Retry", "false"),
    ]
    if family == "bedrock":
        headers.append(("X-Amzn-ErrorType", "ServiceQuotaExceededException"))
    return ErrorReply(body=msgspec.json.encode(_body(family, kind, message)), headers=tuple(headers))


def socket_refusal(kind: str, message: str) -> bytes:
    """The event by which OpenAI's sockets refuse a response.

    https://platform.openai.com/docs/api-reference/realtime-server-events/error
    """
    return msgspec.json.encode(
        {"type": "error", "status": STATUS, "error": {"type": kind, "code": kind, "message": message}}
    )


def _body(family: str, kind: str, message: str) -> JsonObject:
    match family:
        case "anthropic":
            # https://docs.claude.com/en/api/errors
            return {"type": "error", "error": {"type": "billing_error", "message": message}}
        case "gemini":
            # https://cloud.google.com/apis/design/errors
            return {"error": {"code": STATUS, "message": message, "status": "RESOURCE_EXHAUSTED"}}
        case "bedrock" | "cohere":
            return {"message": message}
        case "ollama":
            return {"error": message}
        case _:
            return {"error": {"message": message, "type": kind, "param": None, "code": kind}}
