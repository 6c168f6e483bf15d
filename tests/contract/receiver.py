"""What contract tests of bridges share: an ``accept`` on the real inbox, and waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from anyio import to_thread

from bot.db.engine import Store
from bot.dialogue.inbox import Inbox
from bot.dialogue.messages import IncomingMessage


class Receiver:
    """An ``accept`` that persists in the real inbox and remembers what was new."""

    def __init__(self, store: Store) -> None:
        self.inbox = Inbox(store)
        self.new: list[IncomingMessage] = []
        self.offered = 0
        self.down = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, message: IncomingMessage) -> bool:
        self.offered += 1
        await self.gate.wait()
        if self.down:
            raise RuntimeError("database is down")
        fresh = await to_thread.run_sync(self.inbox.accept, message)
        if fresh:
            self.new.append(message)
        return fresh

    async def wait(self, count: int = 1) -> list[IncomingMessage]:
        await eventually(lambda: len(self.new) >= count, lambda: f"{len(self.new)} of {count} messages")
        return self.new


async def eventually(done: Callable[[], bool], seen: Callable[[], Any] = lambda: "", timeout: float = 10.0) -> None:
    """Wait until ``done``; an ``AssertionError`` with what was ``seen`` after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while not done():
        assert time.monotonic() < end, f"it did not happen; seen: {seen()}"
        await asyncio.sleep(0.02)
