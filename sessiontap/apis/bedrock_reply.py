"""What every Bedrock reply may say, whatever the api: an error, the service tier, tokens in headers.

https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Mapping

from sessiontap.apis.bedrock_usage import read_header_usage
from sessiontap.apis.reading import ErrorFacts, ReplyFacts, RequestFacts, read_error
from sessiontap.untrusted import JsonObject, text

# All that the bodies of AWS's errors hold; a reply of a model's own may have a `message` too.
_PLAIN_ERROR = frozenset(
    {"message", "Message", "__type", "originalMessage", "originalStatusCode", "reason", "resourceName"}
)


def read_request(_: JsonObject) -> RequestFacts:
    """Nothing: the URL names the model and says whether the reply streams."""
    return RequestFacts()


def read_aws_error(event: JsonObject) -> ErrorFacts | None:
    """The error in an event: an exception in a stream, or the plain body of a failed call.

    A plain body does not name its kind: the header `x-amzn-errortype` does.
    """
    for name, said in event.items():
        if name.endswith("Exception") and isinstance(said, dict):
            return ErrorFacts(name, text(said, "message"))
    message = text(event, "message") or text(event, "Message")
    if message is not None and event.keys() <= _PLAIN_ERROR:
        return ErrorFacts(text(event, "__type") or "error", message)
    return read_error(event)


def read_headers(headers: Mapping[str, str]) -> ReplyFacts:
    """Tokens, service tier and the kind of an error, as the reply's headers state them."""
    # It may end in the name of a page or a namespace: "ThrottlingException:http://internal.amazon.com/…".
    kind = headers.get("x-amzn-errortype", "").partition(":")[0]
    return ReplyFacts(
        usage=read_header_usage(headers),
        service_tier=service_tier(
            headers.get("x-amzn-bedrock-service-tier"),
            headers.get("x-amzn-bedrock-performanceconfig-latency"),
        ),
        error=ErrorFacts(kind, None) if kind else None,
    )


def service_tier(tier: str | None, latency: str | None) -> str | None:
    """The tier that the call is billed at: latency-optimised inference has prices of its own."""
    return "optimized" if latency == "optimized" else tier or None
