"""Reads recorded exchanges with model providers, where they lie beside the checkout.

They are no part of the project: tests that use them skip where they are absent.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

FOLDER = Path(__file__).parents[3] / "shared" / "corpus"
HTTP_FILE = FOLDER / "recorded-http.jsonl.gz"
HOSTS = ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded exchange; `wire` is the reply's body as it was sent, `body` the same decoded."""

    source: str
    method: str
    url: SplitResult
    request: bytes
    status: int
    content_type: str
    content_encoding: str
    wire: bytes
    body: bytes

    @property
    def target(self) -> str:
        """The path with its query."""
        return self.url.path + (f"?{self.url.query}" if self.url.query else "")

    def documents(self) -> list[dict[str, Any]]:
        """Every JSON object of the reply: the one body, or the data of each server-sent event."""
        text = self.body.decode("utf-8", "replace")
        if "event-stream" not in self.content_type:
            try:
                return [json.loads(text)]
            except ValueError:
                return []
        lines = (line[5:].strip() for line in text.splitlines() if line.startswith("data:"))
        return [json.loads(line) for line in lines if line.startswith("{")]


def exchanges() -> list[Exchange]:
    """The exchanges with the hosts above, in the recorded order."""
    found = []
    with gzip.open(HTTP_FILE, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            url = urlsplit(row["url"])
            if url.netloc in HOSTS:
                found.append(_exchange(row, url))
    return found


def _exchange(row: dict[str, Any], url: SplitResult) -> Exchange:
    raw = (
        base64.b64decode(row["response_b64"])
        if "response_b64" in row
        else (row.get("response") or "").encode()
    )
    compressed = raw.startswith(b"\x1f\x8b")
    return Exchange(
        source=row["source"],
        method=row["method"].upper(),
        url=url,
        request=(row["request"] or "").encode(),
        status=row["status"],
        content_type=row["response_headers"].get("content-type", ""),
        content_encoding="gzip" if compressed else "",
        wire=raw,
        body=gzip.decompress(raw) if compressed else raw,
    )
