"""estimate: what a call would cost if it took the tokens of its recording again."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sessiontap.pricing import PriceTable
from sessiontap.replaying.plan import Planned


def estimate(plan: Planned, table: PriceTable, now: str) -> Decimal | None:
    """The cost by today's prices, in USD; None where the recording has no tokens, or nothing has a price.

    `now` is RFC 3339. What the provider has stated itself stays, where the model and the place do.
    """
    call = plan.call
    if plan.free:
        return Decimal(0)
    same = plan.new_model is None and plan.provider == call.provider
    if same and call.cost_source == "provider":
        return call.cost_usd
    again = msgspec.structs.replace(
        call,
        provider=plan.provider,
        request_model=plan.model,
        response_model=call.response_model if plan.new_model is None else None,
        started_at=now,
        # Parts are of models that this one may not ask.
        usage_parts=call.usage_parts if same else (),
        # A key pays, whoever paid then.
        billing="metered" if call.billing == "subscription" else call.billing,
        cost_usd=None,
        cost_source=None,
    )
    return table.price(again).cost_usd if call.usage else None
