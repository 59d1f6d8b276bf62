"""gemini.code_assist: Gemini Code Assist, which the Gemini CLI calls for a user who is logged in.

Requests and replies are those of `generateContent`, each wrapped in an object of its own:
https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/code_assist/converter.ts
"""

from __future__ import annotations

from sessiontap.apis.gemini_generate_content import GenerateContentReader
from sessiontap.apis.reading import Api, ReplyFacts, RequestFacts
from sessiontap.untrusted import JsonObject, obj, text


class CodeAssistReader:
    """Folds the responses inside the wrapping; an error comes without it."""

    __slots__ = ("_reader",)

    def __init__(self) -> None:
        self._reader = GenerateContentReader()

    def feed(self, event: JsonObject) -> bool:
        return self._reader.feed(obj(event, "response") or event)

    def facts(self) -> ReplyFacts:
        return self._reader.facts()


def read_request(body: JsonObject) -> RequestFacts:
    """The model; the kind of reply stands in the URL."""
    return RequestFacts(model=text(body, "model"))


CODE_ASSIST = Api(
    name="gemini.code_assist",
    operation="generate_content",
    reader=CodeAssistReader,
    read_request=read_request,
    array_stream=True,
)
