from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.errors import PricingError
from sessiontap.pricing.nodes import Mapping, Node, Scalar, Sequence
from sessiontap.pricing.yamlfile import _parse, read


def _plainly(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key: _plainly(value) for key, value in node.values.items()}
    if isinstance(node, Sequence):
        return [_plainly(item) for item in node.items]
    return node.text


def test_scalars_keep_their_text_and_lines(write: Callable[..., Path]) -> None:
    """A number is the text that stands in the file, and knows whether it stood in quotes."""
    read_file = read(write("a: 0.1\nb:\n  - '0.10'\n  - {c: 1e3}\n"))
    assert read_file.values["a"] == Scalar("0.1", plain=True, line=1)
    assert read_file.values["b"] == Sequence(
        [Scalar("0.10", plain=False, line=3), Mapping({"c": Scalar("1e3", plain=True, line=4)}, {"c": 4}, 4)],
        3,
    )
    assert read_file.lines == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "---\n", "null\n", "\ufeff# with a byte order mark\n"]
)
def test_a_file_without_content_is_empty(write: Callable[..., Path], text: str) -> None:
    """A user may keep an empty price file."""
    assert read(write(text)).values == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "3: the key 'a' a second time; once is allowed"),
        ("a:\n  b: {c: 1, c: 2}\n", "2: a > b: the key 'c' a second time; once is allowed"),
        ("a:\n\tb: 1\n", "2: a: a tab in the indentation; only spaces are allowed"),
        ("a: &x 1\n", "1: a: the anchor 'x'; anchors and aliases are not allowed"),
        ("a: *x\n", "1: a: the anchor 'x'; anchors and aliases are not allowed"),
        ("a: &x {b: *x}\n", "1: a: the anchor 'x'; anchors and aliases are not allowed"),
        ("a: !!float 1\n", "1: a: the tag 'tag:yaml.org,2002:float'; tags are not allowed"),
        (
            "a: !!python/object/apply:os.system [x]\n",
            "1: a: the tag 'tag:yaml.org,2002:python/object/apply:os.system'; tags are not allowed",
        ),
        ("{a: 1}: 2\n", "1: a mapping as a key, where a name is due"),
        ("? [a]\n: 2\n", "1: a list as a key, where a name is due"),
        ("a: 1\n---\nb: 2\n", "2: a second document; one a file is allowed"),
        ("- a\n", "1: a list, where a mapping is due"),
        ("just text\n", "1: 'just text', where a mapping is due"),
        ("a: \x07\n", "1: the character U+0007; only printable ones are allowed"),
        ('"a\\e[31m":\n  b: [}\n', "2: 'a\\x1b[31m' > b: not YAML: did not find expected node content"),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_key(
    write: Callable[..., Path], text: str, message: str
) -> None:
    """What is wrong, where, and what is allowed; nothing of the file reaches a terminal as it is."""
    path = write(text)
    with pytest.raises(PricingError) as caught:
        read(path)
    assert str(caught.value) == f"{path}:{message}"


@pytest.mark.parametrize(
    "text", ["a: [1,\n", "a: 'x", "a: 1\nb\n", "%x\n---\n", "a: 1\n b: 2\n", "@", "a: b: c\n"]
)
def test_what_is_no_yaml_is_one_line(write: Callable[..., Path], text: str) -> None:
    """The parser's own words stand behind the line that it stopped at."""
    path = write(text)
    with pytest.raises(PricingError, match=r"^[^\n]*prices\.yaml:\d+: [^\n]*not YAML: [^\n]+$"):
        read(path)


@pytest.mark.parametrize("text", ["[" * 300_000, "{a: " * 300_000, "- " * 300_000, "? " * 300_000])
def test_deep_nesting_is_a_mistake_and_not_the_end_of_the_process(
    write: Callable[..., Path], text: str
) -> None:
    """A parser that recurses dies of these."""
    with pytest.raises(PricingError, match=r"nested deeper than 16 levels|as a key"):
        read(write(text))


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """The line and the byte."""
    path = tmp_path / "prices.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(PricingError) as caught:
        read(path)
    assert str(caught.value) == f"{path}:2: the byte 0xff; the file must be UTF-8"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The path and the system's reason."""
    with pytest.raises(PricingError) as caught:
        read(tmp_path / "none\n.yaml")
    assert (
        str(caught.value)
        == f"{str(tmp_path / 'none') + chr(10) + '.yaml'!r}: cannot be read: No such file or directory"
    )


_SCALARS = st.from_regex(r"[a-z][a-z0-9.:_-]{0,8}", fullmatch=True) | st.integers(0, 10**9).map(str)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_SCALARS, inner, max_size=4),
    max_leaves=30,
)


@given(st.dictionaries(_SCALARS, _TREES, min_size=1, max_size=5), st.booleans())
def test_it_reads_what_a_full_yaml_reader_reads(tree: dict[str, object], flow: bool) -> None:
    """The same tree as PyYAML's own composer, with every scalar as text."""
    text = yaml.safe_dump(tree, default_flow_style=flow)
    assert _plainly(_parse("f", text)) == yaml.load(text, yaml.BaseLoader)


@settings(max_examples=300)
@given(st.text(alphabet="ab:-[]{}&*!?|>'\"#%@,\t\n 1.", max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_is_a_pricing_error(text: str) -> None:
    """No other exception, and always one line."""
    try:
        _parse("f", text)
    except PricingError as error:
        assert "\n" not in str(error)  # noqa: PT017 -- most texts raise nothing
