"""Settings: what a user may choose, validated once, then frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from sessiontap.errors import SettingsError

HOME_VARIABLE = "SESSIONTAP_HOME"

StreamUsageMode = Literal["auto", "on", "off"]
"""Which streams are asked for their usage: where the provider documents it, all that can be, or none."""


CaptureMode = Literal["full", "text", "none"]
"""What is kept of requests and replies: everything, all but pictures, sound and files, or nothing."""

InferMode = Literal["conversation", "client", "off"]
"""How calls that name no session are grouped: by conversation, by client and idle gap, or by the day."""

PlaybackMissing = Literal["refuse", "pass", "record"]
"""What befalls a call that the recording has not: it is refused, sent and recorded, or recorded into it."""

PlaybackMatch = Literal["order", "request"]
"""By what a recorded call is found where none was asked the same: by its order in its path, or by nothing."""

PlaybackPace = Literal["at-once", "recorded"]
"""How fast recorded replies come."""

IDLE_GAP_S = 30 * 60.0

SESSION_IDLE_S = 5 * 60.0

CAPTURE_LIMIT = 32 * 1024 * 1024
"""Bytes of each body that are kept, where the user does not choose. Providers take requests of that size."""


def default_confdir() -> Path:
    """Where mitmproxy has its CA, unless it is told another folder."""
    # Not Path.expanduser, which raises where there is no home.
    return Path(os.path.expanduser("~/.mitmproxy"))  # noqa: PTH111


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a proxy or a command keeps its records and finds its prices; what a proxy takes for calls."""

    home: Path
    pricing: Path | None = None
    """A price file that goes over ours; None is `pricing.yaml` in the home, where there is one."""

    stream_usage: StreamUsageMode = "auto"
    hosts: tuple[str, ...] = ()
    """The user's own gateways, as `HOST=PROVIDER`."""

    capture: CaptureMode = "full"
    capture_limit: int = CAPTURE_LIMIT
    passthrough: bool = True
    """Hosts that are no model provider keep their own TLS."""
    confdir: Path = field(default_factory=default_confdir)
    """mitmproxy's own folder, which has its CA."""
    infer: InferMode = "conversation"
    idle_gap_s: float = IDLE_GAP_S
    """After so many seconds without a call a client begins another session, where its calls name none."""

    budget: Decimal | None = None
    """What a session may cost, in USD, that names no budget itself; None is as much as it likes."""
    budget_day: Decimal | None = None
    """What all calls of a day (UTC) may cost together."""
    budget_user: Decimal | None = None
    """What the calls of one user may cost on a day."""
    budget_name: Decimal | None = None
    """What the calls of sessions of one name may cost on a day."""
    max_calls: int | None = None
    """How many calls a session may have."""
    unpriced_cost: Decimal | None = None
    """What a call without a price counts in all these; None is nothing, and the messages name them."""

    playback: str = ""
    """The recorded session that answers calls; empty is none."""
    playback_missing: PlaybackMissing = "refuse"
    playback_match: PlaybackMatch = "order"
    playback_pace: PlaybackPace = "at-once"

    on_session_end: str = ""
    """A shell's command that gets the summary of each session that has ended."""
    session_idle_s: float = SESSION_IDLE_S
    """After so many seconds without a call a session has ended, for that command."""

    mask: tuple[str, ...] = ()
    """Regular expressions for what is masked beside the credentials that are known by their shape."""

    session_headers: tuple[str, ...] = ()
    """Names of request headers that name a session, beside those that are known."""
    session: str = ""
    """The session of calls without a session's header and a proxy's user, written as such a user is."""

    @property
    def ca_file(self) -> Path:
        """The certificate that clients must trust; mitmproxy makes it at its first start."""
        return self.confdir / "mitmproxy-ca-cert.pem"

    @property
    def user_pricing(self) -> Path | None:
        """The user's own price file, or None where there is none."""
        if self.pricing is not None:
            return self.pricing
        default = self.home / "pricing.yaml"
        try:
            return default if default.is_file() else None
        except OSError:
            return None  # a home that may not be looked into; what writes there will say so


def home_folder(chosen: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The home: what was chosen, else `$SESSIONTAP_HOME`, else `~/.sessiontap`; absolute.

    Raises SettingsError for `~somebody` where there is no such user.
    """
    folder = chosen or environ.get(HOME_VARIABLE, "") or "~/.sessiontap"
    try:
        return Path(folder).expanduser().absolute()
    except RuntimeError as error:
        message = f"the home {folder!r} cannot be found: {error}; name a folder by its whole path"
        raise SettingsError(message) from error
