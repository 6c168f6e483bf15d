"""Fixtures for every test: stores that are really SQLite and PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.db.engine import Store, open_store
from bot.settings import Settings

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")


def make_settings(data_dir: Path, **values: object) -> Settings:
    """Settings of their own for a test: no ``.env``, its own data directory, quick retries."""
    chosen = {"data_dir": data_dir, "forward_poll": 0.02, "forward_max_backoff": 0.05, **values}
    return Settings(_env_file=None, **chosen)  # type: ignore[arg-type]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings on SQLite in the test's own directory."""
    return make_settings(tmp_path / "var")


@pytest.fixture
def sqlite_store(settings: Settings) -> Iterator[Store]:
    """An empty store on SQLite."""
    store = open_store(settings)
    yield store
    store.engine.dispose()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A PostgreSQL schema of the test's own, dropped afterwards."""
    admin = sa.create_engine(POSTGRES, future=True, connect_args={"connect_timeout": 3})
    schema = f"an_tam_test_{uuid.uuid4().hex[:12]}"
    try:
        with admin.begin() as connection:
            connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
    except sa.exc.OperationalError:
        reason = f"no PostgreSQL at {sa.engine.make_url(POSTGRES).render_as_string(hide_password=True)}"
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    separator = "&" if "?" in POSTGRES else "?"
    yield f"{POSTGRES}{separator}options=-csearch_path%3D{schema}"
    with admin.begin() as connection:
        connection.execute(sa.text(f'DROP SCHEMA "{schema}" CASCADE'))
    admin.dispose()


@pytest.fixture
def postgres_store(tmp_path: Path, postgres_url: str) -> Iterator[Store]:
    """An empty store on PostgreSQL."""
    store = open_store(make_settings(tmp_path / "var", database_url=postgres_url))
    yield store
    store.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store, on each engine in turn."""
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    found: Store = request.getfixturevalue(name)
    return found
