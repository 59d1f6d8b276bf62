"""The certificates in files that clients trust, in DER; nothing is verified."""

from __future__ import annotations

import binascii
import re
from contextlib import suppress
from pathlib import Path

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([^-]+)-----END")
_LARGEST_BYTES = 16 << 20


def certificates_in(path: Path) -> frozenset[bytes]:
    """Those of a PEM file, or of the files in a folder. Raises OSError."""
    if path.is_dir():
        found: set[bytes] = set()
        for file in path.iterdir():
            with suppress(OSError):
                found |= _in_file(file)
        return frozenset(found)
    return _in_file(path)


def store_holds(path: Path, password: str, certificate: bytes) -> bool:
    """Whether a trust store of Java's, JKS or PKCS #12, has a certificate. Raises OSError."""
    data = _read(path)
    # JKS, and a PKCS #12 store without encryption, have the certificates as they are.
    if certificate in data:
        return True
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    try:
        others = pkcs12.load_pkcs12(data, password.encode()).additional_certs
    except ValueError:
        return False
    return any(each.certificate.public_bytes(Encoding.DER) == certificate for each in others)


def _in_file(path: Path) -> frozenset[bytes]:
    found = set()
    for encoded in _PEM.findall(_read(path)):
        with suppress(binascii.Error):
            found.add(binascii.a2b_base64(encoded))
    return frozenset(found)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST_BYTES)
