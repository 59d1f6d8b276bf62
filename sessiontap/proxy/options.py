"""The addon's options: declared, validated, made into `Settings`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from mitmproxy.addonmanager import Loader
from mitmproxy.options import Options

from sessiontap.errors import SettingsError
from sessiontap.settings import Settings, StreamUsageMode, home_folder

PREFIX = "sessiontap_"

_HELP = {
    "sessiontap_home": "Folder of the recorded sessions. Default: $SESSIONTAP_HOME, else ~/.sessiontap.",
    "sessiontap_pricing": "A price file that goes over sessiontap's own. Default: pricing.yaml in the home.",
    "sessiontap_stream_usage": "Which OpenAI-style streams are asked for their usage: auto, on or off.",
    "sessiontap_hosts": "Your own gateways, as HOST=PROVIDER, in a list or several in one, with commas.",
}
_MODES: tuple[StreamUsageMode, ...] = ("auto", "on", "off")


def declare(loader: Loader) -> None:
    """Adds the options: texts with an empty default, and a list for the hosts."""
    for name, text in _HELP.items():
        if name == "sessiontap_hosts":
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
        stream_usage=_mode(options.sessiontap_stream_usage),
        hosts=tuple(options.sessiontap_hosts),
    )


def _mode(stated: str) -> StreamUsageMode:
    chosen = stated.strip().lower() or "auto"
    for mode in _MODES:
        if mode == chosen:
            return mode
    message = f"sessiontap_stream_usage: {stated[:40]!r} is none of {', '.join(_MODES)}; choose one of them"
    raise SettingsError(message)


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
