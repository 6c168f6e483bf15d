"""Who is connected to the web chat now, and what is on its way to them. In memory only: what has to survive a
restart is in the outbox, and the page says which replies it already has."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Protocol

from bot.bridges.base import Bounded, SendLater, SendRefused

Frame = dict[str, Any]

ACK_WITHIN = 5.0
GIVE_UP_AFTER = 24 * 3600.0
"""A page that has not been back for a day does not come back: its session cookie is gone with the browser."""
MAX_SESSIONS = 20_000
MAX_LINES = 5
"""Open tabs of one session."""


class Line(Protocol):
    """An open connection to a page."""

    async def put(self, frame: Frame) -> None:
        """Send a frame; never raises."""

    async def close(self) -> None:
        """Close the connection."""


class Session:
    """One browser session: its connections and the replies that wait to be acknowledged."""

    def __init__(self, session_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.id = session_id
        self.lines: list[Line] = []
        self.closed = False
        self._clock = clock
        self._flying: OrderedDict[str, tuple[Frame, asyncio.Future[None]]] = OrderedDict()
        self._acked: Bounded[str, None] = Bounded(200)
        self._news = asyncio.Event()
        self._polls = 0
        self._seen = clock()

    # --- the page's side ------------------------------------------------------------------------------------
    @property
    def present(self) -> bool:
        """Whether the page can be reached now. Between two polls it counts as present for a moment."""
        return bool(self.lines) or self._polls > 0 or self._clock() - self._seen < 1.0

    async def attach(self, line: Line) -> None:
        """A connection opens; it gets what is on its way."""
        self._seen = self._clock()
        self.lines.append(line)
        while len(self.lines) > MAX_LINES:
            await self.lines.pop(0).close()
        for frame, _ in list(self._flying.values()):
            await line.put(frame)

    def detach(self, line: Line) -> None:
        """A connection is gone."""
        self._seen = self._clock()
        if line in self.lines:
            self.lines.remove(line)

    def ack(self, reply_id: str) -> None:
        """The page has shown a reply."""
        self._acked[reply_id] = None
        flying = self._flying.get(reply_id)
        if flying is not None and not flying[1].done():
            flying[1].set_result(None)

    async def poll(self, seconds: float) -> list[Frame]:
        """What is on its way; waits up to ``seconds`` for something to be."""
        self._polls += 1
        try:
            if not self._unacked():
                self._news.clear()
                await asyncio.wait_for(self._news.wait(), seconds)
        except asyncio.TimeoutError:
            pass
        finally:
            self._polls -= 1
            self._seen = self._clock()
        return self._unacked()

    async def close(self) -> None:
        """The person has left for good: nothing more is delivered."""
        self.closed = True
        for _, future in self._flying.values():
            if not future.done():
                future.set_exception(SendRefused("gone"))
        for line in list(self.lines):
            await line.close()

    def _unacked(self) -> list[Frame]:
        return [frame for frame, future in self._flying.values() if not future.done()]

    # --- our side -------------------------------------------------------------------------------------------
    async def deliver(self, reply_id: str, frame: Frame) -> None:
        """Send a frame and wait for its acknowledgement. Raises ``SendLater`` or ``SendRefused``."""
        if self.closed:
            raise SendRefused("gone")
        if reply_id in self._acked:
            return
        if not self.present:
            raise self._away()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flying[reply_id] = (frame, future)
        self._news.set()
        try:
            for line in list(self.lines):
                await line.put(frame)
            await asyncio.wait_for(future, ACK_WITHIN)
        except asyncio.TimeoutError:
            raise SendLater(1.0) from None
        finally:
            if self._flying.get(reply_id, (None, None))[1] is future:
                del self._flying[reply_id]

    def _away(self) -> SendLater | SendRefused:
        away = self._clock() - self._seen
        if away > GIVE_UP_AFTER:
            return SendRefused("gone")
        return SendLater(3.0 if away < 60 else 15.0 if away < 600 else 60.0)


class Sessions:
    """All sessions; the least recently used ones without a connection are forgotten."""

    def __init__(self) -> None:
        self._all: OrderedDict[str, Session] = OrderedDict()

    def get(self, session_id: str) -> Session:
        """The session, made when it is not known."""
        session = self._all.get(session_id)
        if session is None:
            session = self._all[session_id] = Session(session_id)
            if len(self._all) > MAX_SESSIONS:
                idle = next((key for key, old in self._all.items() if not old.present), None)
                if idle is not None:
                    del self._all[idle]
        self._all.move_to_end(session_id)
        return session

    async def close_lines(self) -> None:
        """Close every connection (the pages reconnect)."""
        for session in list(self._all.values()):
            for line in list(session.lines):
                await line.close()


class RateLimiter:
    """At most ``limit`` events in ``window`` seconds for a key."""

    def __init__(self, limit: int, window: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.window = window
        self._clock = clock
        self._moments: Bounded[str, deque[float]] = Bounded(20_000)

    def over(self, key: str) -> float:
        """Count an event. 0: within the limit; else it was not counted, and so many seconds are to wait."""
        now = self._clock()
        moments = self._moments.get(key) or deque()
        while moments and moments[0] <= now - self.window:
            moments.popleft()
        self._moments[key] = moments
        if len(moments) >= self.limit:
            return moments[0] + self.window - now
        moments.append(now)
        return 0.0
