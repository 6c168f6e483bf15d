"""The chaos run, short: real processes are killed and connections cut; nothing is lost or doubled."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest
import sqlalchemy as sa

from bot.settings import ROOT
from tests.conftest import POSTGRES

REPORTS = 200


@pytest.fixture(name="chaos")
def chaos_script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``scripts/chaos.py``, which is no package; its processes import it by this name, too."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("chaos")


@pytest.mark.e2e
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_or_doubled(database: str, request: pytest.FixtureRequest, chaos: ModuleType) -> None:
    if database == "postgresql":
        request.getfixturevalue("postgres_url")  # skips without one
        assert sa.engine.make_url(POSTGRES)
    result = chaos.run(database, REPORTS, seed=7, longest=270)
    print(result)
    assert (result.taken, result.delivered) == (REPORTS, 3 * REPORTS)
    assert (result.lost, result.duplicates) == (0, 0)
    assert result.kills["worker"] > 0, "no worker was killed: the run proved nothing"
    assert result.kills["taker"] > 0, "no taker was killed: the run proved nothing"
