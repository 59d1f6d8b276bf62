"""A price file with everything that a view shows, and calls that it prices or does not."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sessiontap.call import Call
from sessiontap.usage import Usage
from tests.sessions.samples import make_call

AT = "2026-11-23T20:00:00Z"
"""A Monday evening; every entry but one has begun, one has ended."""

PRICES = """\
version: 1
providers:
  acme:
    source: https://acme.example/prices
    checked: 2026-11-01
    derive: {cache_write: {input: 1.25}}
    service: {batch: {x: 0.5}}
    service_aliases: {auto: standard, default: standard}
    regions: {eu: {x: 1.1}, global: null}
    tools: {web_search: 10}
    models:
      anvil-1:
        patterns: [anvil-1-##]
        above: {200000: {x: {input: 2, output: 1.5}}}
        entries:
          - {from: 2026-01-01, input: 4, output: 20}
          - {from: 2026-10-01, input: 3, cache_read: 0.3, output: 15}
      anvil-1-mini:
        {aliases: [anvil-small], input: 0.01875, output: 0.075, service: {flex: {input: 0.01, output: 0.05}}}
      anvil-hours:
        input: 2
        output: 8
        regions: {eu: null}
        schedule: [{days: mon-fri, hours: "18:00-22:00", x: 0.25}, {hours: "22:00-02:00", x: {output: 0.5}}]
        tools: {web_search: {per_call: 35}, request: 5}
      anvil-old: {until: 2026-06-01, input: 9, output: 9}
      embed: {input: 0.1}
  reseller: {models_of: [acme], service_aliases: {economy: batch}}
  by-hand: {unpriced: BY-HAND bills by the handshake}
  anything:
    {source: the machine is the user's own, checked: 2026-11-01, models: {any: {patterns: ["*"], input: 0}}}
  openai:
    source: https://openai.example/prices
    checked: 2026-11-01
    models:
      gpt-5-mini: {input: 1, output: 2}
      o3: {from: 2026-11-23, input: 100, cache_read: 50, output: 200}
"""


def write_prices(folder: Path, text: str = PRICES) -> Path:
    """Writes the file."""
    path = folder / "prices.yaml"
    path.write_text(text, "utf-8")
    return path


def unpriced(number: int, model: str | None, **fields: object) -> Call:
    """A call of a session of its own, that was recorded without a cost."""
    call = make_call(number, "/", model, call_id=f"u{number}", session_id="u", session_name=None)
    usage = Usage(input_tokens=1_000_000, cache_read_input_tokens=250_000, output_tokens=10_000)
    return msgspec.structs.replace(call, **{"usage": usage, "cost_usd": None, **fields})


def without_prices() -> list[Call]:
    """Calls that have no price, each for another reason; and one that has one by now."""
    hostile = '\x1b[2Jmodel": {é}'
    return [
        unpriced(1, "anvil-2", provider="acme"),
        unpriced(2, "Anvil-2", provider="acme", usage=Usage(input_tokens=5, web_search_requests=2)),
        unpriced(3, "anvil-1", provider="acme", service_tier="flex"),
        unpriced(4, "anvil-old", provider="acme"),
        unpriced(5, "anvil-old", provider="acme"),
        unpriced(6, "shake", provider="by-hand"),
        unpriced(7, None, provider="acme"),
        unpriced(8, "anvil-1", provider="acme", usage=Usage(), usage_source="none"),
        unpriced(9, hostile, provider="unheard"),
        unpriced(10, "embed", provider="acme", usage=Usage(input_tokens=7)),
    ]
