"""Limits without addresses: rows of ``counters`` under a keyed HMAC of (purpose, who, window)."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.keys import Keyring
from bot.db.tables import counters


@dataclass(frozen=True)
class Counter:
    """Counts how often something happens to somebody within a fixed window of ``seconds``."""

    keys: Keyring
    purpose: str
    seconds: float

    def hit(self, connection: Any, who: str, now: float | None = None) -> int:
        """Count one more and return the number in this window; windows that are over are cleared away."""
        moment = time.time() if now is None else now
        connection.execute(counters.delete().where(counters.c.expires_at < moment))
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        expires = (moment // self.seconds + 1) * self.seconds
        insert = make(counters).values(key=self._key(who, moment), n=1, expires_at=expires)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["key"], set_={"n": counters.c.n + 1}),
        )
        return self.count(connection, who, moment)

    def give_back(self, connection: Any, who: str, now: float | None = None) -> None:
        """Take one hit back (it turned out to be allowed)."""
        moment = time.time() if now is None else now
        query = counters.update().where(counters.c.key == self._key(who, moment), counters.c.n > 0)
        connection.execute(query.values(n=counters.c.n - 1))

    def count(self, connection: Any, who: str, now: float | None = None) -> int:
        """The number in this window."""
        moment = time.time() if now is None else now
        query = sa.select(counters.c.n).where(counters.c.key == self._key(who, moment))
        return int(connection.execute(query).scalar_one_or_none() or 0)

    def _key(self, who: str, moment: float) -> str:
        name = f"counter\0{self.purpose}\0{who}\0{int(moment // self.seconds)}"
        return hmac.new(self.keys.pseudonym, name.encode(), hashlib.sha256).hexdigest()[:32]
