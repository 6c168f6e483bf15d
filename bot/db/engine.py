"""The database engine: SQLite (WAL) by default, PostgreSQL by ``HOTLINE_DATABASE_URL``; migrations by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Engine

from bot.db import tables
from bot.db.keys import KeyFileError, Keyring, create_key_file, load_key_file
from bot.db.sealing import Sealer
from bot.settings import Settings


def make_engine(url: str) -> Engine:
    """An engine with the pragmas that durability needs. ``url`` is an SQLAlchemy URL."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, future=True, pool_pre_ping=True)
    engine = sa.create_engine(url, future=True, connect_args={"timeout": 30, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        # pysqlite must not open transactions on its own: "begin" below does, and takes the write lock at once,
        # so that two writers wait for each other instead of failing in the middle.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


class Store:
    """What every room that keeps something needs: the engine and the sealer."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self.engine = engine
        self.keys = keys
        self.sealer = Sealer(keys)


def open_store(settings: Settings) -> Store:
    """Open (on first use: create) the key file and the database.

    Raises ``KeyFileError`` when the key file is broken, or is not the one this database was sealed with;
    nothing is touched then.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.database)
    known = _stored_fingerprint(engine)
    if not settings.keys.exists() and known is None:
        create_key_file(settings.keys)
    keys = load_key_file(settings.keys)
    if known is not None and known != keys.fingerprint():
        raise KeyFileError(f"key file {settings.keys} does not belong to this database: restore the right one")
    migrate(engine)
    if known is None:
        with engine.begin() as connection:
            connection.execute(tables.meta.insert().values(name="key_fingerprint", value=keys.fingerprint()))
    return Store(engine, keys)


def _stored_fingerprint(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(tables.meta.name):
            return None
        query = sa.select(tables.meta.c.value).where(tables.meta.c.name == "key_fingerprint")
        return connection.execute(query).scalar_one_or_none()
