"""openai.images: what a picture was billed, streamed or whole."""

from __future__ import annotations

import base64
import json
import time
from decimal import Decimal

from sessiontap.apis.openai_image_usage import read_drawn, read_image_usage
from sessiontap.apis.openai_images import ImagesReader
from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage
from tests.conformance.metering import finish, fixture, meter

_USAGE: JsonObject = {"input_tokens": 10, "output_tokens": 1000, "total_tokens": 1010}


def _read(*events: JsonObject) -> ImagesReader:
    reader = ImagesReader()
    for event in events:
        reader.feed(event)
    return reader


def test_every_finished_picture_of_a_stream_is_billed() -> None:
    """Each completed event reports the tokens of its own picture, so they add up."""
    done: JsonObject = {"type": "image_generation.completed", "b64_json": "AA", "usage": _USAGE}
    facts = _read(done, done).facts()
    assert facts.usage == Usage(input_tokens=20, output_tokens=2000, output_image_tokens=2000)
    assert facts.complete


def test_partial_pictures_are_output_but_bill_nothing_yet() -> None:
    """The first partial picture is the first output; the stream is not whole with it."""
    reader = ImagesReader()
    assert reader.feed({"type": "image_generation.partial_image", "b64_json": "AA"})
    assert not reader.facts().usage
    assert not reader.facts().complete


def test_an_error_ends_a_stream_of_pictures() -> None:
    """An error event names why no picture came."""
    facts = _read(
        {"type": "error", "error": {"type": "image_generation_server_error", "message": "no"}}
    ).facts()
    assert (facts.error_type, facts.error_message, bool(facts.usage)) == (
        "image_generation_server_error",
        "no",
        False,
    )


def test_pictures_with_tokens_are_not_billed_by_the_piece_too() -> None:
    """Where tokens are reported, no picture is counted."""
    facts = _read({"data": [{"b64_json": "AA"}], "usage": _USAGE}).facts()
    assert facts.usage.output_images is None


def test_a_cost_that_the_reply_states_is_read() -> None:
    """What a picture costs is stated by xAI."""
    facts = _read({"data": [{"url": "https://images.example"}], "usage": {"cost_in_usd_ticks": 200_000_000}})
    assert facts.facts().cost_usd == Decimal("0.02")


def test_cached_pictures_are_a_class_of_their_own() -> None:
    """The tool's usage tells cached text from cached pictures."""
    usage: JsonObject = {
        **_USAGE,
        "cached_tokens": 5,
        "cached_tokens_details": {"cached_image_tokens": 4, "cached_text_tokens": 1},
    }
    found = read_image_usage(usage)
    assert (found.cache_read_input_tokens, found.cache_read_input_image_tokens) == (5, 4)


def test_the_author_of_an_svg_is_billed_beside_what_a_tool_drew() -> None:
    """A response's picture and its SVG are two parts, each at the model that made it."""
    svg = {
        "model": "gpt-5.5",
        "input_tokens": 9,
        "output_tokens": 8,
        "reasoning_tokens": 1,
        "total_tokens": 17,
    }
    response: JsonObject = {
        "tools": [{"type": "function"}, {"type": "image_generation", "model": "gpt-image-2"}],
        "tool_usage": {"image_gen": _USAGE},
        "output": [{"type": "image_generation_call"}, {"type": "image_generation_call", "svg_usage": svg}],
    }
    assert read_drawn(response) == (
        UsagePart(
            model="gpt-image-2",
            usage=Usage(input_tokens=10, output_tokens=1000, output_image_tokens=1000),
        ),
        UsagePart(model="gpt-5.5", usage=Usage(input_tokens=9, output_tokens=8, reasoning_output_tokens=1)),
    )


def test_partial_pictures_of_megabytes_are_cheap() -> None:
    """24 MB of partial pictures in a stream hold the proxy up for less than a quarter of a second in all."""
    each = fixture("openai.images@openai", "a streamed picture: partial ones first, the tokens with the last")
    picture = base64.b64encode(bytes(3 << 20)).decode()
    event = json.dumps({"type": "image_generation.partial_image", "b64_json": picture}).encode()
    wire = (b"data: " + event + b"\n\n") * 6 + each.response_body
    pieces = [wire[start : start + 65536] for start in range(0, len(wire), 65536)]
    started = meter(each.match(), each.request_body, each.request_headers())
    begun = time.process_time()
    call = finish(started, 200, each.response_headers(), pieces)
    assert time.process_time() - begun < 0.25
    assert call.usage.output_image_tokens == 4260
