"""Many at once: calls of one kind that wait at the same moment become one transaction. A flood then costs few of them,
and each caller still returns only when its own part is stored."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread

from bot.db.writing import urgent

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 100


class Together(Generic[Item, Result]):
    """``work`` stores items in one transaction and says for each what came of it. It runs in a thread of its own,
    before whatever else waits to write."""

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._work = work
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._thread = CapacityLimiter(1)

    @property
    def waiting(self) -> int:
        """How many items are not being stored yet."""
        return len(self._waiting)

    async def __call__(self, item: Item) -> Result:
        """What came of the item, once it is stored. Raises what the database raised."""
        stored: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await stored

    async def _run(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            try:
                await self._store(batch)
            except Exception:
                for one in batch:  # one that cannot be stored must not take the others with it
                    try:
                        await self._store([one])
                    except Exception as error:
                        if not one[1].done():
                            one[1].set_exception(error)

    async def _store(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        found = await to_thread.run_sync(self._at_once, [item for item, _ in batch], limiter=self._thread)
        for (_, stored), result in zip(batch, found, strict=True):
            if not stored.done():
                stored.set_result(result)

    def _at_once(self, items: list[Item]) -> Sequence[Result]:
        with urgent():
            return self._work(items)
