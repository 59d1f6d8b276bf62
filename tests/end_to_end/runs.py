"""Runs `sessiontap` as a user does, in an environment without the tester's own proxies and CAs."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sessiontap.call import Call
from sessiontap.demo import reroute
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.replies import anthropic_messages, not_found, openai_chat
from sessiontap.launch.bundle import CA_VARIABLES, INHERITED_CA_VARIABLES
from sessiontap.launch.environment import NO_PROXY_VARIABLES, PROXY_VARIABLES, REPLACED_VARIABLE
from sessiontap.store import Ledger
from sessiontap.usage import Usage

SESSIONTAP = (sys.executable, "-m", "sessiontap")
CHAT_URL = "https://api.openai.com/v1/chat/completions"
BODY = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}]})
CURL = ("curl", "-sS", CHAT_URL, "-H", "Content-Type: application/json", "-d", BODY)
USAGE = Usage(
    input_tokens=1100,
    cache_read_input_tokens=400,
    input_audio_tokens=0,
    output_tokens=70,
    reasoning_output_tokens=30,
    output_audio_tokens=0,
)
CLAUDE_USAGE = Usage(
    input_tokens=50,
    cache_read_input_tokens=20,
    cache_creation_input_tokens=0,
    cache_creation_1h_input_tokens=0,
    output_tokens=9,
)
BEDROCK_HOST = "bedrock-runtime.us-east-1.amazonaws.com"
BEDROCK_USAGE = Usage(input_tokens=20, output_tokens=7)
STRANGER = "unrelated.example"
_BEDROCK_REPLY = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 20, "outputTokens": 7, "totalTokens": 27},
    "metrics": {"latencyMs": 9},
}
_ENDED_S = 120
_NOT_THE_TESTERS = {
    *CA_VARIABLES,
    *INHERITED_CA_VARIABLES,
    *PROXY_VARIABLES,
    *NO_PROXY_VARIABLES,
    *(
        "ALL_PROXY",
        "all_proxy",
        "JAVA_TOOL_OPTIONS",
        REPLACED_VARIABLE,
        "SESSIONTAP_MITMDUMP",
        "SSL_CERT_DIR",
    ),
    *("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "GROQ_BASE_URL"),
}


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Runs:
    """A home, mitmproxy's folder, and the double behind every proxy that is started here."""

    folder: Path
    confdir: Path
    double: Double
    variables: dict[str, str] = field(default_factory=dict)
    """What the user has set."""

    @property
    def home(self) -> Path:
        """Where all is recorded."""
        return self.folder / "home"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What sends mitmdump to the double."""
        return ("-s", reroute.__file__, "--set", f"ssl_verify_upstream_trusted_ca={self.double.ca_file}")

    @property
    def environ(self) -> dict[str, str]:
        """The user's environment."""
        return {
            **{name: value for name, value in os.environ.items() if name not in _NOT_THE_TESTERS},
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
            "SESSIONTAP_HOME": str(self.home),
            reroute.PORT_VARIABLE: str(self.double.port),
            **self.variables,
        }

    def words(self, *args: str, own: bool = True) -> list[str]:
        """`sessiontap run` with arguments; `own=False` leaves out what a joined proxy cannot be told."""
        mine = ("--confdir", str(self.confdir), "--mitmdump", shlex.join(self.arguments)) if own else ()
        return [*SESSIONTAP, "run", *mine, *args]

    def run(self, *args: str, own: bool = True, stdin: str = "") -> Ended:
        """`sessiontap run` to its end."""
        return self.command(self.words(*args, own=own), stdin=stdin)

    def sessiontap(self, *args: str) -> Ended:
        """Another command of ours to its end."""
        return self.command([*SESSIONTAP, *args])

    def command(self, words: Sequence[str], *, stdin: str = "") -> Ended:
        """Any command in that environment, to its end."""
        done = subprocess.run(
            words,
            input=stdin,
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_ENDED_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str) -> subprocess.Popen[str]:
        """`sessiontap run`, without waiting for its end."""
        return subprocess.Popen(
            self.words(*args),
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sessions(self) -> dict[str | None, list[Call]]:
        """The calls of each session."""
        return {stored.session_id: stored.calls for stored in Ledger(self.home).sessions()}

    def session(self) -> tuple[str, list[Call]]:
        """The only session: its id, and its calls."""
        [(session_id, calls)] = self.sessions().items()
        assert session_id is not None
        return session_id, calls


def answer(call: ReceivedCall) -> Answer:
    """The double's part: every provider of the tests."""
    if call.host == BEDROCK_HOST:
        body = json.dumps(_BEDROCK_REPLY).encode()
        return Answer(headers=(("Content-Type", "application/json"),), chunks=(body,), chunked=False)
    if call.path == "/v1/messages":
        return anthropic_messages("claude-haiku-4-5-20251001", "Hello", CLAUDE_USAGE, stream=False)
    if call.path == "/v1/chat/completions":
        return openai_chat("gpt-5-mini", "Hello", USAGE, stream=False)
    return not_found(call.path)
