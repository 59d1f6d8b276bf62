"""Usage: token counts by class, the subset rules between the classes, and addition.

`input_tokens` and `output_tokens` are whole: every other token field is a part of one of them
(the record's contract, whichever way the provider counts). `parts` takes the parts apart.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Everything that one call, or a sum of calls, was billed for. None is *not known*.

    Token counts are whole numbers >= 0. Names are those of the stored record.
    """

    input_tokens: int | None = None
    """All input, the cached and the cache-written included."""
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    """Written to a cache, whatever its lifetime."""
    cache_creation_1h_input_tokens: int | None = None
    """The part of `cache_creation_input_tokens` with a lifetime of one hour."""
    cache_creation_12h_input_tokens: int | None = None
    """The part of `cache_creation_input_tokens` with a lifetime of twelve hours."""
    input_audio_tokens: int | None = None
    input_image_tokens: int | None = None
    cache_read_input_audio_tokens: int | None = None
    """The part that is both cached and audio."""
    cache_read_input_image_tokens: int | None = None
    """The part that is both cached and image."""
    input_video_tokens: int | None = None
    output_tokens: int | None = None
    """All output, reasoning included."""
    reasoning_output_tokens: int | None = None
    output_audio_tokens: int | None = None
    output_image_tokens: int | None = None
    web_search_requests: int | None = None
    web_fetch_requests: int | None = None
    file_search_requests: int | None = None
    search_units: int | None = None
    """What reranking is billed by, where it is not by tokens."""
    input_characters: int | None = None
    """What speech is billed by, where it is not by tokens."""
    input_audio_ms: int | None = None
    """Milliseconds of sound that were transcribed, where it is not billed by tokens."""
    input_pages: int | None = None
    """Pages that were read from a document."""
    output_images: int | None = None
    """Images that were made, where they are not billed by tokens."""

    def __add__(self, other: Usage) -> Usage:
        """The sum by class; a class that neither side knows stays unknown."""
        return Usage(
            **{
                name: (mine or 0) + (theirs or 0)
                for name in Usage.__struct_fields__
                if (mine := getattr(self, name)) is not None or getattr(other, name) is not None
                for theirs in (getattr(other, name),)
            }
        )

    def known(self) -> dict[str, int]:
        """The classes that are known, by name."""
        # Several times as fast as asking for each of them.
        classes: dict[str, int] = msgspec.to_builtins(self)
        return classes

    def __bool__(self) -> bool:
        """True where at least one class is known."""
        return any(getattr(self, name) is not None for name in Usage.__struct_fields__)


class UsageParts(NamedTuple):
    """The tokens of a `Usage` in classes that do not overlap: they sum to input plus output."""

    input: int
    """Text that was neither cached nor written to a cache."""
    cache_read: int
    cache_write: int
    cache_write_1h: int
    cache_write_12h: int
    input_audio: int
    cache_read_audio: int
    input_image: int
    cache_read_image: int
    input_video: int
    output: int
    """Text, without reasoning."""
    reasoning: int
    output_audio: int
    output_image: int


def parts(usage: Usage) -> UsageParts:
    """Takes a usage apart into classes that do not overlap, so that no token is priced twice.

    Every class is >= 0, and the classes sum to `input_tokens` + `output_tokens`: a part that a
    provider reports as larger than its whole is cut down to what is left of the whole, in the
    order cache read, cache write, audio, image, video (and reasoning, audio, image for the output).
    """
    left = usage.input_tokens or 0
    cache_read = min(usage.cache_read_input_tokens or 0, left)
    left -= cache_read
    cache_write = min(usage.cache_creation_input_tokens or 0, left)
    left -= cache_write
    cache_write_1h = min(usage.cache_creation_1h_input_tokens or 0, cache_write)
    cache_write_12h = min(usage.cache_creation_12h_input_tokens or 0, cache_write - cache_write_1h)
    cache_read_audio = min(usage.cache_read_input_audio_tokens or 0, cache_read)
    cache_read_image = min(usage.cache_read_input_image_tokens or 0, cache_read - cache_read_audio)
    input_audio = min(max((usage.input_audio_tokens or 0) - cache_read_audio, 0), left)
    left -= input_audio
    input_image = min(max((usage.input_image_tokens or 0) - cache_read_image, 0), left)
    left -= input_image
    input_video = min(usage.input_video_tokens or 0, left)
    left -= input_video

    rest = usage.output_tokens or 0
    reasoning = min(usage.reasoning_output_tokens or 0, rest)
    rest -= reasoning
    output_audio = min(usage.output_audio_tokens or 0, rest)
    rest -= output_audio
    output_image = min(usage.output_image_tokens or 0, rest)
    rest -= output_image

    return UsageParts(
        input=left,
        cache_read=cache_read - cache_read_audio - cache_read_image,
        cache_write=cache_write - cache_write_1h - cache_write_12h,
        cache_write_1h=cache_write_1h,
        cache_write_12h=cache_write_12h,
        input_audio=input_audio,
        cache_read_audio=cache_read_audio,
        input_image=input_image,
        cache_read_image=cache_read_image,
        input_video=input_video,
        output=rest,
        reasoning=reasoning,
        output_audio=output_audio,
        output_image=output_image,
    )
