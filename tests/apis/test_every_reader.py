"""What holds for the reader of every wire shape, whatever it is fed."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.apis import APIS
from sessiontap.untrusted import JsonObject

_KEY_NAMES = (
    "type object error message code usage response choices delta index model id status output content "
    "usageMetadata promptTokenCount candidates parts iterations input_tokens output_tokens prompt_tokens "
    "cache_creation cache_creation_input_tokens ephemeral_1h_input_tokens service_tier tool_usage action "
    "candidatesTokensDetails modality tokenCount functionCall name tool_calls function last_error data"
)
_KINDS = (
    "message message_start message_delta message_stop content_block_start content_block_delta error "
    "response.completed response.output_item.done response.output_text.delta compaction advisor_message "
    "web_search_call function_call thread.run thread.message.delta completed queued AUDIO list"
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(_KINDS.split())
    | st.text(max_size=5)
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEY_NAMES.split()), inner, max_size=3)
    ),
    max_leaves=6,
)
_EVENTS = st.dictionaries(st.sampled_from(_KEY_NAMES.split()), _VALUES, max_size=4)

_every_api = pytest.mark.parametrize("name", APIS)


@settings(deadline=None, max_examples=200)
@given(name=st.sampled_from(list(APIS)), events=st.lists(_EVENTS, max_size=4))
def test_no_event_raises_and_none_is_changed(name: str, events: list[JsonObject]) -> None:
    """Any events in any order are folded; facts may be asked in between, and asking changes nothing."""
    reader = APIS[name].reader()
    before = copy.deepcopy(events)
    for event in events:
        assert isinstance(reader.feed(event), bool)
        assert reader.facts() == reader.facts()
    assert repr(events) == repr(before)


@settings(deadline=None)
@given(name=st.sampled_from(list(APIS)), body=_EVENTS)
def test_no_request_raises(name: str, body: JsonObject) -> None:
    """Any JSON object as a request gives facts: a text or nothing for the model, a flag for the stream."""
    facts = APIS[name].read_request(body)
    assert facts.model is None or isinstance(facts.model, str)
    assert isinstance(facts.stream, bool)


@_every_api
def test_nothing_read_is_nothing_known(name: str) -> None:
    """A reader that was fed nothing knows nothing, and does not say that the reply is whole."""
    facts = APIS[name].reader().facts()
    assert not facts.usage
    assert not facts.complete
    assert not facts.pending
    assert (facts.model, facts.response_id, facts.error_type) == (None, None, None)


@_every_api
def test_an_error_alone_is_an_error_and_no_output(name: str) -> None:
    """An error envelope gives its type and message, and is no output of the model."""
    reader = APIS[name].reader()
    assert not reader.feed({"error": {"type": "some_error", "message": "No."}})
    facts = reader.facts()
    assert (facts.error_type, facts.error_message) == ("some_error", "No.")
    assert not facts.usage


@_every_api
def test_readers_share_nothing(name: str) -> None:
    """What one reader was fed, another of the same wire shape does not know."""
    APIS[name].reader().feed({"error": "No.", "usage": {"prompt_tokens": 1}})
    assert APIS[name].reader().facts().error_type is None
