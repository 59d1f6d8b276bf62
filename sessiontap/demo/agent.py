"""The demonstration's agent: a plain HTTP client of the standard library that goes through a proxy.

It does what agents do to be seen as one session: it sends the three `Helicone-Session-*` headers. It uses
no provider's SDK and knows nothing of sessiontap.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from sessiontap.demo.script import ANTHROPIC, GEMINI, SESSION_NAME, Step
from sessiontap.untrusted import JsonObject, count, obj

State: TypeAlias = Literal["waiting", "streaming", "retrying", "ok", "failed"]

_TIMEOUT_S = 30.0
_ATTEMPTS = 3
_OK, _TOO_MANY = 200, 429
_SURROGATE_KEY = "demo-key-of-nobody"


@dataclass(frozen=True, slots=True)
class CallProgress:
    """Where one call of the agent stands.

    Token counts are what the reply says, once it says it; `events` counts those of a stream so far.
    """

    number: int
    path: str
    model: str
    state: State
    attempt: int = 0
    events: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    note: str = ""


Watcher: TypeAlias = Callable[[CallProgress], None]


class Agent:
    """Makes a story's calls through the proxy on 127.0.0.1.

    `watcher` is told of every change, from the thread that made it. `ca_file` is the only authority trusted.
    """

    def __init__(self, *, proxy_port: int, ca_file: Path, session_id: str, watcher: Watcher) -> None:
        self._port = proxy_port
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._session_id = session_id
        self._watcher = watcher
        self._stopping = threading.Event()

    def run(self, story: tuple[tuple[Step, ...], ...]) -> None:
        """Makes the calls, a group at a time; ends early, within a second, when interrupted.

        Raises OSError or http.client.HTTPException where the proxy fails a call.
        """
        number = 0
        with concurrent.futures.ThreadPoolExecutor(max(map(len, story)), "agent") as pool:
            try:
                for group in story:
                    jobs = [pool.submit(self._make, number + place, step) for place, step in enumerate(group)]
                    number += len(group)
                    for job in jobs:
                        job.result()
            except BaseException:
                self._stopping.set()
                raise

    def _make(self, number: int, step: Step) -> None:
        """One call, again after a 429, as SDKs do."""
        progress = CallProgress(number, step.path, step.model, "waiting")
        for attempt in range(_ATTEMPTS):
            if self._stopping.is_set():
                return
            progress = replace(progress, attempt=attempt, state="waiting")
            self._watcher(progress)
            retry_after_s = self._attempt(step, progress)
            if retry_after_s is None:
                return
            note = f"429, again in {retry_after_s * 1000:.0f} ms"
            self._watcher(replace(progress, state="retrying", note=note))
            self._stopping.wait(retry_after_s)

    def _attempt(self, step: Step, progress: CallProgress) -> float | None:
        """Sends the call once; the seconds to wait where it must be sent again, else None."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=_TIMEOUT_S, context=self._tls
        )
        connection.set_tunnel(step.host)
        try:
            connection.request("POST", step.url, step.body, self._headers(step, progress.attempt))
            reply = connection.getresponse()
            if reply.status == _TOO_MANY and progress.attempt + 1 < _ATTEMPTS:
                reply.read()
                return int(reply.headers.get("retry-after-ms", "1000")) / 1000
            for lines in self._lines(reply):
                for line in lines:
                    progress = _heard(progress, line)
                if not self._stopping.is_set():
                    self._watcher(progress)
            if reply.status != _OK:
                self._watcher(replace(progress, state="failed", note=f"HTTP {reply.status}"))
            elif progress.output_tokens is None:
                self._watcher(replace(progress, state="failed", note="cut off"))
            else:
                self._watcher(replace(progress, state="ok"))
        finally:
            connection.close()
        return None

    def _headers(self, step: Step, attempt: int) -> dict[str, str]:
        keys = {ANTHROPIC: "x-api-key", GEMINI: "x-goog-api-key"}
        credential = (
            {keys[step.host]: _SURROGATE_KEY}
            if step.host in keys
            else {"Authorization": f"Bearer {_SURROGATE_KEY}"}
        )
        return {
            **credential,
            "Accept-Encoding": "gzip",
            "Content-Type": "application/json",
            "User-Agent": "triage-agent/1.0",
            "Helicone-Session-Id": self._session_id,
            "Helicone-Session-Name": SESSION_NAME,
            "Helicone-Session-Path": step.path,
            "Helicone-User-Id": "demo",
            "Helicone-Property-Ticket": "4711",
            "X-Stainless-Retry-Count": str(attempt),
        }

    def _lines(self, reply: http.client.HTTPResponse) -> Iterator[list[bytes]]:
        """The reply's lines as they come, the last one at its end."""
        inflate = zlib.decompressobj(31) if reply.headers.get("content-encoding") == "gzip" else None
        rest = b""
        while not self._stopping.is_set() and (data := reply.read1(65536)):
            *lines, rest = (rest + (inflate.decompress(data) if inflate else data)).split(b"\n")
            yield lines
        yield [rest]


def _heard(progress: CallProgress, line: bytes) -> CallProgress:
    """What one line of a reply, an event's data or a whole JSON body, adds to the progress."""
    try:
        body = json.loads(line.removeprefix(b"data:"))
    except ValueError:
        return progress  # an event's name, a blank line, [DONE]
    stream = line.startswith(b"data:")
    usage = _usage(body)
    read = [count(usage, name) for name in ("input_tokens", "prompt_tokens", "promptTokenCount")]
    cached = (count(usage, "cache_read_input_tokens") or 0) + (
        count(usage, "cache_creation_input_tokens") or 0
    )
    written = [count(usage, name) for name in ("output_tokens", "completion_tokens", "candidatesTokenCount")]
    inputs = next((number + cached for number in read if number is not None), progress.input_tokens)
    outputs = next((number for number in written if number is not None), progress.output_tokens)
    if outputs is not None:
        outputs += count(usage, "thoughtsTokenCount") or 0
    state: State = "streaming" if stream else progress.state
    return replace(
        progress, state=state, events=progress.events + stream, input_tokens=inputs, output_tokens=outputs
    )


def _usage(body: object) -> JsonObject:
    places = (("usage",), ("usageMetadata",), ("response", "usage"), ("message", "usage"))
    return next((found for keys in places if (found := obj(body, *keys))), {})
