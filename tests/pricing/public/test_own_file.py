from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from sessiontap.errors import PricingError
from sessiontap.pricing import load_prices
from sessiontap.pricing.public import Dated
from sessiontap.pricing.public.own_file import Changed, put_in
from sessiontap.pricing.public.takeover import Taken
from sessiontap.pricing.terms import Terms

HEAD = """\
# Your own prices: they go over sessiontap's, model by model. USD per million tokens; what may stand
# here is written at the top of the pricing.yaml that comes with it.
version: 1
"""


def taken(model: str, *aliases: str, provider: str = "p") -> Taken:
    """A model at 1 USD."""
    terms = Terms({"input": Decimal(1)}, source="s")
    return Taken(provider, model, aliases, (Dated(None, terms),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is, or will be."""
    return tmp_path / "pricing.yaml"


def put(path: Path, *models: Taken, overwrite: bool = False) -> Changed:
    """What becomes of the file."""
    return put_in(path, models, {}, overwrite=overwrite)


def test_a_new_file_has_its_head(path: Path) -> None:
    """Nothing is written to disk."""
    found = put(path, taken("m"), taken("k", provider="q"), taken("o"))
    assert found.text == (
        f"{HEAD}providers:\n  p:\n    models:\n"
        "      m: {input: 1, source: s}\n      o: {input: 1, source: s}\n"
        "  q:\n    models:\n      k: {input: 1, source: s}\n"
    )
    assert not path.exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "providers:\n  p:\n    models:\n      m: {input: 1, source: s}\n"),
        (
            "version: 1\n# mine\n",
            "version: 1\n# mine\nproviders:\n  p:\n    models:\n      m: {input: 1, source: s}\n",
        ),
        ("providers:  # mine\n", "providers:  # mine\n  p:\n    models:\n      m: {input: 1, source: s}\n"),
        (
            "providers:\n    # of q\n    q: {source: s}\n",
            (
                "providers:\n    p:\n      models:\n        m: {input: 1, source: s}\n"
                "    # of q\n    q: {source: s}\n"
            ),
        ),
        (
            "providers:\n  p:\n     source: s\nversion: 1",
            "providers:\n  p:\n     models:\n       m: {input: 1, source: s}\n     source: s\nversion: 1\n",
        ),
        (
            "providers:\n  'p':\n    models:\n      # mine\n      a: {input: 2}  # and this\n    source: s\n",
            (
                "providers:\n  'p':\n    models:\n      m: {input: 1, source: s}\n      # mine\n"
                "      a: {input: 2}  # and this\n    source: s\n"
            ),
        ),
        (
            "providers:\n  p:\n    models:\n    source: s\n",
            "providers:\n  p:\n    models:\n      m: {input: 1, source: s}\n    source: s\n",
        ),
    ],
)
def test_whatever_stands_in_a_file_stays(path: Path, before: str, after: str) -> None:
    """Comments, order and indentation; the new lines are as far in as those beside them."""
    path.write_text(before, "utf-8")
    assert put(path, taken("m")).text == after


OWN = """\
providers:
  p:
    source: s
    checked: 2026-11-23
    models:
      a:
        # mine
        aliases: [A-2]
        input: 5

        output: 6
      # about b
      b: {input: 2}
"""


def test_a_model_that_is_there_stays_as_it_is(path: Path) -> None:
    """By any of its names, in whatever case; the others are put in."""
    path.write_text(OWN, "utf-8")
    found = put(path, taken("A"), taken("a-2"), taken("m"))
    assert [each.model for each in found.put_in] == ["m"]
    assert [each.model for each in found.kept] == ["A", "a-2"]
    assert found.text == OWN.replace("    models:\n", "    models:\n      m: {input: 1, source: s}\n")


def test_overwriting_replaces_a_models_lines_and_no_others(path: Path) -> None:
    """Comments behind it stay, and an alias is still no model to replace."""
    path.write_text(OWN, "utf-8")
    found = put(path, taken("a"), taken("a-2"), overwrite=True)
    assert [each.model for each in found.kept] == ["a-2"]
    assert found.text == (
        "providers:\n  p:\n    source: s\n    checked: 2026-11-23\n    models:\n"
        "      a: {input: 1, source: s}\n      # about b\n      b: {input: 2}\n"
    )


def test_names_are_never_there_twice(path: Path) -> None:
    """An alias that is a name already is left out, so that the file loads."""
    path.write_text(OWN, "utf-8")
    found = put(path, taken("m", "a-2", "n", "x", "X"), taken("n", "x", "y"))
    path.write_text(found.text.replace("source: s}", "source: s, checked: 2026-11-23}"), "utf-8")
    names = load_prices(path).providers["p"].names.models
    assert names == {"a": "a", "a-2": "a", "b": "b", "m": "m", "x": "m", "n": "n", "y": "n"}


@pytest.mark.parametrize(
    "text",
    [
        "providers: {p: {models: {a: {input: 1}}}}",
        "providers:\n  p: {models: {a: {input: 1}}}\n",
        "providers:\n  p:\n    models: {a: {input: 1}}\n",
        "providers:\n  p:\n    models:\n      {a: {input: 1}}\n",
        "providers:\n  p: {source: s}\n",
    ],
)
def test_a_file_that_lines_cannot_be_put_into_is_refused(path: Path, text: str) -> None:
    """Rather than that anything in it is lost; the line says where."""
    path.write_text(text, "utf-8")
    with pytest.raises(PricingError, match=r"pricing\.yaml:\d: .*write it line by line, without braces"):
        put(path, taken("m"))


@pytest.mark.parametrize("text", [b"providers:\n\tp:\n", b"providers:\n  \xff: 1\n"])
def test_a_file_with_a_mistake_is_refused(path: Path, text: bytes) -> None:
    """With the line of the mistake."""
    path.write_bytes(text)
    with pytest.raises(PricingError, match=r"pricing\.yaml:2: "):
        put(path, taken("m"))
