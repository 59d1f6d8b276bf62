"""Recorded exchanges, where they lie beside the checkout: their calls stay with their conversation."""

from __future__ import annotations

from collections import Counter

import pytest

from sessiontap.inference import Asking, Client, Inference, heard_by, listener
from sessiontap.providers import DIRECTORY
from tests.oracles.corpus import HTTP_FILE, Exchange, exchanges


@pytest.mark.skipif(not HTTP_FILE.is_file(), reason="no recorded exchanges")
def test_recorded_calls_that_go_on_find_their_conversation() -> None:
    """One source after the other, a minute between them: a call with the model's words in it is with its own.

    Left over are conversations that a test wrote by hand, and those whose words two sources share.
    """
    asking, inference, now = Asking(), Inference(), 0.0
    owners: dict[str, str] = {}
    seen: Counter[str] = Counter()
    odd: list[str] = []
    for source, calls in _by_source().items():
        now += 60
        for number, (api, exchange) in enumerate(calls):
            now += 1
            asked = asking.read(api, exchange.request)
            client = Client("127.0.0.1", "python")
            session_id = inference.continued(asked) or inference.inferred(asked, client, now).session_id
            begins = session_id not in owners
            owner = owners.setdefault(session_id, source)
            if number and (asked.by_model or asked.continues):
                right = owner == source and not begins
                seen["right" if right else "wrong"] += 1
                if not right:
                    odd.append(f"{source} ({api}) {'begins' if begins else f'is in {owner}'}")
            elif asked.is_conversation and owner != source:
                seen["joined"] += 1
                odd.append(f"{source} ({api}) opens in {owner}")
            ticket = inference.begun(asked, client, now, session_id)
            ears = listener(api)
            documents = exchange.documents()
            for document in documents:
                if ears is not None:
                    ears.feed(document)
            inference.ended(
                ticket,
                now + 0.5,
                heard=None if ears is None else heard_by(ears, ticket.prefill),
                answered=exchange.status < 400,
                response_id=_response_id(documents),
            )
    print(dict(seen), *odd, sep="\n")  # noqa: T201 -- pytest -s shows what is left over
    assert seen["right"] >= 330
    assert seen["wrong"] + seen["joined"] <= 10, "\n".join(odd)


def _by_source() -> dict[str, list[tuple[str, Exchange]]]:
    found: dict[str, list[tuple[str, Exchange]]] = {}
    for exchange in exchanges():
        match = DIRECTORY.match(exchange.method, exchange.host, exchange.target)
        if match is not None and match.kind == "call":
            found.setdefault(exchange.source, []).append((match.api.name, exchange))
    return found


def _response_id(documents: list[dict[str, object]]) -> str | None:
    for document in reversed(documents):
        inner = document.get("response")
        for each in (inner if isinstance(inner, dict) else {}, document):
            if str(each.get("id", "")).startswith("resp_"):
                return str(each["id"])
    return None
