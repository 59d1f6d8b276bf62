"""The addon's options: declared, validated, made into `Settings`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from mitmproxy.addonmanager import Loader
from mitmproxy.options import Options

from sessiontap.errors import SettingsError
from sessiontap.identity import amount, read_proxy_user
from sessiontap.settings import (
    CAPTURE_LIMIT,
    IDLE_GAP_S,
    SESSION_IDLE_S,
    CaptureMode,
    InferMode,
    PlaybackMatch,
    PlaybackMissing,
    PlaybackPace,
    Settings,
    StreamUsageMode,
    home_folder,
)

PREFIX = "sessiontap_"

_HELP = {
    "sessiontap_home": "Folder of the recorded sessions. Default: $SESSIONTAP_HOME, else ~/.sessiontap.",
    "sessiontap_pricing": "A price file that goes over sessiontap's own. Default: pricing.yaml in the home.",
    "sessiontap_stream_usage": "Which OpenAI-style streams are asked for their usage: auto, on or off.",
    "sessiontap_capture": "What is kept of requests and replies: full, text (no media) or none.",
    "sessiontap_capture_limit": "Bytes of each request and reply that are kept, such as 8m. Default: 32m.",
    "sessiontap_mask": "Regular expressions for what is masked beside the known credentials; a list.",
    "sessiontap_session": "The session of calls that name none: ID, ID:NAME or ID?path=/a&user=ann:NAME.",
    "sessiontap_session_headers": "Headers of yours that name a session, in a list or with commas.",
    "sessiontap_passthrough": "Whether hosts that are no model provider keep their own TLS: on or off.",
    "sessiontap_infer": "How calls that name no session are grouped: by conversation, by client, or off.",
    "sessiontap_idle_gap": "Minutes without a call after which a client begins another session. Default: 30.",
    "sessiontap_budget": "What each session may cost, in USD, such as 2.50; then its calls are refused.",
    "sessiontap_budget_day": "What all calls of a day (UTC) may cost together, in USD.",
    "sessiontap_budget_user": "What the calls of each user may cost on a day (UTC), in USD.",
    "sessiontap_budget_name": "What the calls of each name of sessions may cost on a day (UTC), in USD.",
    "sessiontap_max_calls": "How many calls each session may have; then further ones are refused.",
    "sessiontap_unpriced_cost": "What a call without a price counts in budgets, in USD. Default: nothing.",
    "sessiontap_playback": "A recorded session, by its id: it answers the calls, and none is sent.",
    "sessiontap_playback_missing": "What befalls calls that it has not: refuse, pass, or record into it.",
    "sessiontap_playback_match": "How calls are found in it: by request, else by order; or by request only.",
    "sessiontap_playback_pace": "How fast its replies come: at-once, or as recorded.",
    "sessiontap_on_session_end": "A command that gets each session's summary as JSON when it has ended.",
    "sessiontap_session_idle": "Minutes without a call after which a session has ended. Default: 5.",
    "sessiontap_hosts": "Your own gateways, as HOST=PROVIDER, in a list or several in one, with commas.",
}
_LISTS = frozenset({"sessiontap_hosts", "sessiontap_mask", "sessiontap_session_headers"})
# RFC 9110, 5.6.2
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STREAM_USAGE: tuple[StreamUsageMode, ...] = ("auto", "on", "off")
_CAPTURE: tuple[CaptureMode, ...] = ("full", "text", "none")
_INFER: tuple[InferMode, ...] = ("conversation", "client", "off")
_MISSING: tuple[PlaybackMissing, ...] = ("refuse", "pass", "record")
_MATCH: tuple[PlaybackMatch, ...] = ("order", "request")
_PACE: tuple[PlaybackPace, ...] = ("at-once", "recorded")
_ON_OFF = ("on", "off")
_COUNT = re.compile(r"\s*0*[1-9]\d{0,8}\s*", re.ASCII)
_SIZE = re.compile(r"(\d{1,15})\s*([kmg]?)i?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_M = TypeVar("_M", bound=str)


def declare(loader: Loader) -> None:
    """Adds the options: texts with an empty default, and lists."""
    for name, text in _HELP.items():
        if name in _LISTS:
            loader.add_option(name, Sequence[str], (), text)
        else:
            loader.add_option(name, str, "", text)


def read_settings(options: Options) -> Settings:
    """The settings that the options stand for.

    Raises SettingsError for a price file that is not there, and for a word that is no choice.
    """
    pricing = Path(options.sessiontap_pricing).expanduser() if options.sessiontap_pricing else None
    if pricing is not None and not pricing.is_file():
        message = f"sessiontap_pricing: {str(pricing)!r} is not a file; name a YAML file like pricing.yaml"
        raise SettingsError(message)
    return Settings(
        home=home_folder(options.sessiontap_home),
        pricing=pricing,
        stream_usage=_choice("sessiontap_stream_usage", options.sessiontap_stream_usage, _STREAM_USAGE),
        hosts=tuple(options.sessiontap_hosts),
        capture=_choice("sessiontap_capture", options.sessiontap_capture, _CAPTURE),
        capture_limit=_size("sessiontap_capture_limit", options.sessiontap_capture_limit, CAPTURE_LIMIT),
        passthrough=_choice("sessiontap_passthrough", options.sessiontap_passthrough, _ON_OFF) == "on",
        confdir=Path(options.confdir).expanduser().absolute(),
        mask=tuple(options.sessiontap_mask),
        session_headers=_header_names("sessiontap_session_headers", options.sessiontap_session_headers),
        infer=_choice("sessiontap_infer", options.sessiontap_infer, _INFER),
        idle_gap_s=_minutes("sessiontap_idle_gap", options.sessiontap_idle_gap, IDLE_GAP_S),
        budget=_amount("sessiontap_budget", options.sessiontap_budget),
        budget_day=_amount("sessiontap_budget_day", options.sessiontap_budget_day),
        budget_user=_amount("sessiontap_budget_user", options.sessiontap_budget_user),
        budget_name=_amount("sessiontap_budget_name", options.sessiontap_budget_name),
        max_calls=_count("sessiontap_max_calls", options.sessiontap_max_calls),
        unpriced_cost=_amount("sessiontap_unpriced_cost", options.sessiontap_unpriced_cost),
        playback=options.sessiontap_playback.strip(),
        playback_missing=_choice(
            "sessiontap_playback_missing", options.sessiontap_playback_missing, _MISSING
        ),
        playback_match=_choice("sessiontap_playback_match", options.sessiontap_playback_match, _MATCH),
        playback_pace=_choice("sessiontap_playback_pace", options.sessiontap_playback_pace, _PACE),
        on_session_end=options.sessiontap_on_session_end.strip(),
        session_idle_s=_minutes("sessiontap_session_idle", options.sessiontap_session_idle, SESSION_IDLE_S),
        session=_session("sessiontap_session", options.sessiontap_session),
    )


def _header_names(option: str, stated: Sequence[str]) -> tuple[str, ...]:
    names = [name.strip() for each in stated for name in each.split(",")]
    for name in names:
        if name and not _HEADER_NAME.fullmatch(name):
            message = f"{option}: {name[:40]!r} is no name of a header; give one such as X-Run-Id"
            raise SettingsError(message)
    return tuple(filter(None, names))


def _session(option: str, stated: str) -> str:
    if stated.strip() and read_proxy_user(stated) is None:
        message = f"{option}: {stated[:40]!r} names no session; give ID, ID:NAME or ID?path=/a&user=ann"
        raise SettingsError(message)
    return stated


def _minutes(option: str, stated: str, default_s: float) -> float:
    """Seconds."""
    if not stated.strip():
        return default_s
    found = amount(stated.strip())
    if found is None or not found:
        message = f"{option}: {stated[:40]!r} is no number of minutes; give one above zero, such as 30"
        raise SettingsError(message)
    return float(found) * 60


def _count(option: str, stated: str) -> int | None:
    if not stated.strip():
        return None
    if not _COUNT.fullmatch(stated.strip()):
        message = (
            f"{option}: {stated[:40]!r} is no number of calls; give a whole number above zero, such as 500"
        )
        raise SettingsError(message)
    return int(stated)


def _amount(option: str, stated: str) -> Decimal | None:
    found = amount(stated.strip().removeprefix("$"))
    if stated.strip() and found is None:
        message = f"{option}: {stated[:40]!r} is no amount; give US dollars, such as 2.50"
        raise SettingsError(message)
    return found


def _choice(option: str, stated: str, choices: tuple[_M, ...]) -> _M:
    """The choice that was stated; the first one where none was."""
    chosen = stated.strip().lower() or choices[0]
    for choice in choices:
        if choice == chosen:
            return choice
    message = f"{option}: {stated[:40]!r} is none of {', '.join(choices)}; choose one of them"
    raise SettingsError(message)


def _size(option: str, stated: str, default: int) -> int:
    if not stated.strip():
        return default
    found = _SIZE.fullmatch(stated.strip())
    if found is None:
        message = f"{option}: {stated[:40]!r} is no size; give bytes, or a number with k, m or g, such as 8m"
        raise SettingsError(message)
    return int(found[1]) * _UNITS[found[2].lower()]


def refuse_unknown(names: Collection[str]) -> None:
    """Raises SettingsError for the first of the names that begins like an option of ours and is none.

    mitmproxy keeps unknown names without a word, so a typing error would go unnoticed.
    """
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in _HELP:
            close = difflib.get_close_matches(name, _HELP, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the options are {', '.join(_HELP)}"
            message = f"unknown option {name}: {hint}"
            raise SettingsError(message)
