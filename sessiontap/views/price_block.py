"""The block of a price file that a person fills in for models without a price.

Every model name in it came from traffic: it stands so that it is this name and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from sessiontap.pricing.match import folded
from sessiontap.pricing.tools import TOOLS, uses
from sessiontap.sessions.gaps import Gap
from sessiontap.usage import parts

_PLAIN = re.compile(r"[A-Za-z0-9]+([._/@-]+[A-Za-z0-9]+)*")
# A key of YAML may have 1024 characters, and a name that is looked up 256.
_LONGEST_NAME = 256
_LONGEST_KEY = 1000
# What costs as its parent wherever a price is not said.
_NOT_ASKED = frozenset({"reasoning"})


def price_block(gaps: Iterable[Gap], today: date) -> str:
    """The block with a blank for each rate that the calls needed; "" where no gap has a model's name.

    Loaded as it is, its first blank is the mistake that is told; filled in, it is a whole price file.
    """
    providers: dict[str, dict[str, Gap]] = {}
    for gap in gaps:
        name = folded(gap.model or "")
        if name and len(gap.model or "") <= _LONGEST_NAME and len(_key(name)) <= _LONGEST_KEY:
            models = providers.setdefault(gap.provider, {})
            models[name] = _merged(models.get(name), gap)
    if not providers:
        return ""
    lines = ["version: 1", "providers:"]
    for provider, models in sorted(providers.items()):
        lines += [f"  {_key(provider)}:", "    models:"]
        for name, gap in sorted(models.items()):
            lines += [f"      {_key(name)}:", *_model(gap, today)]
    return "\n".join(lines) + "\n"


def _merged(one: Gap | None, other: Gap) -> Gap:
    if one is None:
        return other
    return Gap(
        provider=one.provider,
        model=one.model,
        reason=one.reason,
        calls=one.calls + other.calls,
        usage=one.usage + other.usage,
    )


def _model(gap: Gap, today: date) -> list[str]:
    used = {name for name, tokens in parts(gap.usage)._asdict().items() if tokens} - _NOT_ASKED
    tools = [name for name in TOOLS if uses(gap.usage, name)]
    if gap.usage.input_tokens or not tools:
        used.add("input")
    if gap.usage.output_tokens:
        used.add("output")
    lines = ["source:  # the URL of the price", f"checked: {today}"]
    lines += [f"{name}:  # USD per million tokens" for name in parts(gap.usage)._fields if name in used]
    if tools:
        lines += ["tools:", *(f"  {name}:  # USD per 1,000" for name in tools)]
    return [f"        {line}" for line in lines]


def _key(name: str) -> str:
    """The name as a YAML key: as it is where nothing in it means anything, else in double quotes.

    https://yaml.org/spec/1.2.2/#57-escaped-characters
    """
    if _PLAIN.fullmatch(name):
        return name
    return '"' + "".join(_escaped(sign) for sign in name) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"
