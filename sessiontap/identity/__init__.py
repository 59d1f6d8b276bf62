"""Which session, path, name, user and agent a call belongs to: headers, body and proxy user -> Identity.

The rules stand in one order, in `rules.py`, and the first that answers wins; `session_source` says which
kind it was. Nothing in here raises, whatever a client sends.
"""

from sessiontap.identity.evidence import Evidence
from sessiontap.identity.identifier import LARGE_MEMBERS, Claims, Identifier, Identity, Inference, identify
from sessiontap.identity.proxy_user import ProxyUser, amount, basic_user, read_proxy_user
from sessiontap.identity.rules import LAST_RULES, RULES, Found
from sessiontap.identity.texts import normalise_path

__all__ = [
    "LARGE_MEMBERS",
    "LAST_RULES",
    "RULES",
    "Claims",
    "Evidence",
    "Found",
    "Identifier",
    "Identity",
    "Inference",
    "ProxyUser",
    "amount",
    "basic_user",
    "identify",
    "normalise_path",
    "read_proxy_user",
]
