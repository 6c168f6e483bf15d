"""Key rotation: every sealed column is sealed again with a new key while the program runs.

What is sealed with a record's own data key stays as it is; the data key itself is sealed again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from bot.db import audit, tables
from bot.db.engine import Store
from bot.db.keys import add_sealing_key
from bot.db.sealing import REFRESH, SealError
from bot.settings import Settings

BATCH = 100


def master_sealed() -> Iterator[tuple[sa.Table, Any]]:
    """Every column that is sealed with the key file's key (not with a data key)."""
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            by_data_key = "data_key" in table.columns and column.name != "data_key"
            if column.info.get("class") == tables.SEALED and not by_data_key:
                yield table, column


def row_name(column: Any, row: Any) -> str:
    """What the seal of a column is bound to in a row."""
    return "/".join(str(row[part]) for part in column.info["row"].split("/"))


def rotate(store: Store, settings: Settings, actor: str = audit.SYSTEM) -> int:
    """Add a key, seal everything with it, and return how many values were sealed again."""
    add_sealing_key(settings.keys)
    store.sealer.refresh()
    done = _pass(store)
    # Running processes notice the new key within REFRESH seconds; what they sealed until then is caught now.
    time.sleep(REFRESH + 1.0)
    done += _pass(store)
    with store.engine.begin() as connection:
        audit.record(connection, actor, "keys_rotated", "keys", f"key={store.sealer.keys.current} n={done}")
    return done


def check(store: Store) -> tuple[int, int]:
    """Try to open every value sealed with the key file's keys: how many could and could not be opened."""
    good = bad = 0
    for table, column in master_sealed():
        query = sa.select(table).where(column.isnot(None))
        with store.reader.connect() as connection:
            for row in connection.execution_options(yield_per=BATCH).execute(query).mappings():
                try:
                    store.sealer.open(row[column.name], table.name, column.name, row_name(column, row))
                    good += 1
                except SealError:
                    bad += 1
    return good, bad


def _pass(store: Store) -> int:
    return sum(_reseal(store, table, column) for table, column in master_sealed())


def _reseal(store: Store, table: sa.Table, column: Any) -> int:
    done, keys = 0, list(table.primary_key.columns)
    order = [sa.asc(key) for key in keys]
    with store.reader.connect() as connection:
        found = connection.execute(sa.select(*keys, column).where(column.isnot(None)).order_by(*order)).all()
        old = [tuple(row)[:-1] for row in found if _key_id(row[-1]) != store.sealer.keys.current]
    for start in range(0, len(old), BATCH):
        with store.engine.begin() as connection:
            for identity in old[start : start + BATCH]:
                done += _reseal_row(store, connection, table, column, identity)
    return done


def _reseal_row(store: Store, connection: Any, table: sa.Table, column: Any, identity: tuple[Any, ...]) -> int:
    here = sa.and_(*(key == value for key, value in zip(table.primary_key.columns, identity, strict=True)))
    row = connection.execute(sa.select(table).where(here).with_for_update()).mappings().first()
    if row is None or row[column.name] is None or _key_id(row[column.name]) == store.sealer.keys.current:
        return 0
    place = (table.name, column.name, row_name(column, row))
    try:
        plain = store.sealer.open(row[column.name], *place)
    except SealError:
        return 0  # already unreadable: "keys check" counts it
    connection.execute(table.update().where(here).values({column.name: store.sealer.seal(plain, *place)}))
    return 1


def _key_id(value: bytes) -> int:
    return int.from_bytes(value[1:3], "big")
