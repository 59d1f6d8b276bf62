from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.demo.certificates import make_certificates


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that takes no permission away."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.usefixtures("open_umask")
def test_files_are_private(tmp_path: Path) -> None:
    """Both files can be read by their owner only, whatever the umask."""
    made = make_certificates(tmp_path, ["api.openai.com"])
    assert [path.stat().st_mode & 0o777 for path in (made.ca_file, made.leaf_file)] == [0o600, 0o600]


def test_never_overwrites(tmp_path: Path) -> None:
    """A folder that already holds such files is refused."""
    make_certificates(tmp_path, ["api.openai.com"])
    with pytest.raises(FileExistsError):
        make_certificates(tmp_path, ["api.openai.com"])


def _handshake(made_ca: Path, made_leaf: Path, name: str) -> None:
    """A TLS handshake in memory: the leaf on the one side, the authority trusted on the other."""
    client_context = ssl.create_default_context(cafile=str(made_ca))
    # What Python 3.13 verifies by default, asked for on every version.
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_context.load_cert_chain(made_leaf)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version() == "TLSv1.3"


@pytest.mark.parametrize("name", ["api.openai.com", "api.anthropic.com"])
def test_strict_clients_accept(tmp_path: Path, name: str) -> None:
    """A client that verifies strictly and trusts only the authority accepts each of the leaf's hosts."""
    made = make_certificates(tmp_path, ["api.openai.com", "api.anthropic.com"])
    _handshake(made.ca_file, made.leaf_file, name)


def test_other_names_are_refused(tmp_path: Path) -> None:
    """The leaf is good for no other host."""
    made = make_certificates(tmp_path, ["api.openai.com"])
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _handshake(made.ca_file, made.leaf_file, "api.openai.com.evil.example")


def test_other_authorities_are_refused(tmp_path: Path) -> None:
    """A client that trusts another throw-away authority of the same name refuses the leaf."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    mine, other = (make_certificates(folder, ["api.openai.com"]) for folder in folders)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(other.ca_file, mine.leaf_file, "api.openai.com")
