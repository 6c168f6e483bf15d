"""Keeping within a platform's sending rates: one message a second for a chat, so many a second for all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.bridges.base import Bounded, SendLater

Sleep = Callable[[float], Awaitable[None]]


class Pacer:
    """Gives every message its moment. A wait longer than ``max_wait`` becomes ``SendLater``, so that one busy
    chat never occupies the worker."""

    def __init__(
        self,
        per_chat: float = 1.0,
        per_second: float = 30.0,
        max_wait: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.per_chat = per_chat
        self.interval = 1.0 / per_second
        self.max_wait = max_wait
        self._clock = clock
        self._sleep = sleep
        self._chats: Bounded[str, float] = Bounded(20_000)
        self._held: Bounded[str, float] = Bounded(1_000)
        self._all = 0.0

    async def wait(self, chat_id: str) -> None:
        """Return when a message to this chat may leave. Raises ``SendLater`` when that is far away."""
        now = self._clock()
        ready = max(now, self._chats.get(chat_id, 0.0), self._held.get(chat_id, 0.0))
        wait = max(ready, self._all) - now
        if wait > self.max_wait:
            raise SendLater(wait)
        self._chats[chat_id] = ready + self.per_chat
        if ready > now:
            await self._sleep(ready - now)
        # The common slot is taken only now: a chat that has to wait for itself must not hold up the others.
        now = self._clock()
        slot = max(now, self._all)
        self._all = slot + self.interval
        if slot > now:
            await self._sleep(slot - now)

    def hold(self, chat_id: str, seconds: float) -> None:
        """The platform asked to wait (429). A second chat held meanwhile means: all is too fast."""
        now = self._clock()
        self._held[chat_id] = now + seconds
        held = [until for until in self._held.values() if until > now]
        if len(held) > 1:
            self._all = max(self._all, min(held))

    def hold_all(self, seconds: float) -> None:
        """The platform said that everything together is too fast."""
        self._all = max(self._all, self._clock() + seconds)
