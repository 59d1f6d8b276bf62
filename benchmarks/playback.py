"""Claims: 1,000 growing calls are ready to be played in 15 s, and the last of them is found in 100 ms.

The session of `benchmarks/messages.py` with the largest requests. Prints the seconds until it is read, and
the milliseconds that the event loop is held up to find the last call, by the same request and by order.
`python benchmarks/playback.py`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.bodies_on_disk import Words
from benchmarks.messages import CALLS, calls
from sessiontap.bodies import Body
from sessiontap.masking import Masker
from sessiontap.playback import Matcher, Recorded, asked, kind_of
from sessiontap.store import Ledger

READ_S, FIND_S = 15.0, 0.1


def main() -> None:
    """Measures both, and ends with 1 where a claim fails."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Ledger(home) as ledger:
            for call, bodies in calls("s", CALLS, Words(1)):
                ledger.append(msgspec.structs.replace(call, http_status=200))
                ledger.put_bodies(bodies)
        begun = time.perf_counter()
        recorded = Recorded(home, "s")
        read_s = time.perf_counter() - begun
        assert bodies.request is not None
        assert bodies.request.content is not None
        times = []
        for content in (bodies.request.content, bodies.request.content.replace(b"claude", b"claude!", 1)):
            matcher = Matcher(recorded)
            begun = time.perf_counter()
            body = Body(content=content, size=len(content), content_type="application/json")
            found = matcher.find(asked(kind_of(call), "/", body, Masker()), "r")
            times.append(time.perf_counter() - begun)
            assert found is not None
    print(f"read {CALLS:,} calls: {read_s:.2f} s (at most {READ_S})")
    print(
        f"find the last, {len(bodies.request.content):,} bytes: {times[0] * 1000:.0f} ms;"
        f" another request: {times[1] * 1000:.0f} ms (at most {FIND_S * 1000:.0f})"
    )
    if read_s > READ_S or max(times) > FIND_S:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
