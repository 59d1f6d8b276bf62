"""The two public price tables, genai-prices and LiteLLM: read in our terms, compared, taken over as YAML."""

from sessiontap.pricing.public.quotes import Dated, PublicTable, Quote
from sessiontap.pricing.public.reading import read_public_table

__all__ = ["Dated", "PublicTable", "Quote", "read_public_table"]
