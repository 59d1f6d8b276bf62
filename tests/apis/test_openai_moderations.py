"""openai.moderations: free at OpenAI, billed by others."""

from __future__ import annotations

from sessiontap.apis import APIS
from sessiontap.providers import DIRECTORY
from sessiontap.usage import Usage
from tests.conformance.metering import finish, fixture, meter


def test_a_moderation_is_free_and_counts_as_priced() -> None:
    """OpenAI bills no moderation, so one without usage is no gap in a total."""
    each = fixture("openai.moderations@openai", "a moderation, which is free")
    started = meter(each.match(), each.request_body, each.request_headers())
    call = finish(started, each.status, each.response_headers(), [each.response_body])
    assert call.billing == "free"
    assert not call.unpriced


def test_other_calls_to_the_same_host_are_billed() -> None:
    """Only the route of moderations is free."""
    found = DIRECTORY.match("POST", "api.openai.com", "/v1/embeddings")
    assert found is not None
    assert found.billing == "metered"


def test_usage_is_read_where_others_write_it() -> None:
    """Who bills moderations reports them as other calls."""
    reader = APIS["openai.moderations"].reader()
    reader.feed({"results": [{}], "usage": {"prompt_tokens": 9, "total_tokens": 9}})
    assert reader.facts().usage == Usage(input_tokens=9)
