"""Replies that are pictures: OpenAI's, Google's on Vertex AI, and those of the models on Bedrock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds
from sessiontap.untrusted import JsonObject, items, objects, text

_DATA = ("b64_json", "bytesBase64Encoded", "base64")


class Pictures:
    """Makes one message of all the pictures; the last word of a stream that draws them in steps counts."""

    def __init__(self, bounds: Bounds) -> None:
        self._most = bounds.parts if bounds.whole else 0
        self._content: list[JsonObject] = []

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        found = [*objects(event, "data"), *objects(event, "predictions"), *objects(event, "artifacts")]
        if text(event, "b64_json"):
            found.append(event)
        content: list[JsonObject] = []
        for picture in found:
            content += _blocks(picture, text(event, "output_format"))
        content += [_image(data, None) for data in items(event, "images") if isinstance(data, str)]
        self._content = content[: self._most] or self._content

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        return [[{"role": "assistant", "content": self._content}]] if self._content else []


def _blocks(picture: JsonObject, form: str | None) -> list[JsonObject]:
    made: list[JsonObject] = []
    if words := text(picture, "revised_prompt") or text(picture, "prompt"):
        made.append({"type": "text", "text": words})
    kind = text(picture, "mimeType") or (f"image/{form}" if form else None)
    if data := next((found for key in _DATA if (found := text(picture, key))), None):
        made.append(_image(data, kind))
    elif url := text(picture, "url") or text(picture, "gcsUri"):
        made.append({"type": "image", "source": {"type": "url", "url": url}})
    return made


def _image(data: str, kind: str | None) -> JsonObject:
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
