"""Conversation: the messages of a call, in one form for every provider, out of its stored bodies. No I/O."""
