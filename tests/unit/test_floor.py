"""Who has the floor: the steps of the state machine, and somebody in danger who falls silent."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.janitor import REST, Janitor
from bot.dialogue.memory import Memory
from bot.dialogue.trackers import write_tracker
from tests.unit.floor_world import LIMITS, World, world

__all__ = ["world"]


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


# --- somebody in danger ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["thôi khỏi", "ko cho nua", "thui e k mun gap nua"])
async def test_who_waits_can_stop_waiting_and_go_on_with_the_bot(world: World, words: str) -> None:
    await world.say("gặp cán bộ")
    assert (world.row["floor"], world.alarms()) == ("waiting", [("waiting", "none")])
    await world.say(words)
    await world.ends("Được rồi, mình không chờ nữa")
    assert (world.row["floor"], world.alarms()) == ("bot", []), "nobody is called for them any more"
    await world.say("chào")
    await world.ends("máy: chào")
    assert ("person", "chào") not in world.lines(), "what is said from now on is not for the desk"
    await world.say("gặp cán bộ")
    assert (world.row["floor"], world.alarms()) == ("waiting", [("waiting", "none")]), "they may ask again"


async def test_danger_stays_known_when_somebody_stops_waiting(world: World) -> None:
    await world.say("nó cầm dao")
    await world.say("gặp cán bộ")
    await world.say("thôi khỏi")
    assert world.alarms() == [("danger", "immediate")]


async def test_other_words_do_not_end_the_waiting(world: World) -> None:
    await world.say("gặp cán bộ")
    for words in ("không chờ được, ổng đánh con", "dạ"):
        await world.say(words)
        await world.ends(f"máy: {words}")
        assert world.row["floor"] == "waiting"


@pytest.mark.parametrize("words", ["bao lâu nữa vậy", "sao lau qua", "cán bộ đâu rồi", "co ai o do ko"])
async def test_who_asks_when_an_officer_comes_is_told_what_is_true(world: World, words: str) -> None:
    await world.say(words)
    await world.ends(f"máy: {words}")
    await world.say("gặp cán bộ")
    await world.say(words)
    await world.ends("Cán bộ chưa vào")
    assert world.row["floor"] == "waiting"
    assert ("person", words) in world.lines()


async def test_thoi_in_a_report_is_for_the_report(world: World) -> None:
    world.talk.memory = Memory(introduced=True, in_form=True)
    await world.say("gặp cán bộ")
    await world.say("thôi")
    assert world.row["floor"] == "waiting"
    await world.say("thôi khỏi gặp")
    await world.ends("Được rồi, mình không chờ nữa", "Phần tin báo đang làm dở vẫn còn")
    assert world.row["floor"] == "bot"


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
