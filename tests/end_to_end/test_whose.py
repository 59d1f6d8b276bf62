"""Whose calls are, through a real mitmdump: agents keep apart, sub-agents are paths, options are heard."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sessiontap.call import Call
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.errors import SessiontapError
from tests.end_to_end.place import BODY, CHAT, Place, open_place, plain, raw
from tests.identity.asking import CLAUDE_CODE, CODEX

CLAUDE_ID = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
CODEX_ID = "019a3c10-7b1c-7d20-8e31-5f60718293a4"
_ANSWER = raw(
    json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "model": "claude-sonnet-4-5",
            "content": [],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": 2},
        }
    ).encode()
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module: agents at once in one shell."""
    with open_place(tmp_path_factory.mktemp("whose")) as opened:
        opened.handlers["chat"] = plain
        opened.handlers["claude"] = _ANSWER
        yield opened


def _post(
    place: Place,
    headers: Mapping[str, str],
    body: bytes = BODY,
    *,
    host: str = "api.openai.com",
    path: str = CHAT,
    test: str = "chat",
    user: str = "",
) -> None:
    connection = place.connection(host, user)
    connection.request("POST", path, body, {"x-test": test, "Content-Type": "application/json", **headers})
    assert connection.getresponse().read()
    connection.close()


def _placed(calls: list[Call]) -> list[tuple[str, str | None]]:
    return [(call.session_path, call.agent) for call in calls]


def test_two_agents_keep_apart_and_sub_agents_are_paths(place: Place) -> None:
    """Claude Code and Codex at once: two sessions, their sub-agents in them, nothing taken off the calls."""
    user = json.dumps({"device_id": "d", "account_uuid": "", "session_id": CLAUDE_ID})
    asks = json.dumps({"model": "claude-sonnet-4-5", "messages": [], "metadata": {"user_id": user}}).encode()

    def claude(packed: bool = False, **headers: str) -> None:
        sent = {f"x-claude-code-{name.replace('_', '-')}": value for name, value in headers.items()}
        if packed:
            sent["Content-Encoding"] = "gzip"
        body = gzip.compress(asks) if packed else asks
        where: dict[str, Any] = {"host": "api.anthropic.com", "path": "/v1/messages", "test": "claude"}
        _post(place, {"User-Agent": CLAUDE_CODE, **sent}, body, **where)

    def codex(turn: dict[str, str]) -> None:
        body = json.dumps(
            {**json.loads(BODY), "client_metadata": {"x-codex-turn-metadata": json.dumps(turn)}}
        )
        _post(
            place, {"User-Agent": CODEX, "session-id": CODEX_ID, "originator": "codex_cli_rs"}, body.encode()
        )

    claude()
    codex({"session_id": CODEX_ID, "agent_name": "/root"})
    claude(agent_id="a1", agent_type="Explore", request_class="subagent")
    claude(packed=True, agent_id="a2", agent_type="Explore", request_class="subagent")
    codex({"session_id": CODEX_ID, "agent_name": "/root/tests"})
    claude(agent_id="a3", parent_agent_id="a1", agent_type="Plan", request_class="subagent")
    assert place.double.received[-1].header("x-claude-code-agent-id") == "a3"
    assert place.double.received[-2].header("session-id") == CODEX_ID
    assert _placed(place.calls(CLAUDE_ID)) == [
        (path, "claude-cli/2.1.332") for path in ("/", "/explore-a1", "/explore-a2", "/explore-a1/plan-a3")
    ]
    assert _placed(place.calls(CODEX_ID)) == [(path, "codex_cli_rs/0.169.0") for path in ("/", "/tests")]
    both = place.calls(CLAUDE_ID) + place.calls(CODEX_ID)
    assert {(call.session_source, call.status) for call in both} == {("agent", "ok")}


def test_a_run_is_one_session_whatever_its_agents_say(place: Place) -> None:
    """The proxy's user, with a path and a user, stands before the agents' ids; their sub-agents are below."""
    sent = {"User-Agent": CLAUDE_CODE, "x-claude-code-session-id": "22222222", "x-claude-code-agent-id": "a1"}
    _post(place, sent, user="run-1?path=/nightly&user=ann:Nightly")
    _post(place, {"User-Agent": "opencode/1.18.33", "X-Session-Id": "ses_1"}, user="run-1:Nightly")
    first, second = place.calls("run-1")
    assert (first.session_path, first.user_id, first.session_name) == ("/nightly/agent-a1", "ann", "Nightly")
    assert (second.session_path, second.user_id, second.session_source) == ("/", None, "proxy-user")


def test_headers_and_a_session_by_option(tmp_path: Path) -> None:
    """Own headers go before the session by option, which takes what is left; with --proxyauth as well."""
    options = {
        "sessiontap_session_headers": "X-Job, x-run",
        "sessiontap_session": "the-rest?user=ann:The rest",
    }
    with open_place(tmp_path, options=options) as place:
        place.handlers["chat"] = plain
        _post(place, {"x-JOB": "job 7"})
        _post(place, {"x-claude-code-session-id": "11111111"})
        assert place.double.received[-2].header("x-job") == "job 7"
        assert [call.session_source for call in place.calls("job 7")] == ["header"]
        (rest,) = place.calls("the-rest")
    assert (rest.session_source, rest.session_name, rest.user_id) == ("proxy-user", "The rest", "ann")


def test_with_proxyauth_the_user_is_read_and_the_password_is_not_kept(tmp_path: Path) -> None:
    """What stands behind the colon is a password then: it is no name, and nowhere on the disk."""
    with open_place(tmp_path, options={"proxyauth": "any"}) as place:
        place.handlers["chat"] = plain
        _post(place, {}, user="run-9?path=/a&user=ann:correct-horse")
        (call,) = place.calls("run-9")
        place.bodies_of("run-9", 1)
    assert (call.session_source, call.session_name) == ("proxy-user", None)
    assert (call.session_path, call.user_id) == ("/a", "ann")
    written = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert not any(b"correct-horse" in each for each in written)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("sessiontap_session_headers", "X Run"), ["'X Run'", "X-Run-Id"]),
        (("sessiontap_session", ":only a name"), ["':only a name'", "ID:NAME"]),
    ],
)
def test_an_option_that_cannot_be_meant_ends_the_start(
    tmp_path: Path, confdir: Path, double: Double, option: tuple[str, str], words: list[str]
) -> None:
    """One line names the option, what was said and what is allowed."""
    with pytest.raises(SessiontapError) as refused:
        ProxyProcess(home=tmp_path, confdir=confdir, double=double, options=dict([option]))
    assert all(word in str(refused.value) for word in [option[0], *words])
