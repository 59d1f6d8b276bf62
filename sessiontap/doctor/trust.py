"""Which clients that are started in this shell would trust the proxy's certificate, and by what.

What each client heeds is written down here as it was measured; none of them is started.
"""

from __future__ import annotations

import os
import re
import shlex
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from sessiontap.doctor.certificates import certificates_in, store_holds
from sessiontap.doctor.findings import Finding, Verdict
from sessiontap.doctor.shell import Shell
from sessiontap.launch.bundle import SYSTEM_FILES
from sessiontap.settings import Settings

_STORE = "-Djavax.net.ssl.trustStore="
_PASSWORD = "-Djavax.net.ssl.trustStorePassword="  # noqa: S105 -- the name of an option
_JAVA_PROXY = re.compile(r"-Dhttps\.proxyHost=\S")


@dataclass(frozen=True, slots=True)
class Client:
    """Which variables name a client's CAs: the first that is set counts."""

    topic: str
    program: str | None
    """What is to be installed; None: it is, for this is Python."""
    variables: tuple[str, ...]
    otherwise: Literal["system", "certifi", "own"]
    """Whom it trusts where none of them is set; `own` cannot be looked into."""
    adds: bool = False
    """The variable's file adds to those, and does not take their place."""


CLIENTS = (
    Client("curl", "curl", ("CURL_CA_BUNDLE", "SSL_CERT_FILE"), "system"),
    Client("Python ssl", None, ("SSL_CERT_FILE",), "system"),
    Client("requests", None, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "certifi"),
    Client("Node", "node", ("NODE_EXTRA_CA_CERTS",), "own", adds=True),
    Client("AWS", "aws", ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"), "own"),
    Client("Codex", "codex", ("CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"), "system"),
    Client("Deno", "deno", ("DENO_CERT",), "own", adds=True),
)


def check_trust(settings: Settings, shell: Shell) -> Iterator[Finding]:
    """A finding for each client that is installed; nothing where there is no CA yet."""
    try:
        ours = certificates_in(shell.ca_file(settings))
    except OSError:
        return
    if not ours:
        return
    looked = _Look(shell, ours)
    for client in CLIENTS:
        if client.program is None or shell.which(client.program) is not None:
            yield looked.at(client)
    if shell.which("java") is not None:
        yield looked.at_java()


class _Look:
    def __init__(self, shell: Shell, ours: frozenset[bytes]) -> None:
        self._shell = shell
        self._ours = ours

    @property
    def _bad(self) -> Verdict:
        """Nobody has to trust a proxy that is not gone through."""
        return "warning" if self._shell.records else "info"

    def at(self, client: Client) -> Finding:
        named = [name for name in client.variables if self._shell.environ.get(name)]
        if not named:
            return self._unnamed(client)
        path = Path(self._shell.environ[named[0]])
        said = f"{named[0]}={path}"
        try:
            held = certificates_in(path)
        except OSError as error:
            return self._lacking(client, f"{said}: {error.strerror or error}")
        if not self._ours & held:
            beaten = next((name for name in named[1:] if self._holds(name)), None)
            beats = f", and beats {beaten}, which does" if beaten else ""
            return self._lacking(client, f"{said} does not hold the CA{beats}")
        if not client.adds and held <= self._ours:
            # It takes the place of the system's roots.
            message = f"{said} holds nothing but the CA: hosts that are no provider are not trusted"
            return self._lacking(client, message)
        return Finding("ok", client.topic, f"trusts the CA by {said}")

    def _unnamed(self, client: Client) -> Finding:
        names = " nor ".join(client.variables)
        if client.otherwise == "own":
            return self._lacking(client, f"does not trust the CA: {names} is not set")
        for path in _roots(client.otherwise):
            try:
                if self._ours & certificates_in(path):
                    return Finding("ok", client.topic, f"trusts the CA by {path}")
            except OSError:
                continue
        return self._lacking(client, f"does not trust the CA: neither by {names} nor by its usual roots")

    def at_java(self) -> Finding:
        client = Client("Java", "java", ("JAVA_TOOL_OPTIONS",), "own")
        stated = self._shell.environ.get("JAVA_TOOL_OPTIONS", "")
        if not _JAVA_PROXY.search(stated):
            return self._lacking(client, "goes past the proxy: JAVA_TOOL_OPTIONS names none")
        try:
            words = shlex.split(stated)
        except ValueError:
            words = stated.split()
        # The last one counts.
        options = {
            key: word[len(key) :] for word in words for key in (_STORE, _PASSWORD) if word.startswith(key)
        }
        if _STORE not in options:
            return self._lacking(client, "does not trust the CA: JAVA_TOOL_OPTIONS names no trust store")
        path = Path(options[_STORE])
        try:
            held = any(store_holds(path, options.get(_PASSWORD, "changeit"), each) for each in self._ours)
        except OSError as error:
            return self._lacking(client, f"the trust store {path}: {error.strerror or error}")
        if not held:
            return self._lacking(client, f"the trust store {path} does not hold the CA")
        return Finding("ok", client.topic, f"trusts the CA by {path}")

    def _holds(self, name: str) -> bool:
        try:
            return bool(self._ours & certificates_in(Path(self._shell.environ[name])))
        except OSError:
            return False

    def _lacking(self, client: Client, message: str) -> Finding:
        return Finding(self._bad, client.topic, message, self._shell.fix)


def _roots(whose: str) -> Iterator[Path]:
    if whose == "certifi":
        if find_spec("certifi") is not None:
            import certifi

            yield Path(certifi.where())
        return
    for name in dict.fromkeys((ssl.get_default_verify_paths().openssl_cafile, *SYSTEM_FILES)):
        if os.path.isfile(name):  # noqa: PTH113 -- it may be in a folder that is not to be looked into
            yield Path(name)
