"""The two loops of the dialogue: answer what is in the inbox, and send what is to be said.

Each person's messages are handled one after another, different people's side by side. Every step is recorded, so
the process may be killed at any point and goes on where it was.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError

from bot.bridges.base import Bridge, SendLater, SendRefused, SendWhenBack
from bot.db import tables
from bot.db.engine import Store
from bot.db.together import Together
from bot.dialogue.commands import interpret
from bot.dialogue.conversation import Conversation, Turn
from bot.dialogue.doorway import Doorway, Seen
from bot.dialogue.floor import OFFICER, WAITS, Floor, FloorChanged
from bot.dialogue.inbox import MAX_ATTEMPTS, DueReply, Inbox, Outgoing, Pending
from bot.dialogue.memory import Memory
from bot.dialogue.messages import MAX_TEXT, IncomingMessage, Reply
from bot.metrics import MESSAGES, REPLIES, TURN_SECONDS

log = structlog.get_logger(__name__)
Result = TypeVar("Result")
IDLE = 1.0
BREATH = 0.02
"""Seconds between two looks at what there is to do: under load one look finds the work of many."""
GIVE_WAY = 0.5
"""Seconds that an answer gives way to messages that are not stored yet."""
PARALLEL = 8
WATCH = 2.0
"""Seconds between two looks at the floor's deadlines."""
BACKGROUND = 2
"""Threads in which answering and sending use the database. On SQLite every writer waits for the one before it, and a
webhook's message must never wait for more than these."""
GIVE_UP_AFTER = 48 * 3600.0
"""A reply that could not be sent for this long is dropped (the platforms' own windows are no longer)."""


class InboxDown(Exception):
    """The database did not take a message."""


class Background:
    """Calls that block, in at most ``BACKGROUND`` threads at a time."""

    def __init__(self) -> None:
        self._limit = CapacityLimiter(BACKGROUND)

    async def __call__(self, call: Callable[..., Result], *arguments: Any) -> Result:
        """The call's result."""
        return await to_thread.run_sync(call, *arguments, limiter=self._limit)


class InboxWorker:
    """Answers stored messages."""

    def __init__(
        self,
        store: Store,
        conversation: Conversation,
        sender: ReplySender,
        floor: Floor,
        doorway: Doorway | None = None,
    ) -> None:
        self._store = store
        self._floor = floor
        self._inbox = Inbox(store)
        self._doorway = doorway or Doorway(store)
        self._take = Together(self._inbox.accept_all)
        self._conversation = conversation
        self._sender = sender
        self._wake = asyncio.Event()
        self._busy: set[str] = set()
        self._limit = asyncio.Semaphore(PARALLEL)
        self._tasks: set[asyncio.Task[None]] = set()
        self._database = Background()
        self._answered_directly: deque[tuple[str, str]] = deque(maxlen=1000)

    async def accept(self, message: IncomingMessage) -> bool:
        """Persist a message (what a bridge calls). True: new; False: seen before.

        Raises ``InboxDown`` when the database does not take it; the person has then been answered directly, once,
        and the platform, not being told that the message arrived, delivers it again later.
        """
        if len(message.text) > MAX_TEXT:
            message = replace(message, text=message.text[:MAX_TEXT])
        try:
            new = await self._take(message)
        except SQLAlchemyError as error:
            log.error("inbox.down", error=type(error).__name__)
            await self._answer_without_store(message)
            raise InboxDown from None
        MESSAGES.labels(channel=message.channel, result="new" if new else "duplicate").inc()
        if new:
            self._wake.set()
        return new

    async def human_wrote(self, channel: str, chat_id: str) -> None:
        """A person of ours answers this chat by the platform's own means: they have the floor.

        Raises ``SQLAlchemyError`` when that cannot be kept.
        """
        await to_thread.run_sync(self._floor.console_wrote, channel, chat_id)

    async def _answer_without_store(self, message: IncomingMessage) -> None:
        update = (message.channel, message.update_id)
        if update in self._answered_directly:
            return
        self._answered_directly.append(update)
        for reply in self._conversation.respond_without_rasa(message, Memory()).replies:
            await self._sender.send_now(message.channel, message.chat_id, reply)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; survives every error."""
        while not stop.is_set():
            self._wake.clear()
            try:
                for sender in await self._database(self._inbox.waiting_senders):
                    if sender not in self._busy:
                        self._busy.add(sender)
                        task = asyncio.create_task(self._serve(sender))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
            except Exception as error:
                log.error("inbox.failed", error=type(error).__name__)
            await asyncio.sleep(BREATH)
            await wait_for_any(stop, self._wake, timeout=IDLE)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    async def _serve(self, sender: str) -> None:
        try:
            async with self._limit:
                while await self._answer_next(sender):
                    await self._give_way()
        except Exception as error:
            log.error("inbox.answer_failed", error=type(error).__name__)
            await asyncio.sleep(IDLE)
        finally:
            self._busy.discard(sender)

    async def _give_way(self) -> None:
        """Let in first who stands at the door, but keep nobody waiting for long who is in."""
        until = time.monotonic() + GIVE_WAY
        while self._take.waiting and time.monotonic() < until:
            await asyncio.sleep(BREATH)

    async def _answer_next(self, sender: str) -> bool:
        started = time.monotonic()
        taken = await self._database(self._take_up, sender)
        if taken is None:
            return False
        pending, memory, seen, holder = taken
        turn = Turn([seen.reply], memory) if seen.reply else await self._respond(pending, memory, seen.over, holder)
        try:
            await self._database(self._finish, pending, turn)
        except FloorChanged:
            return True  # the same message again, now for the bot
        TURN_SECONDS.observe(time.monotonic() - started)
        self._sender.wake()
        return True

    def _take_up(self, sender: str) -> tuple[Pending, Memory, Seen, str] | None:
        """The person's next message, what is remembered of them, and who has the floor."""
        pending = self._inbox.claim(sender)
        if pending is None:
            return None
        memory = read_memory(self._store, sender)
        seen = self._doorway.see(pending, memory.audience)
        return replace(pending, message=seen.message), memory, seen, self._floor.who_has(sender)

    async def _respond(self, pending: Pending, memory: Memory, over: int, holder: str) -> Turn:
        """The turn of whoever has the floor."""
        message = pending.message
        if holder == OFFICER and not interpret(message).quick_exit:
            return self._conversation.listen(message, memory)
        if pending.attempts >= MAX_ATTEMPTS:
            return self._conversation.respond_without_rasa(message, memory)
        waiting = self._conversation.while_waiting(message, memory, waits=holder == WAITS)
        if waiting is not None:
            return waiting
        return await self._conversation.respond(
            message, pending.sender, memory, pending.key, repeated=pending.attempts > 0, over=over
        )

    def _finish(self, pending: Pending, turn: Turn) -> None:
        if turn.memory is None:
            hiding = any(reply.kind == "hide" for reply in turn.replies)
            self._inbox.forget(pending.sender, wholly=not hiding)
            self._inbox.finish(pending, turn.replies, None)
            return
        context = self._store.sealer.seal_json(turn.memory.to_json(), "conversations", "context", pending.sender)
        failed = pending.attempts >= MAX_ATTEMPTS
        settle = partial(self._floor.settle, pending=pending, turn=turn)
        self._inbox.finish(pending, turn.replies, context, failed=failed, settle=settle)

    async def watch(self, stop: asyncio.Event) -> None:
        """Act on the floor's deadlines until ``stop`` is set; survives every error."""
        while not stop.is_set():
            try:
                if await self._database(self._floor.expire):
                    self._sender.wake()
            except Exception as error:
                log.error("floor.failed", error=type(error).__name__)
            await wait_for_any(stop, timeout=WATCH)


class ReplySender:
    """Sends stored replies through the bridges, each person's in order."""

    def __init__(self, store: Store, bridges: Mapping[str, Bridge]) -> None:
        self._outgoing = Outgoing(store)
        self._bridges = bridges
        self._wake = asyncio.Event()
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._database = Background()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def send_now(self, channel: str, chat_id: str, reply: Reply) -> None:
        """Send without storing: only for the case that nothing can be stored. Failures are logged, not raised."""
        bridge = self._bridges.get(channel)
        if bridge is None:
            return
        try:
            await bridge.send(chat_id, reply, f"direct-{uuid.uuid4()}")
        except Exception as error:
            log.error("replies.direct_failed", channel=channel, error=type(error).__name__)

    async def connected(self, sender: str) -> None:
        """A person's page has reconnected: send what waits for them now."""
        await self._database(self._outgoing.hurry, sender)
        self.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; survives every error."""
        while not stop.is_set():
            self._wake.clear()
            try:
                for reply_id, sender in await self._database(self._outgoing.waiting, 50, set(self._busy)):
                    if sender not in self._busy:
                        self._busy.add(sender)
                        task = asyncio.create_task(self._send_one(reply_id, sender))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
            except Exception as error:
                log.error("replies.failed", error=type(error).__name__)
            await asyncio.sleep(BREATH)
            await wait_for_any(stop, self._wake, timeout=IDLE)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    async def _send_one(self, reply_id: int, sender: str) -> None:
        due = None
        try:
            due = await self._database(self._outgoing.take, reply_id)
            if due is not None:  # else it was sent while the list was being read
                await self._send(due)
        except Exception as error:
            log.error("replies.failed", error=type(error).__name__)
        finally:
            self._busy.discard(sender)
            if due is not None:
                self._wake.set()

    async def _send(self, due: DueReply) -> None:
        bridge = self._bridges.get(due.channel)
        result = "sent"
        try:
            if bridge is None:
                raise SendLater(60.0)
            await bridge.send(due.chat_id, due.reply, f"r{due.id}")
            await self._database(self._outgoing.sent, due.id)
        except SendWhenBack:
            result = "held"
            await self._database(self._outgoing.hold, due.id)
        except SendRefused:
            result = "refused"
            await self._database(self._outgoing.refused, due.id)
        except SendLater as later:
            result = "later"
            if time.time() - due.created_at > GIVE_UP_AFTER:
                await self._database(self._outgoing.refused, due.id)
            else:
                await self._database(self._outgoing.later, due.id, later.seconds)
        except Exception as error:
            result = "error"
            log.error("replies.send_failed", channel=due.channel, error=type(error).__name__)
            await self._database(self._outgoing.later, due.id, min(2.0 ** min(due.attempts, 8), 300.0))
        finally:
            REPLIES.labels(channel=due.channel, result=result).inc()


def read_memory(store: Store, sender: str) -> Memory:
    """What is remembered of one chat."""
    table = tables.conversations
    with store.reader.connect() as connection:
        sealed = connection.execute(sa.select(table.c.context).where(table.c.sender == sender)).scalar_one_or_none()
    data: dict[str, Any] | None = None
    if sealed is not None:
        data = store.sealer.open_json(sealed, "conversations", "context", sender)
    return Memory.from_json(data)


async def wait_for_any(*events: asyncio.Event, timeout: float) -> None:
    """Return when one of the events is set or the time is over."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in waiting:
            future.cancel()
