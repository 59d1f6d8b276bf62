"""Markdown for a pull request: what a session came to, and nothing of others that is more than text."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt

from sessiontap.call import Call
from sessiontap.export.document import WholeSession
from sessiontap.export.markdown_format import MOST_CALLS, MOST_ROWS, escaped, markdown
from tests.sessions.samples import make_call, plain, triage

EXPECTED = Path(__file__).parent / "expected"
HOSTILE = (
    "| a | b |\n# head <img src=x onerror=1> [link](javascript:1) ![p](http://x/y.png) `code` *em* _em_ "
    "@everyone #42 http://evil.example www.evil.example a@evil.example &lt; ~~x~~ $x$ \\| \x1b[31m\u202e"
)


def written(*sessions: list[Call]) -> str:
    """The document of some sessions."""
    whole = (WholeSession(calls[0].session_id, calls) for calls in sessions)
    return b"".join(markdown(whole)).decode()


def rendered(text: str) -> str:
    """As GitHub's flavour has it: with tables, and addresses in a text as links."""
    return str(MarkdownIt("gfm-like", {"linkify": False}).render(text))


def test_a_session() -> None:
    """Figures, tree, models, errors."""
    assert written(triage()) == (EXPECTED / "triage.md").read_text("utf-8")


def test_several_sessions_stand_below_each_other() -> None:
    """Each under its own heading."""
    text = written(triage(), plain())
    assert [line for line in text.splitlines() if line.startswith("###")] == [
        "### triage ticket 4711",
        "### b-2",
    ]


def test_a_folder_of_many_calls_is_cut() -> None:
    """And says how many more there are; so is a tree of many rows."""
    text = written([make_call(number, "/a") for number in range(MOST_CALLS + 5)])
    assert "| &nbsp;&nbsp;&nbsp;… 5 more calls | | | | |" in text
    many = written([make_call(0, f"/p{number}", call_id=f"c{number}") for number in range(MOST_ROWS)])
    assert re.search(r"\| … [\d,]+ more calls \| \| \| \| \|", many)
    assert len(many.splitlines()) < MOST_ROWS + 40


def test_what_others_chose_stays_text() -> None:
    """No heading, link, picture, mention, HTML or cell of theirs."""
    call = make_call(
        1,
        f"/{HOSTILE.replace('/', '')}",
        HOSTILE,
        session_id=HOSTILE,
        session_name=HOSTILE,
        agent=HOSTILE,
        status="error",
        error_type=HOSTILE,
        error_message=HOSTILE,
    )
    text = written([call, msgspec.structs.replace(call, call_id="other", response_model="m")])
    html = rendered(text)
    assert set(re.findall(r"<(\w+)", html)) <= {
        *("h3", "table", "thead", "tbody", "tr", "th", "td", "strong", "ul", "li", "p"),
    }
    assert html.count("<h3>") == 1
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL):
        assert row.count("<td") + row.count("<th") in {2, 5}
    # GitHub finds these in the text that is left.
    assert not re.search(r"@\w|#\d|(?<!\\)www\.|https?://", text)
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    "plain_text", ["gpt-5.4-mini", "claude-sonnet-4-5@20250929", "a.b-c_d/e", "日本 größe"]
)
def test_names_read_as_they_are(plain_text: str) -> None:
    """Rendered, a name is what it was but for a joiner that nobody sees."""
    html = rendered(escaped(plain_text)).removeprefix("<p>").removesuffix("</p>\n")
    assert html.replace("\u2060", "") == plain_text
