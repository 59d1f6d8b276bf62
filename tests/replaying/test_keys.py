from __future__ import annotations

import sys

import pytest

from sessiontap.call import Call
from sessiontap.providers import DIRECTORY
from sessiontap.replaying.changes import Changes, read_place
from sessiontap.replaying.keys import Keys
from sessiontap.replaying.plan import Planned, planned
from tests.replaying.samples import bodies, chat, gemini

BEDROCK = {
    "host": "bedrock-runtime.us-east-1.amazonaws.com",
    "provider": "aws.bedrock",
    "api": "bedrock.converse",
}


def plan(call: Call, target: str = "/v1/chat/completions", changes: Changes | None = None) -> Planned:
    """The plan of a call."""
    made = planned(1, call, bodies({"model": "m"}, target=target), changes or Changes(), DIRECTORY)
    assert isinstance(made, Planned), made
    return made


def claude() -> Planned:
    """A call of Anthropic's."""
    call = chat(host="api.anthropic.com", provider="anthropic", api="anthropic.messages")
    return plan(call, "/v1/messages")


def test_each_provider_has_its_key_in_its_header() -> None:
    """As its own clients send it; white space around it is none of it."""
    keys = Keys({"OPENAI_API_KEY": " a\n", "ANTHROPIC_API_KEY": "b", "GEMINI_API_KEY": "c"}, Changes())
    of_gemini = plan(gemini(), "/v1beta/models/x:generateContent")
    as_openai = plan(gemini(api="openai.chat"), "/v1beta/openai/chat/completions")
    assert keys.missing([plan(chat()), claude(), of_gemini, as_openai]) == []
    assert keys.headers(plan(chat()), {}, b"") == {"Authorization": "Bearer a"}
    assert keys.headers(claude(), {}, b"") == {"x-api-key": "b"}
    assert keys.headers(of_gemini, {}, b"") == {"x-goog-api-key": "c"}
    assert keys.headers(as_openai, {}, b"") == {"Authorization": "Bearer c"}
    assert keys.names(claude()) == "ANTHROPIC_API_KEY"


def test_another_variable_may_have_it() -> None:
    """Google's clients know two."""
    keys = Keys({"GOOGLE_API_KEY": "c", "GEMINI_API_KEY": " "}, Changes())
    made = plan(gemini(), "/v1beta/models/x:generateContent")
    assert (keys.names(made), keys.headers(made, {}, b"")) == ("GOOGLE_API_KEY", {"x-goog-api-key": "c"})


def test_what_is_missing_is_named_once() -> None:
    """With how many calls need it, and where they go; never with a key."""
    keys = Keys({"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": "secret"}, Changes())
    assert keys.missing([plan(chat()), plan(chat()), claude()]) == [
        "OPENAI_API_KEY is not set: 2 calls to api.openai.com"
    ]
    assert "secret" not in repr(keys)


def test_a_header_takes_the_place_of_a_key() -> None:
    """The header that holds it, or Authorization."""
    for name in ("authorization", "X-Api-Key"):
        keys = Keys({}, Changes(headers={name: "mine"}))
        assert keys.missing([claude()]) == []
        assert keys.headers(claude(), {}, b"") == {}


def test_nothing_is_sent_to_this_machine() -> None:
    """A key that is there stays there."""
    changes = Changes(places=dict([read_place("http://localhost:8000")]))
    keys = Keys({"OPENAI_API_KEY": "a"}, changes)
    made = plan(chat(), changes=changes)
    assert (keys.missing([made]), keys.headers(made, {}, b""), keys.names(made)) == ([], {}, None)


def test_bedrock_without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is said; the token that stands for a signature needs nothing."""
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    made = plan(chat("nova", **BEDROCK), "/model/nova/converse")
    [said] = Keys({}, Changes()).missing([made])
    assert "pip install boto3" in said
    assert said.endswith(": 1 call to bedrock-runtime.us-east-1.amazonaws.com")
    keys = Keys({"AWS_BEARER_TOKEN_BEDROCK": "t"}, Changes())
    assert keys.missing([made]) == []
    assert keys.headers(made, {}, b"") == {"Authorization": "Bearer t"}


def test_bedrock_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Botocore looks where AWS's own tools do, and finds none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    made = plan(chat("nova", **BEDROCK), "/model/nova/converse")
    [said] = Keys({}, Changes()).missing([made])
    assert said.startswith("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    [said] = Keys({}, Changes()).missing([made])
    assert "nobody" in said
