"""A double of the providers, and what sends a mitmdump's calls there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.demo import replies, reroute
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.usage import Usage
from tests.launch.rerouted import Rerouted


def _answer(call: ReceivedCall) -> Answer:
    del call
    return replies.openai_chat("gpt-5-mini", "Hello", Usage(input_tokens=11, output_tokens=7), stream=False)


@pytest.fixture(scope="session")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mitmproxy's own folder, with one CA for all the tests: making one takes longer than most of them."""
    return tmp_path_factory.mktemp("mitmproxy")


@pytest.fixture(scope="session")
def rerouted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rerouted]:
    """See Rerouted."""
    with Double(_answer, hosts=("api.openai.com",), folder=tmp_path_factory.mktemp("double")) as double:
        yield Rerouted(
            arguments=(
                *("-s", reroute.__file__),
                *("--set", f"ssl_verify_upstream_trusted_ca={double.ca_file}"),
            ),
            environ={reroute.PORT_VARIABLE: str(double.port)},
        )
