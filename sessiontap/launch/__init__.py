"""Starts mitmdump with the addon for somebody: for a command, for a terminal, or for all of a home."""
