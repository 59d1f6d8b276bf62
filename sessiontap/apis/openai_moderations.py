"""openai.moderations and openai.decisions: what a model makes of a text, without writing any.

https://platform.openai.com/docs/api-reference/moderations, openai SDK `Decision`
"""

from __future__ import annotations

from functools import partial

from sessiontap.apis.one_reply import OneReplyReader
from sessiontap.apis.openai_usage import read_input_usage, read_usage
from sessiontap.apis.reading import Api, plain_request
from sessiontap.untrusted import JsonObject, obj
from sessiontap.usage import Usage


def _read_moderation(reply: JsonObject) -> Usage:
    """The tokens, which OpenAI writes at the top level where it writes any, and others in `usage`."""
    return read_input_usage(obj(reply, "usage") or reply)


MODERATIONS = Api(
    name="openai.moderations",
    operation="moderation",
    reader=partial(OneReplyReader, "results", _read_moderation, None),
    read_request=plain_request,
)

DECISIONS = Api(
    name="openai.decisions",
    operation="prediction",
    reader=partial(OneReplyReader, "answers", read_usage),
    read_request=plain_request,
)
