"""The file of certificates that a client is handed: the system's roots, the user's own, and ours.

Most clients take such a file in the place of the system's roots, so it must hold all that they trusted
before: a company's CA that a variable names already goes on to work. The file is named after what it holds.
So a shell with another set of CAs has another file, and a root that the system has dropped is in no new one.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import os
import re
import secrets
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sessiontap.launch.configured import configured_files
from sessiontap.launch.java import trust_store

CA_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "CODEX_CA_CERTIFICATE",
    "DENO_CERT",
    # Google's clients: over gRPC, and over httplib2.
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPLIB2_CA_CERTS",
)
"""What names a client's file of CAs; each is set for a client."""

INHERITED_CA_VARIABLES = (
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "NIX_SSL_CERT_FILE",
    "CARGO_HTTP_CAINFO",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
)
"""The same, set only where the user has: else it would beat what the settings of git, pip or gcloud name."""

# In the order and at the places of Go: https://go.dev/src/crypto/x509/root_linux.go, root_bsd.go
SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs/ca-bundle.crt",
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
)
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_LARGEST = 16 * 1024 * 1024
_UNUSED_S = 90 * 24 * 3600


def write_bundle(home: Path, ca_file: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The path of a PEM file in the home with every certificate once; beside it, as `.jks`, Java's.

    `ca_file` is our own CA, which comes last. Files that variables of `environ` or settings name and that
    cannot be read are left out, as the client would have failed on them too. Written (0600) only where it is
    not there yet.
    Raises OSError where `ca_file` cannot be read, or the home not be written.
    """
    ours = _certificates(ca_file.read_bytes())
    certificates = list(dict.fromkeys([*_system_roots(), *_inherited(environ), *ours]))
    digest = hashlib.sha256(b"".join(certificates)).hexdigest()[:16]
    folder = home / "certificates"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"ca-{digest}.pem"
    _put(path, "".join(map(ssl.DER_cert_to_PEM_cert, certificates)).encode())
    _put(path.with_suffix(".jks"), trust_store(certificates))
    _sweep(folder)
    return path


def _system_roots() -> list[bytes]:
    """What the system trusts; where nothing is found, what certifi does."""
    if os.name == "nt":
        return ssl.create_default_context().get_ca_certs(binary_form=True)
    # Not `cafile`: that is SSL_CERT_FILE where somebody has set it, which need not hold the system's roots.
    for name in (ssl.get_default_verify_paths().openssl_cafile, *SYSTEM_FILES):
        if found := list(_read(Path(name))):
            return found
    import certifi

    return list(_read(Path(certifi.where())))


def _inherited(environ: Mapping[str, str]) -> Iterator[bytes]:
    names = (*CA_VARIABLES, *INHERITED_CA_VARIABLES)
    named = [Path(environ[name]) for name in names if environ.get(name)]
    for path in (*named, *configured_files(environ)):
        with contextlib.suppress(OSError):
            # requests and curl take a folder too.
            for file in sorted(path.iterdir()) if path.is_dir() else (path,):
                yield from _read(file)


def _read(path: Path) -> Iterable[bytes]:
    """The certificates in a file, in DER; none where it cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ()
        return _certificates(path.read_bytes())
    except OSError:
        return ()


def _certificates(pem: bytes) -> list[bytes]:
    """In DER, without what is none: many a client refuses a whole file for one that it cannot read."""
    found = []
    for encoded in _CERTIFICATE.findall(pem):
        with contextlib.suppress(ValueError, ssl.SSLError):
            der = binascii.a2b_base64(encoded)
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
            found.append(der)
    return found


def _put(path: Path, content: bytes) -> None:
    """Makes the file hold the content; who reads it meanwhile has all of the old or all of the new."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            os.utime(path)  # for `_sweep`: it is in use
            return
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Removes the files that nobody was handed for three months."""
    for path in folder.glob("ca-*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _UNUSED_S:
                path.unlink()
