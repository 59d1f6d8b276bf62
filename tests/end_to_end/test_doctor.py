"""`sessiontap doctor` beside real proxies: what a person with an empty session is told."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.launch.bundle import write_bundle
from sessiontap.launch.environment import client_environment
from tests.end_to_end.test_passthrough import OPENAI, call

Start = Callable[..., ProxyProcess]


def doctor(home: Path, variables: Mapping[str, str], expected: int = 0) -> dict[str, dict[str, str | None]]:
    """What it finds in a shell that has these variables, by topic; the last of a topic counts."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "PYTHONPATH": str(Path.cwd()),
        **variables,
    }
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "sessiontap", "doctor", "--json", "--home", str(home)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    # Generous, for a machine that is busy; it takes less than one.
    assert time.monotonic() - begun < 20
    return {each["topic"]: each for each in json.loads(done.stdout)}


def test_a_shell_that_is_set_up_is_in_order(proxy: ProxyProcess) -> None:
    """By the variables that `run` and `env` set, whoever is installed here; it is the proxy's own CA."""
    assert call(proxy, proxy.ca_file, OPENAI)
    bundle = write_bundle(proxy.home, proxy.ca_file, {})
    found = doctor(proxy.home, client_environment(proxy.url, bundle, proxy.ca_file, {}))
    assert found["home"]["verdict"] == "ok"
    said = f"https_proxy={proxy.url}, pid {proxy.pid}, records into {proxy.home}"
    assert (found["proxy"]["verdict"], found["proxy"]["message"]) == ("ok", said)
    assert str(found["CA"]["message"]).startswith(str(proxy.ca_file))
    assert {found[name]["verdict"] for name in ("Python ssl", "requests")} == {"ok"}
    clients = {"curl", "Java", "AWS"} & set(found)
    assert {found[name]["verdict"] for name in clients} <= {"ok"}
    assert "refused" not in found


def test_a_client_that_does_not_trust_is_told(proxy: ProxyProcess, double: Double) -> None:
    """With the host, the number of times and who it was; and the client's variable is a warning now."""
    with pytest.raises(ssl.SSLCertVerificationError):
        call(proxy, double.ca_file, OPENAI)
    proxy.stop()
    found = doctor(proxy.home, {})["refused"]
    assert found["verdict"] == "warning"
    assert str(found["message"]).startswith(f"{OPENAI}: the proxy's certificate was refused 1 time, last at ")
    assert "by probe/1" in str(found["message"])
    assert found["fix"] == f"sessiontap run --home {proxy.home} -- COMMAND"


def test_a_client_without_the_ca_is_a_warning_behind_a_proxy(proxy: ProxyProcess) -> None:
    """Its calls fail: not so where no proxy is gone through."""
    found = doctor(proxy.home, {"HTTPS_PROXY": proxy.url})
    assert found["Python ssl"]["verdict"] == "warning"
    assert doctor(proxy.home, {})["proxy"]["verdict"] == "info"


def test_a_proxy_of_another_home_is_a_warning(proxy: ProxyProcess, tmp_path: Path) -> None:
    """Both are named."""
    found = doctor(tmp_path / "other", {"HTTPS_PROXY": proxy.url})["proxy"]
    assert found["verdict"] == "warning"
    assert str(found["message"]).endswith(f"records into {proxy.home}, not into {tmp_path / 'other'}")
    assert found["fix"] == f"sessiontap doctor --home {proxy.home}"


def test_a_proxy_that_does_not_record_is_a_problem(proxy: ProxyProcess) -> None:
    """Exit code 1, with the reason."""
    proxy.home.write_text("in the way")
    found = doctor(proxy.home, {"HTTPS_PROXY": proxy.url}, 1)["proxy"]
    assert (
        found["verdict"],
        str(found["message"]).endswith(f"does not record: {proxy.home}: not a folder"),
    ) == (
        "problem",
        True,
    )


def test_a_proxy_that_ended_is_a_problem(proxy: ProxyProcess) -> None:
    """All that is started here fails; the command starts one on that port."""
    proxy.stop()
    found = doctor(proxy.home, {"HTTPS_PROXY": proxy.url}, 1)["proxy"]
    assert found["verdict"] == "problem"
    assert found["fix"] == f"sessiontap proxy --detach --port {proxy.port} --home {proxy.home}"


@pytest.mark.parametrize("proxy", [{"options": {"proxyauth": "ann:secret"}}], indirect=True)
def test_a_proxy_that_wants_a_password_is_asked_with_it(proxy: ProxyProcess) -> None:
    """That of the variable, which is never shown."""
    url = proxy.url.removeprefix("http://")
    right = doctor(proxy.home, {"HTTPS_PROXY": f"http://ann:secret@{url}"})["proxy"]
    wrong = doctor(proxy.home, {"HTTPS_PROXY": f"http://ann:other@{url}"}, 1)["proxy"]
    assert (right["verdict"], wrong["verdict"]) == ("ok", "problem")
    assert "secret" not in repr(right)
    assert "other" not in str(wrong["message"]).replace("another", "")


def test_another_program_on_the_port_is_a_warning(double: Double, tmp_path: Path) -> None:
    """What goes through it is not recorded."""
    found = doctor(tmp_path / "home", {"HTTPS_PROXY": f"http://127.0.0.1:{double.port}"})["proxy"]
    assert (found["verdict"], "has no sessiontap" in str(found["message"])) == ("warning", True)
