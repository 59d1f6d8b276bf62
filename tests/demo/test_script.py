from __future__ import annotations

from dataclasses import replace

import pytest

from sessiontap.demo.answer import ReceivedCall
from sessiontap.demo.script import HOSTS, Step, handler, story
from sessiontap.providers import DIRECTORY

STEPS = [step for group in story() for step in group]


def _received(step: Step, **headers: str) -> ReceivedCall:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return ReceivedCall(step.host, "POST", step.url, pairs, step.body)


def test_the_story_has_what_it_promises() -> None:
    """About ten calls to three providers, streamed and not, some side by side, one refused, one unpriced."""
    assert {step.host for step in STEPS} == set(HOSTS)
    assert 9 <= len(STEPS) <= 12
    assert max(map(len, story())) >= 2
    assert sum(step.rate_limited for step in STEPS) == 1
    assert sum(step.model == "gpt-experimental-unlisted" for step in STEPS) == 1
    assert {step.path for step in STEPS} >= {
        "/triage",
        "/triage/classify",
        "/triage/research/search",
        "/triage/research/summarize",
        "/triage/respond",
    }


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.path} {step.model}")
def test_every_call_is_recognised(step: Step) -> None:
    """Each step asks a path that the provider table knows as a call."""
    found = DIRECTORY.match("POST", step.host, step.url)
    assert found is not None
    assert found.kind == "call"


def test_steps_can_be_told_apart() -> None:
    """No two steps have the same host, URL and body: the double knows them by those."""
    assert len({(step.host, step.url, step.body) for step in STEPS}) == len(STEPS)


def test_refuses_the_first_attempt_only() -> None:
    """The rate-limited step is a 429 at its first attempt and a 200 at the next."""
    answer = handler(story())
    [step] = [step for step in STEPS if step.rate_limited]
    statuses = [answer(_received(step, x_stainless_retry_count=count)).status for count in ("0", "1")]
    assert statuses == [429, 200]


def test_compresses_for_clients_that_accept_it() -> None:
    """Replies are compressed by what the client accepts, and plain for one that accepts nothing."""
    answer = handler(story())
    step = STEPS[0]
    assert ("Content-Encoding", "gzip") in answer(_received(step, accept_encoding="gzip")).headers
    assert "Content-Encoding" not in dict(answer(_received(step)).headers)


def test_a_changed_body_is_a_404() -> None:
    """A call that is not the story's to the byte is not answered as if it were."""
    answer = handler(story())
    changed = replace(_received(STEPS[0]), body=STEPS[0].body + b" ")
    assert answer(changed).status == 404
