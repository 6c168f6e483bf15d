"""Limits without addresses: rows of ``counters`` under a keyed HMAC of (purpose, who, window)."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.db.engine import insert_or
from bot.db.keys import Keyring
from bot.db.tables import counters

COUNT = insert_or(counters, ("key", "n", "expires_at"), ("key",), "UPDATE SET n = counters.n + 1")


@dataclass(frozen=True)
class Counter:
    """Counts how often something happens to somebody within a fixed window of ``seconds``."""

    keys: Keyring
    purpose: str
    seconds: float

    def hit(self, connection: Any, who: str, now: float | None = None) -> int:
        """Count one more and return the number in this window; a new window clears away those that
        are over."""
        moment = time.time() if now is None else now
        expires = (moment // self.seconds + 1) * self.seconds
        connection.execute(COUNT, {"key": self._key(who, moment), "n": 1, "expires_at": expires})
        number = self.count(connection, who, moment)
        if number == 1:
            connection.execute(counters.delete().where(counters.c.expires_at < moment))
        return number

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
