"""What Java needs: a trust store in its own format, and its properties for a proxy."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

# The format is described in the JDK's sun/security/provider/JavaKeyStore.java; every Java reads it.
_MAGIC, _VERSION, _TRUSTED = 0xFEEDFEED, 2, 2
_WHITENER = b"Mighty Aphrodite"
_PASSWORD = "changeit"  # noqa: S105 -- Java's own default: the store holds nothing secret
_SAFE_HOST = re.compile(r"[A-Za-z0-9.*-]+|\[?[0-9A-Fa-f:]+\]?")


def trust_store(certificates: Sequence[bytes]) -> bytes:
    """A JKS trust store of certificates in DER, under Java's default password."""
    # The day is no matter, and the same content must give the same bytes.
    parts = [struct.pack(">IIi", _MAGIC, _VERSION, len(certificates))]
    for certificate in certificates:
        alias = hashlib.sha256(certificate).hexdigest().encode()
        parts += [struct.pack(">iH", _TRUSTED, len(alias)), alias, struct.pack(">qH", 0, 5), b"X.509"]
        parts += [struct.pack(">i", len(certificate)), certificate]
    content = b"".join(parts)
    digest = hashlib.sha1(_PASSWORD.encode("utf-16-be") + _WHITENER + content)  # noqa: S324 -- the format's
    return content + digest.digest()


def tool_options(before: str, port: int, store: Path, no_proxy: Iterable[str]) -> str:
    """The value of JAVA_TOOL_OPTIONS: what it was, and ours after it, which so wins.

    A trust store that the user names stays: Java knows only one. `no_proxy` are hosts and suffixes as
    NO_PROXY has them; what Java cannot be told of is left out.
    """
    mine = [
        f"-D{scheme}.{key}={value}"
        for scheme in ("http", "https")
        for key, value in (("proxyHost", "127.0.0.1"), ("proxyPort", port))
    ]
    direct = [_java_host(host) for host in no_proxy if _SAFE_HOST.fullmatch(host)]
    mine.append("-Dhttp.nonProxyHosts=" + "|".join(dict.fromkeys(direct)))
    # The JVM splits at white space and knows no quoting but that of whole options.
    if "-Djavax.net.ssl.trustStore=" not in before:
        mine.append(_quoted(f"-Djavax.net.ssl.trustStore={store}"))
        # A user's own setting may name another type.
        mine.append("-Djavax.net.ssl.trustStoreType=JKS")
    return " ".join([*([before] if before.strip() else []), *mine])


def _java_host(host: str) -> str:
    if host.startswith("."):
        return "*" + host
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _quoted(option: str) -> str:
    return f"'{option}'" if any(char.isspace() for char in option) else option
