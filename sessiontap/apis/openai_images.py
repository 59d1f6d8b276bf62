"""openai.images: pictures made, edited and varied, plain and streamed.

https://platform.openai.com/docs/api-reference/images and
https://platform.openai.com/docs/api-reference/images-streaming
"""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from operator import add

from sessiontap.apis.openai_image_usage import read_image_usage, read_svg_part
from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, plain_request, read_error
from sessiontap.apis.stated_cost import latest_cost
from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject, obj, objects, text
from sessiontap.usage import Usage

_MOST_SVGS = 256


class ImagesReader:
    """Reads one `data` object, or a stream in which every finished picture reports the tokens of its own.

    Models that report no tokens are billed by the picture, so those are counted. OpenAI's replies do not
    name the model.
    """

    __slots__ = ("_complete", "_cost", "_error", "_images", "_model", "_svgs", "_usage")

    def __init__(self) -> None:
        self._model: str | None = None
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._cost: Decimal | None = None
        self._images = 0
        self._svgs: list[UsagePart] = []
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        kind = text(event, "type")
        self._model = text(event, "model") or self._model
        self._error = read_error(event) or self._error
        self._cost = latest_cost(self._cost, event)
        if usage := obj(event, "usage"):
            self._usage += read_image_usage(usage)
        svg = read_svg_part(event)
        if svg is not None and len(self._svgs) < _MOST_SVGS:
            self._svgs.append(svg)
        self._images += len(objects(event, "data")) + (kind is not None and kind.endswith(".completed"))
        self._complete = self._complete or kind is None or kind.endswith(".completed")
        return bool(event.get("data") or event.get("b64_json"))

    def facts(self) -> ReplyFacts:
        drawn = self._usage or Usage(output_images=self._images or None)
        # An empty name is the model that was asked for.
        parts = (UsagePart(model=self._model or "", usage=drawn), *self._svgs) if self._svgs else ()
        return ReplyFacts(
            model=self._model,
            usage=reduce(add, (part.usage for part in parts)) if parts else drawn,
            usage_parts=parts,
            cost_usd=self._cost,
            error=self._error,
            complete=self._complete,
        )


IMAGES = Api(
    name="openai.images",
    operation="image_generation",
    reader=ImagesReader,
    read_request=plain_request,
)
