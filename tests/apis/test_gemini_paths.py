"""Which of Google's and Anthropic's paths are model calls, and what they say of one."""

from __future__ import annotations

import pytest

from sessiontap.providers import DIRECTORY

_GEMINI = "generativelanguage.googleapis.com"
_VERTEX = "us-central1-aiplatform.googleapis.com"
_ASSIST = "cloudcode-pa.googleapis.com"
_ANTHROPIC = "api.anthropic.com"
_HERE = "/v1/projects/p/locations/us-central1"


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        ("POST", _GEMINI, "/v1beta/models/gemini-2.5-flash:countTokens"),
        ("POST", _GEMINI, "/v1beta/models/gemini-2.5-flash:batchGenerateContent"),
        ("POST", _GEMINI, "/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent"),
        ("GET", _GEMINI, "/v1beta/models/veo-3.1-generate-preview/operations/x"),
        ("POST", _GEMINI, "/upload/v1beta/files"),
        ("POST", _GEMINI, "/v1beta/cachedContents"),
        ("GET", _GEMINI, "/v1beta/batches/x"),
        ("DELETE", _GEMINI, "/v1beta/interactions/x"),
        ("POST", _VERTEX, f"{_HERE}/publishers/google/models/gemini-2.5-flash:countTokens"),
        ("POST", _VERTEX, f"{_HERE}/publishers/google/models/gemini-2.5-flash:computeTokens"),
        ("POST", _VERTEX, f"{_HERE}/publishers/anthropic/models/count-tokens:rawPredict"),
        ("POST", _VERTEX, f"{_HERE}/publishers/google/models/veo-3.1-generate-001:fetchPredictOperation"),
        ("POST", _VERTEX, f"{_HERE}/endpoints/123:predict"),
        ("POST", _VERTEX, f"{_HERE}/batchPredictionJobs"),
        ("POST", _VERTEX, f"{_HERE}/cachedContents"),
        ("POST", _ASSIST, "/v1internal:countTokens"),
        ("POST", _ASSIST, "/v1internal:loadCodeAssist"),
        ("POST", _ASSIST, "/v1internal:onboardUser"),
        ("POST", "cloudcode-pa.googleapis.com.evil.example", "/v1internal:generateContent"),
        ("POST", "x.y-aiplatform.googleapis.com", f"{_HERE}/publishers/google/models/m:generateContent"),
        ("POST", _ANTHROPIC, "/v1/messages/count_tokens"),
        ("POST", _ANTHROPIC, "/v1/messages/batches"),
        ("GET", _ANTHROPIC, "/v1/messages/batches/msgbatch_1/results"),
        ("POST", _ANTHROPIC, "/v1/files"),
    ],
)
def test_what_is_billed_elsewhere_or_not_at_all_is_no_call(method: str, host: str, path: str) -> None:
    """Counting tokens, batches and their results, files, caches, jobs and other hosts make no call."""
    assert DIRECTORY.match(method, host, path) is None


@pytest.mark.parametrize(
    ("host", "path", "api", "model", "streams"),
    [
        (
            _VERTEX,
            f"{_HERE}/publishers/anthropic/models/claude-opus-4-1%4020250805:streamRawPredict",
            "anthropic.messages",
            "claude-opus-4-1@20250805",
            True,
        ),
        (
            _VERTEX,
            f"{_HERE}/publishers/mistralai/models/mistral-ocr-2505:rawPredict",
            "mistral.ocr",
            "mistral-ocr-2505",
            False,
        ),
        (
            _VERTEX,
            f"{_HERE}/publishers/ai21/models/jamba-1.5-large:rawPredict",
            "openai.chat",
            "jamba-1.5-large",
            False,
        ),
        (
            "aiplatform.us.rep.googleapis.com",
            "/v1beta1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=x",
            "gemini.generate_content",
            "gemini-2.5-flash",
            True,
        ),
        (_VERTEX, f"{_HERE}/endpoints/123:generateContent", "gemini.generate_content", "123", False),
        (_VERTEX, f"{_HERE}/endpoints/123/chat/completions", "openai.chat", None, False),
        (_ASSIST, "/v1internal:streamGenerateContent?alt=sse", "gemini.code_assist", None, True),
        (_ANTHROPIC, "/v1/messages?beta=true", "anthropic.messages", None, False),
    ],
)
def test_the_path_says_what_is_called(
    host: str, path: str, api: str, model: str | None, streams: bool
) -> None:
    """Wire shape, model and the wish for a stream are read from the path where they stand in it."""
    found = DIRECTORY.match("POST", host, path)
    assert found is not None
    assert (found.api.name, found.model, found.streams) == (api, model, streams)


@pytest.mark.parametrize("host", [_ASSIST, "daily-cloudcode-pa.googleapis.com"])
def test_code_assist_is_paid_by_a_plan(host: str) -> None:
    """What goes to Code Assist is priced as notional; the Gemini API beside it is metered."""
    assist = DIRECTORY.match("POST", host, "/v1internal:generateContent")
    metered = DIRECTORY.match("POST", _GEMINI, "/v1beta/models/m:generateContent")
    assert assist is not None
    assert metered is not None
    assert (assist.provider, assist.billing, metered.billing) == ("gcp.gemini", "subscription", "metered")
