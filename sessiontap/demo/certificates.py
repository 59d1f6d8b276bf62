"""A throw-away certificate authority, and leaf certificates for the hosts that the double stands for.

The keys are private to the user (0600), live in a folder that the caller removes, and die in two days.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_PRIVATE = 0o600
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Two PEM files: what a client must trust, and what a server shows.

    `ca_file` holds the authority's certificate; `leaf_file` the leaf's key and then its certificate.
    """

    ca_file: Path
    leaf_file: Path


def make_certificates(folder: Path, hosts: Iterable[str]) -> Certificates:
    """An authority and one leaf for all the hosts, written into a folder that exists.

    The extensions are those that Python 3.13's strict verification asks for (RFC 5280, section 4.2).
    Raises OSError where the folder cannot be written or already holds such files.
    """
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("sessiontap throw-away CA")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = list(hosts)
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _builder(_name(names[0]), ca_name, leaf_key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    certificates = Certificates(ca_file=folder / "authority.pem", leaf_file=folder / "leaf.pem")
    _write_private(certificates.ca_file, ca.public_bytes(serialization.Encoding.PEM))
    key_text = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_private(certificates.leaf_file, key_text + leaf.public_bytes(serialization.Encoding.PEM))
    return certificates


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A day back: a clock that was just set must not make the demonstration fail.
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 2 * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
