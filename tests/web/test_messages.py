"""Messages as the pages show them."""

from __future__ import annotations

import base64

import pytest

from sessiontap.conversation.parts import (
    CallMessages,
    Media,
    Message,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Unknown,
)
from sessiontap.web.messages import LARGEST_PICTURE, ShownPart, shown_message, shown_messages

PNG = base64.b64encode(b"\x89PNG....").decode()


def shown(part: Part) -> ShownPart:
    """One part."""
    (found,) = shown_message(Message("assistant", (part,))).parts
    return found


def test_words_are_rendered_and_long_ones_folded() -> None:
    """With the beginning, and how long they are."""
    assert shown(Text("**a**")).kind == "text"
    long = shown(Text("line\n" * 100))
    assert long.kind == "long"
    assert long.summary.startswith("line line line")
    assert "500 characters, 101 lines" in long.summary


def test_thinking_may_be_kept_by_the_provider() -> None:
    """Then only that there was some is shown."""
    assert shown(Thinking("why")).html == "<p>why</p>\n"
    hidden = shown(Thinking(""))
    assert (hidden.html, "keeps to itself" in hidden.summary) == ("", True)


def test_tools() -> None:
    """A call with its arguments for reading; a result with its parts, open where it failed."""
    call = shown(ToolCall("1", "search", '{"q": "a"}'))
    assert (call.kind, call.name, call.summary) == ("tool-call", "search", '{"q": "a"}')
    assert call.text == '{\n  "q": "a"\n}'
    assert shown(ToolCall("1", None, "not json {")).text == "not json {"
    result = shown(ToolResult("1", "search", (Text("none"), Media("image", "image/png", PNG)), is_error=True))
    assert (result.kind, result.bad, [part.kind for part in result.parts]) == (
        "tool-result",
        True,
        ["text", "image"],
    )


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        (Media("image", "image/png", PNG), "image"),
        (Media("image", "IMAGE/JPEG", PNG), "image"),
        (Media("image", "image/svg+xml", PNG), "media"),
        (Media("image", "text/html", PNG), "media"),
        (Media("image", 'image/png" onload="x', PNG), "media"),
        (Media("image", "image/png", 'AAAA" onerror="x'), "media"),
        (Media("image", "image/png", "A" * (LARGEST_PICTURE + 1)), "media"),
        (Media("image", "image/png", url="https://example.org/x.png"), "media"),
        (Media("audio", "audio/wav", PNG), "media"),
        (Media("file", None, PNG, name="a.pdf"), "media"),
    ],
)
def test_only_harmless_pictures_are_shown(media: Media, kind: str) -> None:
    """Of what the message itself holds; the rest is told."""
    found = shown(media)
    assert found.kind == kind
    assert found.source.startswith("data:image/" if kind == "image" else "")
    assert '"' not in found.source


def test_what_no_rule_knows_is_shown_as_it_is() -> None:
    """Never hidden."""
    found = shown(Unknown("hologram", {"a": [1]}))
    assert (found.kind, found.name, found.text) == ("other", "hologram", '{\n  "a": [\n    1\n  ]\n}')


def test_only_what_is_new_is_shown() -> None:
    """Where somebody says what that is."""
    first, second = Message("user", (Text("a"),)), Message("user", (Text("b"),))
    found = CallMessages(request=(first, second), replies=((Message("assistant", ()),),), missing=("cut",))
    assert [len(shown_messages(found).request), len(shown_messages(found, [second]).request)] == [2, 1]
    assert shown_messages(found).missing == ("cut",)


def test_deep_results_end_somewhere() -> None:
    """A result in a result in a result is no reason to fail."""
    part: Part = Text("end")
    for _ in range(5000):
        part = ToolResult(None, None, (part,))
    assert shown(part).kind == "tool-result"
