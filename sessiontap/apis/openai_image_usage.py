"""Reads what drawing costs, in the Images API and where a Responses tool draws.

https://platform.openai.com/docs/api-reference/images and openai SDK `ImagesResponse`, `ToolUsageImageGen`.
"""

from __future__ import annotations

import msgspec

from sessiontap.apis.openai_usage import read_usage
from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject, count, label, obj, objects, text
from sessiontap.usage import Usage

_TOOL = "image_generation"
_MOST_PARTS = 256


def read_image_usage(usage: JsonObject) -> Usage:
    """The usage by class. Output that no details take apart is all picture."""
    found = read_usage(usage)
    apart = found.output_image_tokens
    return msgspec.structs.replace(
        found,
        cache_read_input_image_tokens=count(obj(usage, "cached_tokens_details"), "cached_image_tokens"),
        output_image_tokens=found.output_tokens if apart is None else apart,
    )


def read_drawn(response: JsonObject) -> tuple[UsagePart, ...]:
    """What a response's tool drew, apart from the response's own usage; empty where it drew nothing.

    The total names no model: it is that of the tool's settings, else OpenAI's default, under the tool's name.
    """
    parts = []
    images = read_image_usage(obj(response, "tool_usage", "image_gen"))
    if images.input_tokens or images.output_tokens:
        settings = (tool for tool in objects(response, "tools") if tool.get("type") == _TOOL)
        named = (label(text(tool, "model")) for tool in settings)
        parts.append(UsagePart(model=next((name for name in named if name), _TOOL), usage=images))
    parts.extend(part for item in objects(response, "output") if (part := read_svg_part(item)) is not None)
    return tuple(parts[:_MOST_PARTS])


def read_svg_part(drawn: JsonObject) -> UsagePart | None:
    """What writing an SVG cost: `svg_usage`, which names its own model and stands in no total."""
    usage = obj(drawn, "svg_usage")
    model = label(text(usage, "model"))
    return None if model is None else UsagePart(model=model, usage=read_usage(usage))
