"""One person, the running loops with a clock that can be moved, and the desk's side of the floor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.bridges.base import SendLater
from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.conversation import Conversation, Turn
from bot.dialogue.duty import Duty
from bot.dialogue.floor import Floor, Limits
from bot.dialogue.inbox import Inbox, Outgoing
from bot.dialogue.memory import Memory
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.worker import InboxWorker, ReplySender
from tests.unit.test_held_replies import until

DAY_DUTY = """
people: {lan: {email: lan@example.vn}}
duty: [{people: [lan], days: [mon, tue, wed, thu, fri], start: '07:00', end: '17:00'}]
"""
MONDAY_NOON = 1_764_565_200.0  # 12:00 on 1 December 2025 in Viet Nam
LIMITS = Limits()


class Talk:
    """A conversation that quotes what it is asked; ``gate`` makes it slow, ``memory`` is what it remembers."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[str] = []
        self.memory = Memory(introduced=True)

    async def respond(self, message: IncomingMessage, *_: Any, **__: Any) -> Turn:
        self.asked.append(message.text)
        await self.gate.wait()
        kind: Any = "human" if "gặp cán bộ" in message.text else "text"
        turn = Turn([Reply(f"máy: {message.text}", kind=kind)], Memory.from_json(self.memory.to_json()))
        if message.text == "thoát":
            turn.memory = None
        if "dao" in message.text:
            turn.risk = "immediate"
            turn.replies.insert(0, Reply("113 111 115", kind="safety"))
        if message.text == "gửi":
            turn.replies = [Reply("1234 5678", kind="receipt")]
        if message.text == "ba lời":
            turn.replies += [Reply("113 111 115", kind="safety"), Reply("1234 5678", kind="receipt")]
        turn.calm = message.text == "không phải vậy"
        return turn

    def listen(self, message: IncomingMessage, memory: Memory) -> Turn:
        safe = [Reply("113 111 115", kind="safety")] if "dao" in message.text else []
        return Turn(safe, memory, silent=True)

    while_waiting = staticmethod(Conversation.while_waiting)


class Phone:
    """A bridge that keeps what the person is sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.away = self.tried = False

    async def send(self, _chat_id: str, reply: Reply, _reply_id: str) -> None:
        if self.away:
            self.tried = True
            raise SendLater(3600)
        self.sent.append(reply.text)


class World:
    """The running loops with a clock that can be moved, one person, and the desk's side of the floor."""

    def __init__(self, store: Store, folder: Path) -> None:
        (folder / "roster.yml").write_text(DAY_DUTY, encoding="utf-8")
        self.store, self.now = store, MONDAY_NOON
        self.phone, self.talk = Phone(), Talk()
        self.floor = Floor(store, Duty(store, folder / "roster.yml"), LIMITS, lambda: self.now)
        self.outgoing = ReplySender(store, {"telegram": self.phone})  # type: ignore[dict-item]
        self.worker = InboxWorker(store, self.talk, self.outgoing, self.floor)  # type: ignore[arg-type]
        self.sender = store.keys.pseudonymise("telegram", "42")
        self.number = 0

    async def say(self, text: str, wait: bool = True) -> None:
        """The person writes; ``wait`` until it is answered and the answers are sent."""
        self.number += 1
        await self.worker.accept(IncomingMessage("telegram", "42", str(self.number), text=text))
        if wait:
            await until(lambda: not Inbox(self.store).waiting_senders() and not Outgoing(self.store).waiting())

    async def heard(self, *texts: str) -> None:
        """The person has been sent exactly this so far (by how it begins)."""
        self.outgoing.wake()
        await until(lambda: len(self.phone.sent) >= len(texts))
        assert len(self.phone.sent) == len(texts), self.phone.sent
        for sent, text in zip(self.phone.sent, texts, strict=True):
            assert sent.startswith(text), self.phone.sent

    async def ends(self, *texts: str) -> None:
        """The last that the person has been sent is this."""
        self.outgoing.wake()

        def done() -> bool:
            last = self.phone.sent[-len(texts) :]
            return len(last) == len(texts) and all(map(str.startswith, last, texts))

        await until(done)

    @property
    def row(self) -> Any:
        with self.store.reader.connect() as connection:
            query = sa.select(tables.conversations).where(tables.conversations.c.sender == self.sender)
            return connection.execute(query).mappings().one()

    @property
    def chat(self) -> str:
        return str(self.row["chat"])

    def lines(self) -> list[tuple[str, str]]:
        """What an officer is shown."""
        table = tables.floor_lines
        with self.store.reader.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.seq)).mappings().all()
        opened = [self.store.sealer.open_json(row["body"], "floor_lines", "body", row["id"]) for row in rows]
        return [(row["author"], body["text"]) for row, body in zip(rows, opened, strict=True)]

    def alarms(self, *states: str) -> list[tuple[str, str]]:
        table = tables.alerts
        query = sa.select(table.c.kind, table.c.risk).where(table.c.state.in_(states or ("open",)))
        with self.store.reader.connect() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(table.c.created_at))]


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    made = World(store, tmp_path)
    stop = asyncio.Event()
    loops = [asyncio.create_task(loop(stop)) for loop in (made.worker.run, made.outgoing.run)]
    yield made
    stop.set()
    made.talk.gate.set()
    await asyncio.wait(loops, timeout=15)
