"""Conversation: the messages of a call, in one form for every provider, out of its stored bodies. No I/O.

said = call_messages(call, bodies)      # bodies: what the store has of the call, or None
turns = Turns()                         # what is new in each call of a session, in order of start
turn = turns.feed(call, bodies)
"""

from __future__ import annotations

from sessiontap.conversation.parts import (
    CallMessages,
    Media,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolOffered,
    ToolResult,
    Unknown,
)
from sessiontap.conversation.reading import call_messages
from sessiontap.conversation.turns import Turn, Turns

__all__ = [
    "CallMessages",
    "Media",
    "Message",
    "Part",
    "Role",
    "Text",
    "Thinking",
    "ToolCall",
    "ToolOffered",
    "ToolResult",
    "Turn",
    "Turns",
    "Unknown",
    "call_messages",
]
