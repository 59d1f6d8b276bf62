"""sessiontap: the traffic between agents and model providers, as sessions."""

__version__ = "0.1.0"
