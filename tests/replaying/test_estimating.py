from __future__ import annotations

from decimal import Decimal

from sessiontap.call import Call
from sessiontap.pricing import load_prices
from sessiontap.providers import DIRECTORY
from sessiontap.replaying.changes import Changes, read_place
from sessiontap.replaying.estimating import estimate
from sessiontap.replaying.plan import Planned, planned
from sessiontap.resources import find
from sessiontap.usage import Usage
from tests.replaying.samples import bodies, chat

TABLE = load_prices(find("pricing.yaml"))
NOW = "2026-11-25T12:00:00.000Z"
USED = Usage(input_tokens=1_000_000, output_tokens=100_000)


def cost(call: Call, changes: Changes | None = None) -> Decimal | None:
    """The estimate of a call."""
    made = planned(1, call, bodies({"model": call.request_model}), changes or Changes(), DIRECTORY)
    assert isinstance(made, Planned)
    return estimate(made, TABLE, NOW)


def test_the_tokens_of_the_recording_at_the_new_models_price() -> None:
    """gpt-5-mini is $0.25 and $2, gpt-5-nano $0.05 and $0.40 a million."""
    call = chat("gpt-5-mini", usage=USED)
    assert cost(call) == Decimal("0.45")
    assert cost(call, Changes(models={"gpt-5-mini": "gpt-5-nano"})) == Decimal("0.09")


def test_what_is_not_known_is_not_zero() -> None:
    """A call without tokens, and a model without a price; a server on this machine is free."""
    assert cost(chat(usage=Usage())) is None
    assert cost(chat(usage=USED), Changes(models={"*": "nobodys-model"})) is None
    assert cost(chat(usage=USED), Changes(places=dict([read_place("http://localhost:1")]))) == 0


def test_a_stated_cost_stays_while_the_model_does() -> None:
    """Of another model nobody has stated one."""
    call = chat("gpt-5-mini", usage=USED, cost_usd=Decimal("0.3"), cost_source="provider")
    assert cost(call) == Decimal("0.3")
    assert cost(call, Changes(models={"gpt-5-mini": "gpt-5-nano"})) == Decimal("0.09")


def test_what_a_plan_paid_is_paid_by_a_key() -> None:
    """The recorded cost was a notional one."""
    assert cost(chat("gpt-5-mini", usage=USED, billing="subscription")) == Decimal("0.45")
