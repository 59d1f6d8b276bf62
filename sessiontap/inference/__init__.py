"""Which session a call belongs to that names none: what it asks, what the model says, who calls.

asking = Asking()                       # one for a proxy
inference = Inference()                 # one for a proxy
asked = asking.read(api, body)          # as the request is known
ticket = inference.begun(asked, client, now)
ears = listener(api)                    # feed it the reply's events, where it is not None
inference.ended(ticket, now, heard=heard_by(ears, ticket.prefill), answered=True, response_id=…)
"""

from __future__ import annotations

from sessiontap.inference.asked import CONVERSATIONAL, NOT_READ, Asked, Asking
from sessiontap.inference.hearing import Heard, heard_by, listener
from sessiontap.inference.inference import Inference, Inferred, Mode, Ticket
from sessiontap.inference.memory import Client

__all__ = [
    "CONVERSATIONAL",
    "NOT_READ",
    "Asked",
    "Asking",
    "Client",
    "Heard",
    "Inference",
    "Inferred",
    "Mode",
    "Ticket",
    "heard_by",
    "listener",
]
