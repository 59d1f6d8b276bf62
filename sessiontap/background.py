"""Calls whose result is fetched later, by polls: each is one call and is counted once.

OpenAI answers a background response, and a run of an assistant, with an id at once; usage comes with a
later GET, and again with every GET after that (https://platform.openai.com/docs/guides/background).
"""

from __future__ import annotations

import msgspec

from sessiontap.call import Call
from sessiontap.recent import Recent
from sessiontap.times import epoch_ms

_MOST_IDS = 10_000


class BackgroundCalls:
    """Remembers which replies were seen whole and which are still awaited; the last 10,000 of each.

    `apis` are the wire shapes whose calls may answer later; others are not remembered.
    """

    __slots__ = ("_apis", "_awaited", "_settled")

    def __init__(self, apis: frozenset[str]) -> None:
        self._apis = apis
        self._awaited: Recent[tuple[str, str], Call] = Recent(_MOST_IDS)
        self._settled: Recent[tuple[str, str], None] = Recent(_MOST_IDS)

    def started(self, call: Call) -> None:
        """Takes note of an ended call, as the record has it."""
        if call.response_id is None or call.api not in self._apis:
            return
        key = (call.host, call.response_id)
        # An interim figure of a stream that was cut is not the last word.
        if call.usage_source == "reported" or call.status in {"ok", "error"}:
            self._settled.put(key, None)
        elif key not in self._settled:
            self._awaited.put(key, call)

    def polled(self, poll: Call) -> Call | None:
        """The call to record for what a poll answered, or None where it brought nothing new.

        A poll of a call that was seen to start ends that call: same id, session and start, the poll's
        result. One of a call that started unseen is recorded as a call of its own, once.
        """
        # The provider's own word that it is done; a poll that was cut says nothing.
        if poll.response_id is None or not poll.finish_reasons:
            return None
        key = (poll.host, poll.response_id)
        if key in self._settled:
            return None
        start = self._awaited.take(key)
        if start is None and not poll.usage:
            return None
        self._settled.put(key, None)
        if start is None:
            return poll
        duration_ms = start.duration_ms
        if duration_ms is None and poll.ended_at is not None:
            # Polls may be hours apart from the start, which no monotonic reading was kept of.
            duration_ms = max(epoch_ms(poll.ended_at) - epoch_ms(start.started_at), 0)
        return msgspec.structs.replace(
            start,
            status=poll.status,
            response_model=poll.response_model or start.response_model,
            finish_reasons=poll.finish_reasons,
            tools=poll.tools,
            error_type=poll.error_type,
            error_message=poll.error_message,
            ended_at=None if poll.ended_at is None else max(poll.ended_at, start.started_at),
            duration_ms=duration_ms,
            usage=poll.usage,
            usage_parts=poll.usage_parts,
            usage_source=poll.usage_source,
            service_tier=poll.service_tier or start.service_tier,
        )
