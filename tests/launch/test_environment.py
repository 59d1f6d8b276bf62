from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.launch.bundle import CA_VARIABLES, INHERITED_CA_VARIABLES
from sessiontap.launch.environment import (
    REPLACED_VARIABLE,
    before,
    bypassed,
    client_environment,
    overridden,
    replaced,
)
from sessiontap.launch.recorded import PROVIDER_HOSTS

URL = "http://run-1:claude@127.0.0.1:4000"
BUNDLE, CA = Path("/home/certificates/ca-1.pem"), Path("/conf/ca.pem")


def made(**environ: str) -> dict[str, str]:
    """The variables for a client of that environment."""
    return client_environment(URL, BUNDLE, CA, environ)


def test_every_variable() -> None:
    """Proxy and CAs, by every name that a client knows; what git, pip and gcloud know stays theirs."""
    java = (
        "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4000 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4000"
        " -Dhttp.nonProxyHosts=localhost|127.0.0.1|[::1]"
        " -Djavax.net.ssl.trustStore=/home/certificates/ca-1.jks -Djavax.net.ssl.trustStoreType=JKS"
    )
    variables = made(PATH="/bin")
    replaced_by_us = json.loads(variables.pop(REPLACED_VARIABLE))
    assert variables == {
        "HTTPS_PROXY": URL,
        "https_proxy": URL,
        "HTTP_PROXY": URL,
        "http_proxy": URL,
        "NO_PROXY": "localhost,127.0.0.1,::1",
        "no_proxy": "localhost,127.0.0.1,::1",
        "SSL_CERT_FILE": str(BUNDLE),
        "REQUESTS_CA_BUNDLE": str(BUNDLE),
        "CURL_CA_BUNDLE": str(BUNDLE),
        "AWS_CA_BUNDLE": str(BUNDLE),
        "CODEX_CA_CERTIFICATE": str(BUNDLE),
        "DENO_CERT": str(BUNDLE),
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(BUNDLE),
        "HTTPLIB2_CA_CERTS": str(BUNDLE),
        "NODE_EXTRA_CA_CERTS": str(CA),
        "NODE_USE_ENV_PROXY": "1",
        "JAVA_TOOL_OPTIONS": java,
    }
    assert replaced_by_us == dict.fromkeys(variables)


@pytest.mark.parametrize("name", [*CA_VARIABLES, *INHERITED_CA_VARIABLES])
def test_an_inherited_file_of_cas_gives_way_to_the_bundle(name: str) -> None:
    """An inherited one would beat ours, or lose the user's CA; the bundle holds both."""
    assert made(**{name: "/corp.pem"})[name] == str(BUNDLE)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"NO_PROXY": "corp.example"}, "corp.example,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "a, b,", "no_proxy": "b,c"}, "a,b,c,localhost,127.0.0.1,::1"),
        ({"no_proxy": "localhost,*"}, "localhost,*,127.0.0.1,::1"),
    ],
)
def test_the_users_no_proxy_is_kept(environ: dict[str, str], expected: str) -> None:
    """Entries of both spellings stay, in their order, and this machine comes to them."""
    variables = made(**environ)
    assert variables["NO_PROXY"] == variables["no_proxy"] == expected


@pytest.mark.parametrize(
    ("no_proxy", "hosts"),
    [
        ("", []),
        ("localhost,127.0.0.1,::1", []),
        ("api.openai.com", ["api.openai.com", "us.api.openai.com", "eu.api.openai.com"]),
        (".Anthropic.com:443", ["api.anthropic.com"]),
        ("*.anthropic.com", ["api.anthropic.com"]),
        ("thropic.com", []),
        ("10.0.0.0/8,[::1]:80", []),
    ],
)
def test_providers_that_no_proxy_covers(no_proxy: str, hosts: list[str]) -> None:
    """A suffix of a provider's host keeps it from the proxy, at label borders, whatever its case and port."""
    assert [*bypassed({"no_proxy": no_proxy}, PROVIDER_HOSTS)] == hosts


def test_everything_may_be_kept_from_the_proxy() -> None:
    """`*` covers all; a host with a variable label is covered by its end."""
    assert bypassed({"NO_PROXY": "*"}, PROVIDER_HOSTS) == PROVIDER_HOSTS
    assert "bedrock-runtime.*.amazonaws.com" in bypassed({"NO_PROXY": "amazonaws.com"}, PROVIDER_HOSTS)


def test_what_loses_is_told() -> None:
    """A proxy of the user's that ours takes the place of; not what lives on in ours, nor what is the same."""
    environ = {"https_proxy": "http://corp:3128", "HTTP_PROXY": URL, "SSL_CERT_FILE": "/corp.pem"}
    assert overridden(client_environment(URL, BUNDLE, CA, environ), environ) == ("https_proxy",)


_names = st.sampled_from(
    ["HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "PIP_CERT", "JAVA_TOOL_OPTIONS", "PATH", "X"]
)


@given(st.dictionaries(_names, st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_everything_can_be_taken_back(environ: dict[str, str]) -> None:
    """Whatever stood there before, also of an environment that has our variables twice over."""
    once = {**environ, **client_environment(URL, BUNDLE, CA, environ)}
    assert before(once) == environ
    twice = {**once, **client_environment("http://127.0.0.1:1", BUNDLE, CA, before(once))}
    assert before(twice) == environ


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "1", '{"PATH": "/evil"}', '{"SSL_CERT_FILE": 7}', '{"NO_PROXY": {}}']
)
def test_what_is_not_ours_is_not_taken_back(text: str) -> None:
    """A variable with another content changes nothing, and never one that we do not set."""
    environ = {"PATH": "/bin", "SSL_CERT_FILE": "/a.pem", REPLACED_VARIABLE: text}
    assert replaced(environ) == {}
    assert before(environ) == {"PATH": "/bin", "SSL_CERT_FILE": "/a.pem"}
