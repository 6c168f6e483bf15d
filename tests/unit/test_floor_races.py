"""The races between a person, the bot and officers, each by its name."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.conversation import Turn
from bot.dialogue.inbox import Inbox
from bot.dialogue.memory import Memory
from bot.dialogue.messages import IncomingMessage
from tests.unit.floor_world import LIMITS, MONDAY_NOON, World, world
from tests.unit.test_held_replies import until

__all__ = ["world"]


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


async def test_race_officer_comes_in_while_the_person_stops_waiting(world: World) -> None:
    """Whoever comes second sees what the first has done: the officer has the chat and reads the words."""
    await world.say("gặp cán bộ")
    assert world.floor.take(world.chat, "lan") == "taken"
    await world.say("thôi khỏi")
    await world.heard("Máy đã báo cán bộ trực", "Đã có cán bộ bảo vệ trẻ em vào")
    assert world.row["floor"] == "officer"
    assert ("person", "thôi khỏi") in world.lines()


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
