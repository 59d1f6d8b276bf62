"""SessionTap: the mitmproxy addon. Recognises model calls, taps their replies, records them.

Promises: a reply's bytes go on as they would have come without us, and at once; a request loses its
`helicone-*` headers (and, on plain http, its `Proxy-Authorization`), and a stream is asked for its usage
where `StreamUsage` says so; no fault in here reaches the traffic.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Concatenate, ParamSpec

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData, TlsData

from sessiontap.call import UNSUPPORTED, Call
from sessiontap.capture import Metered
from sessiontap.errors import SettingsError
from sessiontap.following import Following
from sessiontap.masking import Masker
from sessiontap.meter import CallMeter
from sessiontap.providers import DIRECTORY, GATEWAYS, PROVIDERS, Directory
from sessiontap.providers.gateway import gateways
from sessiontap.proxy.arrival import Arrival, Arrivals
from sessiontap.proxy.budget import KIND
from sessiontap.proxy.comment import comment
from sessiontap.proxy.gateways import GatewayConnections
from sessiontap.proxy.headers import remove_session_headers, tell_id
from sessiontap.proxy.heartbeat import HeartbeatAnswer, Pulse
from sessiontap.proxy.intake import Intake
from sessiontap.proxy.options import declare, read_settings, refuse_unknown
from sessiontap.proxy.page import PageAnswer
from sessiontap.proxy.passthrough import leave_strangers_alone
from sessiontap.proxy.playback import Playback
from sessiontap.proxy.recorder import RETRY_S
from sessiontap.proxy.recording import Recording
from sessiontap.proxy.refusing import refused
from sessiontap.proxy.stream_usage import StreamUsage
from sessiontap.proxy.tap import Tap
from sessiontap.proxy.websocket import Sockets
from sessiontap.record import Ending, Moment, left_by_client
from sessiontap.settings import Settings
from sessiontap.times import rfc3339

logger = logging.getLogger(__name__)

_P = ParamSpec("_P")
# Between two pieces of what waited for the store, as it is written: the traffic goes on in it.
_PAUSE_S = 0.02


def _guarded(
    hook: Callable[Concatenate[SessionTap, _P], None],
) -> Callable[Concatenate[SessionTap, _P], None]:
    """The boundary: a fault of ours in a hook is logged once per kind and never reaches mitmproxy."""

    @functools.wraps(hook)
    def guarded(self: SessionTap, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            hook(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- traffic first
            self.report_fault(hook.__name__, error)

    return guarded


class SessionTap:
    """The addon of `addon.py`."""

    def __init__(self) -> None:
        self._running = False
        self._ticking: asyncio.Task[None] | None = None
        self._more_waits = False
        self._settings: Settings | None = None
        self._directory: Directory = DIRECTORY
        self._recording: Recording | None = None
        self._in_flight: dict[str, CallMeter] = {}
        self._stream_usage = StreamUsage()
        self._following = Following(on_fault=functools.partial(self.report_fault, "following"))
        self._intake = Intake(self._following)
        self._arrivals = Arrivals()
        self._playback = Playback(functools.partial(self.report_fault, "playback"))
        self._sockets = Sockets(self._record_of_socket, self._over_budget, self._playback.hear)
        self._known_faults: set[str] = set()
        # mitmproxy calls the hooks of these as well.
        self.addons = [
            HeartbeatAnswer(self._pulse, functools.partial(self.report_fault, "heartbeat")),
            GatewayConnections(),
            self._arrivals,
            PageAnswer(self._home, functools.partial(self.report_fault, "page")),
        ]

    def load(self, loader: Loader) -> None:
        """Declares the options."""
        declare(loader)

    def configure(self, updated: set[str]) -> None:
        """Reads the options, and with them the prices.

        An option that cannot be meant ends mitmproxy's start with one line; later, it is refused
        (OptionsError) and the old value stays.
        """
        try:
            refuse_unknown(ctx.options.deferred)
            settings = read_settings(ctx.options)
            own = gateways("sessiontap_hosts", settings.hosts, PROVIDERS)
            directory = Directory((*own, *PROVIDERS, *GATEWAYS))
            masker = Masker(settings.mask)
            self._playback.use(settings, masker)
        except SettingsError as error:
            if self._running:
                raise exceptions.OptionsError(str(error)) from None  # type: ignore[no-untyped-call]
            # mitmproxy ends where an error was logged during its start; what a script raises then, it
            # prints as a traceback.
            logger.error("sessiontap: %s", error)  # noqa: TRY400 -- the line says it all
            return
        if settings != self._settings or "sessiontap_pricing" in updated:
            self._settings = settings
            self._directory = directory
            if self._recording is None:
                self._recording = Recording(settings, masker, on_fault=self.report_fault)
            else:
                self._recording.use(settings, masker)
            self._following.use(settings.infer, settings.idle_gap_s)

    def running(self) -> None:
        """Says where the records go; from now on what had to wait is written as soon as that can be done."""
        self._running = True
        self._ticking = asyncio.get_running_loop().create_task(self._tick())
        if self._settings is not None:
            logger.info("sessiontap: recording to %s", self._settings.home)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE_S if self._more_waits else RETRY_S)
            self._try_again()

    @_guarded
    def _try_again(self) -> None:
        self._more_waits = False
        if self._recording is not None:
            self._more_waits = self._recording.tick()

    @_guarded
    def http_connect(self, flow: HTTPFlow) -> None:
        """Keeps the user of the proxy's URL, and the client's name, for the calls on this connection."""
        self._intake.connected(flow)
        if self._recording is not None:
            self._recording.refusals.connected(flow)

    @_guarded
    def client_disconnected(self, client: Client) -> None:
        """Forgets the connection."""
        self._intake.disconnected(client)
        if self._recording is not None:
            self._recording.refusals.disconnected(client)

    @_guarded
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Lets no connection with a provider be made, where playback is to keep all from it."""
        self._playback.keep_in(data.server, self._directory)

    @_guarded
    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Has hosts that are no provider keep their own TLS."""
        if self._settings is not None and self._settings.passthrough:
            leave_strangers_alone(data, self._directory)

    @_guarded
    def tls_failed_client(self, data: TlsData) -> None:
        """Counts a client that would not have our certificate."""
        if self._recording is not None and self._settings is not None:
            self._recording.refusals.failed(data, self._directory, self._settings)

    @_guarded
    def requestheaders(self, flow: HTTPFlow) -> None:
        """Recognises a model call, and takes the proxy's own headers off the request."""
        request = flow.request
        plain = request.scheme == "http"
        arrived: Arrival | None = None
        try:
            arrived = self._arrivals.arrive(flow, self._directory)
            found = arrived.found
            if found is not None and self._settings is not None:
                if found.kind == "socket":
                    self._sockets.expect(flow, self._intake.socket_meter(flow, found, self._settings))
                else:
                    meter = self._in_flight[flow.id] = self._intake.meter(flow, found, self._settings)
                    if arrived.refused:
                        meter.refuse(UNSUPPORTED)
                    self._stream_usage.recognised(flow, found, self._settings.stream_usage)
        finally:
            # Whatever befalls the recording, these never travel on.
            if plain:
                request.headers.pop("proxy-authorization", None)
            if arrived is None or arrived.to_provider:
                remove_session_headers(request.headers)

    @_guarded
    def request(self, flow: HTTPFlow) -> None:
        """Starts the call: its request is complete."""
        meter = self._in_flight.get(flow.id)
        if meter is None or self._recording is None:
            if not self._playback.open_socket(flow, expected=self._sockets.expects(flow)):
                self._playback.bar(flow, self._directory)
            return
        meter.request(flow.request.raw_content, flow.request.headers, time.monotonic())
        if meter.refused:
            # What no reply can tell to be a call would stay under way: it has no end to be recorded.
            if not meter.match.recognised_by_reply:
                self._recording.started(meter.running())
            return
        outcome = self._playback.take(flow, meter)
        if outcome == "played":
            self._recording.started(meter.running())
        elif outcome == "passed" and meter.match.kind == "call" and not meter.match.recognised_by_reply:
            call = meter.running()
            if (why := self._recording.over_budget(call, meter.budget)) is not None:
                meter.refuse(KIND)
                flow.response = refused(call.api, KIND, why)
                return
            self._recording.started(call)
        if outcome != "refused":
            self._stream_usage.ask(flow)

    @_guarded
    def responseheaders(self, flow: HTTPFlow) -> None:
        """Puts the tap on the reply, so that it streams."""
        self._playback.back(flow)
        meter = self._in_flight.get(flow.id)
        if meter is None or flow.response is None:
            return
        self._begin_reply(meter, flow.response)
        if (call_id := meter.told_id) is not None:
            tell_id(flow.response, call_id)
        inner = flow.response.stream
        flow.response.stream = Tap(
            meter,
            expected=_content_length(flow.response),
            on_whole=functools.partial(self._finish, flow, "clean"),
            on_fault=functools.partial(self.report_fault, "stream"),
            edit=self._stream_usage.filter(flow),
            inner=inner if callable(inner) else None,
        )

    @_guarded
    def response(self, flow: HTTPFlow) -> None:
        """Ends the call: its reply is complete (the tap never sees one without a body, or an addon's own)."""
        meter = self._in_flight.get(flow.id)
        if meter is not None and flow.response is not None:
            tap = flow.response.stream
            if not (isinstance(tap, Tap) and tap.used):
                self._begin_reply(meter, flow.response)
                if flow.response.raw_content is None:
                    meter.not_tapped()
                else:
                    meter.feed(flow.response.raw_content, time.monotonic())
        self._finish(flow, "clean")
        if flow.websocket is None:
            self._sockets.refused(flow)

    @_guarded
    def websocket_message(self, flow: HTTPFlow) -> None:
        """Reads a message of a socket: calls begin and end in them."""
        self._sockets.message(flow)

    @_guarded
    def websocket_end(self, flow: HTTPFlow) -> None:
        """Ends the calls that the socket leaves open."""
        by_client = flow.websocket is not None and flow.websocket.closed_by_client
        self._sockets.end(flow, "client-left" if by_client else "cut")
        self._playback.end(flow)

    @_guarded
    def error(self, flow: HTTPFlow) -> None:
        """Ends the call: the client left, or the connection broke."""
        self._playback.back(flow)
        ending: Ending = "client-left" if _client_left(flow) else "cut"
        self._finish(flow, ending)
        self._sockets.end(flow, ending)
        self._playback.end(flow)

    @_guarded
    def done(self) -> None:
        """Ends the calls under way, as cut by the proxy, and closes the store."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._playback.close()
        try:
            while self._in_flight:
                _, meter = self._in_flight.popitem()
                self._record_cut(meter)
            self._sockets.close()
        finally:
            if self._recording is not None:
                self._recording.close()

    def report_fault(self, where: str, error: Exception) -> None:
        """Logs a fault of ours, once for each place and kind; its text may quote traffic, so it stays out."""
        kind = f"{where}: {type(error).__name__}"
        if kind in self._known_faults:
            return
        self._known_faults.add(kind)
        # A logger may fail as well; nothing may leave here, for the tap relies on it.
        with contextlib.suppress(Exception):
            logger.warning("sessiontap: a call may be missing or incomplete (%s at %s)", kind, _place(error))

    def _pulse(self) -> Pulse | None:
        return None if self._recording is None else self._recording.pulse()

    def _home(self) -> Path | None:
        return None if self._settings is None else self._settings.home

    def _begin_reply(self, meter: CallMeter, response: Response) -> None:
        meter.reply(response.status_code, response.headers)

    def _finish(self, flow: HTTPFlow, ending: Ending) -> None:
        """Ends a flow's call; a second time nothing is left to do."""
        self._stream_usage.forget(flow)
        meter = self._in_flight.pop(flow.id, None)
        if meter is None:
            return
        call = self._record(meter, ending)
        if call is not None and not flow.comment:
            flow.comment = comment(call)

    @_guarded
    def _record_cut(self, meter: CallMeter) -> None:
        self._record(meter, "cut")

    def _record(self, meter: CallMeter, ending: Ending) -> Call | None:
        if self._recording is None:
            return None
        now = Moment(rfc3339(time.time()), time.monotonic())
        call = meter.close(ending, now)
        if meter.match.recognised_by_reply and not meter.recognised:
            return None
        bodies = None if meter.capture is None else meter.capture.bodies(call)
        written = self._recording.ended(call, poll=meter.match.kind == "poll", bodies=bodies)
        # After the record: a log may fail where a file does not.
        if (problem := meter.problem) is not None:
            logger.warning("sessiontap: call %s is recorded as far as known: %s", call.call_id, problem)
        return written

    def _record_of_socket(self, flow_id: str, metered: Metered) -> Call | None:
        if self._recording is None:
            return None
        metered = self._playback.of_socket(flow_id, metered)
        if metered.call.status == "running":
            self._recording.started(metered.call)
            return None
        return self._recording.ended(metered.call, poll=False, bodies=metered.bodies)

    def _over_budget(self, call: Call, stated: Decimal | None) -> str | None:
        return None if self._recording is None else self._recording.over_budget(call, stated)


def _content_length(response: Response) -> int | None:
    stated = response.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else None


def _client_left(flow: HTTPFlow) -> bool:
    """True where the client's side of the flow ended first."""
    said = flow.error.msg if flow.error else ""
    return left_by_client(said) or not flow.client_conn.connected


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
