"""Who has the floor: every step of the state machine, and the races between a person, the bot and officers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.bridges.base import SendLater
from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.conversation import Memory, Turn
from bot.dialogue.duty import Duty
from bot.dialogue.floor import Floor, Limits
from bot.dialogue.inbox import Inbox, Outgoing
from bot.dialogue.janitor import REST, Janitor
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.tracker_store import write_tracker
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


# --- the states -----------------------------------------------------------------------------------------------
async def test_bot_waiting_officer_bot(world: World) -> None:
    await world.say("xin chào")
    await world.say("cho con gặp cán bộ")
    assert world.row["floor"] == "waiting"
    assert world.alarms() == [("waiting", "none")]
    await world.say("con đợi nè")
    await world.heard("máy: xin chào", "Máy đã báo cán bộ trực", "máy: con đợi nè")
    assert world.floor.take(world.chat, "lan") == "taken"
    assert world.alarms() == []
    await world.say("dạ con nghe")
    assert world.floor.write(world.chat, "lan", "Cô là Lan nè.", "f1") == "written"
    await world.heard(
        "máy: xin chào", "Máy đã báo cán bộ trực", "máy: con đợi nè", "Đã có cán bộ bảo vệ trẻ em vào", "Cô là Lan nè."
    )
    assert world.talk.asked == ["xin chào", "cho con gặp cán bộ", "con đợi nè"]
    # What was said before the person asked for an officer is not shown.
    assert [author for author, _ in world.lines()] == ["person", "person", "note", "person", "officer"]
    assert all("xin chào" not in text for _, text in world.lines())
    assert world.floor.give_back(world.chat, "lan")
    await world.say("còn đó không")
    await world.ends("Cán bộ đã nói chuyện xong.", "máy: còn đó không")
    assert world.row["floor"] == "bot"


async def test_safety_answers_are_given_while_an_officer_talks_and_the_officer_sees_them(world: World) -> None:
    await world.say("xin chào")
    world.floor.take(world.chat, "lan")
    await world.say("ổng cầm dao kìa")
    await world.heard("máy: xin chào", "113 111 115")
    assert world.lines() == [("person", "ổng cầm dao kìa"), ("safety", "113 111 115")]


async def test_what_is_kept_for_the_officer_lies_sealed_and_goes_within_a_day(world: World, store: Store) -> None:
    await world.say("xin chào")
    world.floor.take(world.chat, "lan")
    await world.say("CANARY")
    with store.reader.connect() as connection:
        rows = connection.execute(sa.select(tables.floor_lines)).all()
    assert len(rows) == 1
    assert all(b"CANARY" not in (value if isinstance(value, bytes) else str(value).encode()) for value in rows[0])
    Janitor(store).clean(world.now + REST - 60)
    assert world.lines() == [("person", "CANARY")]
    Janitor(store).clean(world.now + REST + 60)
    assert world.lines() == []


async def test_leaving_in_haste_takes_the_chat_from_the_desk(world: World) -> None:
    await world.say("gặp cán bộ")
    chat = world.chat
    world.floor.take(chat, "lan")
    await world.say("con kể nè")
    await world.say("thoát")
    assert world.lines() == []
    assert world.alarms() == []
    assert world.floor.take(chat, "lan") == "gone"
    assert world.floor.write(chat, "lan", "con ơi", "f") == "gone"
    await world.say("xin chào")
    assert world.chat != chat


async def test_who_asks_and_leaves_is_waited_for_no_more(world: World) -> None:
    await world.say("gặp cán bộ")
    assert world.alarms() == [("waiting", "none")]
    await world.say("thoát")
    assert world.alarms() == []
    assert world.alarms("ended") == [("waiting", "none")]


# --- the races ------------------------------------------------------------------------------------------------
async def test_race_bot_answers_after_take_over(world: World) -> None:
    """Rasa is still thinking when the officer comes in: its answer is not sent, and the officer sees the message."""
    await world.say("xin chào")
    await world.heard("máy: xin chào")
    world.talk.gate.clear()
    await world.say("con bị dao kề cổ", wait=False)
    await until(lambda: "con bị dao kề cổ" in world.talk.asked)
    world.floor.take(world.chat, "lan")
    world.talk.gate.set()
    await until(lambda: not Inbox(world.store).waiting_senders())
    await world.heard("máy: xin chào", "113 111 115")
    assert world.lines() == [("person", "con bị dao kề cổ"), ("safety", "113 111 115")]


async def test_race_bot_answers_that_still_wait_to_be_sent(world: World) -> None:
    """What the bot had stored but not sent is not sent after the take-over, but for safe words and receipts."""
    await world.say("xin chào")
    world.phone.away = True
    await world.say("ba lời", wait=False)
    await until(lambda: world.phone.tried)
    world.floor.take(world.chat, "lan")
    world.phone.away = False
    with world.store.engine.begin() as connection:
        due = tables.replies.update().where(tables.replies.c.state == "pending")
        connection.execute(due.values(due_at=time.time() - 1))
    await world.heard("máy: xin chào", "113 111 115", "1234 5678")


async def test_race_officer_gives_back_while_a_message_is_kept_silent(world: World) -> None:
    """The message came while the officer was there and is settled after: the bot answers it, once."""
    await world.say("xin chào")
    world.floor.take(world.chat, "lan")
    listen, chat = world.talk.listen, world.chat

    def slow(message: IncomingMessage, memory: Memory) -> Turn:
        turn = listen(message, memory)
        assert world.floor.give_back(chat, "lan")
        return turn

    world.talk.listen = slow  # type: ignore[method-assign]
    await world.say("còn ai không")
    await world.heard("máy: xin chào", "máy: còn ai không")
    assert world.lines() == []


async def test_race_officers_message_takes_over(world: World) -> None:
    """Writing is enough: nobody must press "take over" first for the bot to be silent."""
    await world.say("gặp cán bộ")
    assert world.floor.write(world.chat, "lan", "Cô đây.", "f1") == "written"
    await world.say("dạ")
    await world.heard("Máy đã báo cán bộ trực", "Đã có cán bộ bảo vệ trẻ em vào", "Cô đây.")
    assert (world.row["floor"], world.row["floor_officer"]) == ("officer", "lan")


async def test_race_both_write_at_once(world: World) -> None:
    """Person and officer at once: nothing is lost, nothing answered by the bot, one order."""
    await world.say("xin chào")
    await world.heard("máy: xin chào")
    chat = world.chat
    world.floor.take(chat, "lan")
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(world.floor.write, chat, "lan", f"cô {n}", f"f{n}") for n in range(5)]
        for n in range(5):
            await world.say(f"con {n}", wait=False)
        assert {job.result() for job in jobs} == {"written"}
    await until(lambda: not Inbox(world.store).waiting_senders())
    said = world.lines()
    assert sorted(text for author, text in said if author == "officer") == [f"cô {n}" for n in range(5)]
    assert [text for author, text in said if author == "person"] == [f"con {n}" for n in range(5)]
    assert [author for author, _ in said].count("note") == 1
    await until(lambda: len(world.phone.sent) == 7)
    assert not any(text.startswith("máy: con") for text in world.phone.sent)


async def test_race_two_officers_take_over_at_once(world: World) -> None:
    await world.say("gặp cán bộ")
    chat = world.chat
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda login: world.floor.take(chat, login), ["lan", "minh", "lan", "minh"]))
    assert results.count("taken") == 1
    assert "other" in results
    loser = "minh" if world.row["floor_officer"] == "lan" else "lan"
    assert world.floor.write(chat, loser, "Tôi đây", "f") == "other"
    assert not world.floor.give_back(chat, loser)
    await world.heard("Máy đã báo cán bộ trực", "Đã có cán bộ bảo vệ trẻ em vào")


async def test_race_reopening(world: World) -> None:
    """After a hand-back the bot answers; the person may ask again, another officer may come, and it ends again."""
    for login in ("lan", "minh"):
        await world.say("gặp cán bộ")
        assert world.alarms() == [("waiting", "none")]
        assert world.floor.take(world.chat, login) == "taken"
        assert world.alarms() == []
        assert world.floor.give_back(world.chat, login)
        await world.say("xin chào")
        await world.ends("Cán bộ đã nói chuyện xong.", "máy: xin chào")
    assert world.row["floor"] == "bot"
    assert sum(text.startswith("Cán bộ đã nói chuyện xong.") for text in world.phone.sent) == 2


async def test_race_double_closing_text(world: World) -> None:
    """Hand-back and deadline at once, from several processes: one closing sentence."""
    await world.say("gặp cán bộ")
    chat = world.chat
    world.floor.take(chat, "lan")
    world.floor.write(chat, "lan", "Cô đây.", "f1")
    world.now += LIMITS.silence + 1
    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(world.floor.give_back, chat, "lan") for _ in range(3)]
        jobs += [pool.submit(world.floor.expire) for _ in range(3)]
        assert sum(bool(job.result()) for job in jobs) == 1
    await world.say("xin chào")
    await until(lambda: "máy: xin chào" in world.phone.sent)
    assert sum("trả lời lại" in text for text in world.phone.sent) == 1


async def test_race_take_over_during_a_form(world: World) -> None:
    """The form rests where it was; after the hand-back the person is offered to go on, without losing an answer."""
    world.talk.memory.in_form = True
    await world.say("con 9 tuổi")
    world.floor.take(world.chat, "lan")
    world.floor.write(world.chat, "lan", "Cô đây.", "f1")
    await world.say("ở xã Tân Thạnh")
    assert world.talk.asked == ["con 9 tuổi"]  # the form has not swallowed what was for the officer
    world.floor.give_back(world.chat, "lan")
    await world.heard(
        "máy: con 9 tuổi",
        "Từ đây là người thật nhắn với bạn",
        "Cô đây.",
        "Cán bộ đã nói chuyện xong.",
        "Phần tin báo đang làm dở vẫn còn.",
    )


async def test_race_officer_disconnects(world: World) -> None:
    """The person writes and nobody answers: the bot is back with the numbers, and officers are told again."""
    await world.say("gặp cán bộ")
    world.floor.take(world.chat, "lan")
    world.floor.write(world.chat, "lan", "Cô đây.", "f1")
    world.now += LIMITS.answer + 1
    assert world.floor.expire() == 0  # an officer who waits for the person is not gone
    await world.say("con sợ lắm")
    world.now += LIMITS.answer - 60
    assert world.floor.expire() == 0
    await world.say("cô ơi")
    world.now += 61
    assert world.floor.expire() == 1
    assert world.floor.expire() == 0
    await world.heard("Máy đã báo", "Đã có cán bộ", "Cô đây.", "Máy xin lỗi, cán bộ chưa trả lời kịp")
    assert all(number in world.phone.sent[-1] for number in ("111", "113", "115"))
    assert world.alarms() == [("waiting", "none")]
    await world.say("xin chào")
    await world.ends("máy: xin chào")
    assert world.floor.write(world.chat, "lan", "Cô bị rớt mạng.", "f2") == "written"  # and they may come back
    assert world.row["floor"] == "officer"


async def test_race_message_while_waiting_outside_office_hours(world: World) -> None:
    """Nobody came before the shift ended: the person is told so at once, and their words are still answered."""
    world.now = MONDAY_NOON + 4.95 * 3600  # 16:57
    await world.say("gặp cán bộ")
    assert world.row["floor"] == "waiting"
    world.now += 240  # 17:01
    await world.say("còn chờ hả")
    assert world.floor.expire() == 1
    await world.heard("Máy đã báo cán bộ trực", "máy: còn chờ hả", "Máy xin lỗi, hết giờ trực")
    assert "07:00 ngày mai" in world.phone.sent[-1]
    assert world.row["floor"] == "bot"
    assert world.alarms() == [("waiting", "none")]  # an officer may still come
    assert world.floor.take(world.chat, "lan") == "taken"


async def test_outside_office_hours_nobody_is_said_to_come(world: World) -> None:
    world.now = MONDAY_NOON - 5 * 86_400 + 9 * 3600  # Wednesday 21:00
    await world.say("cho gặp cán bộ")
    assert world.row["floor"] == "bot"
    assert world.alarms() == []
    await world.heard("Giờ này trong khung chat chưa có cán bộ trực; theo lịch thì 07:00 ngày mai có người trực.")
    assert "báo" not in world.phone.sent[0].split(".")[0]


async def test_an_officer_at_the_desk_counts_outside_the_shifts(world: World, store: Store) -> None:
    world.now = MONDAY_NOON + 10 * 3600
    session = {"token": "t", "login": "lan", "created_at": world.now, "seen_at": world.now - 60}
    with store.engine.begin() as connection:
        connection.execute(tables.desk_sessions.insert().values(**session))
    await world.say("gặp cán bộ")
    assert world.row["floor"] == "waiting"


async def test_nobody_comes(world: World) -> None:
    await world.say("gặp cán bộ")
    await world.say("gặp cán bộ đi")
    world.now += LIMITS.wait - 1
    assert world.floor.expire() == 0
    world.now += 1
    assert world.floor.expire() == 1
    await world.heard("Máy đã báo cán bộ trực", "Cán bộ chưa vào, máy đã báo rồi", "Máy xin lỗi, cán bộ chưa vào được")


async def test_pressing_send_twice_says_it_once(world: World) -> None:
    await world.say("gặp cán bộ")
    assert world.floor.write(world.chat, "lan", "Cô đây.", "f1") == "written"
    assert world.floor.write(world.chat, "lan", "Cô đây.", "f1") == "twice"
    assert world.floor.write(world.chat, "lan", "  ", "f2") == "empty"
    await world.heard("Máy đã báo", "Đã có cán bộ", "Cô đây.")


async def test_an_officer_who_never_wrote_leaves_without_a_word(world: World) -> None:
    """A silent person's phone may be in other hands: looking in and leaving sends nothing."""
    await world.say("xin chào")
    await world.heard("máy: xin chào")
    world.floor.take(world.chat, "lan")
    world.now += LIMITS.silence + 1
    assert world.floor.expire() == 1
    assert world.row["floor"] == "bot"
    await world.say("ủa")
    await world.heard("máy: xin chào", "máy: ủa")


async def test_a_colleague_at_the_platforms_console_has_the_floor(world: World) -> None:
    await world.say("xin chào")
    world.floor.console_wrote("telegram", "42")
    await world.say("dạ")
    assert world.lines() == []  # the console shows it, the desk does not
    assert world.floor.take(world.chat, "lan") == "other"
    world.now += LIMITS.answer - 1
    world.floor.console_wrote("telegram", "42")  # they answered
    world.now += LIMITS.answer
    assert world.floor.expire() == 0
    world.now += LIMITS.silence
    assert world.floor.expire() == 1
    await world.say("alo")
    await world.heard("máy: xin chào", "Nãy giờ hai bên không nhắn gì", "máy: alo")


async def test_the_console_does_not_take_a_chat_from_the_desk(world: World) -> None:
    await world.say("gặp cán bộ")
    world.floor.take(world.chat, "lan")
    world.floor.console_wrote("telegram", "42")
    assert world.row["floor_officer"] == "lan"


# --- somebody in danger ---------------------------------------------------------------------------------------
async def test_danger_is_told_at_once_and_silence_after_it(world: World, store: Store) -> None:
    place = {"commune": "Xã Tân Thạnh", "text": "CANARY"}
    body = {"events": [{"event": "slot", "name": "report_place", "value": place}]}
    await world.say("xin chào")
    assert world.row["silent_due_at"] is None
    write_tracker(store, world.sender, store.sealer.seal_json(body, "trackers", "body", world.sender))
    await world.say("ổng cầm dao CANARY")
    assert world.alarms() == [("danger", "immediate")]
    world.now += LIMITS.quiet - 1
    await world.say("con trốn rồi")
    world.now += LIMITS.quiet - 1
    assert world.floor.expire() == 0
    world.now += 1
    assert world.floor.expire() == 1
    assert world.floor.expire() == 0
    assert world.alarms() == [("danger", "immediate"), ("silent", "immediate")]
    with store.reader.connect() as connection:
        alerts = connection.execute(sa.select(tables.alerts)).mappings().all()
    for alert in alerts:  # risk, commune, a way to take over; never the words, never who
        assert store.sealer.open_json(alert["place"], "alerts", "place", alert["id"]) == {"commune": "Xã Tân Thạnh"}
        assert alert["subject"] == world.chat
        assert alert["detail"] == ""
        assert all("CANARY" not in str(value) and world.sender not in str(value) for value in alert.values())
    assert world.floor.take(world.chat, "lan") == "taken"
    assert world.alarms() == []


async def test_a_report_that_was_sent_ends_the_watch(world: World) -> None:
    await world.say("ổng cầm dao")
    await world.say("gửi")
    assert world.alarms() == []
    assert world.alarms("ended") == [("danger", "immediate")]
    world.now += LIMITS.quiet + 1
    assert world.floor.expire() == 0


async def test_who_says_that_it_is_not_so_is_believed(world: World) -> None:
    await world.say("ổng cầm dao")
    await world.say("không phải vậy")
    world.now += LIMITS.quiet + 1
    assert world.floor.expire() == 0


async def test_the_watch_ends_with_an_officer_in_the_chat(world: World) -> None:
    await world.say("ổng cầm dao")
    world.floor.take(world.chat, "lan")
    await world.say("dao kìa")
    world.now += LIMITS.quiet - 10
    assert world.floor.expire() == 0
    assert world.alarms() == []
