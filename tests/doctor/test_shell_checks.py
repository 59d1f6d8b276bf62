"""What is said of a shell by its variables and by the files that they name."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from sessiontap.demo.certificates import make_certificates
from sessiontap.doctor import SHELL_CHECKS, Finding, Shell
from sessiontap.doctor.authority import check_authority
from sessiontap.doctor.no_proxy import check_no_proxy
from sessiontap.doctor.node import check_node
from sessiontap.doctor.proxy import check_proxy
from sessiontap.doctor.refused import check_refused
from sessiontap.doctor.trust import check_trust
from sessiontap.launch.bundle import write_bundle
from sessiontap.settings import Settings
from sessiontap.store.refusals import Refusal, change_refusals
from sessiontap.times import rfc3339


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home, and a folder of mitmproxy's with a CA."""
    confdir = tmp_path / "conf"
    confdir.mkdir()
    made = make_certificates(confdir, ["one.example"])
    made.ca_file.rename(confdir / "mitmproxy-ca-cert.pem")
    return Settings(home=tmp_path / "home", confdir=confdir)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs that do nothing, which is all that PATH has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def install(folder: Path, name: str, script: str = "exit 1") -> None:
    """A program that a shell could start."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def shell(settings: Settings, programs: Path, **variables: str | Path) -> Shell:
    """A shell that has these variables, and no other."""
    environ = {"PATH": str(programs), **{name: str(value) for name, value in variables.items()}}
    return Shell(environ, settings.home)


def trust(settings: Settings, where: Shell) -> dict[str, tuple[str, str]]:
    """What is said of each client, by topic."""
    return {each.topic: (each.verdict, each.message) for each in check_trust(settings, where)}


def test_a_bare_shell_is_neither_a_problem_nor_a_warning(settings: Settings, programs: Path) -> None:
    """What is not set up is told, with the command that sets it up; nothing is written."""
    before = sorted(settings.confdir.parent.rglob("*"))
    where = shell(settings, programs)
    found = [finding for check in SHELL_CHECKS for finding in check(settings, where)]
    assert {each.verdict for each in found} == {"info", "ok"}
    (proxy,) = [each for each in found if each.topic == "proxy"]
    assert proxy.message == "none is set here: what is started here is not recorded"
    assert proxy.fix == f"sessiontap run --home {settings.home} -- COMMAND"
    assert sorted(settings.confdir.parent.rglob("*")) == before


@pytest.mark.parametrize("value", ["http://[::1", "http://127.0.0.1:http", "http://:8080", "ftp://proxy"])
def test_what_is_no_proxys_url_is_a_problem(settings: Settings, programs: Path, value: str) -> None:
    """The variable is named."""
    (found, *_) = check_proxy(settings, shell(settings, programs, HTTPS_PROXY=value))
    assert (found.verdict, found.message) == ("problem", f"HTTPS_PROXY={value}: not the URL of a proxy")


def test_a_proxy_elsewhere_is_not_asked(settings: Settings, programs: Path) -> None:
    """A company's proxy gets no heartbeat to answer; its password is not shown."""
    where = shell(settings, programs, HTTPS_PROXY="http://ann:secret@proxy.corp.example:3128")
    (found,) = check_proxy(settings, where)
    assert found.verdict == "info"
    assert found.message.startswith("HTTPS_PROXY=http://proxy.corp.example:3128 is not on this machine")


def test_spellings_that_differ_are_a_warning(settings: Settings, programs: Path) -> None:
    """Most clients heed the lower case; users count, and are not shown."""
    one, other = "http://a:secret@proxy.example:1", "http://b@proxy.example:1"
    differ = list(
        check_proxy(
            settings, shell(settings, programs, https_proxy=one, HTTPS_PROXY="http://other.example:2")
        )
    )
    users = list(check_proxy(settings, shell(settings, programs, https_proxy=one, HTTPS_PROXY=other)))
    assert differ[1] == Finding(
        "warning",
        "proxy",
        (
            "https_proxy=http://proxy.example:1 beats HTTPS_PROXY=http://other.example:2"
            " in most clients, and not in all"
        ),
        "unset https_proxy",
    )
    assert (users[1].verdict, "different users" in users[1].message) == ("warning", True)
    assert "secret" not in repr(differ) + repr(users)


@pytest.mark.parametrize(
    ("value", "words", "fix"),
    [
        ("localhost,127.0.0.1", ["keeps no provider"], None),
        ("localhost,.openai.com", [".openai.com keeps", "api.openai.com"], "export NO_PROXY=localhost"),
        ("API.anthropic.com:443", ["api.anthropic.com"], "export NO_PROXY=''"),
        ("*", ["* keeps", "and "], "export NO_PROXY=''"),
        ("evilapi.openai.com.example", ["keeps no provider"], None),
    ],
)
def test_no_proxy_that_covers_a_provider_is_a_warning(
    settings: Settings, programs: Path, value: str, words: list[str], fix: str | None
) -> None:
    """The entries and the hosts are named, and the value without them."""
    (found,) = check_no_proxy(settings, shell(settings, programs, NO_PROXY=value))
    assert (found.verdict, found.topic, found.fix) == ("warning" if fix else "ok", "NO_PROXY", fix)
    assert all(word in found.message for word in words)


def test_the_authority_is_looked_at(settings: Settings, programs: Path) -> None:
    """There and good; not there yet; something else; over."""
    where = shell(settings, programs)
    (good,) = check_authority(settings, where)
    assert (good.verdict, good.message.startswith(f"{settings.ca_file}: good until ")) == ("ok", True)
    settings.ca_file.write_text("no certificate")
    (other,) = check_authority(settings, where)
    assert (other.verdict, other.fix) == ("problem", f"rm {settings.confdir}/mitmproxy-ca*")
    settings.ca_file.unlink()
    (absent,) = check_authority(settings, where)
    assert absent.verdict == "info"
    assert list(check_trust(settings, where)) == []


def test_an_authority_that_is_over_is_a_problem(settings: Settings, programs: Path) -> None:
    """By its dates."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    for begins, ends, words in ((-2, -1, "good until"), (1, 2, "good from")):
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=ends))
            .sign(key, hashes.SHA256())
        )
        settings.ca_file.write_bytes(made.public_bytes(Encoding.PEM))
        (found,) = check_authority(settings, shell(settings, programs))
        assert found.verdict == "problem"
        assert words in found.message


def test_who_trusts_is_told_by_the_variable_that_counts(
    settings: Settings, programs: Path, tmp_path: Path
) -> None:
    """Of the clients that are installed: the first of a client's variables is the one that it reads."""
    install(programs, "curl")
    bundle = write_bundle(tmp_path / "made", settings.ca_file, {})
    corporate = authority_file(tmp_path)
    found = trust(settings, shell(settings, programs, SSL_CERT_FILE=bundle, CURL_CA_BUNDLE=corporate))
    assert set(found) == {"curl", "Python ssl", "requests"}
    assert found["Python ssl"] == ("ok", f"trusts the CA by SSL_CERT_FILE={bundle}")
    assert found["curl"] == (
        "info",
        f"CURL_CA_BUNDLE={corporate} does not hold the CA, and beats SSL_CERT_FILE, which does",
    )
    assert found["requests"] == ("info", f"CURL_CA_BUNDLE={corporate} does not hold the CA")


def authority_file(folder: Path) -> Path:
    """Another authority's certificate."""
    (folder / "corporate").mkdir()
    return make_certificates(folder / "corporate", ["two.example"]).ca_file


def test_a_file_that_is_not_there_or_too_small_is_told(settings: Settings, programs: Path) -> None:
    """What takes the place of the system's roots must hold them; what adds to them need not."""
    install(programs, "node")
    where = shell(
        settings,
        programs,
        SSL_CERT_FILE="/nowhere.pem",
        REQUESTS_CA_BUNDLE=settings.ca_file,
        NODE_EXTRA_CA_CERTS=settings.ca_file,
    )
    found = trust(settings, where)
    assert found["Python ssl"] == ("info", "SSL_CERT_FILE=/nowhere.pem: No such file or directory")
    assert "holds nothing but the CA" in found["requests"][1]
    assert found["Node"][0] == "ok"


def test_java_is_judged_by_its_options(settings: Settings, programs: Path, tmp_path: Path) -> None:
    """A proxy, and a trust store with our CA: JKS, or PKCS #12 under its password."""
    install(programs, "java")
    bundle = write_bundle(tmp_path / "made", settings.ca_file, {})
    ours = x509.load_pem_x509_certificate(settings.ca_file.read_bytes())
    (tmp_path / "my store.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(None, None, None, [ours], BestAvailableEncryption(b"word"))
    )
    proxy = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=1"
    store = f"{proxy} '-Djavax.net.ssl.trustStore={tmp_path}/my store.p12'"
    for options, expected in (
        ("-Xmx1g", "goes past the proxy: JAVA_TOOL_OPTIONS names none"),
        (proxy, "does not trust the CA: JAVA_TOOL_OPTIONS names no trust store"),
        (f"{proxy} -Djavax.net.ssl.trustStore={bundle.with_suffix('.jks')}", "trusts the CA by"),
        (store, "does not hold the CA"),
        (f"{store} -Djavax.net.ssl.trustStorePassword=word", "trusts the CA by"),
        (
            f"{proxy} -Djavax.net.ssl.trustStore=/nowhere",
            "the trust store /nowhere: No such file or directory",
        ),
    ):
        assert expected in trust(settings, shell(settings, programs, JAVA_TOOL_OPTIONS=options))["Java"][1]


@pytest.mark.parametrize(
    ("version", "variables", "words"),
    [
        ("v20.20.2", {}, "v20.20.2 knows no proxy"),
        ("v22.21.0", {}, "goes past the proxy: NODE_USE_ENV_PROXY is not 1"),
        ("v24.1.0", {"NODE_USE_ENV_PROXY": "1"}, "goes through the proxy"),
        ("v24.5.0", {"NODE_OPTIONS": "--use-env-proxy"}, "goes through the proxy"),
        ("oops", {}, "does not say its version"),
    ],
)
def test_node_is_judged_by_its_version(
    settings: Settings, programs: Path, version: str, variables: dict[str, str], words: str
) -> None:
    """Older ones know no proxy, newer ones must be told."""
    install(programs, "node", f"echo {version}")
    (found,) = check_node(settings, shell(settings, programs, **variables))
    assert words in found.message
    assert found.verdict == ("ok" if "through the proxy" in words else "info")


def test_a_node_that_hangs_is_not_waited_for(settings: Settings, programs: Path) -> None:
    """A second, and the doctor goes on."""
    install(programs, "node", "exec /bin/sleep 60")
    (found,) = check_node(settings, shell(settings, programs))
    assert "does not say its version" in found.message


def test_refusals_of_late_are_told(settings: Settings, programs: Path) -> None:
    """The last ones first; a single client that left without a word may have been stopped."""
    now = datetime.now(UTC).timestamp()
    settings.home.mkdir()

    def refusal(host: str, count: int, age_s: float, *, certain: bool = True) -> Refusal:
        at = rfc3339(now - age_s)
        return Refusal(
            host=host,
            count=count,
            first_at=at,
            last_at=at,
            certain=certain,
            address="127.0.0.1",
            agent="probe/1",
        )

    kept = [
        refusal("old.example", 9, 8 * 24 * 3600),
        refusal("said.example", 2, 60),
        refusal("left.example", 1, 30, certain=False),
        refusal("leaves.example", 4, 10, certain=False),
    ]
    change_refusals(settings.home, kept, {})
    found = list(check_refused(settings, shell(settings, programs)))
    assert [(each.verdict, each.message.split(":")[0]) for each in found] == [
        ("warning", "leaves.example"),
        ("info", "left.example"),
        ("warning", "said.example"),
    ]
    assert "2 times, last at" in found[2].message
    assert "by probe/1" in found[2].message
