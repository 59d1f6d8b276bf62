"""A file of captured traffic, opened: its digest, its size, and what it is by its content.

Standard input, pipes and compressed files are first copied into a temporary file that nobody else can read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Literal, TypeAlias, cast

from sessiontap.errors import CaptureError, WireError
from sessiontap.untrusted import clean
from sessiontap.wire.content import content_decoder

Format: TypeAlias = Literal["mitm", "har"]

STDIN = "-"

_PIECE = 1 << 20
_IN_MEMORY = 64 << 20
_HEAD = 64
# zlib is how mitmproxy writes a .zhar; gzip is how people keep large files.
_COMPRESSED = ((re.compile(rb"\x1f\x8b"), "gzip"), (re.compile(rb"\x78[\x01\x5e\x9c\xda]"), "deflate"))
_KINDS: tuple[tuple[Format, re.Pattern[bytes]], ...] = (
    ("har", re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\{")),
    ("mitm", re.compile(rb"\d{1,12}:")),
)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file, at its beginning."""

    name: str
    """Its last name, without folders."""
    file: IO[bytes]
    size: int
    digest: str
    """SHA-256 of its content, in hexadecimal."""

    def format(self) -> Format:
        """What the file is, by its first bytes. Raises CaptureError for what is neither, and for nothing."""
        head = self.file.read(_HEAD)
        self.file.seek(0)
        if not head:
            message = "is empty"
            raise CaptureError(message)
        for kind, pattern in _KINDS:
            if pattern.match(head):
                return kind
        message = "is neither a flow file of mitmproxy nor a HAR, by its first bytes"
        raise CaptureError(message)


@contextlib.contextmanager
def opened(path: str) -> Iterator[Source]:
    """Opens a file, or standard input for `-`. Raises OSError, and CaptureError for corrupt compression."""
    with contextlib.ExitStack() as stack:
        raw = sys.stdin.buffer if path == STDIN else stack.enter_context(open(path, "rb"))  # noqa: PTH123
        if path == STDIN or not raw.seekable():
            raw = stack.enter_context(_copied(_pieces(raw)))
        file: IO[bytes] = raw
        head = file.read(_HEAD)
        file.seek(0)
        coding = next((coding for pattern, coding in _COMPRESSED if pattern.match(head)), None)
        if coding is not None:
            file = stack.enter_context(_copied(_decoded(file, coding)))
        digest = hashlib.sha256()
        for piece in _pieces(file):
            digest.update(piece)
        size = file.tell()
        file.seek(0)
        name = "stdin" if path == STDIN else clean(os.fsdecode(PurePath(path).name))
        yield Source(name, file, size, digest.hexdigest())


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _decoded(file: IO[bytes], coding: str) -> Iterator[bytes]:
    decoder = content_decoder(coding)
    try:
        for piece in _pieces(file):
            yield decoder.feed(piece)
        yield decoder.close()
    except WireError as error:
        message = f"cannot be unpacked: {error}"
        raise CaptureError(message) from error


@contextlib.contextmanager
def _copied(pieces: Iterator[bytes]) -> Iterator[IO[bytes]]:
    """The bytes in a temporary file, at its beginning."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        for piece in pieces:
            copy.write(piece)
        copy.seek(0)
        yield cast("IO[bytes]", copy)
