"""Budgets: refuses the calls of a session that has cost what it may cost.

Promises: a call that has begun goes on to its end, so a session costs no more than its budget and the calls
that were under way as it was reached; what other proxies of the same home record counts as well; without a
budget nothing is looked at.
"""

from __future__ import annotations

import logging
from decimal import Decimal

from mitmproxy import ctx
from mitmproxy.http import HTTPFlow, Response

from sessiontap.apis.refusal import refusal, socket_refusal
from sessiontap.call import Call
from sessiontap.recent import Recent
from sessiontap.settings import Settings
from sessiontap.store.journal import printable
from sessiontap.store.spending import Spending, Spent

logger = logging.getLogger(__name__)

KIND = "budget"
"""The `error_type` of a call that was refused."""

_MOST_TOLD = 10_000
_PERCENT = 100
# Of the budget; each is told once.
_STEPS = (100, 80, 50)


class Budgets:
    """What the sessions of one home may cost. `settings` may change while it is in use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spending = Spending(settings.home)
        self._told: Recent[str, int] = Recent(_MOST_TOLD)

    def use(self, settings: Settings) -> None:
        """Goes on with other settings."""
        if settings.home != self._settings.home:
            self._spending = Spending(settings.home)
        self._settings = settings

    def ended(self, call: Call) -> None:
        """Takes a call as it was recorded."""
        self._spending.recorded(call)

    def over(self, call: Call, stated: Decimal | None) -> str | None:
        """Why a call that begins is refused; None where it is not. `stated` is the budget that it names."""
        budget = stated if stated is not None else self._settings.budget
        if budget is None or call.session_id is None:
            return None
        spent = self._spending.of(call.session_id)
        self._tell(call.session_id, spent, budget)
        if spent.usd < budget:
            return None
        return (
            f"sessiontap: session {printable(call.session_id, 80)} has cost ${spent.usd:.4f} of its budget of"
            f" ${budget:f}; this call was not sent. Raise the budget, or go on in another session."
        )

    def _tell(self, session_id: str, spent: Spent, budget: Decimal) -> None:
        reached = _PERCENT if not budget else int(spent.usd * _PERCENT / budget)
        step = next((step for step in _STEPS if reached >= step), 0)
        if step <= (self._told.get(session_id) or 0):
            return
        self._told.put(session_id, step)
        further = ", its further calls are refused" if step == _PERCENT else ""
        missing = f"; {spent.unpriced} calls without a price are not in it" if spent.unpriced else ""
        logger.warning(
            "sessiontap: session %s has cost $%.4f, %d %% of its budget of $%s%s%s",
            printable(session_id, 80),
            spent.usd,
            reached,
            f"{budget:f}",
            further,
            missing,
        )


def refuse_on_socket(flow: HTTPFlow, message: str) -> None:
    """Sends the client of a socket the error that its call gets; it comes by as the provider's message."""
    to_client = is_text = True
    ctx.master.commands.call("inject.websocket", flow, to_client, socket_refusal(KIND, message), is_text)


def refuse(flow: HTTPFlow, api: str, message: str) -> None:
    """Answers a request in its provider's dialect; it is not sent."""
    reply = refusal(api, KIND, message)
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    flow.response = Response.make(reply.status, reply.body, headers)
