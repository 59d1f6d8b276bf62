"""Tells the two public tables apart, and reads either."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from sessiontap.errors import PricingError
from sessiontap.pricing.nodes import quoted, whole
from sessiontap.pricing.public import genai_prices, litellm
from sessiontap.pricing.public.quotes import PublicTable

_ALLOWED = "allowed is LiteLLM's model_prices_and_context_window.json or genai-prices' data.json"


def read_public_table(path: Path) -> PublicTable:
    """The table in a JSON file: LiteLLM's map of models, or genai-prices' list of providers.

    Numbers are taken as their text says, never through a float.
    Raises PricingError, one line, for a file that cannot be read or is neither.
    """
    file = whole(str(path))
    try:
        document = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        message = f"{file}: cannot be read: {error.strerror or type(error).__name__}"
        raise PricingError(message) from error
    except json.JSONDecodeError as error:
        message = f"{file}:{error.lineno}: not JSON: {error.msg}; {_ALLOWED}"
        raise PricingError(message) from error
    except (ArithmeticError, RecursionError, ValueError) as error:
        message = f"{file}: not JSON that can be read ({quoted(str(error))}); {_ALLOWED}"
        raise PricingError(message) from error
    providers = genai_prices.providers_in(document)
    if providers is not None:
        return genai_prices.read(providers)
    if isinstance(document, dict) and litellm.is_one(document):
        return litellm.read(document)
    message = f"{file}: JSON, but neither of the two public price tables; {_ALLOWED}"
    raise PricingError(message)
