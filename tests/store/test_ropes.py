from __future__ import annotations

import base64
import copy
import hashlib
import json
import random
import string
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.store import ropes
from sessiontap.store.ropes import Part, Rope, RopeError, cut, join
from tests.oracles import corpus

TURNS = 200
TURN_BYTES = 2_000
SYSTEM_BYTES = 100_000

_words = random.Random(11)


def prose(size: int) -> str:
    """Text of words that never comes twice."""
    return "".join(_words.choices(string.ascii_lowercase + "    ", k=size))


class Parts:
    """What a session stores: the parts, and how many bytes they and the ropes of the bodies are."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}
        self.bytes = 0

    def store(self, body: bytes) -> int:
        """Cuts a body, asserts that it comes back, and gives how many bytes it added."""
        found = cut(body, self.parts)
        assert not set(found.parts) & set(self.parts)
        self.parts |= found.parts
        assert join(found.rope, self.parts.get) == body
        added = size(found.rope) + sum(size(part) + 30 for part in found.parts.values())
        self.bytes += added
        return added


def size(part: Part) -> int:
    """What a part takes in a file, uncompressed."""
    return len(part) if isinstance(part, bytes) else len(msgspec.json.encode(part))


def comes_back(body: bytes) -> bool:
    """Whether joining gives the body again."""
    found = cut(body, ())
    return join(found.rope, found.parts.get) == body


# Arbitrary bodies.

_texts = st.text(max_size=40) | st.text(st.sampled_from('\\"é\U0001f600\ud800/\n a'), max_size=40)
_long_texts = st.builds(lambda text, times: text * times, _texts, st.integers(1, 60))
_numbers = st.integers() | st.floats() | st.integers(10**300, 10**310)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _texts | _long_texts,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(_texts | st.sampled_from("ab"), inner, max_size=6)
        | st.lists(inner, min_size=1, max_size=2).map(lambda few: few * 12)
    ),
    max_leaves=20,
)
_blanks = st.sampled_from(["", " ", "\n", "\t \r\n", " " * 700])


@st.composite
def _odd_json(draw: st.DrawFn) -> bytes:
    """JSON text with blanks anywhere, keys that stand there twice, any escapes, and maybe a BOM."""
    twice, ascii_only = draw(st.booleans()), draw(st.booleans())

    def written(value: Any) -> str:
        before, after = draw(_blanks), draw(_blanks)
        if isinstance(value, dict):
            members = [f"{written(name)}:{written(each)}" for name, each in value.items()]
            if members and twice:
                members.append(members[len(members) // 2])
                members.append(f'"a":{json.dumps(draw(_long_texts))}')
            return f"{before}{{{','.join(members)}}}{after}"
        if isinstance(value, list):
            return f"{before}[{','.join(written(each) for each in value)}]{after}"
        return f"{before}{json.dumps(value, ensure_ascii=ascii_only)}{after}"

    text = draw(st.sampled_from(["", "\ufeff"])) + written(draw(_values))
    return text.encode("utf-8", "surrogatepass")


@settings(deadline=None, max_examples=300)
@given(body=st.binary(max_size=2000) | st.binary(max_size=40).map(lambda data: data * 50))
def test_any_bytes_come_back(body: bytes) -> None:
    """Whatever the bytes are: joined they are the same."""
    assert comes_back(body)


@settings(deadline=None, max_examples=300)
@given(body=_odd_json())
def test_any_json_comes_back(body: bytes) -> None:
    """Blanks, keys that stand there twice, escapes, lone surrogates, huge numbers, a BOM: nothing is lost."""
    assert comes_back(body)


@settings(deadline=None, max_examples=200)
@given(body=_odd_json(), at=st.integers(0, 5000), byte=st.binary(max_size=3))
def test_damaged_json_comes_back(body: bytes, at: int, byte: bytes) -> None:
    """JSON that is cut short, or has a byte changed, comes back too."""
    at %= len(body) + 1
    assert comes_back(body[:at])
    assert comes_back(body[:at] + byte + body[at + 1 :])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"\xff" * 1000,
        b"{}",
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
        b'{"a":' * 500 + b'"' + b"x" * 1000 + b'"' + b"}" * 500,
        b'{"a":"' + b"x" * 1000 + b'","a":"' + b"y" * 1000 + b'","b":"' + b"z" * 1000 + b'"}',
        b'{"a":"' + b"x" * 1000 + b'","b":"' + b"x" * 1001 + b'"}',
        # The start of a long value stands in a short one before it.
        b'{"a":"' + b"x" * 100 + b'","b":"' + b"x" * 1001 + b'"}',
        b'{"a":"","b":"' + b" " * 600 + b'"' + b" " * 700 + b',"c":"d"}',
        b'["' + b"\xff" * 1000 + b'"]',
        b'["\xff"]',
        b'["' + b'\\"' * 1000 + b'"]',
        b'["' + b"\\ud800" * 1000 + b'"]',
        b"[" + b"1" * 5000 + b"]",
        b"[1e999999," + b"0" * 5000 + b"]",
        b"\xef\xbb\xbf" + b'{"a":"' + b"x" * 1000 + b'"}',
        ("[" + json.dumps("x" * 1000) + "]").encode("utf-16"),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_odd_bodies_come_back(body: bytes) -> None:
    """Each body that is no JSON, or an odd one."""
    assert comes_back(body)


@pytest.mark.skipif(not corpus.HTTP_FILE.exists(), reason="the recorded exchanges are not here")
def test_recorded_bodies_come_back() -> None:
    """All requests and replies that were recorded come back, stored one after another in one session."""
    stored = Parts()
    whole = 0
    for exchange in corpus.exchanges():
        for body in (exchange.request, exchange.body, exchange.wire):
            stored.store(body)
            whole += len(body)
    assert stored.bytes < whole * 0.9


# Conversations.

Conversation = Callable[[list[tuple[str, str]], str, list[Any]], Any]


def openai_chat(turns: list[tuple[str, str]], system: str, tools: list[Any]) -> Any:
    """A request to /v1/chat/completions."""
    messages = [{"role": role, "content": text} for role, text in turns]
    return {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": system}, *messages],
        "tools": tools,
        "stream": True,
    }


def openai_responses(turns: list[tuple[str, str]], system: str, tools: list[Any]) -> Any:
    """A request to /v1/responses."""
    content = {"user": "input_text", "assistant": "output_text"}
    items = [
        {"type": "message", "role": role, "content": [{"type": content[role], "text": text}]}
        for role, text in turns
    ]
    return {"model": "gpt-4.1", "instructions": system, "input": items, "tools": tools, "stream": True}


def anthropic(turns: list[tuple[str, str]], system: str, tools: list[Any]) -> Any:
    """A request to /v1/messages, with the marks of the cache on the last two messages of the user."""
    marked = {"cache_control": {"type": "ephemeral"}}
    messages: list[Any] = [
        {"role": role, "content": [{"type": "text", "text": text}]} for role, text in turns
    ]
    for message in messages[-1:-4:-2]:
        message["content"][-1] |= marked
    system_blocks = [{"type": "text", "text": system, **marked}]
    return {
        "model": "claude-sonnet-4-5",
        "system": system_blocks,
        "messages": messages,
        "tools": tools,
        "stream": True,
    }


def gemini(turns: list[tuple[str, str]], system: str, tools: list[Any]) -> Any:
    """A request to :streamGenerateContent."""
    role = {"user": "user", "assistant": "model"}
    contents = [{"role": role[each], "parts": [{"text": text}]} for each, text in turns]
    return {
        "contents": contents,
        "systemInstruction": {"parts": [{"text": system}]},
        "tools": [{"functionDeclarations": tools}],
    }


SHAPES = (openai_chat, openai_responses, anthropic, gemini)


def _setting() -> tuple[str, list[Any]]:
    """A system prompt and 30 tools: 100 kB."""
    tools = [
        {"name": f"tool_{number}", "description": prose(1_400), "parameters": {"type": "object"}}
        for number in range(30)
    ]
    return prose(SYSTEM_BYTES - len(json.dumps(tools))), tools


def _turn() -> list[tuple[str, str]]:
    return [("user", prose(TURN_BYTES // 2)), ("assistant", prose(TURN_BYTES // 2))]


def _bodies(shape: Conversation, turns: int = TURNS) -> Iterator[bytes]:
    """The requests of a conversation; the last message is the user's."""
    system, tools = _setting()
    said: list[tuple[str, str]] = []
    for _ in range(turns):
        user, answer = _turn()
        yield json.dumps(shape([*said, user], system, tools)).encode()
        said += [user, answer]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_conversation_that_grows_stores_its_turns(shape: Conversation) -> None:
    """Of 200 requests that repeat all before, the first is stored, and of each other one the turn."""
    stored = Parts()
    bodies = list(_bodies(shape))
    first = stored.store(bodies[0])
    assert first < SYSTEM_BYTES * 1.1
    added = [stored.store(body) for body in bodies[1:]]
    # The turn, and some hundred bytes of ids around it, however long the conversation is by then.
    assert max(added) < TURN_BYTES + 1_500
    assert sum(map(len, bodies)) > 50 * stored.bytes


@pytest.mark.parametrize("shape", SHAPES)
def test_an_edit_and_a_fork_share_the_rest(shape: Conversation) -> None:
    """A message that is changed, left out, or put in costs itself and the ids behind it, not the texts."""
    stored = Parts()
    system, tools = _setting()
    said = [each for _ in range(60) for each in _turn()]

    def store(turns: list[tuple[str, str]]) -> int:
        return stored.store(json.dumps(shape(turns, system, tools)).encode())

    store(said)
    edited = copy.deepcopy(said)
    edited[40] = ("user", prose(1_000))
    ids = 250 * len(said)
    assert store(edited) < 1_000 + ids
    assert store(said[:40] + said[41:]) < ids
    assert store(said[:80] + _turn() + said[80:]) < 2_000 + ids
    # A fork has the ids before it in common, too.
    assert store(said[:100] + _turn()) < 4_000


def test_a_tool_result_that_is_json_within_json_is_stored_once() -> None:
    """A long text is one part wherever it stands."""
    stored = Parts()
    text = prose(50_000)
    stored.store(json.dumps({"messages": [{"role": "tool", "content": text}]}).encode())
    assert stored.store(json.dumps([{"input": {"deep": [{"output": text}]}}]).encode()) < 600


def test_known_parts_are_not_given_again() -> None:
    """A body that is stored already has no parts that are not known, and the same rope."""
    body = next(_bodies(openai_chat))
    found = cut(body, ())
    again = cut(body, found.parts)
    assert again.parts == {}
    assert again.rope == found.rope


def test_a_part_whose_own_parts_are_lost_is_mended() -> None:
    """Where a part is known, but not one that it needs, that one is given again."""
    body = next(_bodies(openai_chat))
    found = cut(body, ())
    for lost in found.parts:
        assert list(cut(body, set(found.parts) - {lost}).parts) == [lost]


def test_a_text_that_looks_like_a_rope_is_no_rope() -> None:
    """A leaf that says the same as a rope does not take its place."""
    body = json.dumps({"messages": [{"role": "user", "content": prose(600)}] * 8}).encode()
    found = cut(body, ())
    stored = Parts()
    stored.store(body)
    for part in found.parts.values():
        if not isinstance(part, bytes):
            stored.store(msgspec.json.encode(part))
    assert join(found.rope, stored.parts.get) == body


# Ropes that are damaged or made to harm.


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({}, "part a is not there"),
        ({"a": ("x", ("b",))}, "part b is not there"),
        ({"a": (("a",),)}, "part a is a part of itself"),
        ({"a": ("x", ("b",)), "b": ("y", ("a",), "z")}, "part a is a part of itself"),
        ({"a": (("b",), ("a",)), "b": ("",)}, "part a is a part of itself"),
        ({"a": (("a",),) * 100_000}, "part a is a part of itself"),
    ],
)
def test_missing_parts_and_circles(parts: dict[str, Rope], why: str) -> None:
    """They are a RopeError, and soon."""
    started = time.process_time()
    with pytest.raises(RopeError, match=why):
        join(("[", ("a",), "]"), parts.get)
    assert time.process_time() - started < 0.2


def test_a_part_may_come_twice() -> None:
    """Beside itself a part may stand; only within itself it may not."""
    parts: dict[str, Part] = {"a": (("b",), ",", ("b",)), "b": ("[", ("c",), "]"), "c": b"1"}
    assert join((("a",), ";", ("a",), ("b",)), parts.get) == b"[1],[1];[1],[1][1]"


@pytest.mark.parametrize("leaf", [b"", b"x", b"x" * 1_000_000])
def test_a_small_rope_that_comes_to_much(leaf: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten parts a part, forty deep: joining stops at the most that it may come to."""
    monkeypatch.setattr(ropes, "MOST_JOINED", 50_000_000)
    parts: dict[str, Part] = {str(level): ((str(level + 1),),) * 10 for level in range(40)}
    parts["40"] = leaf
    started = time.process_time()
    with pytest.raises(RopeError, match="come to more than"):
        join((("0",),), parts.get)
    assert time.process_time() - started < 2


def test_deep_elements_are_not_taken_for_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of the largest size comes back, also where each half a kilobyte is a dozen parts."""
    element = b'[{"a":' * 5 + b'["' + b"x" * 520 + b'",1,2]' + b',"b":0},3]' * 5
    body = b"[" + b",".join(element.replace(b"x", b"%c" % (65 + each % 50)) for each in range(400)) + b"]"
    monkeypatch.setattr(ropes, "MOST_JOINED", len(body))
    assert comes_back(body)


# How long cutting takes.


def _chat(messages: int, content: Callable[[int], str]) -> bytes:
    return json.dumps(
        {"messages": [{"role": "user", "content": content(number)} for number in range(messages)]}
    ).encode()


def _base64() -> bytes:
    image = base64.b64encode(random.Random(1).randbytes(22_500_000)).decode()
    return json.dumps({"messages": [{"role": "user", "content": [{"url": image}]}]}).encode()


LARGE: dict[str, Callable[[], bytes]] = {
    "20 MB of messages": lambda: _chat(12_000, lambda number: f"{number} " + "text " * 320),
    "20 MB in few messages": lambda: _chat(5, lambda number: f"{number} " + "é\n" * 500_000),
    "100,000 small messages": lambda: _chat(100_000, lambda number: f"hello {number}"),
    "100,000 messages": lambda: _chat(100_000, lambda number: f"hello {number} " + "x" * 200),
    "a million numbers": lambda: json.dumps([number * 0.37 for number in range(1_000_000)]).encode(),
    "a million words": lambda: json.dumps({"input": ["hello" * 4] * 1_000_000}).encode(),
    "a million keys": lambda: json.dumps({"a": {str(each): each for each in range(1_000_000)}}).encode(),
    "a table of numbers": lambda: json.dumps([[0.1, 0.2, 0.3]] * 300_000).encode(),
    "30 MB of base64": _base64,
    "20 MB of escapes": lambda: json.dumps({"a": '\n"' * 5_000_000}).encode(),
    "20 MB of blanks": lambda: b"[" + b" " * 20_000_000 + b"]",
    "20 MB that do not end": lambda: b'{"a":' * 4_000_000,
    "deep lists": lambda: b"[" * 12 + b'"' + b"x" * 20_000_000 + b'"' + b"]" * 12,
    "deep objects": lambda: b'{"a":' * 12 + b'"' + b"x" * 20_000_000 + b'"' + b"}" * 12,
    "deep and wide": lambda: (b'[{"k":"' + b"y" * 600 + b'","a":') * 6 + b"1" * 20_000_000 + b"}]" * 6,
    "keys that stand there twice": lambda: (
        b'{"x":0,'
        + b",".join(b'"%d":"%b"' % (each, b"y" * 600) for each in range(15_000))
        + b',"x":"'
        + b"z" * 600
        + b'",'
        + b",".join(b'"%d":"%b"' % (each, b"w" * 600) for each in range(15_000))
        + b"}"
    ),
    "the start of a long value in many short ones": lambda: (
        b'{"'
        + b",".join(b'k%d":"%b","l%d":"%b","' % (n, b"a" * 500, n, b"a" * 600) for n in range(10_000))[:-2]
        + b"}"
    ),
    "a long value that repeats itself, twice": lambda: (
        b'{"a":"' + b'a\\"' * 3_000_000 + b'x","a":"' + b'a\\"' * 3_000_000 + b'y"}'
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_large_bodies_are_cut_soon(make: Callable[[], bytes]) -> None:
    """Twenty megabytes take less than a second, and no step of C keeps other threads waiting for long."""
    body = make()
    # One of three: on a busy machine the other thread may wait for a core, which it does not at each try.
    for _ in range(3):
        with _Waiting() as waiting:
            started = time.process_time()
            found = cut(body, ())
            took = time.process_time() - started
        # A million objects made in one step would be 350 ms on a quick machine.
        if took < 1.0 and waiting.longest < 0.2:
            break
    else:
        pytest.fail(f"it took {took:.2f} s, and another thread waited {waiting.longest:.2f} s")
    assert _sha(join(found.rope, found.parts.get)) == _sha(body)


def _sha(data: bytes) -> str:
    # A comparison of megabytes that fails would be explained for minutes.
    return hashlib.sha256(data).hexdigest()


class _Waiting:
    """How long another thread waited for its turn at most, in seconds that this process ran meanwhile.

    So the time that other processes of a busy machine take does not count.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        last = time.process_time()
        while not self._done.wait(0.0005):
            now = time.process_time()
            self.longest = max(self.longest, now - last)
            last = now

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
