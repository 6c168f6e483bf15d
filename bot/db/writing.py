"""Who writes when: SQLite takes one writer at a time and lets the others look again and again, up to a tenth of a
second apart and in no order. Under load somebody then waits for seconds. Here they queue, and what must not wait (a
message of which its platform is to be told that it arrived) goes before the rest.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa

PATIENCE = 30.0
"""Seconds that a writer waits for its turn, as long as SQLite would for another process."""
_URGENT: ContextVar[bool] = ContextVar("urgent", default=False)
_MINE = "an_tam_turn"


@contextmanager
def urgent() -> Iterator[None]:
    """Transactions begun in here go before all others of this process that wait."""
    before = _URGENT.set(True)
    try:
        yield
    finally:
        _URGENT.reset(before)


class Turns:
    """One writer after another, in the order of coming, the urgent ones first."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._guard = threading.Lock()
        self._taken = False
        self._urgent: deque[threading.Event] = deque()
        self._others: deque[threading.Event] = deque()

    def take(self, info: dict[Any, Any]) -> None:
        """Wait for the turn; ``info`` is the database connection's own dict. It stays that connection's until it goes
        back to its pool. Raises SQLAlchemy's ``TimeoutError`` when it does not come."""
        if not info.get(_MINE):
            self._wait()
            info[_MINE] = True

    def give(self, info: dict[Any, Any]) -> None:
        """The connection is used no more, for whatever reason: the next one may write."""
        if info.pop(_MINE, False):
            self._next()

    def _wait(self) -> None:
        mine = threading.Event()
        queue = self._urgent if _URGENT.get() else self._others
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            queue.append(mine)
        if mine.wait(self._patience):
            return
        with self._guard:
            if mine.is_set():
                return
            queue.remove(mine)
        raise sa.exc.TimeoutError("no turn to write")

    def _next(self) -> None:
        with self._guard:
            queue = self._urgent or self._others
            if queue:
                queue.popleft().set()  # it stays taken, by them
            else:
                self._taken = False
