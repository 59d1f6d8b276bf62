"""markdown: text of a model as HTML that can do nothing but be read.

HTML in the text stays text, links lead to web and mail addresses only and tell nobody where they were on,
pictures are shown as links: nothing is loaded from outside. https://spec.commonmark.org/
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from sessiontap.web.shown import visible

LONGEST = 200_000
"""Characters; longer texts are shown as they are."""

_SCHEMES = ("http://", "https://", "mailto:")
_MOST_NESTING = 20


def markdown(text: str) -> Markup:
    """The text as HTML."""
    shown = visible(text)
    if len(shown) > LONGEST:
        return Markup("<pre>{}</pre>").format(shown)
    # The renderer escapes all that it does not make itself; tests hold it to that. What an entity such as
    # &#x202e; stood for is only now a character.
    return Markup(visible(_parser().render(shown)))  # noqa: S704


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": _MOST_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = lambda url: url.lower().startswith(_SCHEMES)  # type: ignore[method-assign]
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    for cell in ("th_open", "td_open"):
        parser.add_render_rule(cell, _cell)
    # It works out its rules with the first text, and another thread would find only some of them.
    parser.render("a")
    return parser


def _link(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    tokens[index].attrSet("target", "_blank")
    return renderer.renderToken(tokens, index, options, env)


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    del renderer, options, env
    source = str(tokens[index].attrGet("src") or "")
    label = tokens[index].content or source
    if not source.lower().startswith(_SCHEMES):
        return str(escape(label))
    return str(
        Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">picture: {}</a>').format(
            source, label
        )
    )


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Below the headings of the page, which a message is only a part of."""
    del renderer, options, env
    level = min(int(tokens[index].tag[1:]) + 3, 6)
    return f"<h{level}>" if tokens[index].nesting == 1 else f"</h{level}>\n"


def _cell(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Aligned by a class: a style in the page is refused by its policy."""
    style = str(tokens[index].attrs.pop("style", ""))
    if style.startswith("text-align:"):
        tokens[index].attrSet("class", f"to-{style.removeprefix('text-align:')}")
    return renderer.renderToken(tokens, index, options, env)
