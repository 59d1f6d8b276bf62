"""mistral.ocr: reading documents, billed by the page.

https://docs.mistral.ai/api/endpoint/ocr
"""

from __future__ import annotations

from functools import partial

from sessiontap.apis.one_reply import OneReplyReader
from sessiontap.apis.reading import Api, plain_request
from sessiontap.untrusted import JsonObject, count
from sessiontap.usage import Usage


def _read_usage(usage: JsonObject) -> Usage:
    return Usage(input_pages=count(usage, "pages_processed"))


MISTRAL_OCR = Api(
    name="mistral.ocr",
    operation="ocr",
    reader=partial(OneReplyReader, "pages", _read_usage, "usage_info"),
    read_request=plain_request,
)
