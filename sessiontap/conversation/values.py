"""JSON values as texts, and the results of the providers' own tools in words."""

from __future__ import annotations

import json

from sessiontap.untrusted import JsonObject, clean, obj, objects, text

_STREAMS = ("stdout", "stderr")


def json_text(value: object) -> str:
    """A JSON value as a text of one line."""
    return clean(json.dumps(value, ensure_ascii=False))


def known_result(result: JsonObject) -> str | None:
    """A result of one of the providers' own tools, in words; None for another object."""
    kind = text(result, "type") or ""
    if kind == "web_search_result":
        lines = [text(result, "title"), text(result, "url"), text(result, "page_age")]
        return "\n".join(line for line in lines if line)
    if kind.endswith("_error"):
        return text(result, "error_code") or json_text(result)
    if kind in {"logs", "advisor_result"}:
        return text(result, "logs") or text(result, "text") or ""
    if kind == "tool_search_tool_search_result":
        references = objects(result, "tool_references")
        return "\n".join(name for each in references if (name := text(each, "tool_name")))
    if kind == "tool_reference":
        return text(result, "tool_name") or ""
    if kind == "web_fetch_result":
        page = text(obj(result, "content", "source"), "data")
        return "\n\n".join(part for part in (text(result, "url"), page) if part)
    if kind.endswith("execution_result") or kind == "bash_code_execution_output":
        said = [found for stream in _STREAMS if (found := text(result, stream))]
        code = result.get("return_code")
        return "\n".join([*said, *([f"exit code {code}"] if code else [])])
    return None
