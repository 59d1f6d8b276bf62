from __future__ import annotations

from pathlib import Path

import pytest

from sessiontap.call import Call
from sessiontap.doctor.unpriced import check_unpriced
from sessiontap.settings import Settings
from tests.sessions.samples import fill, make_call


def unpriced(number: int, model: str) -> Call:
    """A call of a model that no price table has."""
    return make_call(
        number,
        "/",
        session_id="s",
        provider="openai",
        request_model=model,
        response_model=model,
        cost_usd=None,
    )


def test_the_newest_models_without_a_price_are_named(tmp_path: Path) -> None:
    """Three of them, by their newest call, and the command that lists all; nothing is written."""
    fill(tmp_path, [unpriced(number, f"model-{number}") for number in range(5)])
    before = sorted(tmp_path.rglob("*"))
    (found,) = check_unpriced(Settings(home=tmp_path))
    assert (found.verdict, found.topic) == ("warning", "unpriced")
    assert found.message == (
        "5 calls of the newest 1 session: openai/model-4, openai/model-3, openai/model-2 and 2 more"
    )
    assert found.fix == f"sessiontap prices unpriced --home {tmp_path}"
    assert sorted(tmp_path.rglob("*")) == before


def test_calls_that_have_a_price_by_now_are_for_reprice(tmp_path: Path) -> None:
    """Prices that came later are not looked for again, but taken."""
    fill(tmp_path, [unpriced(1, "gpt-5-mini")])
    (found,) = check_unpriced(Settings(home=tmp_path))
    assert (found.verdict, found.message) == (
        "warning",
        "1 call of the newest 1 session can have a price by now",
    )
    assert found.fix == f"sessiontap reprice --home {tmp_path}"


@pytest.mark.parametrize("priced", [True, False])
def test_nothing_unpriced_is_in_order(tmp_path: Path, priced: bool) -> None:
    """Where nothing is recorded there is nothing to say."""
    if priced:
        fill(tmp_path, [make_call(1, "/", session_id="s")])
    assert [each.verdict for each in check_unpriced(Settings(home=tmp_path))] == ["ok"] * priced
