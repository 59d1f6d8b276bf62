"""`sessiontap prices estimate`: what a call would cost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import click
import msgspec

from sessiontap.call import Call
from sessiontap.cli.main import Failure
from sessiontap.cli.options import home_option, json_option
from sessiontap.cli.prices_table import (
    at_option,
    knowing,
    open_prices,
    pricing_option,
    provider_option,
    unknown_model,
)
from sessiontap.pricing import PriceTable
from sessiontap.times import epoch_ms, rfc3339
from sessiontap.usage import Usage
from sessiontap.views.price_estimate import Estimate

R = TypeVar("R")


_MOST = 10**12


class _Count(NamedTuple):
    field: str
    help: str


_COUNTS: Mapping[str, _Count] = MappingProxyType(
    {
        "--input": _Count("input_tokens", "All input tokens, the cached and the cache-written included."),
        "--cache-read": _Count("cache_read_input_tokens", "Of the input, read from a cache."),
        "--cache-write": _Count("cache_creation_input_tokens", "Of the input, written to a cache."),
        "--cache-write-1h": _Count("cache_creation_1h_input_tokens", "Of those written, for one hour."),
        "--cache-write-12h": _Count("cache_creation_12h_input_tokens", "Of those written, for twelve hours."),
        "--input-audio": _Count("input_audio_tokens", "Of the input, sound."),
        "--input-image": _Count("input_image_tokens", "Of the input, pictures."),
        "--input-video": _Count("input_video_tokens", "Of the input, video."),
        "--cache-read-audio": _Count("cache_read_input_audio_tokens", "Of those read from a cache, sound."),
        "--cache-read-image": _Count(
            "cache_read_input_image_tokens", "Of those read from a cache, pictures."
        ),
        "--output": _Count("output_tokens", "All output tokens, reasoning included."),
        "--reasoning": _Count("reasoning_output_tokens", "Of the output, reasoning."),
        "--output-audio": _Count("output_audio_tokens", "Of the output, sound."),
        "--output-image": _Count("output_image_tokens", "Of the output, pictures."),
        "--web-search": _Count("web_search_requests", "Web searches."),
        "--web-fetch": _Count("web_fetch_requests", "Fetched pages of the web."),
        "--file-search": _Count("file_search_requests", "Searches in files."),
        "--search-units": _Count("search_units", "Searches of a reranker."),
        "--characters": _Count("input_characters", "Characters to speak."),
        "--audio-ms": _Count("input_audio_ms", "Milliseconds of sound to transcribe."),
        "--pages": _Count("input_pages", "Pages to read."),
        "--images": _Count("output_images", "Images to make."),
    }
)
"""Option -> the field of `Usage` that it is, in the order of the help."""

_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "--cache-write": ("--cache-write-1h", "--cache-write-12h"),
        "--cache-read": ("--cache-read-audio", "--cache-read-image"),
        "--input": ("--cache-read", "--cache-write", "--input-audio", "--input-image", "--input-video"),
        "--output": ("--reasoning", "--output-audio", "--output-image"),
    }
)
"""Option -> the options that count parts of the same; a part comes before its whole."""


def _count(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    """Not click's own range, which would be told in the help of every option."""
    if value is not None and not 0 <= value <= _MOST:
        message = f"{value} is no count; allowed is a whole number from 0 to {_MOST}"
        raise click.BadParameter(message, ctx, param)
    return value


def _count_options(command: Callable[..., R]) -> Callable[..., R]:
    """Adds an option a count; the command gets them under the names of `Usage`."""
    for option, count in reversed(list(_COUNTS.items())):
        command = click.option(option, count.field, type=int, callback=_count, metavar="N", help=count.help)(
            command
        )
    return command


@click.command("estimate")
@click.option("--model", required=True, metavar="NAME", help="The model, as requests and replies name it.")
@provider_option
@_count_options
@click.option("--service-tier", metavar="TIER", help="Such as batch, flex or priority.")
@click.option("--region", metavar="NAME", help="Where the model runs, such as us, eu or us-east-1.")
@at_option
@json_option
@pricing_option
@home_option
def estimate(
    *,
    model: str,
    provider: str | None,
    service_tier: str | None,
    region: str | None,
    at_ms: int,
    as_json: bool,
    pricing: Path | None,
    home: Path,
    **counts: int | None,
) -> None:
    """Say what a call would cost.

    The call is priced as a recorded one. Counts are those of a record: `--input` is all input, what is
    read from a cache and written to one included, and `--output` all output, reasoning included. Without
    `--provider`: at each provider that knows the model.

    \b
    Examples:
      sessiontap prices estimate --model gpt-5 --input 12000 --cache-read 8000 --output 800
      sessiontap prices estimate --model claude-sonnet-4-5 --input 250000 --output 4000 --service-tier batch
      sessiontap prices estimate --model gpt-5 --input 12000 --output 800 --json | jq '.[0].cost_usd'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    call = Call(
        call_id="estimate",
        provider="",
        api="",
        operation="",
        host="",
        url_path="",
        request_model=model,
        status="ok",
        started_at=rfc3339(at_ms / 1000),
        usage=_usage(counts),
        service_tier=service_tier,
        region=None if region is None else region.strip().lower(),
    )
    table = open_prices(home, pricing)
    estimates = _estimates(table, call, [name for name, _ in knowing(table, model, provider)])
    if not estimates:
        raise unknown_model(table, model, provider)
    if as_json:
        from sessiontap.export.output import write_stream
        from sessiontap.views.price_json import array, estimated

        write_stream(sys.stdout.buffer, array(map(estimated, estimates)))
    else:
        from sessiontap.views.console import console, show
        from sessiontap.views.price_estimate import price_estimate

        terminal = console(sys.stdout)
        show(terminal, price_estimate(estimates, terminal.width))
    if all(each.call.cost_usd is None for each in estimates):
        message = "nothing here has a price for that call"
        raise Failure(message)


def _usage(counts: Mapping[str, int | None]) -> Usage:
    """The usage; UsageError where nothing is given, and where parts are more than their whole."""
    given = {option: counts[count.field] for option, count in _COUNTS.items()}
    if all(number is None for number in given.values()):
        message = "nothing to price: give a count, such as --input 12000 --output 800"
        raise click.UsageError(message)
    for whole, options in _PARTS.items():
        known = {option: number for option in options if (number := given[option])}
        total = sum(known.values())
        if whole == "--cache-write" and given[whole] is None and known:
            given[whole] = total
        if total > (given[whole] or 0):
            parts = " + ".join(f"{option} {number}" for option, number in known.items())
            message = f"{parts} is more than {whole} {given[whole] or 0}, which they are parts of"
            raise click.UsageError(message)
    return Usage(**{count.field: given[option] for option, count in _COUNTS.items()})


def _per_call(table: PriceTable, call: Call) -> frozenset[str]:
    entry = table.find(call.provider, call.model or "", epoch_ms(call.started_at))
    return (
        frozenset()
        if entry is None
        else frozenset(name for name, tool in entry.tools.items() if tool.per_call)
    )


def _estimates(table: PriceTable, call: Call, providers: list[str]) -> list[Estimate]:
    """The call at each provider; those with the same cost by the same price are one."""
    found: list[Estimate] = []
    for provider in providers:
        priced = table.price(msgspec.structs.replace(call, provider=provider))
        for number, other in enumerate(found):
            if msgspec.structs.replace(priced, provider=other.call.provider) == other.call:
                found[number] = other._replace(providers=(*other.providers, provider))
                break
        else:
            found.append(Estimate((provider,), priced, _per_call(table, priced)))
    return found
