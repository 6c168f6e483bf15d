"""Replies that a platform takes only after the person has written again, and chats in which a person of ours writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.bridges.base import SendWhenBack
from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.conversation import Conversation, Turn
from bot.dialogue.duty import Duty
from bot.dialogue.floor import Floor
from bot.dialogue.inbox import Inbox, Outgoing
from bot.dialogue.janitor import HELD, Janitor
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.worker import InboxWorker, ReplySender


class Window:
    """A bridge whose reply window is open or closed."""

    def __init__(self) -> None:
        self.open = True
        self.sent: list[str] = []

    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        if not self.open:
            raise SendWhenBack
        self.sent.append(reply.text)


class Talk:
    """A conversation that answers everything, and knows danger when it reads the word."""

    async def respond(self, message: IncomingMessage, *_: Any, **__: Any) -> Turn:
        return Turn([Reply(f"máy: {message.text}")], None if message.text == "thoát" else _memory())

    def listen(self, message: IncomingMessage, memory: Any) -> Turn:
        safe = [Reply("113 111 115", kind="safety")] if "dao" in message.text else []
        return Turn(safe, _memory(), silent=True)

    while_waiting = staticmethod(Conversation.while_waiting)


def _memory() -> Any:
    from bot.dialogue.memory import Memory

    return Memory()


def message(update: str, text: str) -> IncomingMessage:
    return IncomingMessage(channel="zalo", chat_id="42", update_id=update, text=text)


async def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not done():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


@pytest.fixture
async def running(sqlite_store: Store):
    bridge = Window()
    sender = ReplySender(sqlite_store, {"zalo": bridge})  # type: ignore[dict-item]
    floor = Floor(sqlite_store, Duty(sqlite_store, Path("no roster")))
    worker = InboxWorker(sqlite_store, Talk(), sender, floor)  # type: ignore[arg-type]
    stop = asyncio.Event()
    loops = [asyncio.create_task(loop(stop)) for loop in (worker.run, sender.run)]
    yield worker, bridge
    stop.set()
    await asyncio.wait(loops, timeout=15)


def states(store: Store) -> list[str]:
    with store.reader.connect() as connection:
        return list(connection.execute(sa.select(tables.replies.c.state).order_by(tables.replies.c.id)).scalars())


async def test_what_the_window_holds_back_comes_first_when_the_person_is_back(running, sqlite_store):
    worker, bridge = running
    bridge.open = False
    await worker.accept(message("1", "một"))
    await until(lambda: states(sqlite_store) == ["held"])
    sender = sqlite_store.keys.pseudonymise("zalo", "42")
    assert Outgoing(sqlite_store).held(sender) == 1
    bridge.open = True
    await worker.accept(message("2", "hai"))
    await until(lambda: states(sqlite_store) == ["sent", "sent"])
    assert bridge.sent == ["máy: một", "máy: hai"]


async def test_nobody_elses_message_releases_it(running, sqlite_store):
    worker, bridge = running
    bridge.open = False
    await worker.accept(message("1", "một"))
    await until(lambda: states(sqlite_store) == ["held"])
    bridge.open = True
    await worker.accept(IncomingMessage(channel="zalo", chat_id="43", update_id="2", text="hai"))
    await until(lambda: states(sqlite_store) == ["held", "sent"])
    await worker.accept(message("1", "một"))  # a repeat is no new message
    assert states(sqlite_store) == ["held", "sent"]


async def test_held_words_are_forgotten_with_the_chat_and_after_a_month(running, sqlite_store):
    worker, bridge = running
    bridge.open = False
    await worker.accept(message("1", "một"))
    await until(lambda: states(sqlite_store) == ["held"])
    Janitor(sqlite_store).clean(time.time() + HELD - 3600)
    assert states(sqlite_store) == ["held"]
    Inbox(sqlite_store).forget(sqlite_store.keys.pseudonymise("zalo", "42"))
    assert states(sqlite_store) == ["failed"]


def test_after_a_month_nobody_waits_for_it(sqlite_store):
    inbox, outgoing = Inbox(sqlite_store), Outgoing(sqlite_store)
    inbox.accept(message("1", "một"))
    pending = inbox.claim(inbox.waiting_senders()[0])
    assert pending is not None
    inbox.finish(pending, [Reply("x")], None)
    outgoing.hold(outgoing.due()[0].id)
    Janitor(sqlite_store).clean(time.time() + HELD + 3600)
    assert states(sqlite_store) == []


async def test_while_a_person_of_ours_answers_the_machine_is_silent_but_for_safety(running, sqlite_store):
    worker, bridge = running
    await worker.human_wrote("zalo", "42")  # before the person ever wrote to us
    await worker.accept(message("1", "dạ con nghe"))
    await worker.accept(message("2", "ổng cầm dao kìa"))
    await until(lambda: bridge.sent == ["113 111 115"])
    await worker.accept(message("3", "thoát"))
    await until(lambda: bridge.sent == ["113 111 115", "máy: thoát"])


async def test_a_list_read_before_the_last_sending_sends_nothing_twice(running, sqlite_store):
    worker, bridge = running
    outgoing = worker._sender._outgoing
    honest, stale = outgoing.waiting, []

    def waiting(*arguments: Any) -> list[Any]:
        if stale and bridge.sent:
            time.sleep(0.2)
            return stale.copy()  # read before the sending, used after it
        found = honest(*arguments)
        stale.extend(found)
        return found

    outgoing.waiting = waiting
    await worker.accept(message("1", "một"))
    await until(lambda: states(sqlite_store) == ["sent"])
    worker._sender.wake()
    await asyncio.sleep(1.0)
    assert bridge.sent == ["máy: một"]
