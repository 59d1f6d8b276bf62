"""Azure's rows, and the plan's row of OpenAI: which paths are calls, at which deployment."""

from __future__ import annotations

import pytest

from sessiontap.providers import DIRECTORY

_RESOURCE = "my-resource.openai.azure.com"
_GATEWAY = "my-gateway.azure-api.net"


@pytest.mark.parametrize(
    ("host", "target", "model"),
    [
        (_RESOURCE, "/openai/deployments/my%20chat/chat/completions?api-version=2024-10-21", "my chat"),
        (_RESOURCE, "/openai/deployments/d/audio/speech", "d"),
        (_RESOURCE, "/openai/v1/chat/completions", None),
        (_RESOURCE, "/openai/responses/compact", None),
        ("r.services.ai.azure.com", "/api/projects/p/openai/responses", None),
        ("r.services.ai.azure.com", "/api/projects/p/agents/a/endpoint/protocols/openai/responses", None),
        ("r.services.ai.azure.com", "/api/projects/p/threads/runs", None),
        (_GATEWAY, "/chat/completions", None),
        (_GATEWAY, "/deployments/d/chat/completions", "d"),
        (_GATEWAY, "/a/b/openai/deployments/d/embeddings", "d"),
    ],
)
def test_the_path_names_the_deployment_if_anything(host: str, target: str, model: str | None) -> None:
    """A deployment in the path is the model that is asked for; other paths leave it to the body."""
    found = DIRECTORY.match("POST", host, target)
    assert found is not None
    assert (found.provider, found.model, found.kind) == ("azure.ai.openai", model, "call")


@pytest.mark.parametrize(
    ("method", "host", "target"),
    [
        ("GET", _RESOURCE, "/openai/deployments/d/chat/completions"),
        ("GET", _RESOURCE, "/openai/models"),
        ("GET", _RESOURCE, "/openai/v1/responses/resp_1/input_items"),
        ("POST", _RESOURCE, "/openai/v1/responses/input_tokens"),
        ("POST", _RESOURCE, "/openai/deployments/a/b/chat/completions"),
        ("POST", _RESOURCE, "/openai/files"),
        ("POST", _RESOURCE, "/openai/v1/realtime/client_secrets"),
        ("POST", _RESOURCE, "/anthropic/v1/messages/count_tokens"),
        ("POST", "openai.azure.com", "/openai/v1/responses"),
        ("POST", "a.b.openai.azure.com", "/openai/v1/responses"),
        ("POST", _GATEWAY, "/pets"),
        ("POST", "chatgpt.com", "/backend-api/conversation"),
        ("GET", "chatgpt.com", "/backend-api/codex/models"),
        ("POST", "chatgpt.com", "/v1/responses"),
    ],
)
def test_what_is_no_call_matches_nothing(method: str, host: str, target: str) -> None:
    """Listings, counts, tokens, other hosts, and all of a web site but Codex's paths."""
    assert DIRECTORY.match(method, host, target) is None


@pytest.mark.parametrize(
    ("host", "target", "asked"),
    [
        (_RESOURCE, "/openai/deployments/d/chat/completions", True),
        (_RESOURCE, "/openai/deployments/d/extensions/chat/completions", False),
        ("r.services.ai.azure.com", "/models/chat/completions", False),
        (_GATEWAY, "/openai/deployments/d/chat/completions", False),
    ],
)
def test_usage_is_asked_for_where_it_is_documented(host: str, target: str, *, asked: bool) -> None:
    """OpenAI's own paths know `stream_options`; others may refuse what they do not know."""
    found = DIRECTORY.match("POST", host, target)
    assert found is not None
    assert found.stream_usage is asked


def test_a_gateway_is_recognised_by_its_replies() -> None:
    """Any API of any company may stand behind API Management."""
    found = DIRECTORY.match("POST", _GATEWAY, "/chat/completions")
    assert found is not None
    assert found.recognised_by_reply
