from __future__ import annotations

import base64

import pytest

from sessiontap.launch.upstream import AUTHORIZATION_VARIABLE, SCRIPT, Upstream, upstream


@pytest.mark.parametrize(
    ("environ", "mode", "shown"),
    [
        ({"HTTPS_PROXY": "http://proxy.corp.example:3128/"}, "upstream:http://proxy.corp.example:3128", None),
        ({"ALL_PROXY": "proxy:3128", "HTTPS_PROXY": " "}, "upstream:http://proxy:3128", None),
        ({"https_proxy": "https://a", "HTTPS_PROXY": "http://b"}, "upstream:https://a:443", "https://a"),
        ({"all_proxy": "http://[::1]:80"}, "upstream:http://[::1]:80", None),
        ({"HTTPS_PROXY": "socks5h://u:secret@s:1080"}, None, "socks5h://s:1080"),
        ({"HTTPS_PROXY": "http://a:port"}, None, "(not a URL)"),
        ({"HTTPS_PROXY": "http://a@b@c/ --mode x"}, "upstream:http://c:80", "http://c"),
    ],
)
def test_a_proxy_of_the_users(environ: dict[str, str], mode: str | None, shown: str | None) -> None:
    """The first variable that is set counts, and what is shown has no password."""
    found = upstream(environ)
    assert found is not None
    assert found.mode == mode
    assert found.shown == (shown or (mode or "").removeprefix("upstream:"))


def test_none() -> None:
    """Without a proxy for https there is none to go on through; one for http alone is none."""
    assert upstream({"HTTP_PROXY": "http://a:1", "NO_PROXY": "*"}) is None


def test_a_user_and_password_are_no_arguments() -> None:
    """Everybody on the machine can read those; the script has them from the environment."""
    found = upstream({"HTTPS_PROXY": "http://me:p%40ss@proxy:3128"})
    assert found is not None
    assert found.arguments == ("--mode", "upstream:http://proxy:3128", "-s", str(SCRIPT))
    expected = "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert found.environ == {AUTHORIZATION_VARIABLE: expected}
    assert SCRIPT.is_file()


def test_one_that_mitmproxy_cannot_use() -> None:
    """It adds nothing."""
    found = Upstream("ALL_PROXY", "socks5://s:1", None, "Basic x")
    assert (found.arguments, found.environ) == ((), {})
