"""offered: the tools that a request offers, in whichever provider's dialect."""

from __future__ import annotations

from collections.abc import Iterator

from sessiontap.conversation.parts import ToolOffered
from sessiontap.untrusted import JsonObject, obj, objects, text

_SCHEMAS = (
    "parameters",
    "input_schema",
    "inputSchema",
    "parametersJsonSchema",
    "parameter_definitions",
    "format",
)


def offered(tool: object) -> Iterator[ToolOffered]:
    """The tools in one element of a list of them; Google's and OpenAI's namespaces hold several."""
    if not isinstance(tool, dict):
        return
    declared = objects(tool, "functionDeclarations") or objects(tool, "function_declarations")
    if declared or (text(tool, "type") == "namespace" and (declared := objects(tool, "tools"))):
        for each in declared:
            yield _tool(each, "")
        return
    inner = obj(tool, "function") or obj(tool, "custom") or obj(tool, "toolSpec")
    if inner or "name" in tool or "type" in tool:
        yield _tool(inner or tool, text(tool, "type") or "")
        return
    # One of Google's or Amazon's own: its name, and how it is to be set.
    for name, settings in tool.items():
        if name != "cachePoint":
            yield ToolOffered(name, None, settings or None)


def _tool(tool: JsonObject, kind: str) -> ToolOffered:
    name = text(tool, "name") or text(tool, "server_label") or kind or "?"
    schema = next((tool[each] for each in _SCHEMAS if tool.get(each) is not None), None)
    return ToolOffered(name, text(tool, "description"), obj(schema, "json") or schema)
