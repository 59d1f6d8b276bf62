from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.redact import redact

CREDENTIALS = {
    "OpenAI": "sk-abcdefghijklmnopqrstuvwxyz012345",
    "OpenAI project": "sk-proj-AbCd_efGh-1234567890",
    "Anthropic": "sk-ant-api03-AbCdEf_gh-12",
    "OpenRouter": "sk-or-v1-0123456789abcdef",
    "Helicone": "sk-helicone-abcdefg-hijklmn",
    "Langfuse public": "pk-lf-12345678-1234",
    "Google": "AIzaSyA-1234567890_abcdefghijklmnopqrs",
    "Google OAuth": "ya29.a0AfH6SMBxyz-123_45",
    "Groq": "gsk_1234567890abcdef",
    "xAI": "xai-1234567890abcdef",
    "Perplexity": "pplx-1234567890abcdef",
    "Replicate": "r8_1234567890abcdef",
    "Hugging Face": "hf_AbCdEfGhIjKl",
    "NVIDIA": "nvapi-1234567890abcdef",
    "Cerebras": "csk-1234567890abcdef",
    "Fireworks": "fw_1234567890abcdef",
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "AWS session": "ASIAIOSFODNN7EXAMPLE",
    "GitHub": "ghp_1234567890abcdefABCDEF",
    "GitHub fine-grained": "github_pat_11ABCDEFG0_abcdefgh",
    "Slack": "xoxb-123456789012-abcdef",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "starred, as OpenAI quotes it": "sk-proj-********************************cdef",
}
SENTENCES = ["{}", "Incorrect API key provided: {}", "({})", '"{}"', "key {}, try another", "x\n{}\ny"]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
def test_a_credential_is_replaced_and_the_sentence_stays(credential: str, sentence: str) -> None:
    """A credential of each kind is replaced as a whole; the words around it stay."""
    assert redact(sentence.format(credential)) == sentence.format("[redacted]")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Authorization: Bearer abc.def-123456", "Authorization: [redacted]"),
        ("bearer  dGhlLXRva2Vu/+==", "[redacted]"),
        ("https://host/v1?key=hunter2&alt=sse", "https://host/v1?key=[redacted]&alt=sse"),
        ("https://host/v1?alt=sse&KEY=hunter2", "https://host/v1?alt=sse&KEY=[redacted]"),
        ("api_key=hunter2 is wrong", "api_key=[redacted] is wrong"),
        ("access_token=hunter2", "access_token=[redacted]"),
        ("https://ann:hunter2@host:8080/v1", "https://[redacted]@host:8080/v1"),
        ('"https://:hunter2@host"', '"https://[redacted]@host"'),
    ],
)
def test_a_credential_of_no_known_form_is_known_by_its_place(text: str, kept: str) -> None:
    """What stands behind `Bearer`, is the value of a parameter for a key, or a URL's user, is replaced."""
    assert redact(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rate limit reached for gpt-4.1 on requests per min (RPM): Limit 3, Used 3.",
        "This model's maximum context length is 8192 tokens.",
        "risk-assessment and task-force are no keys",
        "model: claude-sonnet-4-5-20250929",
        "the bearer of bad news",
        "primary_key=7",
        "https://example.com/monkey=3",
        "https://example.com:8080/v1/@scope and a:b@c",
        "Grüße aus Köln \N{SNOWMAN}",
        "request id req_011CSHoEeqs5C35K2UUqR7Fy",
    ],
)
def test_text_without_a_credential_is_unchanged(text: str) -> None:
    """Ordinary messages of providers pass unchanged."""
    assert redact(text) == text


@settings(deadline=None)
@given(before=st.text(), after=st.text(), credential=st.sampled_from(sorted(CREDENTIALS.values())))
def test_no_credential_survives_between_any_words(before: str, after: str, credential: str) -> None:
    """Whatever stands around it, a credential that is set apart by spaces is gone, for good."""
    redacted = redact(f"{before} {credential} {after}")
    assert redacted.count(credential) <= (before + after).count(credential)
    assert redact(redacted) == redacted


@pytest.mark.parametrize("text", ["-eyJ", "://a:", "://:a:"])
def test_redacting_takes_linear_time(text: str) -> None:
    """A megabyte made to be slow is read in well under a second, for the event loop waits meanwhile."""
    started = time.process_time()
    redact(text * 16_000)  # 64 KB takes ~1 s, 1 MB ~4 minutes
    assert time.process_time() - started < 0.2
