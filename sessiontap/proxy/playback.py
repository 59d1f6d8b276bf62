"""Playback: answers calls from a recorded session; nothing of them goes to their provider.

A call that is played is recorded as any other, in a session of its own, at no cost, with the id of the call
that answered it as a property. The recorded session is only read, but where the user has what it lacks
recorded into it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import msgspec
from mitmproxy import ctx
from mitmproxy.connection import Server
from mitmproxy.http import HTTPFlow

from sessiontap.apis.refusal import NOT_FOUND
from sessiontap.bodies import Body, Piece, text_of
from sessiontap.call import ANSWERED_BY, FOUND_BY, UNRECORDED, Call, as_played
from sessiontap.capture import Metered
from sessiontap.catalog import Catalog
from sessiontap.errors import SettingsError, StoreError
from sessiontap.masking import Masker
from sessiontap.meter import CallMeter
from sessiontap.playback import Found, Matcher, Recorded, asked, kind_of, session_beside
from sessiontap.playback.recorded import PLAYED_ON_SOCKETS
from sessiontap.providers import Directory
from sessiontap.proxy.refusing import refused
from sessiontap.proxy.socket_playback import SocketPlayback
from sessiontap.proxy.stage import Performance, Stage
from sessiontap.settings import Settings
from sessiontap.socket_meter import SocketMeter
from sessiontap.store.journal import printable

logger = logging.getLogger(__name__)

_HEADER = "Sessiontap-Playback"
_PACE_WHOLE_MS = 10 * 60 * 1000
_MOST_TOLD = 200

# Else mitmproxy connects with the provider, or even sends it the body, before it knows what is asked.
_MITMPROXY_OPTIONS = {"connection_strategy": "lazy", "stream_large_bodies": None}

Outcome = Literal["played", "refused", "passed"]


@dataclass(frozen=True, slots=True)
class _Real:
    """Where a request was to go."""

    host: str
    port: int
    scheme: bytes
    path: bytes


class Playback:
    """The session that is played, if any is. The settings may change while it is in use."""

    def __init__(self, on_fault: Callable[[Exception], None]) -> None:
        self._settings: Settings | None = None
        self._masker = Masker()
        self._recorded: Recorded | None = None
        self._matcher: Matcher | None = None
        self._stage = Stage(on_fault)
        self._sockets = SocketPlayback()
        self._real: dict[str, _Real] = {}
        self._former_options: dict[str, object] = {}
        self._told: set[str] = set()
        self._begun = datetime.now(UTC)

    def use(self, settings: Settings, masker: Masker) -> None:
        """Goes on with other settings. Raises SettingsError where there is no such session to play."""
        before = self._settings
        if before is None or _played_by(before) != _played_by(settings):
            # Not for any other option: what has answered so far would be forgotten.
            recorded = _opened(settings) if settings.playback else None
            self._matcher = None if recorded is None else Matcher(recorded, settings.playback_match)
            self._recorded = recorded
        self._settings, self._masker = settings, masker
        self._keep_mitmproxy_waiting(self._matcher is not None)

    def _keep_mitmproxy_waiting(self, needed: bool) -> None:  # noqa: FBT001 -- a switch
        """Sets mitmproxy's options for as long as a session is played, and back."""
        wanted = _MITMPROXY_OPTIONS if needed else self._former_options
        current = {name: getattr(ctx.options, name) for name in wanted}
        if needed and not self._former_options:
            self._former_options = current
        if current != wanted:
            ctx.options.update(**wanted)  # type: ignore[no-untyped-call]
        if not needed:
            self._former_options = {}

    @property
    def refuses(self) -> bool:
        """True where nothing that the recording has not is to reach a provider."""
        return self._matcher is not None and self._settings is not None and self._mode == "refuse"

    @property
    def _mode(self) -> str:
        return "pass" if self._settings is None else self._settings.playback_missing

    def take(self, flow: HTTPFlow, meter: CallMeter) -> Outcome:
        """Has a call whose request is complete played, where the recording has it, or else refused.

        `passed` is for the caller to go on with: the call goes to its provider.
        """
        if self._matcher is None or self._recorded is None or flow.response is not None:
            return "passed"
        call = meter.running()
        # One whose body was sent on as it came, as another addon may want it, is with its provider already.
        if not flow.request.stream and self._play(self._matcher, self._recorded, flow, meter, call):
            return "played"
        meter.move(self._session_of(call, into=self._mode == "record"))
        if meter.match.recognised_by_reply or self._mode != "refuse":
            return "passed"
        message = self._unrecorded(self._recorded, call.request_model or call.api, call.session_path)
        # Not of a socket's, for which it is not so.
        message += (
            " sessiontap_playback_missing=pass (`run --playback-missing pass`) sends such calls,"
            " record adds them to the session"
        )
        self._tell(message)
        meter.refuse(UNRECORDED)
        flow.response = refused(call.api, UNRECORDED, message, status=NOT_FOUND)
        return "refused"

    def bar(self, flow: HTTPFlow, directory: Directory) -> None:
        """Refuses what is no call and yet goes to a provider, where nothing is to reach one."""
        if not self.refuses or flow.response is not None:
            return
        host = directory.provider_host(flow.request.host, flow.client_conn.sni or "")
        if host is None or directory.on_this_machine(host):
            return
        message = (
            f"sessiontap: a session is played back, and {host} is not asked for what is no recorded call;"
            " sessiontap_playback_missing=pass (`run --playback-missing pass`) lets it through"
        )
        flow.response = refused(directory.dialect(host), UNRECORDED, message, status=NOT_FOUND)

    def keep_in(self, server: Server, directory: Directory) -> None:
        """Keeps a connection with a provider from being made, where nothing is to reach one.

        Whoever asks for it: another addon that sends requests elsewhere or streams their bodies, a client
        that does not speak HTTP, or a fault of ours.
        """
        if not self.refuses or server.address is None:
            return
        host = directory.provider_host(server.address[0], server.sni or "")
        if host is not None and not directory.on_this_machine(host):
            server.error = f"sessiontap: a session is played back, and nothing is sent to {host}"

    def open_socket(self, flow: HTTPFlow, *, expected: str | None) -> bool:
        """Has the stage take a socket, where calls of its shape were recorded on one; False where not.

        `expected` is the wire shape of the socket that the flow's request opens.
        """
        if self._matcher is None or expected not in PLAYED_ON_SOCKETS or not self._matcher.on_sockets:
            return False
        if flow.response is None:
            self._send_to(flow, self._stage.put(self._sockets.begin(flow.id)))
        return True

    def hear(self, flow: HTTPFlow, data: bytes, meter: SocketMeter) -> str | None:
        """Takes a message of a client's on a socket: why it is refused, or an empty text where it is played.

        None is a message of a socket that is not played.
        """
        if self._matcher is None or self._recorded is None or not self._sockets.plays(flow.id):
            return None
        at_once = self._settings is None or self._settings.playback_pace != "recorded"
        try:
            if self._sockets.hear(
                flow.id, data, meter, self._matcher, self._recorded, masker=self._masker, at_once=at_once
            ):
                return ""
        except StoreError as error:
            logger.warning("sessiontap: playback: %s", error)
        message = self._unrecorded(self._recorded, meter.model or meter.api, meter.path)
        self._tell(message)
        return message

    def of_socket(self, flow_id: str, metered: Metered) -> Metered:
        """The record of a socket's call, as it is kept where the socket is played."""
        if not self._sockets.plays(flow_id):
            return metered
        call = metered.call
        found = self._sockets.found(flow_id, metered)
        if call.status != "running" and found is not None:
            properties = {**call.properties, **_answered_by(found)}
            call = as_played(msgspec.structs.replace(call, properties=properties))
        session_id = self._session_of(call, into=False)
        bodies = metered.bodies and replace(metered.bodies, session_id=session_id)
        return Metered(msgspec.structs.replace(call, session_id=session_id), bodies)

    def end(self, flow: HTTPFlow) -> None:
        """Forgets a socket that has ended."""
        self._sockets.end(flow.id)

    def back(self, flow: HTTPFlow) -> None:
        """Gives a request that was played its own address again, for those who look at it."""
        real = self._real.pop(flow.id, None)
        if real is not None:
            _go(flow, real)

    def close(self) -> None:
        """Plays nothing any more."""
        self._stage.close()

    def _play(
        self, matcher: Matcher, recorded: Recorded, flow: HTTPFlow, meter: CallMeter, call: Call
    ) -> bool:
        """False where the recording has no such call, or its reply cannot be read any more."""
        body = _request(flow)
        what = asked(
            kind_of(call), call.session_path, text_of(body) if recorded.text_only else body, self._masker
        )
        by_order = not meter.match.recognised_by_reply
        try:
            found = matcher.find(what, call.session_id or "", by_order=by_order)
            if found is None:
                return False
            before = found.recorded.call
            performance = self._performance(recorded.reply(before.call_id), before, found)
        except StoreError as error:
            logger.warning("sessiontap: playback: %s", error)
            return False
        meter.move(self._session_of(call, into=False), _answered_by(found), free=True)
        self._send_to(flow, self._stage.put(performance))
        return True

    def _unrecorded(self, recorded: Recorded, what: str, path: str) -> str:
        session = printable(recorded.session_id or "-", 80)
        return (
            f"sessiontap: session {session} is played back and has no call like this one left"
            f" ({printable(what, 80)}, path {printable(path, 80)}); it was not sent."
        )

    def _tell(self, message: str) -> None:
        """Warns once of each model and path, and of no more than very many."""
        if message not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(message)
            logger.warning("%s", message)

    def _session_of(self, call: Call, *, into: bool) -> str | None:
        """Where a call is recorded: the recorded session gets only what is meant to be in it."""
        recorded = None if self._recorded is None else self._recorded.session_id
        if into:
            return recorded
        if recorded is None or call.session_id != recorded:
            return call.session_id
        return session_beside(recorded, self._begun)

    def _send_to(self, flow: HTTPFlow, place: tuple[str, int, str]) -> None:
        host, port, path = place
        request = flow.request
        self._real[flow.id] = _Real(
            request.data.host, request.data.port, request.data.scheme, request.data.path
        )
        _go(flow, _Real(host, port, b"http", path.encode()))
        # Not through another proxy, where mitmproxy goes on through one.
        flow.server_conn = Server(address=None)

    def _performance(self, reply: Body, before: Call, found: Found) -> Performance:
        assert before.http_status is not None
        assert reply.content is not None
        headers = [(_HEADER, f"{before.call_id}; match={found.how}")]
        if reply.content_type:
            headers.append(("Content-Type", reply.content_type))
        pieces = reply.pieces
        if self._settings is None or self._settings.playback_pace != "recorded":
            pieces = tuple(Piece(0, piece.size) for piece in pieces)
        elif not pieces and reply.content:
            at_ms = before.ttft_ms if before.stream else before.duration_ms
            pieces = (Piece(min(at_ms or 0, _PACE_WHOLE_MS), len(reply.content)),)
        return Performance(
            status=before.http_status,
            headers=[(name, value) for name, value in headers if value.isascii() and value.isprintable()],
            content=reply.content,
            pieces=pieces,
            streamed=before.stream,
            whole=before.status in {"ok", "error"},
        )


def _played_by(settings: Settings) -> tuple[object, ...]:
    """What of the settings another recording, or another way to find calls in it, comes of."""
    return settings.home, settings.playback, settings.playback_match


def _opened(settings: Settings) -> Recorded:
    """The session that is to be played, by its id, or by the beginning of its id."""
    stated = settings.playback
    try:
        recorded = Recorded(settings.home, stated)
        if not (recorded.calls or recorded.left_out):
            recorded = Recorded(settings.home, Catalog(settings.home).find(stated).session_id)
    except StoreError as error:
        message = f"sessiontap_playback: {error}"
        raise SettingsError(message) from None
    shown = printable(recorded.session_id or "-", 80)
    left_out = ", ".join(f"{count} {why}" for why, count in sorted(recorded.left_out.items()))
    if not recorded.calls:
        why = left_out or "it is empty"
        message = f"sessiontap_playback: session {shown} has no call that can be played back ({why})"
        raise SettingsError(message)
    logger.info(
        "sessiontap: playing back session %s: %d calls%s",
        shown,
        len(recorded.calls),
        f"; {left_out}" if left_out else "",
    )
    return recorded


def _request(flow: HTTPFlow) -> Body | None:
    request = flow.request
    content = request.get_content(strict=False)
    if content is None:
        return None
    return Body(content=content, size=len(content), content_type=request.headers.get("content-type"))


def _go(flow: HTTPFlow, real: _Real) -> None:
    # Not by the attributes, which change the header Host as well.
    data = flow.request.data
    data.host, data.port, data.scheme, data.path = real.host, real.port, real.scheme, real.path


def _answered_by(found: Found) -> dict[str, str]:
    """The properties that say who answered."""
    return {ANSWERED_BY: found.recorded.call.call_id, FOUND_BY: found.how}
