"""curl: a call as a command that sends it again, for a shell; the key is a variable, never a value."""

from __future__ import annotations

import shlex

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.providers.credentials import SIGNED, credential_of

LONGEST_BODY = 100_000
"""Bytes; a longer body is read from a file that the page gives."""

BODY_FILE = "request.json"


def curl(call: Call, bodies: CallBodies | None) -> str | None:
    """The command; None where nothing is known of what was sent, or it went over a socket."""
    if bodies is None or bodies.request is None or bodies.request.content is None:
        return None
    if bodies.method in {"", "GET"} and bodies.request.pieces:
        return None
    lines = [f"curl {shlex.quote(f'https://{call.host}{bodies.target or call.url_path}')}"]
    if any(sign in lines[0] for sign in "[]{}"):
        lines[0] += " --globoff"
    # With a body it is a POST by itself.
    if bodies.method != "POST" or not bodies.request.content:
        lines[0] += f" -X {shlex.quote(bodies.method or 'POST')}"
    headers = dict(bodies.headers)
    headers.setdefault("content-type", bodies.request.content_type or "application/json")
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in sorted(headers.items())]
    if call.provider in SIGNED:
        region = call.region or "us-east-1"
        lines.append(f"--aws-sigv4 {shlex.quote(f'aws:amz:{region}:bedrock')}")
        lines.append('--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"')
    elif call.billing != "free":
        credential = credential_of(call.provider, call.api)
        # In double quotes, for the shell to put the key in.
        lines.append(f'-H "{credential.header}: {credential.prefix}${credential.variable}"')
    if bodies.request.content:
        lines.append(_data(bodies.request.content))
    return " \\\n  ".join(lines)


def _data(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > LONGEST_BODY or "\0" in text:
        return f"--data-binary @{BODY_FILE}"
    # `@` at the start would name a file.
    return f"--data-raw {shlex.quote(text)}"
