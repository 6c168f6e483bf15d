"""One running program for all conversations."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from bot.settings import ROOT
from tests.dialogue.talking import Line, Person


@pytest.fixture(scope="package")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    if not (ROOT / "models" / "an-tam.tar.gz").exists():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("no trained model: run 'make train'")
        pytest.skip("no trained model: run 'make train'")
    with Line(tmp_path_factory.mktemp("line")).running() as found:
        yield found


@pytest.fixture
def person(line: Line) -> Person:
    """Somebody who has not written before."""
    return Person(line)
