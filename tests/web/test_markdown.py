"""A model's Markdown becomes HTML that can only be read."""

from __future__ import annotations

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.web.markdown import LONGEST, _parser, markdown

ALLOWED = {
    *("p", "a", "em", "strong", "s", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br"),
    *("h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"href", "rel", "target", "title", "class", "start"}


class Checked(HTMLParser):
    """Every tag and attribute is one of those that do nothing."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Looks at one."""
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            if name == "href":
                assert re.match(r"(?i)https?://|mailto:", value or ""), value
                assert "noreferrer" in (dict(attrs)["rel"] or "")


def checked(text: str) -> str:
    """The HTML of a text, looked through."""
    html = str(markdown(text))
    Checked().feed(html)
    return html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and `code`", "<p><strong>bold</strong> and <code>code</code></p>\n"),
        ("# Title", "<h4>Title</h4>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("<b>raw</b>", "<p>&lt;b&gt;raw&lt;/b&gt;</p>\n"),
        ("![alt](data:image/svg+xml;base64,AAAA)", "<p>![alt](data:image/svg+xml;base64,AAAA)</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        (
            "[x](https://example.org)",
            '<p><a href="https://example.org" rel="noopener noreferrer nofollow" target="_blank">x</a></p>\n',
        ),
    ],
)
def test_what_becomes_of_a_text(text: str, html: str) -> None:
    """Rendered where it is harmless, and shown as it is where it is not."""
    assert checked(text) == html


def test_a_picture_is_a_link_and_never_loaded() -> None:
    """To where it is."""
    html = checked("![a cat](https://example.org/cat.png)")
    assert "<img" not in html
    assert ">picture: a cat</a>" in html


def test_a_table_has_no_style() -> None:
    """A page's policy would refuse one: it is aligned by classes."""
    html = checked("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert 'class="to-center"' in html
    assert "style" not in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](\tjavascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html;base64,AAAA)",
        "[a](vbscript:x)",
        "<javascript:alert(1)>",
        '<https://example.org/"onmouseover=alert(1)>',
        '[a](https://example.org/"onmouseover="alert(1))',
        '![a" onerror="alert(1)](https://example.org/x.png)',
        "```<script>\ncode\n```",
        '``` "onload=x\ncode\n```',
        "[a]: javascript:alert(1)\n[a]",
        "<svg><script>alert(1)</script></svg>",
        "<!-- --><style>*{}</style>",
        "[" * 5000,
        "> " * 5000,
        "*" * 5000,
        "\x00\u202e\x1b[31m",
    ],
)
def test_attacks_stay_text(text: str) -> None:
    """However they are written."""
    html = checked(text)
    assert not set(html) & set("\x00\x1b\u202e")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_harmless(text: str) -> None:
    """Whatever a model says."""
    checked(text)


def test_a_very_long_text_is_shown_as_it_is() -> None:
    """It would take long to render."""
    html = checked("*a* " * LONGEST)
    assert html.startswith("<pre>*a* *a* ")


def test_an_entity_hides_nothing() -> None:
    """The characters that no reader sees are gone also where a text spells them out."""
    assert checked("a&#x202e;b &rlm;c &#x1b;[31m").strip() == "<p>ab c \ufffd[31m</p>"


def test_texts_that_are_first_at_once_are_whole() -> None:
    """Pages are made in threads: none finds a parser that has only half of its rules yet."""
    text = "# a\n\n- *b* `c` [d](http://e)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    expected = markdown(text)
    begin = threading.Barrier(8)

    def render(_: int) -> str:
        begin.wait(30)
        return markdown(text)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(100):
                _parser.cache_clear()
                _parser()
                assert set(pool.map(render, range(8))) == {expected}
    finally:
        sys.setswitchinterval(interval)
