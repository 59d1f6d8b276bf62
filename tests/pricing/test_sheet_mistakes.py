from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.errors import PricingError
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.tools import CHARGES

_CLASSES = (
    "input, cache_read, cache_write, cache_write_1h, cache_write_12h, input_audio, cache_read_audio, "
    "input_image, cache_read_image, input_video, output, reasoning, output_audio, output_image"
)
_TERMS = "source, checked, service, regions, schedule, tools"
_ENTRY_KEYS = f"{_CLASSES}, above, {_TERMS}, from, until"
_MODEL_KEYS = f"{_ENTRY_KEYS}, aliases, patterns, entries"
_PROVIDER_KEYS = (
    f"{_TERMS}, currency, service_aliases, derive, prefixes, suffixes, models_of, unpriced, models"
)
_TWO_PATTERNS = "'a*c' and 'ab*' of 'm' (line 7) fit the same names, equally well; make one of them longer"
_TWO_TIERS = (
    "service tier 'flex' and above 10 both write rates out; "
    "say 'above' inside of 'flex': its own sizes, or null for none"
)
_PER_USE = "allowed is USD per 1000 uses, or {per_call: USD per 1000 calls}"
_NUMBER = "allowed is a number >= 0 without quotes, such as 2.5"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        # Line 6 is the first one of the block.
        ("models: {m: {input: '3'}}", "6: p > m > input: the string '3'; " + _NUMBER),
        ("models: {m: {input: -3}}", "6: p > m > input: '-3'; " + _NUMBER),
        ("models: {m: {input: 1e3}}", "6: p > m > input: '1e3'; " + _NUMBER),
        ("models: {m: {input: .5}}", "6: p > m > input: '.5'; " + _NUMBER),
        ("models: {m: {input: 0x10}}", "6: p > m > input: '0x10'; " + _NUMBER),
        ("models: {m: {input: nan}}", "6: p > m > input: 'nan'; " + _NUMBER),
        ("models: {m: {input: 1_000}}", "6: p > m > input: '1_000'; " + _NUMBER),
        ("models: {m: {input: ٣}}", "6: p > m > input: '٣'; " + _NUMBER),
        ("models: {m: {input: 1234567890}}", "6: p > m > input: '1234567890'; " + _NUMBER),
        ("models: {m: {input: }}", "6: p > m > input: nothing; " + _NUMBER),
        ("models: {m: {input: [3]}}", "6: p > m > input: a list; " + _NUMBER),
        ("models: {m: {input: {x: 3}}}", "6: p > m > input: a mapping; " + _NUMBER),
        ("models:\n  m:\n    output: 1\n    input: $3", "9: p > m > input: '$3'; " + _NUMBER),
        (
            "models: {m: {inptu: 3}}",
            f"6: p > m > inptu: unknown key; allowed: {_MODEL_KEYS}",
        ),
        (
            "model: {}",
            f"6: p > model: unknown key; allowed: {_PROVIDER_KEYS}",
        ),
        (
            "models: {m: {entries: [{input: 1, aliases: [x]}]}}",
            f"6: p > m > entries 1 > aliases: unknown key; allowed: {_ENTRY_KEYS}",
        ),
        (
            "models: {m: {input: 1, service: {batch: {y: 1}}}}",
            f"6: p > m > service > batch > y: unknown key; allowed: {_CLASSES}, x, above",
        ),
        (
            "models: {m: {input: 1, above: {10: {above: 1}}}}",
            f"6: p > m > above > 10 > above: unknown key; allowed: {_CLASSES}, x",
        ),
        (
            "models: {m: {input: 1, service: {batch: {x: {y: 1}}}}}",
            f"6: p > m > service > batch > x > y: unknown key; allowed: {_CLASSES}",
        ),
        (
            "tools: {search: 1}",
            f"6: p > tools > search: unknown key; allowed: {', '.join(CHARGES)}",
        ),
        (
            "tools: {web_search: {per_prompt: 1}}",
            "6: p > tools > web_search > per_prompt: unknown key; allowed: per_call",
        ),
        (
            "tools: {web_search: {}}",
            f"6: p > tools > web_search: nothing; {_PER_USE}",
        ),
        ("tools: {web_search: free}", "6: p > tools > web_search: 'free'; " + _NUMBER),
        ("models: {m: {}}", "6: p > m: no rate; allowed is at least one of input, output, tools"),
        (
            "models: {m: {cache_read: 1}}",
            "6: p > m: no rate; allowed is at least one of input, output, tools",
        ),
        ("models: {m: 3}", "6: p > m: '3'; allowed is a mapping"),
        ("models: {m: }", "6: p > m: nothing; allowed is a mapping"),
        ("models: [m]", "6: p > models: a list; allowed is a mapping"),
        ("models: {' ': {input: 1}}", "6: p >  : a blank name; allowed is a model's name"),
        (
            "models: {m: {input: 1}, M: {input: 1}}",
            "6: p > M: 'M' is already a name of 'm' (line 6); allowed is one model a name",
        ),
        (
            "models: {m: {input: 1}, n: {aliases: [models/M], input: 1}}",
            "6: p > n > aliases: 'models/M' is already a name of 'm' (line 6); allowed is one model a name",
        ),
        (
            "models: {n: {aliases: [m], input: 1}, m: {input: 1}}",
            "6: p > m: 'm' is already a name of 'n' (line 6); allowed is one model a name",
        ),
        (
            "models: {m: {aliases: [m], input: 1}}",
            "6: p > m > aliases: 'm' is already a name of 'm' (line 6); allowed is one model a name",
        ),
        ("models: {m: {aliases: n, input: 1}}", "6: p > m > aliases: 'n'; allowed is a list of names"),
        ("models: {m: {aliases: [[n]], input: 1}}", "6: p > m > aliases: a list; allowed is a list of names"),
        (
            "models: {m: {aliases: [''], input: 1}}",
            "6: p > m > aliases: the string ''; allowed is a list of names",
        ),
        (
            "models: {m: {patterns: ['a*b*'], input: 1}}",
            "6: p > m > patterns: 'a*b*'; allowed is a name in which one '*' is any text and '#' a digit",
        ),
        (
            "models:\n  m: {patterns: [ab*], input: 1}\n  n: {patterns: ['a*c'], input: 1}",
            f"8: p > n > patterns: {_TWO_PATTERNS}",
        ),
        (
            "models:\n  m:\n    input: 1\n    entries:\n    - {from: 2026-01-02}\n    - {from: 2026-01-01}",
            "11: p > m > entries 2: from 2026-01-01, after an entry from 2026-01-02; oldest first",
        ),
        (
            "models: {m: {input: 1, entries: [{from: 2026-01-01}, {from: 2026-01-01}]}}",
            "6: p > m > entries 2: from 2026-01-01, after an entry from 2026-01-01; oldest first",
        ),
        (
            "models: {m: {input: 1, entries: [{}, {}]}}",
            "6: p > m > entries 2: no 'from', after an entry from ever; oldest first",
        ),
        (
            "models: {m: {input: 1, entries: [{until: 2026-01-02}, {from: 2026-01-01}]}}",
            "6: p > m > entries 1 > until: 2026-01-02, but the next entry is from 2026-01-01; they overlap",
        ),
        (
            "models: {m: {input: 1, from: 2026-01-02, until: 2026-01-02}}",
            "6: p > m > until: 2026-01-02 is not after from 2026-01-02",
        ),
        (
            "models: {m: {input: 1, from: 2026-01-02, entries: [{}]}}",
            "6: p > m > from: beside 'entries'; allowed is a date in each of the entries",
        ),
        (
            "models: {m: {input: 1, entries: []}}",
            "6: p > m > entries: an empty list; allowed is at least one entry",
        ),
        (
            "models: {m: {input: 1, entries: {}}}",
            "6: p > m > entries: a mapping; allowed is a list of mappings",
        ),
        ("models: {m: {input: 1, entries: [1]}}", "6: p > m > entries 1: '1'; allowed is a mapping"),
        (
            "models: {m: {input: 1, from: 20260101}}",
            "6: p > m > from: '20260101'; allowed is a date such as 2026-11-23",
        ),
        (
            "models: {m: {input: 1, from: 2026-02-30}}",
            "6: p > m > from: '2026-02-30'; allowed is a date such as 2026-11-23",
        ),
        (
            "models: {m: {input: 1, from: 2026-W01-1}}",
            "6: p > m > from: '2026-W01-1'; allowed is a date such as 2026-11-23",
        ),
        (
            "models: {m: {input: 1, checked: yesterday}}",
            "6: p > m > checked: 'yesterday'; allowed is a date such as 2026-11-23",
        ),
        ("models: {m: {input: 1, source: }}", "6: p > m > source: nothing; allowed is a text"),
        (
            "models: {m: {input: 1, above: {0: {x: 2}}}}",
            "6: p > m > above > 0: not a number of tokens; allowed is a whole number > 0 such as 200000",
        ),
        (
            "models: {m: {input: 1, above: {200k: {x: 2}}}}",
            "6: p > m > above > 200k: not a number of tokens; allowed is a whole number > 0 such as 200000",
        ),
        ("models: {m: {input: 1, above: {10: 2}}}", "6: p > m > above > 10: '2'; allowed is a mapping"),
        ("models: {m: {input: 1, above: 10}}", "6: p > m > above: '10'; allowed is a mapping"),
        (
            "models: {m: {input: 1, service: {Batch: {x: 2}}}}",
            "6: p > m > service > Batch: allowed is a lower-case name other than 'standard'",
        ),
        (
            "models: {m: {input: 1, service: {standard: {x: 2}}}}",
            "6: p > m > service > standard: allowed is a lower-case name other than 'standard'",
        ),
        (
            "models: {m: {input: 1, above: {10: {input: 2}}, service: {flex: {input: 3}}}}",
            f"6: p > m: {_TWO_TIERS}",
        ),
        (
            "derive: {input: {output: 1}}",
            f"6: p > derive > input: unknown key; allowed: {_CLASSES[7:].replace(' output,', '')}",
        ),
        ("derive: {cache_read: 0.1}", "6: p > derive > cache_read: '0.1'; allowed is a mapping"),
        (
            "derive: {cache_read: {}}",
            "6: p > derive > cache_read: allowed is one factor, such as {input: 0.1}",
        ),
        (
            "derive: {cache_read: {cache_write: 1}}",
            "6: p > derive > cache_read > cache_write: unknown key; allowed: input, output",
        ),
        ("models_of: [q]", "6: p > models_of: 'q' is no provider here; allowed: p"),
        ("models_of: p", "6: p > models_of: 'p'; allowed is a list of names"),
        ("unpriced: [a]", "6: p > unpriced: a list; allowed is a text"),
        (
            "currency: EUR",
            (
                "6: p > currency: 'EUR'; allowed is USD: write the rates in USD, "
                "and the day of the exchange rate as their 'checked'"
            ),
        ),
        (
            "suffixes: ['*#']",
            "6: p > suffixes: '*#'; allowed is a name in which one '*' is any text and '#' a digit",
        ),
        (
            "models:\n  m: {patterns: [a*], input: 1}\n  n: {input: 1}\n  o: {patterns: [a*], input: 1}",
            (
                "9: p > o > patterns: 'a*' and 'a*' of 'm' (line 7) fit the same names, equally well; "
                "make one of them longer"
            ),
        ),
        (
            "regions: {US: {x: 2}}",
            "6: p > regions > US: allowed is a lower-case region such as us-east-1, eu or us-gov-*",
        ),
        (
            "regions: {us: {y: 2}}",
            f"6: p > regions > us > y: unknown key; allowed: {_CLASSES}, x",
        ),
        (
            "models: {m: {input: 1, above: {10: {input: 2}}, regions: {us: {input: 2}}}}",
            (
                "6: p > m: region 'us' and above 10 both write rates out; "
                "allowed beside it are factors, such as {x: 1.1}"
            ),
        ),
        (
            "models: {m: {input: 1, service: {batch: {input: 2}}, regions: {us: {input: 2}}}}",
            (
                "6: p > m: region 'us' and service tier 'batch' both write rates out; "
                "allowed beside it are factors, such as {x: 1.1}"
            ),
        ),
        ("schedule: {x: 2}", "6: p > schedule: a mapping; allowed is a list of mappings"),
        (
            "schedule: [{hours: 01:00-04:00}]",
            "6: p > schedule 1: no 'x'; allowed is {days: mon-fri, hours: 01:00-04:00, x: 2}",
        ),
        *(
            (
                f"schedule: [{{hours: {hours}, x: 2}}]",
                "6: p > schedule 1 > hours: allowed are two times of the day in UTC, such as 01:00-04:00",
            )
            for hours in ("1-4", "01:00-24:01", "25:00-02:00", "01:00-01:00", "01:60-02:00")
        ),
        (
            "schedule: [{days: monday, hours: 01:00-04:00, x: 2}]",
            (
                "6: p > schedule 1 > days: allowed is a day or two, such as mon-fri, "
                "of mon, tue, wed, thu, fri, sat, sun"
            ),
        ),
        (
            "schedule: [{hours: 01:00-04:00, x: 2, input: 3}]",
            "6: p > schedule 1 > input: unknown key; allowed: days, hours, x",
        ),
        ("service_aliases: {a: [b]}", "6: p > service_aliases > a: a list; allowed is a text"),
        (
            '"evil\\e]0;x\\a": 1',
            f"6: p > 'evil\\x1b]0;x\\x07': unknown key; allowed: {_PROVIDER_KEYS}",
        ),
    ],
)
def test_a_mistake_is_one_exact_line(
    table: Callable[[str], PriceTable], tmp_path: Path, block: str, message: str
) -> None:
    """File, line, key, what is there and what is allowed."""
    with pytest.raises(PricingError) as caught:
        table(block)
    assert str(caught.value) == f"{tmp_path / 'prices.yaml'}:{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prices: {}\n", "1: prices: unknown key; allowed: version, currency, providers"),
        ("version: 2\n", "1: version: '2'; allowed is 1"),
        ("version: [1]\n", "1: version: a list; allowed is a text"),
        ("providers: 3\n", "1: providers: '3'; allowed is a mapping"),
        ("providers: {p: 3}\n", "1: p: '3'; allowed is a mapping"),
        (
            "providers:\n  p:\n    models:\n      m: {input: 1}\n",
            "4: p > m: no 'source'; allowed is the URL of the price, here or at the provider",
        ),
        (
            "providers:\n  p:\n    source: https://x\n    models:\n      m: {input: 1}\n",
            "5: p > m: no 'checked'; allowed is a date such as 2026-11-23, here or at the provider",
        ),
    ],
)
def test_a_mistake_at_the_top_is_one_exact_line(write: Callable[..., Path], text: str, message: str) -> None:
    """Every price says where it is from and when that was looked up."""
    path = write(text)
    with pytest.raises(PricingError) as caught:
        load_prices(path)
    assert str(caught.value) == f"{path}:{message}"


@pytest.mark.parametrize(
    "text", ["", "version: 1\n", "providers: {}\n", "providers: {p: {}}\n", "providers: {p: {models: {}}}\n"]
)
def test_a_file_may_have_no_prices(write: Callable[..., Path], text: str) -> None:
    """An empty file is the beginning of every user's own."""
    assert list(load_prices(write(text)).entries()) == []


def test_a_source_of_the_lower_file_does_not_vouch_for_the_upper_one(write: Callable[..., Path]) -> None:
    """Whoever states a price says where it is from."""
    lower = write(
        "providers: {p: {source: https://x, checked: 2026-01-01, models: {m: {input: 1}}}}\n", "a.yaml"
    )
    upper = write("providers: {p: {models: {m: {input: 2}}}}\n", "b.yaml")
    with pytest.raises(PricingError, match=r"b\.yaml:1: p > m: no 'source'"):
        load_prices(lower, upper)
