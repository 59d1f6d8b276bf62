"""The demonstration: a double of the providers, a real mitmdump before it, and a small agent.

Nothing here needs a key or leaves the machine. The end-to-end tests stand on the same pieces.
"""
