"""openai.transcription and openai.speech: sound to text, and text to sound.

https://platform.openai.com/docs/api-reference/audio
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import msgspec

from sessiontap.apis.one_reply import OneReplyReader
from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import Api, RequestFacts, plain_request
from sessiontap.untrusted import JsonObject, money, obj, text
from sessiontap.usage import Usage


def read_transcription_usage(usage: JsonObject) -> Usage:
    """What a transcription was billed: by tokens, or (`type: duration`) by the seconds of its sound."""
    if text(usage, "type") == "duration":
        return Usage(input_audio_ms=_milliseconds(usage, "seconds"))
    return read_usage(usage)


def _read_transcript(reply: JsonObject) -> Usage:
    """The usage of a reply; older ones, and translations, say in verbose form how long the sound was."""
    found = read_transcription_usage(obj(reply, "usage"))
    return found or Usage(input_audio_ms=_milliseconds(reply, "duration"))


def _milliseconds(value: JsonObject, key: str) -> int | None:
    # Money is read exactly, and so are seconds; some write them as text.
    seconds = money(value, key)
    return None if seconds is None else round(seconds * 1000)


def _read_speech_usage(usage: JsonObject) -> Usage:
    """Usage that a stream of events reports: all output is sound."""
    found = read_usage(usage)
    return msgspec.structs.replace(found, output_audio_tokens=found.output_tokens)


def _read_speech_request(body: JsonObject) -> RequestFacts:
    """The request's facts; the characters that are to be spoken are what older models are billed by."""
    spoken = text(body, "input")
    return replace(plain_request(body), usage=Usage(input_characters=None if spoken is None else len(spoken)))


# Subtitles (`response_format`: text, srt, vtt) come as they are, and report no usage.
TRANSCRIPTION = Api(
    name="openai.transcription",
    operation="transcription",
    reader=partial(OneReplyReader, "text", _read_transcript, None),
    read_request=plain_request,
    text_replies=True,
)

# Sound itself reports nothing; `stream_format: sse` ends with an event that does.
SPEECH = Api(
    name="openai.speech",
    operation="speech",
    reader=partial(OneReplyReader, "audio", _read_speech_usage),
    read_request=_read_speech_request,
    long_fields=frozenset({"input"}),
)
