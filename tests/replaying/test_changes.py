from __future__ import annotations

import pytest

from sessiontap.replaying.changes import (
    Changes,
    Member,
    Place,
    read_header,
    read_member,
    read_model,
    read_place,
)
from tests.replaying.samples import chat


def test_the_first_model_that_fits_counts() -> None:
    """A name, or a pattern, against the one that was asked for and the one that answered."""
    changes = Changes(models={"gpt-5": "a", "gpt-5*": "b"})
    assert changes.model_for("gpt-5", None) == ("gpt-5", "a")
    assert changes.model_for("mine", "gpt-5-mini-2025-08-07") == ("gpt-5*", "b")
    assert changes.model_for("o3", None) is None


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("temperature=0", Member(("temperature",), b"0")),
        ("reasoning.effort=low", Member(("reasoning", "effort"), b'"low"')),
        ('stop=["a", "b"]', Member(("stop",), b'["a", "b"]')),
        ("user=", Member(("user",), b'""')),
        ("a=b=c", Member(("a",), b'"b=c"')),
        ("x=NaN", Member(("x",), b'"NaN"')),
        ("x=null", Member(("x",), b"null")),
    ],
)
def test_a_member_is_json_or_a_text(text: str, member: Member) -> None:
    """What is no JSON is a text."""
    assert read_member(text) == member


@pytest.mark.parametrize("text", ["temperature", "=0", "a..b=1", ".a=1"])
def test_what_names_no_member_is_refused(text: str) -> None:
    """With how to write one."""
    with pytest.raises(ValueError, match="names no member of a body; write KEY=VALUE"):
        read_member(text)


def test_a_member_that_is_to_go() -> None:
    """Its key alone; nothing else is read in it."""
    assert read_member("a.b", with_value=False) == Member(("a", "b"), None)


def test_models_are_two() -> None:
    """Old and new, without white space around them."""
    assert read_model("gpt-5 = gpt-5-mini") == ("gpt-5", "gpt-5-mini")
    for text in ("gpt-5", "gpt-5=", "=gpt-5"):
        with pytest.raises(ValueError, match="OLD=NEW"):
            read_model(text)


@pytest.mark.parametrize(
    ("text", "provider", "place", "url"),
    [
        ("https://a.example", "", Place("https", "a.example", 443), "https://a.example"),
        (
            "http://localhost:11434/v1/",
            "",
            Place("http", "localhost", 11434, "/v1"),
            "http://localhost:11434",
        ),
        ("openai=https://a.example/x", "openai", Place("https", "a.example", 443, "/x"), "https://a.example"),
        ("gcp.gemini=http://[::1]:80", "gcp.gemini", Place("http", "::1", 80), "http://[::1]"),
    ],
)
def test_base_urls(text: str, provider: str, place: Place, url: str) -> None:
    """Of all calls, or of one provider's."""
    assert read_place(text) == (provider, place)
    assert place.url == url


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "ftp://a.example", "https://", "https://a b", "https://u:p@a.example", "http://a:x"],
)
def test_what_is_no_base_url(text: str) -> None:
    """It is refused with examples; one with a password is none either."""
    with pytest.raises(ValueError, match="is no base URL"):
        read_place(text)


def test_a_place_of_a_provider_wins() -> None:
    """The others go where all go."""
    one, all_ = Place("https", "a.example", 443), Place("https", "b.example", 443)
    changes = Changes(places={"": all_, "openai": one})
    assert changes.place_for(chat()) == one
    assert changes.place_for(chat(provider="groq")) == all_
    assert Changes().place_for(chat()) is None


@pytest.mark.parametrize(
    "text", ["Authorization", "a b: c", "Host: x", "helicone-session-id: x", "A: b\nc: d"]
)
def test_headers_that_cannot_be_meant(text: str) -> None:
    """What is set for each call, and what would be two headers. The value is not quoted: it may be a key."""
    with pytest.raises(ValueError) as refused:
        read_header(text)
    assert text.partition(":")[2].strip() not in str(refused.value) or ":" not in text


def test_a_header() -> None:
    """Its name as it is written; found in any case."""
    assert read_header("X-Api-Key:  a:b ") == ("X-Api-Key", "a:b")
    assert Changes(headers={"X-Api-Key": "a"}).states("x-api-KEY")
    assert "secret" not in repr(Changes(headers={"X-Api-Key": "secret"}))
