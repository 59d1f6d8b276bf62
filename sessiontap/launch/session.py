"""The session of a run: its id, its name, and the proxy user that carries them to the proxy."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePath
from urllib.parse import quote

from sessiontap.masking import Masker

_WORDS = 3
_LONGEST_NAME = 60
# A word that only names something: no option, no path of a secret, no text of a prompt, no NAME=VALUE.
_NAMING = re.compile(r"(?!.*://)[A-Za-z0-9@._/\\:-]{1,60}")
# What a client may send as it is, once it has taken the URL apart. Of other characters some clients send
# the bytes of Latin-1, some of UTF-8, and one refuses a colon.
_PLAIN = " !#$'()*+,/;@[]^_`{|}~<>\"\\"


def run_id(now: datetime | None = None, kind: str = "run") -> str:
    """A fresh id, `run-20261125-130400-ab12cd`: the time is UTC's."""
    return f"{kind}-{now or datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def run_name(command: Sequence[str]) -> str:
    """The command's first words, up to the first that may be more than a name: `npm run agent`, `claude`."""
    program = PurePath(command[0]).name
    words = [program]
    masker = Masker()
    for word in command[1:_WORDS]:
        if word == "-m" and program.startswith("python"):
            words.append(word)
        elif word.startswith("-") or not _NAMING.fullmatch(word) or masker.mask(word) != word:
            break
        else:
            words.append(word)
    return " ".join(words)[:_LONGEST_NAME]


def proxy_user(
    session_id: str,
    *,
    name: str | None = None,
    path: str | None = None,
    user: str | None = None,
    budget: Decimal | None = None,
) -> str:
    """`ID?path=/a&user=ann&budget=2.50:NAME`: the user and password of a proxy's URL, taken apart again.

    It is ASCII, and its first colon stands before the name.
    """
    parameters = [
        f"{key}={_encoded(value)}"
        for key, value in (
            ("path", path),
            ("user", user),
            ("budget", None if budget is None else f"{budget:f}"),
        )
        if value
    ]
    # Where nothing is told by `?`, the proxy cannot tell whether the client has decoded, and decodes twice.
    text = _encoded(session_id) + "?" + "&".join(parameters) if parameters else _encoded(_encoded(session_id))
    return f"{text}:{_encoded(name)}" if name else text


def proxy_url(port: int, user: str | None) -> str:
    """The URL for HTTPS_PROXY; `user` is as `proxy_user` gives it."""
    if not user:
        return f"http://127.0.0.1:{port}"
    before, colon, after = user.partition(":")
    return f"http://{quote(before, safe='')}{colon}{quote(after, safe='')}@127.0.0.1:{port}"


def _encoded(text: str) -> str:
    return quote(text, safe=_PLAIN, errors="surrogateescape")
