"""Helicone's REST calls for sessions, answered out of the store with the shapes that its users' scripts know.

https://docs.helicone.ai/rest/session/post-v1sessionquery, and docs/helicone.md for what differs
"""

from sessiontap.web.helicone.answers import failed, is_rest, not_here
from sessiontap.web.helicone.routes import rest_calls

__all__ = ["failed", "is_rest", "not_here", "rest_calls"]
