"""The variables that send a client through the proxy, have it trust the proxy's CA, and take both back.

All here is pure: an environment goes in, variables come out. What each client heeds was measured; the table
is in README.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sessiontap.launch.bundle import CA_VARIABLES, INHERITED_CA_VARIABLES
from sessiontap.launch.java import tool_options

# Not ALL_PROXY: who reads it reads these first, and some take it for a SOCKS proxy, or send more than HTTP.
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
"""What names a client's proxy. Who knows both spellings prefers the lower case; some know only one."""

NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy")

REPLACED_VARIABLE = "SESSIONTAP_REPLACED"
"""What the variables were before: a JSON object, null for what was not set."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_JAVA = "JAVA_TOOL_OPTIONS"


def client_environment(
    proxy_url: str, bundle: Path, ca_file: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """The variables to set, by name; `environ` is what the client would have had, by `before`.

    `bundle` is as `write_bundle` gives it. The last of the variables says what the others replace.
    """
    no_proxy = _no_proxy(environ)
    # Node adds this file to its roots, and reads a small one 40 ms faster at each start.
    node_file = bundle if environ.get("NODE_EXTRA_CA_CERTS") else ca_file
    chosen = {
        **dict.fromkeys(PROXY_VARIABLES, proxy_url),
        **dict.fromkeys(NO_PROXY_VARIABLES, ",".join(no_proxy)),
        **dict.fromkeys(CA_VARIABLES, str(bundle)),
        **{name: str(bundle) for name in INHERITED_CA_VARIABLES if environ.get(name)},
        "NODE_EXTRA_CA_CERTS": str(node_file),
        "NODE_USE_ENV_PROXY": "1",
        _JAVA: tool_options(
            environ.get(_JAVA, ""), urlsplit(proxy_url).port or 0, bundle.with_suffix(".jks"), no_proxy
        ),
    }
    return with_replaced(chosen, environ)


def with_replaced(variables: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The same variables, and the one that says what they replace."""
    chosen = {name: value for name, value in variables.items() if name != REPLACED_VARIABLE}
    replaced = {name: environ.get(name) for name in chosen}
    return {**chosen, REPLACED_VARIABLE: json.dumps(replaced, separators=(",", ":"))}


def replaced(environ: Mapping[str, str]) -> dict[str, str | None]:
    """What variables were before `sessiontap env` or `run` set them; empty where neither has."""
    try:
        found = json.loads(environ.get(REPLACED_VARIABLE, ""))
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    ours = {*PROXY_VARIABLES, *NO_PROXY_VARIABLES, *CA_VARIABLES, *INHERITED_CA_VARIABLES}
    ours |= {"NODE_USE_ENV_PROXY", _JAVA}
    return {
        name: value
        for name, value in found.items()
        # Nobody who can set this one variable shall set PATH by it.
        if (name in ours or name.endswith("_BASE_URL")) and (value is None or isinstance(value, str))
    }


def before(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as it was before `sessiontap env` or `run` changed it."""
    former = replaced(environ)
    kept = {
        name: value for name, value in environ.items() if name not in former and name != REPLACED_VARIABLE
    }
    return {**kept, **{name: value for name, value in former.items() if value is not None}}


def overridden(variables: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the user's variables that have another value now, and lose by it. Values may be secret.

    The files of CAs lose nothing, for the bundle holds what they did, and so do NO_PROXY and Java's options.
    """
    losing = (*PROXY_VARIABLES, "NODE_USE_ENV_PROXY")
    return tuple(
        name
        for name in losing
        if name in variables and environ.get(name) and environ[name] != variables[name]
    )


def bypassed(environ: Mapping[str, str], hosts: Iterable[str]) -> tuple[str, ...]:
    """Those of the hosts that NO_PROXY keeps from the proxy, in their order; `*` in a host is any label."""
    entries = [_suffix(entry) for entry in _entries(environ)]
    return tuple(
        host for host in hosts if any(entry in {"*", host} or host.endswith("." + entry) for entry in entries)
    )


def _entries(environ: Mapping[str, str]) -> list[str]:
    stated = [part.strip() for name in NO_PROXY_VARIABLES for part in environ.get(name, "").split(",")]
    return list(dict.fromkeys(entry for entry in stated if entry))


def _no_proxy(environ: Mapping[str, str]) -> list[str]:
    """Both spellings' entries, and this machine: servers of tools listen there."""
    return list(dict.fromkeys([*_entries(environ), *_LOOPBACK]))


def _suffix(entry: str) -> str:
    """`.Example.com:443`, `*.example.com` as `example.com`."""
    host, colon, port = entry.lower().rpartition(":")
    plain = host if colon and port.isdigit() and ":" not in host else entry.lower()
    return plain.removeprefix("*.").strip(".") if plain != "*" else plain
