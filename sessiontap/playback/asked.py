"""What a call was asked, as keys that calls have in common that were asked the same.

The keys of a call, the strictest first:

- `request`: the whole body as JSON, whatever its white space and the order of its members, and without what
  clients draw anew for each run (ids of users and sessions, cache marks, `stream_options`);
- `messages`: the words of all its messages, as `conversation.comparing` compares them;
- `conversation`: the same without instructions, in which clients write the day and their own version.

Credentials are masked before, as they are in the store.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from sessiontap.bodies import Body
from sessiontap.call import Call
from sessiontap.conversation.comparing import plain_value
from sessiontap.conversation.requests import Read, Requests
from sessiontap.errors import WireError
from sessiontap.masking import Masker
from sessiontap.wire.jsontext import decode_json

How = Literal["request", "messages", "conversation", "order"]
"""By which key a call was found in the recording; `order` is the next of its path, whatever it was asked."""

_DIGEST = 16
_OF_A_RUN = frozenset(
    {
        "metadata",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "client_metadata",
        "stream_options",
        # Of Gemini CLI.
        "user_prompt_id",
        "session_id",
        "project",
    }
)
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a call has to share with the one that answers it."""

    api: str
    model: str | None
    """The one that it asks for."""
    stream: bool
    on_socket: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What matters of a call for finding it again."""

    kind: Kind
    path: str
    keys: Mapping[How, bytes] = field(default_factory=dict)
    """Only those that can be made of its body."""


def asked(
    kind: Kind, path: str, body: Body | None, masker: Masker | None, requests: Requests | None = None
) -> Asked:
    """What a call is asked; `masker` is None for a body out of the store. Never raises.

    `requests` is handed in to read many that repeat each other. A body that is not there, or not whole, has
    no keys.
    """
    return Asked(kind=kind, path=path, keys=_keys(kind.api, body, masker, requests or Requests()))


def kind_of(call: Call, *, on_socket: bool = False) -> Kind:
    """The kind of a call."""
    return Kind(api=call.api, model=call.request_model, stream=call.stream, on_socket=on_socket)


def _keys(api: str, body: Body | None, masker: Masker | None, requests: Requests) -> dict[How, bytes]:
    if body is None or body.content is None or body.cut:
        return {}
    content = body.content if masker is None else masker.mask_bytes(body.content)
    masked = Body(content=content, size=len(content), content_type=body.content_type)
    read = requests.read(api, masked).messages
    others = [each for each in read if each.message.role != "system"]
    keys: dict[How, bytes] = {"request": _of_body(content, body.content_type or "")}
    if others:
        keys |= {"messages": _of_messages(read), "conversation": _of_messages(others)}
    return keys


def _of_messages(read: Iterable[Read]) -> bytes:
    return blake2b(b"".join(each.key for each in read), digest_size=_DIGEST).digest()


def _of_body(content: bytes, content_type: str) -> bytes:
    if (boundary := _BOUNDARY.search(content_type)) is not None:
        # Drawn anew for each form.
        content = content.replace(boundary[1].encode(), b"boundary")
    with contextlib.suppress(WireError, RecursionError, ValueError):
        # Where it is no JSON, it is what its bytes are.
        content = _canonical(decode_json(content))
    return blake2b(content, digest_size=_DIGEST).digest()


def _canonical(value: object) -> bytes:
    if isinstance(value, dict):
        value = _without(value)
        if isinstance(inner := value.get("request"), dict):
            # Code Assist has the request proper in a member.
            value["request"] = _without(inner)
    text = json.dumps(plain_value(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _without(value: dict[str, object]) -> dict[str, object]:
    return {key: each for key, each in value.items() if key not in _OF_A_RUN}
