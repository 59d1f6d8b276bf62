from __future__ import annotations

import os
import shutil
import ssl
import stat
import subprocess
import time
from pathlib import Path

import pytest

from sessiontap.demo.certificates import make_certificates
from sessiontap.launch.bundle import CA_VARIABLES, INHERITED_CA_VARIABLES, write_bundle
from sessiontap.launch.java import tool_options


def authority(folder: Path) -> Path:
    """A PEM file with an authority of its own."""
    folder.mkdir()
    return make_certificates(folder, ["ca.example"]).ca_file


def held(path: Path) -> list[bytes]:
    """What a client that is handed the file trusts, in DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(path)
    return context.get_ca_certs(binary_form=True)


def der(path: Path) -> bytes:
    """The only certificate of a file."""
    return ssl.PEM_cert_to_DER_cert(path.read_text())


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """Our own CA."""
    return authority(tmp_path / "ours")


def test_the_systems_roots_and_ours(tmp_path: Path, ours: Path) -> None:
    """Whoever is handed the file trusts what the system trusts, and our CA; only the user may read it."""
    path = write_bundle(tmp_path / "home", ours, {})
    trusted = held(path)
    assert der(ours) in trusted
    system = ssl.get_default_verify_paths().openssl_cafile
    for candidate in (system, "/etc/ssl/certs/ca-certificates.crt"):
        if Path(candidate).is_file():
            assert set(held(Path(candidate))) <= set(trusted)
    assert len(trusted) > 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("variable", [*CA_VARIABLES, *INHERITED_CA_VARIABLES])
def test_what_the_user_trusts_already(tmp_path: Path, ours: Path, variable: str) -> None:
    """A company's CA that any of the variables names is in it."""
    theirs = authority(tmp_path / "theirs")
    assert der(theirs) in held(write_bundle(tmp_path / "home", ours, {variable: str(theirs)}))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("home/.config/pip/pip.conf", "[global]\ncert = {}\n"),
        ("home/.pip/pip.conf", "[install]\nindex-url = a%b\ncert={}\n"),
        ("home/.aws/config", "[default]\nregion = a\n[profile corp]\nca_bundle = {}\n"),
    ],
)
def test_what_settings_name_that_a_variable_would_beat(
    tmp_path: Path, ours: Path, file: str, text: str
) -> None:
    """The CAs of pip's and AWS's own settings are in it."""
    theirs = authority(tmp_path / "theirs")
    settings = tmp_path / file
    settings.parent.mkdir(parents=True)
    settings.write_text(text.format(theirs))
    environ = {"HOME": str(tmp_path / "home")}
    assert der(theirs) in held(write_bundle(tmp_path / "records", ours, environ))
    settings.write_text("no settings\n\x00")
    assert der(theirs) not in held(write_bundle(tmp_path / "records", ours, environ))


def test_each_certificate_once(tmp_path: Path, ours: Path) -> None:
    """However often a certificate is named, and with whatever text around it, it stands there once."""
    theirs = tmp_path / "theirs.pem"
    theirs.write_bytes(b"# a comment\r\n" + ours.read_bytes().replace(b"\n", b"\r\n") * 2)
    path = write_bundle(tmp_path / "home", ours, {"SSL_CERT_FILE": str(theirs), "CURL_CA_BUNDLE": str(ours)})
    trusted = held(path)
    assert path.read_text().count("BEGIN CERTIFICATE") == len(trusted) == len(set(trusted))


def test_a_folder_of_cas(tmp_path: Path, ours: Path) -> None:
    """Requests takes a folder too: each file in it counts."""
    theirs = authority(tmp_path / "theirs")
    assert der(theirs) in held(
        write_bundle(tmp_path / "home", ours, {"REQUESTS_CA_BUNDLE": str(theirs.parent)})
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 100,
        b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_certificate_is_left_out(tmp_path: Path, ours: Path, content: bytes) -> None:
    """A damaged file of the user's does not spoil the bundle, which clients would refuse whole."""
    damaged = tmp_path / "damaged.pem"
    damaged.write_bytes(content + ours.read_bytes())
    path = write_bundle(tmp_path / "home", ours, {"SSL_CERT_FILE": str(damaged)})
    assert path == write_bundle(tmp_path / "home", ours, {"SSL_CERT_FILE": str(tmp_path / "no such file")})


def test_the_same_again_writes_nothing(tmp_path: Path, ours: Path) -> None:
    """The same CAs are the same file; others are another, and the first one stays for who was handed it."""
    first = write_bundle(tmp_path / "home", ours, {})
    inode = first.stat().st_ino
    assert write_bundle(tmp_path / "home", ours, {}) == first
    assert first.stat().st_ino == inode
    other = write_bundle(tmp_path / "home", ours, {"SSL_CERT_FILE": str(authority(tmp_path / "theirs"))})
    assert other != first
    assert first.stat().st_ino == inode
    # A shell that was handed the second one has the company's CA in every bundle made from there.
    assert write_bundle(tmp_path / "home", ours, {"SSL_CERT_FILE": str(other)}) == other


def test_a_damaged_bundle_is_made_again(tmp_path: Path, ours: Path) -> None:
    """What somebody has cut is whole the next time."""
    path = write_bundle(tmp_path / "home", ours, {})
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    assert write_bundle(tmp_path / "home", ours, {}).read_bytes() == whole


def test_what_nobody_uses_is_removed(tmp_path: Path, ours: Path) -> None:
    """A bundle that nobody was handed for three months goes."""
    old = write_bundle(tmp_path / "home", ours, {})
    before = time.time() - 100 * 24 * 3600
    os.utime(old, (before, before))
    new = write_bundle(tmp_path / "home", authority(tmp_path / "renewed"), {})
    assert {path.name for path in new.parent.iterdir()} == {
        new.name,
        new.with_suffix(".jks").name,
        old.with_suffix(".jks").name,
    }


def test_no_ca_of_ours(tmp_path: Path) -> None:
    """Without our CA there is nothing to be handed out."""
    with pytest.raises(FileNotFoundError):
        write_bundle(tmp_path / "home", tmp_path / "none.pem", {})


@pytest.mark.skipif(shutil.which("keytool") is None, reason="no Java")
def test_java_reads_its_trust_store(tmp_path: Path, ours: Path) -> None:
    """Keytool lists every certificate of the bundle, under Java's default password."""
    path = write_bundle(tmp_path / "home", ours, {})
    listed = subprocess.run(
        ["keytool", "-list", "-rfc", "-keystore", path.with_suffix(".jks"), "-storepass", "changeit"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed.count("BEGIN CERTIFICATE") == len(held(path))


def test_javas_options(tmp_path: Path) -> None:
    """What the user has stays before ours, and a trust store of the user's is the only one."""
    store = tmp_path / "a b" / "ca.jks"
    proxy = (
        "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=80 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=80"
        " -Dhttp.nonProxyHosts=localhost|*.corp.example|[::1]"
    )
    hosts = ["localhost", ".corp.example", "::1", "10.0.0.0/8", "a b"]
    assert tool_options("-Xmx1g", 80, store, hosts) == (
        f"-Xmx1g {proxy} '-Djavax.net.ssl.trustStore={store}' -Djavax.net.ssl.trustStoreType=JKS"
    )
    theirs = "-Djavax.net.ssl.trustStore=/corp.jks"
    assert tool_options(theirs, 80, store, hosts) == f"{theirs} {proxy}"
