from __future__ import annotations

import pytest

from sessiontap.errors import SessiontapError
from sessiontap.launch import command

ANTHROPIC = "reverse:https://api.anthropic.com"
OPENAI = "reverse:https://api.openai.com"


def test_without_more_modes_mitmproxy_is_given_none() -> None:
    """Its own default holds, or what its config.yaml says."""
    assert command.placed([], 8080, []) == {}


def test_each_mode_has_a_port_of_its_own() -> None:
    """The proxy takes the port that was asked for, the others free ones, all of them on loopback."""
    placed = command.placed([ANTHROPIC, OPENAI], 8080, [])
    assert [*placed] == ["regular", ANTHROPIC, OPENAI]
    assert placed["regular"] == "regular@127.0.0.1:8080"
    others = [full.removeprefix(f"{mode}@127.0.0.1:") for mode, full in placed.items()][1:]
    assert len({*others, "8080"}) == 3
    assert all(0 < int(port) < 65536 for port in others)


def test_a_mode_with_an_address_keeps_it() -> None:
    """What a user wrote out is not changed."""
    assert command.placed([f"{OPENAI}@9000"], 8080, [])[f"{OPENAI}@9000"] == f"{OPENAI}@9000"


@pytest.mark.parametrize(
    "arguments", [["-m", "upstream:http://a:1"], ["--mode=upstream:http://a:1"], ["-msocks5"]]
)
def test_a_mode_of_the_user_is_the_forward_proxy(arguments: list[str]) -> None:
    """Beside it there is no regular one."""
    assert [*command.placed([OPENAI], 8080, arguments)] == [OPENAI]


def test_the_arguments_of_the_user_come_last() -> None:
    """Mitmdump lets the last of two flags win."""
    line = command.flags(
        port=1, options={"a": "b"}, modes=["regular@127.0.0.1:1"], arguments=["-p", "2"], addon=True
    )
    assert line[:4] == ["--listen-host", "127.0.0.1", "--listen-port", "1"]
    assert line[-2:] == ["-p", "2"]
    assert line[line.index("--set") + 1] == "a=b"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--set", "listen_host=0.0.0.0"], "use --listen-host HOST"),
        (["-q", "--set=confdir=/x"], "use --confdir FOLDER"),
        (["--set", "sessiontap_home=/x"], "use --home FOLDER"),
        (["--set", "mode=socks5"], "use --mode MODE"),
        (["-k", "-n"], "no proxy; leave it out"),
    ],
)
def test_an_argument_that_has_another_place_is_refused(arguments: list[str], hint: str) -> None:
    """One line says which."""
    with pytest.raises(SessiontapError, match=hint) as caught:
        command.check(arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arguments", [[], ["--set"], ["--set", "ssl_insecure=true"], ["-s", "listen_host"]])
def test_all_other_arguments_are_mitmdumps(arguments: list[str]) -> None:
    """What mitmdump makes of them is its own affair."""
    command.check(arguments)


@pytest.mark.parametrize(
    ("arguments", "there"),
    [
        (["--listen-host", "0.0.0.0"], True),
        (["--listen-host=0.0.0.0"], True),
        (["--listen-hosts"], False),
        (["-s", "listen-host.py"], False),
        ([], False),
    ],
)
def test_consent_is_the_flag_itself(arguments: list[str], there: bool) -> None:
    """Nothing that only looks like it."""
    assert command.states(arguments, "--listen-host") is there
