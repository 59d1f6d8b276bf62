"""The bench on which the agents run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.demo.double import Double
from sessiontap.demo.script import HOSTS
from tests.agents.bench import Bench
from tests.agents.model import Model
from tests.agents.programs import OTHER_HOSTS


@pytest.fixture(scope="session")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mitmproxy's own folder, with one CA for all the agents."""
    return tmp_path_factory.mktemp("mitmproxy")


@pytest.fixture
def bench(tmp_path: Path, confdir: Path) -> Iterator[Bench]:
    """A bench of the test's own; what still runs at its end is ended."""
    model = Model()
    with Double(model.answer, hosts=(*HOSTS, *OTHER_HOSTS), folder=tmp_path) as double:
        made = Bench(folder=tmp_path, confdir=confdir, double=double, model=model)
        with contextlib.closing(made):
            yield made
        assert double.faults == []
