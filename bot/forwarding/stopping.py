"""Targets that must not be talked to: refused credentials lock the account when they are tried again.

Kept in the database, so that no other worker and no restart tries them; other credentials may be tried.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db import audit
from bot.db.engine import Store
from bot.db.tables import target_states
from bot.reports.alarm import end_alarm, raise_alarm

ALARM = "target_stopped"


def ensure(connection: Any, target: str, at: float | None = None) -> None:
    """A row to lock for this target."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = make(target_states).values(target=target, changed_at=time.time() if at is None else at)
    connection.execute(query.on_conflict_do_nothing(index_elements=["target"]))


def stop(connection: Any, store: Store, target: str, code: str, credentials: str, now: float) -> None:
    """Stop a target in the caller's transaction and tell the operators."""
    ensure(connection, target)
    change = target_states.update().where(target_states.c.target == target)
    marked = _mark(store, target, credentials)
    connection.execute(change.values(stopped=code, credentials=marked, changed_at=now))
    raise_alarm(connection, store, ALARM, target, now=now, detail=f"{target} {code}")


def stopped(store: Store, target: str, credentials: str) -> str | None:
    """Why a target is stopped for these credentials; ``None`` when it may be used."""
    query = sa.select(target_states).where(target_states.c.target == target)
    with store.reader.connect() as connection:
        row = connection.execute(query).mappings().first()
    if row is None or row["stopped"] is None or row["credentials"] != _mark(store, target, credentials):
        return None
    code: str = row["stopped"]
    return code


def lease(store: Store, target: str, now: float, seconds: float) -> bool:
    """Whether this worker may ask the target about its cases: one at a time, each turn ends by itself."""
    name = f"{target}:asking"
    free = sa.or_(target_states.c.changed_at <= now - seconds, target_states.c.changed_at > now + seconds)
    with store.engine.begin() as connection:
        ensure(connection, name, at=0.0)
        change = target_states.update().where(target_states.c.target == name, free)
        return bool(connection.execute(change.values(changed_at=now)).rowcount == 1)


def resume(store: Store, target: str, actor: str, now: float) -> bool:
    """Let a target be used again. Returns whether it was stopped."""
    where = (target_states.c.target == target, target_states.c.stopped.isnot(None))
    with store.engine.begin() as connection:
        change = target_states.update().where(*where)
        if connection.execute(change.values(stopped=None, credentials=None, changed_at=now)).rowcount != 1:
            return False
        end_alarm(connection, ALARM, target, now)
        audit.record(connection, actor, "target_resumed", target, at=now)
    return True


def all_stopped(store: Store) -> dict[str, str]:
    """Every stopped target and why."""
    query = sa.select(target_states.c.target, target_states.c.stopped).where(target_states.c.stopped.isnot(None))
    with store.reader.connect() as connection:
        return {row.target: row.stopped for row in connection.execute(query)}


def _mark(store: Store, target: str, credentials: str) -> str:
    name = f"target credentials\0{target}\0{credentials}"
    return hmac.new(store.keys.pseudonym, name.encode(), hashlib.sha256).hexdigest()
