"""media_of: the picture, sound, film or file that a block is, in whichever provider's dialect."""

from __future__ import annotations

from sessiontap.conversation.parts import Media, MediaKind, Text
from sessiontap.untrusted import JsonObject, obj, text

_BY_TYPE: dict[str, MediaKind] = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "output_image": "image",
    "image_file": "image",
    "input_audio": "audio",
    "audio": "audio",
    "audio_url": "audio",
    "video": "video",
    "video_url": "video",
    "input_video": "video",
    "document": "file",
    "document_url": "file",
    "file": "file",
    "input_file": "file",
    "container_upload": "file",
}
_AWS: dict[str, MediaKind] = {"image": "image", "document": "file", "video": "video", "audio": "audio"}
_KINDS: tuple[MediaKind, ...] = ("image", "audio", "video")
_DATA = ("data", "file_data", "bytes", "content")
_URLS = ("url", "file_url", "uri", "fileUri", "file_uri")
_IDS = ("file_id", "file_name", "id")
_NAMES = ("filename", "name", "title", "displayName")
_TYPES = ("media_type", "mime_type", "mimeType")


def media_of(block: JsonObject, kind: str) -> Media | Text | None:
    """The media of a block whose `type` is `kind`; a text where it holds one; None for another block."""
    if kind in _BY_TYPE:
        return _typed(block, _BY_TYPE[kind], kind)
    if kind:
        return None
    for member in ("inlineData", "inline_data", "fileData", "file_data"):
        if found := obj(block, member):
            mime = _first(found, _TYPES)
            return _made(_kind_of(mime, "file"), mime, found)
    if len(block) == 1:
        (member,) = block
        if member in _AWS and (found := obj(block, member)):
            return _amazon(found, _AWS[member])
    return None


def _typed(block: JsonObject, kind: MediaKind, type_name: str) -> Media | Text | None:
    if kind == "audio" and (heard := text(block, "transcript")):
        # The words that were heard in it.
        return Text(heard)
    source = block.get("source")
    inner = (
        obj(block, "source") or obj(block, type_name) or obj(block, type_name.removeprefix("input_")) or block
    )
    if inner.get("type") == "text":
        # A document may be written out.
        return Text(text(inner, "data") or "")
    url = next(
        (found for found in (source, block.get(type_name), block.get("image_url")) if isinstance(found, str)),
        None,
    )
    name = _first(block, _NAMES) or _first(inner, _NAMES)
    form = text(inner, "format")
    mime = (
        _first(inner, _TYPES)
        or _first(block, _TYPES)
        or (f"{kind}/{form}" if form and kind != "file" else None)
    )
    if url is not None:
        return _at(kind, mime, url, name)
    found = _made(_kind_of(mime, kind), mime, inner, name)
    nothing = found.data is None and found.url is None and found.name is None
    return None if nothing else found


def _amazon(found: JsonObject, kind: MediaKind) -> Media | Text:
    source = obj(found, "source")
    if words := text(source, "text"):
        return Text(words)
    form, name = text(found, "format"), text(found, "name")
    mime = f"{kind}/{form}" if form and kind != "file" else form
    url = text(obj(source, "s3Location"), "uri")
    return Media(kind, mime, data=text(source, "bytes"), url=url, name=name)


def _made(kind: MediaKind, mime: str | None, found: JsonObject, name: str | None = None) -> Media:
    data, url = _first(found, _DATA), _first(found, _URLS)
    made = _at(kind, mime, url or data or "", name or _first(found, _NAMES))
    if made.url is None and made.data is None and (file_id := _first(found, _IDS)):
        return Media(kind, mime, name=name or file_id)
    if data is not None and url is None and made.data is None:
        return Media(kind, mime, data=data, name=made.name)
    return made


def _at(kind: MediaKind, mime: str | None, url: str, name: str | None) -> Media:
    """Media at a URL, which may hold them itself."""
    if url.startswith("data:"):
        head, _, data = url[5:].partition(",")
        mime = head.partition(";")[0] or mime
        return Media(_kind_of(mime, kind), mime, data=data, name=name)
    return Media(kind, mime, url=url if ":" in url[:64] else None, name=name)


def _kind_of(mime: str | None, kind: MediaKind) -> MediaKind:
    return next((each for each in _KINDS if mime and mime.startswith(f"{each}/")), kind)


def _first(found: JsonObject, members: tuple[str, ...]) -> str | None:
    return next((value for member in members if (value := text(found, member))), None)
