"""Whether the CA that clients must trust is there, and good today."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

from sessiontap.doctor.findings import Finding
from sessiontap.doctor.shell import Shell, with_home
from sessiontap.settings import Settings


def check_authority(settings: Settings, shell: Shell) -> Iterator[Finding]:
    """The certificate of the proxy that this shell goes through, else the one in mitmproxy's folder."""
    path = shell.ca_file(settings)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        start = with_home("sessiontap proxy --detach", settings.home)
        yield Finding("info", "CA", f"{path}: not there yet; the proxy makes it at its first start", start)
        return
    except OSError as error:
        yield Finding("problem", "CA", f"{path}: {error.strerror or error}")
        return
    from cryptography import x509

    renew = f"rm {shlex.quote(str(path.parent))}/mitmproxy-ca*"
    try:
        certificate = x509.load_pem_x509_certificate(data)
    except ValueError:
        yield Finding("problem", "CA", f"{path}: not a certificate; the proxy makes another one", renew)
        return
    now, begins, ends = datetime.now(UTC), certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        yield Finding("problem", "CA", f"{path}: good from {begins:%Y-%m-%d} on only; is the clock right?")
    elif now >= ends:
        message = f"{path}: good until {ends:%Y-%m-%d} only; without it the proxy makes another one"
        yield Finding("problem", "CA", message, renew)
    else:
        yield Finding("ok", "CA", f"{path}: good until {ends:%Y-%m-%d}")
