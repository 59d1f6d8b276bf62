"""openai.transcription and openai.speech: by tokens, by seconds and by characters."""

from __future__ import annotations

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.openai_audio import read_transcription_usage
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage
from tests.conformance.metering import finish, fixture, meter

_TEXT = fixture("openai.transcription@openai", "subtitles, which report nothing")
_SOUND = fixture("openai.speech@openai", "sound itself: the characters are in the request")


@pytest.mark.parametrize(
    ("usage", "milliseconds"),
    [
        ({"type": "duration", "seconds": 9}, 9000),
        ({"type": "duration", "seconds": 27.4}, 27400),
        ({"type": "duration", "seconds": 0}, 0),
        ({"type": "duration", "seconds": "8.47"}, 8470),
        ({"type": "duration", "seconds": -1}, None),
        ({"type": "duration", "seconds": True}, None),
        ({"type": "duration", "seconds": float("inf")}, None),
        ({"type": "duration"}, None),
        ({"type": "tokens", "seconds": 3}, None),
    ],
)
def test_seconds_become_milliseconds(usage: JsonObject, milliseconds: int | None) -> None:
    """Only a duration that is one is read, to the millisecond."""
    assert read_transcription_usage(usage).input_audio_ms == milliseconds


def _transcribed(*events: JsonObject) -> Usage:
    reader = APIS["openai.transcription"].reader()
    for event in events:
        reader.feed(event)
    return reader.facts().usage


def test_older_replies_bill_by_the_length_that_they_state() -> None:
    """Without usage, the verbose form's duration is what was billed, number or text."""
    assert _transcribed({"text": "Hi", "duration": 7.25}) == Usage(input_audio_ms=7250)
    assert _transcribed({"text": "Hi", "duration": "7.250000"}) == Usage(input_audio_ms=7250)
    assert not _transcribed({"text": "Hi"})


def test_tokens_win_over_the_length() -> None:
    """A transcription that states both is billed by its tokens."""
    usage: JsonObject = {"type": "tokens", "input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    assert _transcribed({"duration": 27.4, "usage": usage}) == Usage(input_tokens=3, output_tokens=2)


def test_the_first_words_of_a_stream_are_output() -> None:
    """Time to first output runs to the first delta."""
    reader = APIS["openai.transcription"].reader()
    assert reader.feed({"type": "transcript.text.delta", "delta": "Hi"})
    assert not reader.facts().complete


@pytest.mark.parametrize("body", [b"", b"{ no JSON", b"just words\n", b"[laughter]", b"42", b"data: words"])
def test_a_transcript_as_text_is_no_problem(body: bytes) -> None:
    """Whatever was said, a text is a good reply that reports nothing."""
    started = meter(_TEXT.match(), _TEXT.request_body, _TEXT.request_headers())
    call = finish(started, 200, _TEXT.response_headers(), [body])
    assert (call.status, call.usage_source, started.problem) == ("ok", "none", None)


@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
def test_json_that_is_none_is_a_problem_still(content_type: str) -> None:
    """Only texts are excused."""
    started = meter(_TEXT.match(), _TEXT.request_body, _TEXT.request_headers())
    finish(started, 200, {"content-type": content_type}, [b"data: {no\n\n" * 2])
    assert started.problem is not None


def test_an_error_bills_no_characters() -> None:
    """What the request says of the bill counts where the reply is good."""
    started = meter(_SOUND.match(), _SOUND.request_body, _SOUND.request_headers())
    call = finish(started, 500, {"content-type": "application/json"}, [b'{"error": {"message": "no"}}'])
    assert (call.status, call.usage, call.usage_source) == ("error", Usage(), "none")


def test_without_a_text_nothing_is_known_of_the_bill() -> None:
    """A request that has no `input`, or none that is text, counts no characters."""
    read = APIS["openai.speech"].read_request
    assert not read({"model": "tts-1"}).usage
    assert not read({"model": "tts-1", "input": ["Hi"]}).usage
