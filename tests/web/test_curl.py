"""A call as a curl command: the shell reads it as it is meant, and no key is in it."""

from __future__ import annotations

import os
import subprocess

import msgspec
import pytest

from sessiontap.bodies import Body, CallBodies, Piece
from sessiontap.providers import PROVIDERS
from sessiontap.providers.credentials import SIGNED, credential_of
from sessiontap.web.curl import LONGEST_BODY, curl
from tests.sessions.samples import make_call

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the command is for a POSIX shell")

ASKED = b'{"model": "m", "messages": [{"content": "it\'s $HOME `id` \\"x\\"\\n"}]}'


def bodies(
    content: bytes | None = ASKED,
    *,
    method: str = "POST",
    target: str = "/v1/chat/completions?x=1",
    request: Body | None = None,
) -> CallBodies:
    """What a call sent."""
    return CallBodies(
        call_id="c01",
        session_id=None,
        method=method,
        target=target,
        headers={"content-type": "application/json", "openai-beta": "a'b"},
        request=request or Body(content=content, size=len(content or b"")),
    )


def words(command: str | None) -> list[str]:
    """The arguments that a shell makes of the command, where each key is `KEY`."""
    assert command is not None
    names = ("OPENAI_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + command
    done = subprocess.run(
        ["sh", "-c", script], env=dict.fromkeys(names, "KEY"), capture_output=True, check=True
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def test_a_command() -> None:
    """Address, headers, the key as a variable, and the body byte for byte."""
    read = words(curl(make_call(1, "/"), bodies()))
    assert read == [
        "https://api.openai.com/v1/chat/completions?x=1",
        *("-H", "content-type: application/json"),
        *("-H", "openai-beta: a'b"),
        *("-H", "Authorization: Bearer KEY"),
        *("--data-raw", ASKED.decode()),
    ]


def test_what_a_client_chose_is_quoted() -> None:
    """A host, a path or a method that would be more than a word is one."""
    call = msgspec.structs.replace(make_call(1, "/"), host="x;id", url_path="/$(id)")
    read = words(curl(call, bodies(target="", method="PO'ST")))
    assert read[:3] == ["https://x;id/$(id)", "-X", "PO'ST"]


def test_a_signed_request_is_signed_by_curl() -> None:
    """With the region that the call had."""
    call = msgspec.structs.replace(make_call(1, "/"), provider="aws.bedrock", region="eu-west-1")
    read = words(curl(call, bodies()))
    assert "aws:amz:eu-west-1:bedrock" in read
    assert "KEY:KEY" in read


def test_a_local_model_needs_no_key() -> None:
    """Nothing is made up for it."""
    call = msgspec.structs.replace(make_call(1, "/"), billing="free")
    assert "_API_KEY" not in (curl(call, bodies()) or "")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b", b"x" * (LONGEST_BODY + 1)])
def test_a_body_that_no_command_line_holds_is_a_file(content: bytes) -> None:
    """Which the page gives."""
    assert words(curl(make_call(1, "/"), bodies(content)))[-2:] == ["--data-binary", "@request.json"]


def test_where_nothing_is_known_there_is_no_command() -> None:
    """Nor for a socket."""
    call = make_call(1, "/")
    assert curl(call, None) is None
    assert curl(call, bodies(None)) is None
    socket = Body(content=b"ab", size=2, pieces=(Piece(0, 1), Piece(1, 1)))
    assert curl(call, bodies(method="GET", request=socket)) is None


def test_every_provider_has_a_variable() -> None:
    """That a shell takes for one."""
    for provider in PROVIDERS:
        if provider.name not in SIGNED:
            credential = credential_of(provider.name)
            assert credential.variable.isidentifier()
            assert credential.variable.isupper()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_had_no_body_is_sent_without_one(method: str) -> None:
    """No file is asked for; and what was a POST still is one."""
    read = words(curl(make_call(1, "/"), bodies(b"", method=method)))
    assert read[1:3] == ["-X", method]
    assert not [word for word in read if word.startswith("--data")]


def test_brackets_in_an_address_stand_for_themselves() -> None:
    """And not for a range of addresses, as curl has it otherwise."""
    assert words(curl(make_call(1, "/"), bodies(target="/v1/x?a[b]={c}")))[:2] == [
        "https://api.openai.com/v1/x?a[b]={c}",
        "--globoff",
    ]
