"""openai.videos: videos made, remixed, edited and extended; each is a job that is polled.

No reply says what a video costs, which is by its seconds and size: the call is recorded, and unpriced.
https://platform.openai.com/docs/api-reference/videos
"""

from __future__ import annotations

from sessiontap.apis.reading import Api, ErrorFacts, ReplyFacts, plain_request, read_error
from sessiontap.untrusted import JsonObject, text

_PENDING = frozenset({"queued", "in_progress"})


class VideoReader:
    """Reads a video object: the state of the job at that moment."""

    __slots__ = ("_error", "_video")

    def __init__(self) -> None:
        self._video: JsonObject = {}
        self._error: ErrorFacts | None = None

    def feed(self, event: JsonObject) -> bool:
        self._error = read_error(event) or self._error
        if event.get("object") == "video":
            self._video = event
        return text(self._video, "status") == "completed"

    def facts(self) -> ReplyFacts:
        status = text(self._video, "status")
        pending = status in _PENDING
        return ReplyFacts(
            model=text(self._video, "model"),
            response_id=text(self._video, "id"),
            finish_reasons=(status,) if status and not pending else (),
            error=self._error,
            complete=status is not None and not pending,
            pending=pending,
        )


VIDEOS = Api(name="openai.videos", operation="prediction", reader=VideoReader, read_request=plain_request)
