"""How much one person may write: keyed counters, no address. Whoever is over the limit is slowed, never shut out, and
a message at risk is always taken (``bot.dialogue.conversation``)."""

from __future__ import annotations

import time

from bot.db.counters import Counter
from bot.db.engine import Store

MINUTE, HOUR = 60.0, 3600.0


class SenderLimits:
    """``per_minute`` and ``per_hour``: messages of one sender that are answered as usual."""

    def __init__(self, store: Store, per_minute: int = 40, per_hour: int = 300) -> None:
        self._store = store
        self._windows = [
            (Counter(store.keys, "messages in a minute", MINUTE), per_minute),
            (Counter(store.keys, "messages in an hour", HOUR), per_hour),
        ]

    def over(self, sender: str, now: float | None = None) -> int:
        """Count one message of ``sender`` (a pseudonym). Returns by how many it is over the limit, 0 within it."""
        moment = time.time() if now is None else now
        with self._store.engine.begin() as connection:
            return max(0, *(counter.hit(connection, sender, moment) - most for counter, most in self._windows))
