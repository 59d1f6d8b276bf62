"""planned: a recorded call as it is to be sent again, or why it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

import msgspec

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.providers import Directory, Match
from sessiontap.replaying.changes import Changes, Place
from sessiontap.replaying.members import MemberError, members, value_of, with_member
from sessiontap.replaying.obstacles import obstacle

_HTTPS_PORT = 443
# Where what is sent is answered at a person's log-in only.
_LOGIN_HOSTS = frozenset({"chatgpt.com"})
_LOGIN_APIS = frozenset({"gemini.code_assist"})
_VERSION = re.compile(r"v\d+[a-z0-9]*")
# Gemini's own, before a model's name in a body.
_MODELS = "models/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A call that is to be sent; its body is made when it is, by `body_of`."""

    number: int
    """In the recording, from 1."""
    call: Call
    """As it was recorded."""
    provider: str
    """Whose it is where it goes, by the name that the proxy will give it."""
    free: bool
    """Nobody bills it there."""
    method: str
    place: Place
    target: str
    """Path and query."""
    headers: Mapping[str, str]
    """What of the recorded ones is kept; names are lower case."""
    model: str | None
    """What is asked for, so far as that is known."""
    new_model: str | None
    """The same, where it is another than it was."""
    fitted: str | None
    """What of the changes' models fitted it."""
    model_in_path: bool
    """The path names the model; a body that does so too follows it."""
    known: bool
    """The proxy knows the host without being told whose it is."""

    @property
    def url(self) -> str:
        """Where it goes."""
        return self.place.url + self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A call that is not sent."""

    number: int
    call: Call
    why: str
    """For a person."""


def planned(
    number: int, call: Call, bodies: CallBodies | None, changes: Changes, directory: Directory
) -> Planned | Skipped:
    """The call with its changes, or why it is not sent."""
    why = obstacle(call, bodies)
    if why is not None:
        return Skipped(number=number, call=call, why=why)
    assert bodies is not None, "an obstacle"
    target = bodies.target or call.url_path
    match = directory.match(bodies.method or "POST", call.host, target)
    place = changes.place_for(call)
    if place is None and directory.on_this_machine(call.host) and directory.known_host(call.host):
        why = "the port of a server on this machine is not recorded; give --base-url http://localhost:PORT"
    elif place is None and directory.known_host(call.host) is None and not changes.states("authorization"):
        why = (
            f"its host is no provider's that is known; to send it your key, give"
            f" --base-url {call.provider}=https://{call.host}"
        )
    elif place is None and _wants_login(call) and not changes.states("authorization"):
        why = "its host takes a log-in and no key; give --header, or --base-url"
    if why is not None:
        return Skipped(number=number, call=call, why=why)
    names = (call.request_model, call.response_model, None if match is None else match.model)
    fitted, new = changes.model_for(*names) or (None, None)
    span = _span(target, call, match)
    if new is not None and span is not None:
        target = (
            target[: span[0]]
            + quote(new, safe="@/" if "/" in target[span[0] : span[1]] else "@")
            + target[span[1] :]
        )
    there = place or Place("https", call.host, _HTTPS_PORT)
    target = _behind(there.path, target)
    found = directory.match(bodies.method or "POST", there.host, target)
    known = directory.known_host(there.host) is not None
    plan = Planned(
        number=number,
        call=call,
        provider=call.provider if found is None else found.provider,
        free=found is not None and found.billing == "free",
        method=bodies.method or "POST",
        place=there,
        target=target,
        headers=bodies.headers,
        model=new or call.request_model,
        new_model=new,
        fitted=fitted,
        model_in_path=span is not None,
        known=known,
    )
    if known and found is None:
        why = f"nothing that {there.host} has at {target.partition('?')[0]} is known to be a model call"
        return Skipped(number=number, call=call, why=why)
    try:
        body_of(plan, bodies, changes)
    except MemberError as error:
        return Skipped(number=number, call=call, why=f"its body {error}")
    return plan


def body_of(plan: Planned, bodies: CallBodies, changes: Changes) -> bytes:
    """What is sent as its body. Raises MemberError where it cannot be changed as it is to be."""
    content = (bodies.request.content if bodies.request is not None else None) or b""
    if plan.new_model is not None:
        content = _asking_for(plan.new_model, content, in_path=plan.model_in_path)
    for member in changes.members:
        content = with_member(content, member.keys, member.value)
    return content


def _asking_for(model: str, content: bytes, *, in_path: bool) -> bytes:
    if in_path and b'"model"' not in content:
        return content
    stated = members(content).get("model")
    if stated is None:
        if in_path:
            return content
        message = "names no model, and so does its path"
        raise MemberError(message)
    before = value_of(stated)
    if isinstance(before, str) and before.startswith(_MODELS) and not model.startswith(_MODELS):
        model = _MODELS + model
    return with_member(content, ("model",), msgspec.json.encode(model))


def _span(target: str, call: Call, match: Match | None) -> tuple[int, int] | None:
    """Where in the target the model stands; also at a host that is not known, if its path spells it."""
    if match is not None:
        return match.model_span
    path = target.partition("?")[0]
    for start in (at + 1 for at, char in enumerate(path) if char == "/"):
        for end in (at for at in range(start + 1, len(path) + 1) if at == len(path) or path[at] in "/:"):
            if unquote(path[start:end]) == call.request_model:
                return start, end
    return None


def _behind(prefix: str, target: str) -> str:
    """The target behind a base URL's path, which it may begin with already."""
    return (
        target if not prefix or target.startswith(prefix + "/") else prefix + _without_version(prefix, target)
    )


def _without_version(prefix: str, target: str) -> str:
    """`/openai/v1` and `/v1/chat` share their version."""
    last = prefix.rpartition("/")[2]
    version = f"/{last}/"
    return target[len(version) - 1 :] if _VERSION.fullmatch(last) and target.startswith(version) else target


def _wants_login(call: Call) -> bool:
    return call.host in _LOGIN_HOSTS or call.api in _LOGIN_APIS
