"""SessionTap: the mitmproxy addon. Recognises model calls, taps their replies, records them.

Promises: a reply's bytes go on as they would have come without us, and at once; a request loses its
`helicone-*` headers (and, on plain http, its `Proxy-Authorization`), and a stream is asked for its usage
where `StreamUsage` says so; no fault in here reaches the traffic.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
import uuid
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Response

from sessiontap.call import Call
from sessiontap.errors import SettingsError
from sessiontap.identity import Identity, identify
from sessiontap.meter import CallMeter
from sessiontap.providers import DIRECTORY, PROVIDERS, Directory, Match
from sessiontap.providers.gateway import gateways
from sessiontap.providers.plan import paid_by
from sessiontap.proxy.comment import comment
from sessiontap.proxy.headers import proxy_user, remove_session_headers
from sessiontap.proxy.options import declare, read_settings, refuse_unknown
from sessiontap.proxy.recorder import Recorder, load_price_table
from sessiontap.proxy.stream_usage import StreamUsage
from sessiontap.proxy.tap import Tap
from sessiontap.proxy.websocket import Sockets
from sessiontap.recent import Recent
from sessiontap.record import Ending, Moment, left_by_client
from sessiontap.settings import Settings
from sessiontap.socket_meter import SocketMeter
from sessiontap.store import Ledger
from sessiontap.times import rfc3339

logger = logging.getLogger(__name__)

_P = ParamSpec("_P")
_MOST_IDS = 100_000
# How long another writer may hold up our event loop; what is not written then waits in memory.
_LOCK_TIMEOUT_S = 0.005


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
        self._settings: Settings | None = None
        self._directory: Directory = DIRECTORY
        self._ledger: Ledger | None = None
        self._recorder: Recorder | None = None
        self._in_flight: dict[str, CallMeter] = {}
        self._sockets = Sockets(self._record_of_socket)
        self._stream_usage = StreamUsage()
        self._proxy_users: dict[str, str] = {}
        self._call_ids: Recent[str, None] = Recent(_MOST_IDS)
        self._known_faults: set[str] = set()

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
            directory = Directory((*gateways("sessiontap_hosts", settings.hosts, PROVIDERS), *PROVIDERS))
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
            former, self._ledger = self._ledger, Ledger(settings.home, lock_timeout_s=_LOCK_TIMEOUT_S)
            prices = load_price_table(settings)
            if self._recorder is None:
                self._recorder = Recorder(self._ledger, prices)
            else:
                self._recorder.use(self._ledger, prices)
            if former is not None:
                former.close()

    def running(self) -> None:
        """Says where the records go."""
        self._running = True
        if self._settings is not None:
            logger.info("sessiontap: recording to %s", self._settings.home)

    @_guarded
    def http_connect(self, flow: HTTPFlow) -> None:
        """Keeps the user of the proxy's URL for the calls on this connection."""
        if user := proxy_user(flow):
            self._proxy_users[flow.client_conn.id] = user

    @_guarded
    def client_disconnected(self, client: Client) -> None:
        """Forgets the connection."""
        self._proxy_users.pop(client.id, None)

    @_guarded
    def requestheaders(self, flow: HTTPFlow) -> None:
        """Recognises a model call, and takes the proxy's own headers off the request."""
        request = flow.request
        # In transparent mode the host is an address, and the name is in the TLS handshake.
        host = self._directory.known_host(request.host, flow.client_conn.sni or "")
        try:
            found = self._directory.match(request.method, host, request.path) if host is not None else None
            if found is not None and found.kind == "socket":
                self._sockets.expect(flow, self._socket_meter(flow, found))
            elif found is not None:
                self._in_flight[flow.id] = self._meter(flow, paid_by(found, request.headers))
                if self._settings is not None:
                    self._stream_usage.recognised(flow, found, self._settings.stream_usage)
        finally:
            # Whatever befalls the recording, these never travel on.
            if request.scheme == "http":
                request.headers.pop("proxy-authorization", None)
            if host is not None and not self._directory.on_this_machine(host):
                remove_session_headers(request.headers)

    @_guarded
    def request(self, flow: HTTPFlow) -> None:
        """Starts the call: its request is complete."""
        meter = self._in_flight.get(flow.id)
        if meter is None or self._recorder is None:
            return
        meter.request(flow.request.raw_content, flow.request.headers, time.monotonic())
        if meter.match.kind == "call" and not meter.match.recognised_by_reply:
            self._recorder.started(meter.running())
        self._stream_usage.ask(flow)

    @_guarded
    def responseheaders(self, flow: HTTPFlow) -> None:
        """Puts the tap on the reply, so that it streams."""
        meter = self._in_flight.get(flow.id)
        if meter is None or flow.response is None:
            return
        self._begin_reply(meter, flow.response)
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

    @_guarded
    def error(self, flow: HTTPFlow) -> None:
        """Ends the call: the client left, or the connection broke."""
        ending: Ending = "client-left" if _client_left(flow) else "cut"
        self._finish(flow, ending)
        self._sockets.end(flow, ending)

    @_guarded
    def done(self) -> None:
        """Ends the calls under way, as cut by the proxy, and closes the store."""
        try:
            while self._in_flight:
                _, meter = self._in_flight.popitem()
                self._record_cut(meter)
            self._sockets.close()
        finally:
            self._close_store()

    def report_fault(self, where: str, error: Exception) -> None:
        """Logs a fault of ours, once for each place and kind; its text may quote traffic, so it stays out."""
        kind = f"{where}: {type(error).__name__}"
        if kind in self._known_faults:
            return
        self._known_faults.add(kind)
        # A logger may fail as well; nothing may leave here, for the tap relies on it.
        with contextlib.suppress(Exception):
            logger.warning("sessiontap: a call may be missing or incomplete (%s at %s)", kind, _place(error))

    def _close_store(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
        if self._ledger is not None:
            self._ledger.close()

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
        if self._recorder is None:
            return None
        now = Moment(rfc3339(time.time()), time.monotonic())
        call = meter.close(ending, now)
        if meter.match.recognised_by_reply and not meter.recognised:
            return None
        written = self._recorder.ended(call, poll=meter.match.kind == "poll")
        # After the record: a log may fail where a file does not.
        if (problem := meter.problem) is not None:
            logger.warning("sessiontap: call %s is recorded as far as known: %s", call.call_id, problem)
        return written

    def _record_of_socket(self, call: Call) -> Call | None:
        if self._recorder is None:
            return None
        if call.status == "running":
            self._recorder.started(call)
            return None
        return self._recorder.ended(call, poll=False)

    def _meter(self, flow: HTTPFlow, found: Match) -> CallMeter:
        identity = self._identity(flow)
        return CallMeter(found, identity, self._new_call_id(identity), rfc3339(flow.request.timestamp_start))

    def _socket_meter(self, flow: HTTPFlow, found: Match) -> SocketMeter:
        identity = self._identity(flow)
        new_call_id = functools.partial(self._new_call_id, identity)
        return SocketMeter(found, identity, target=flow.request.path, new_call_id=new_call_id)

    def _identity(self, flow: HTTPFlow) -> Identity:
        request = flow.request
        return identify(
            request.headers.items(multi=True),  # type: ignore[no-untyped-call]
            proxy_user=proxy_user(flow) or self._proxy_users.get(flow.client_conn.id),
            today=rfc3339(request.timestamp_start)[:10],
        )

    def _new_call_id(self, identity: Identity) -> str:
        """The client's id, unless it was used before: SDKs send the same headers when they try again."""
        call_id = identity.call_id
        if call_id is None or call_id in self._call_ids:
            call_id = str(uuid.uuid4())
        self._call_ids.put(call_id, None)
        return call_id


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
