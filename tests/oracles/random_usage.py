"""Random usages for comparing costs: all sizes of prompts, every class of tokens, alone and together."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import product

from sessiontap.usage import Usage

_SIZES = (5_000, 60_000, 115_000, 190_000, 260_000, 400_000)
_KINDS: tuple[tuple[str, ...], ...] = (
    (),
    ("cache",),
    ("write",),
    ("cache", "write"),
    ("audio",),
    ("image",),
    ("cache", "write", "audio", "image"),
)
# Every eleventh of the forty-two pairs comes next, so that a few already have all sizes and all kinds.
_PAIRS = tuple(product(_SIZES, _KINDS))
_ORDER = tuple(_PAIRS[number * 11 % len(_PAIRS)] for number in range(len(_PAIRS)))

PER_MODEL = int(os.environ.get("SESSIONTAP_TEST_USAGES", "20"))
"""How many usages are compared for each model. 200 take minutes: for each change of the prices."""


def random_usages(seed: str) -> Iterator[Usage]:
    """Usages without end, the same ones for the same seed."""
    dice = random.Random(seed)
    while True:
        for size, kinds in _ORDER:
            yield _usage(dice, size, kinds)


def _usage(dice: random.Random, size: int, kinds: tuple[str, ...]) -> Usage:
    total, output = dice.randint(size * 3 // 4, size), dice.randint(100, 20_000)
    share = {kind: dice.randint(1, total // 5) for kind in kinds}
    cached_audio = dice.randint(0, share.get("cache", 0)) if "audio" in kinds else 0
    return Usage(
        input_tokens=total,
        cache_read_input_tokens=share.get("cache", 0),
        cache_creation_input_tokens=share.get("write", 0),
        cache_creation_1h_input_tokens=dice.randint(0, share.get("write", 0)),
        input_audio_tokens=share.get("audio", 0) + cached_audio,
        cache_read_input_audio_tokens=cached_audio,
        input_image_tokens=share.get("image", 0),
        output_tokens=output,
        reasoning_output_tokens=output // 3,
        output_audio_tokens=output // 5 if "audio" in kinds else 0,
        output_image_tokens=output // 7 if "image" in kinds else 0,
        # At most one: Gemini 2 is billed by prompts that searched, the tables know searches alone.
        web_search_requests=dice.randint(0, 1),
        file_search_requests=dice.randint(0, 3),
    )
