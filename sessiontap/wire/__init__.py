"""Bytes off the wire -> events, without I/O: content codings, framings, JSON.

Every reader is fed bytes as they come, cut anywhere, and raises `WireError` and nothing else.
"""
