from __future__ import annotations

from decimal import Decimal

from sessiontap.call import UsagePart
from sessiontap.sessions.gaps import Gap, Gaps
from sessiontap.usage import Usage
from tests.sessions.samples import SMALL, make_call


def test_calls_are_counted_by_model_and_reason() -> None:
    """The most calls first; the usage is summed up."""
    gaps = Gaps()
    for number, (model, reason) in enumerate([("a", "x"), ("b", "x"), ("a", "y"), ("b", "x")]):
        gaps.add(make_call(number, "/", model, cost_usd=None, unpriced_reason=reason))
    twice = Usage(input_tokens=2468, output_tokens=112)
    assert gaps.calls == 4
    assert gaps.found() == [
        Gap(provider="openai", model="b", reason="x", calls=2, usage=twice),
        Gap(provider="openai", model="a", reason="x", calls=1, usage=SMALL),
        Gap(provider="openai", model="a", reason="y", calls=1, usage=SMALL),
    ]


def test_a_reason_that_names_the_calls_moment_is_one_for_all() -> None:
    """Else every call would stand on a line of its own."""
    gaps = Gaps()
    for number in (1, 2):
        call = make_call(number, "/", "a", cost_usd=None)
        reason = f"no price for model 'a' of provider 'openai' at '{call.started_at}'"
        gaps.add(make_call(number, "/", "a", cost_usd=None, unpriced_reason=reason))
    assert [(gap.reason, gap.calls) for gap in gaps.found()] == [
        ("no price for model 'a' of provider 'openai' at the time of the call", 2)
    ]


def test_the_parts_without_a_price_are_meant() -> None:
    """A call that billed several models counts once under each that lacks one."""
    parts = (
        UsagePart(model="has", usage=SMALL, cost_usd=Decimal(1)),
        UsagePart(model="lacks", usage=SMALL),
        UsagePart(model="lacks", usage=SMALL),
    )
    gaps = Gaps()
    gaps.add(make_call(1, "/", "has", usage_parts=parts, cost_usd=None, unpriced_reason="x"))
    (gap,) = gaps.found()
    assert (gap.model, gap.calls, gap.usage.input_tokens) == ("lacks", 1, 2468)


def test_a_reply_without_usage_is_a_reason() -> None:
    """Nothing else says why such a call has no cost."""
    gaps = Gaps()
    gaps.add(make_call(1, "/", None, usage=Usage(), cost_usd=None))
    assert gaps.found() == [
        Gap(provider="openai", model=None, reason="the reply came without its usage", calls=1)
    ]


def test_the_model_that_the_client_names_is_what_lacks_a_price() -> None:
    """Where the client says whose prices count, that model is to be written into the price file."""
    gaps = Gaps()
    gaps.add(make_call(1, "/", "has", priced_as="lacks", cost_usd=None, unpriced_reason="x"))
    assert [gap.model for gap in gaps.found()] == ["lacks"]
