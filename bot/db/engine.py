"""The database engine: SQLite (WAL) by default, PostgreSQL by ``HOTLINE_DATABASE_URL``; Alembic migrates."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Engine

from bot.db import tables
from bot.db.keys import KeyFileError, Keyring, create_key_file, load_key_file
from bot.db.sealing import Sealer
from bot.db.writing import Turns
from bot.settings import Settings

READ_ONLY = "an_tam_read_only"
_MIGRATION_LOCK = 7_111_113_115  # any constant of our own, for pg_advisory_xact_lock


def make_engine(url: str) -> Engine:
    """An engine with the pragmas that durability needs. ``url`` is an SQLAlchemy URL.

    Parameters are hidden from exceptions and logs: they may be somebody's words.
    """
    if not url.startswith("sqlite"):
        return sa.create_engine(url, future=True, pool_pre_ping=True, hide_parameters=True)
    # Connections are kept: closing the last one would make SQLite copy and delete the log every time.
    engine = sa.create_engine(
        url,
        future=True,
        hide_parameters=True,
        poolclass=sa.pool.QueuePool,
        max_overflow=20,
        connect_args={"timeout": 30, "check_same_thread": False},
    )

    def _pragmas(connection: Any, _record: Any) -> None:
        # pysqlite must not open transactions on its own: "begin" below does, and takes the write lock at
        # once, so that two writers wait for each other instead of failing in the middle.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    turns = Turns()

    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get(READ_ONLY, False)
        if not reading:
            turns.take(connection.info)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    def _over(_connection: Any, record: Any, *_: Any) -> None:
        turns.give(record.info)

    sa.event.listen(engine, "connect", _pragmas)
    sa.event.listen(engine, "begin", _begin)
    sa.event.listen(engine, "checkin", _over)
    sa.event.listen(engine, "invalidate", _over)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # processes that start together migrate one after the other
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


class Store:
    """What every room that keeps something needs: the engine and the sealer.

    Write in ``store.engine.begin()``, read in ``store.reader.connect()``: on SQLite a reader neither waits
    for a writer nor holds one up.
    """

    def __init__(self, engine: Engine, keys: Keyring, key_file: Path | None = None) -> None:
        self.engine = engine
        self.reader = engine.execution_options(**{READ_ONLY: True})
        self.keys = keys
        self.sealer = Sealer(keys, key_file)


def open_store(settings: Settings) -> Store:
    """Open (on first use: create) the key file and the database.

    Raises ``KeyFileError`` when the key file is broken, or is not the one this database was sealed with;
    nothing is touched then.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with one_at_a_time(settings.data_dir / "opening.lock"):
        engine = make_engine(settings.database)
        known = stored_fingerprint(engine)
        if not settings.keys.exists() and known is None:
            create_key_file(settings.keys)
        keys = load_key_file(settings.keys)
        check_fingerprint(settings.keys, keys, known)
        migrate(engine)
        check_fingerprint(settings.keys, keys, _remember_fingerprint(engine, keys))
    return Store(engine, keys, settings.keys)


def check_fingerprint(path: Path, keys: Keyring, known: str | None) -> None:
    """Raise ``KeyFileError`` unless the keys are the ones that the database was sealed with."""
    if known is not None and known != keys.fingerprint():
        raise KeyFileError(f"key file {path} does not belong to this database: restore the right one")


def stored_fingerprint(engine: Engine) -> str | None:
    """The fingerprint of the keys that this database was sealed with; ``None`` for an empty database."""
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        if not sa.inspect(connection).has_table(tables.meta.name):
            return None
        return _fingerprint_row(connection)


def _fingerprint_row(connection: Any) -> str | None:
    query = sa.select(tables.meta.c.value).where(tables.meta.c.name == "key_fingerprint")
    value: str | None = connection.execute(query).scalar_one_or_none()
    return value


def _remember_fingerprint(engine: Engine, keys: Keyring) -> str:
    """Write the fingerprint unless one is there, and return the one that is."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
        known = _fingerprint_row(connection)
        if known is None:
            known = keys.fingerprint()
            connection.execute(tables.meta.insert().values(name="key_fingerprint", value=known))
    return known


def insert_or(table: sa.Table, names: Sequence[str], keys: Sequence[str], then: str) -> sa.sql.elements.TextClause:
    """An insert of the columns ``names`` that does ``then`` when ``keys`` are there already.

    SQLAlchemy compiles its own such inserts again at every call, which costs more than running them.
    """
    values = ", ".join(f":{name}" for name in names)
    into = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - names of our own
    query = sa.text(f"{into} ON CONFLICT ({', '.join(keys)}) DO {then}")
    return query.bindparams(*(sa.bindparam(name, type_=table.c[name].type) for name in names))


def instead(names: Sequence[str]) -> str:
    """For ``insert_or``: the new values take the place of the old ones."""
    return "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in names)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Processes that start together open the store one after the other (the first makes keys and tables)."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
