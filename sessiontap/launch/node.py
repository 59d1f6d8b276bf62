"""Node: whether a command is a program of Node's, and whether that Node can be sent through a proxy.

Node goes through HTTPS_PROXY from 24.0 and 22.21 on. A program of an older one is reached by the base URLs
that the providers' SDKs for Node read, each leading to a port of loopback that stands for the provider.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

# https://nodejs.org/api/cli.html#node_use_env_proxy1
_PROXIES_SINCE = ((24, 0), (22, 21))
_NODES = frozenset({"node", "nodejs"})
# Programs of Node's that may come as one file, without a first line to tell it.
_RUNNERS = frozenset({"npx", "npm", "pnpm", "pnpx", "yarn", "yarnpkg", "corepack", "tsx", "ts-node"})
# They read HTTPS_PROXY themselves on any Node; a base URL would lead them past their sign-in.
_OWN_PROXY = re.compile(
    r"(^|/)(@anthropic-ai/claude-code|@openai/codex|@google/gemini-cli|opencode-ai)([@/]|$)"
    r"|^(claude|codex|gemini|opencode)$"
)
# What pnpm, yarn and npm put before a program where they do not link to it.
_SHIM = re.compile(rb'^\s*exec\s+("\$basedir/node"|node)\s', re.MULTILINE)
_VERSION = re.compile(r"v(\d{1,4})\.(\d{1,4})\.")
_HEAD = 4096
_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A variable that the SDKs for Node read, and what it stands for where nobody sets it."""

    variable: str
    origin: str
    path: str = ""


# openai 6, @anthropic-ai/sdk 1, @google/genai 2, groq-sdk 1, together-ai 0.52; Vercel's @ai-sdk/openai and
# @ai-sdk/anthropic 3 read the same names. Those of Mistral and Cohere read none, and Bedrock's requests are
# signed for their host.
BASE_URLS = (
    BaseUrl("OPENAI_BASE_URL", "https://api.openai.com", "/v1"),
    BaseUrl("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    BaseUrl("GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com"),
    BaseUrl("GROQ_BASE_URL", "https://api.groq.com"),
    BaseUrl("TOGETHER_BASE_URL", "https://api.together.ai", "/v1"),
)

SCRIPT = Path(__file__).parent.parent / "proxy" / "scripts" / "base_urls.py"
"""The script that the proxy behind base URLs needs."""

_NO_PORTS: Mapping[str, int] = MappingProxyType({})


def old_node(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """The version of the Node that runs a command and knows no proxy, such as `v20.20.2`.

    None for everything else: no program of Node's, a newer one, and agents that find the proxy themselves.
    """
    node = _node_of(command, environ)
    if node is None:
        return None
    version = node_version(node, environ)
    return None if version is None or knows_proxies(version) else version


def node_version(node: str, environ: Mapping[str, str], timeout_s: float = _ANSWER_S) -> str | None:
    """What `node --version` prints; None where it does not."""
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own Node
            [node, "--version"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    return done.stdout.strip() if _VERSION.match(done.stdout) else None


def knows_proxies(version: str) -> bool:
    """Whether a Node of that version heeds NODE_USE_ENV_PROXY."""
    found = _VERSION.match(version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return major > _PROXIES_SINCE[0][0] or any(major == m and minor >= n for m, n in _PROXIES_SINCE)


def base_urls(environ: Mapping[str, str]) -> tuple[BaseUrl, ...]:
    """Those to be set; what the user has set already stays."""
    return tuple(each for each in BASE_URLS if not environ.get(each.variable))


def modes(urls: Sequence[BaseUrl]) -> tuple[str, ...]:
    """Mitmproxy's modes for them."""
    return tuple(f"reverse:{each.origin}" for each in urls)


def base_url_environment(urls: Sequence[BaseUrl], ports: Mapping[str, int] = _NO_PORTS) -> dict[str, str]:
    """The variables; `ports` has the port of each mode."""
    return {
        each.variable: f"http://127.0.0.1:{ports[mode]}{each.path}"
        for each, mode in zip(urls, modes(urls), strict=True)
    }


def _node_of(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """The path of the Node that the command runs on."""
    words = _without_env(command)
    if not words:
        return None
    path = environ.get("PATH", os.defpath)
    found = shutil.which(words[0], path=path)
    if found is None or _finds_proxy_itself(words, found):
        return None
    name = _bare(Path(found).name)
    # A link may have a name of its own (`nodejs`), and what it leads to too (`npm-cli.js`).
    real = Path(found).resolve()
    if name in _NODES or _bare(real.name) in _NODES:
        return found
    interpreter = _interpreter(real)
    if interpreter is None and name not in _RUNNERS:
        return None
    stated = interpreter if interpreter and os.sep in interpreter else None
    return stated or shutil.which("node", path=path) or shutil.which("nodejs", path=path)


def _finds_proxy_itself(words: Sequence[str], found: str) -> bool:
    """True for an agent of its own, also by way of `node …/cli.js` and `npx`."""
    names = [_bare(Path(words[0]).name), Path(found).resolve().as_posix()]
    if _bare(Path(found).name) in _NODES | _RUNNERS:
        # The first word that is no option is the script, or the package.
        package = next((word for word in words[1:] if not word.startswith("-") and word not in _VERBS), "")
        resolved = Path(package).resolve().as_posix() if os.sep in package else package
        names += [package, resolved]
    return any(_OWN_PROXY.search(name) for name in names)


_VERBS = frozenset({"exec", "x", "dlx"})


def _without_env(command: Sequence[str]) -> Sequence[str]:
    """The words behind `env NAME=VALUE …`."""
    if _bare(Path(command[0]).name) != "env":
        return command
    place = 1
    while place < len(command) and "=" in command[place] and not command[place].startswith("-"):
        place += 1
    return command[place:]


def _interpreter(program: Path) -> str | None:
    """The Node that a script names in its first line, as a path or `node`; None for another interpreter."""
    try:
        with program.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    if not head.startswith(b"#!"):
        return None
    words = head[2:].partition(b"\n")[0].decode("utf-8", "replace").split()
    if not words:
        return None
    if _bare(Path(words[0]).name) == "env":
        rest = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        named = rest[0] if rest else ""
    else:
        named = words[0]
    name = _bare(Path(named).name)
    if name in _NODES:
        return named
    if name in _RUNNERS or (name in {"sh", "bash", "dash"} and _SHIM.search(head)):
        return "node"
    return None


def _bare(name: str) -> str:
    """The name without Windows' endings."""
    return re.sub(r"\.(exe|cmd|ps1)$", "", name, flags=re.IGNORECASE)
