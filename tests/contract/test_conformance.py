"""What every bridge must do, whatever its platform: one suite over all of them, each with its double.

The table in ``docs/bridges.md`` is this file's list of tests by channel.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.bridges.base import SendLater, SendRefused
from bot.db import tables
from bot.dialogue.messages import MAX_TEXT, Button, Reply
from tests.contract.channels import Channel, TelegramChannel, ZaloChannel
from tests.contract.receiver import eventually
from tests.contract.served import served
from tests.contract.telegram_double import TelegramDouble
from tests.contract.web_channel import WebChannel
from tests.contract.zalo_double import ZaloDouble

CHANNELS = ("telegram", "web", "zalo")
PLATFORMS = ("telegram", "zalo")


@pytest.fixture(params=CHANNELS)
async def channel(request, tmp_path: Path) -> AsyncIterator[Channel]:
    double: TelegramDouble | ZaloDouble | None = None
    if request.param == "telegram":
        double = TelegramDouble()
        found: Channel = TelegramChannel(tmp_path, double)
    elif request.param == "zalo":
        double = ZaloDouble()
        found = ZaloChannel(tmp_path, double)
    else:
        found = WebChannel(tmp_path)
    if double is not None:
        double.start()
    async with served(found) as address:
        found.address = address
        await found.start()
        yield found
        await found.close()
    if double is not None:
        double.stop()


platforms_only = pytest.mark.parametrize("channel", PLATFORMS, indirect=True)


async def quiet(channel: Channel, seconds: float = 1.0) -> None:
    """Nothing more happens for a while."""
    before = len(channel.shown())
    await asyncio.sleep(seconds)
    assert len(channel.shown()) == before, channel.shown()


# --- receiving ------------------------------------------------------------------------------------------------
async def test_a_message_is_answered_once_however_often_it_is_delivered(channel):
    update = await channel.say("alo")
    await channel.wait_shown("alo")
    for _ in range(3):
        await channel.repeat(update)
    await quiet(channel)
    assert channel.shown() == ["trả lời: alo"]


async def test_a_replay_after_a_restart_is_no_new_message(channel):
    update = await channel.say("alo")
    await channel.wait_shown("alo")
    await channel.gateway.stop()
    await channel.start()
    await channel.repeat(update)
    await quiet(channel)
    assert channel.talk.asked == ["alo"]


async def test_messages_out_of_order_are_each_answered_once(channel):
    first = await channel.say("một")
    second = await channel.say("hai")
    await channel.wait_shown("hai")
    for update in (second, first, second):
        await channel.repeat(update)
    await channel.say("ba")
    await channel.wait_shown("ba")
    assert sorted(channel.shown()) == ["trả lời: ba", "trả lời: hai", "trả lời: một"]


async def test_without_proof_of_origin_nothing_is_taken(channel):
    assert await channel.forge("giả") in (401, 403)
    await channel.say("thật")
    await channel.wait_shown("thật")
    assert channel.talk.asked == ["thật"]


ODD = [
    "a" * 5000,
    "Chuyện dài. " * 1000,
    "Chuyện dài quá. " * 2000,
    "😀" * 3000,
    "a\x00b\x1bc",
    "\u202eđảo ngược\u202c \u200b\u2066x\u2069",
    "nửa emoji \ud83d đó",
    "'; DROP TABLE inbox; --",
    '/restart{"a": 1}',
    '{"text": "json"}',
    "👨\u200d👩\u200d👧" * 100,
    "Z\u0351\u036b\u0343" * 400,
]


async def test_huge_and_odd_messages_neither_stop_the_channel_nor_get_lost(channel):
    for text in ODD:
        await channel.say(text)
    await channel.malformed()
    await channel.say("còn đó không")
    await channel.wait_shown("còn đó không", timeout=40)
    assert len(channel.talk.asked) + channel.refused == len(ODD) + 1
    assert channel.refused <= 1
    assert all(len(text) <= MAX_TEXT for text in channel.talk.asked)


async def test_while_nothing_can_be_stored_nothing_is_acknowledged_and_nothing_lost(channel):
    channel.gateway.down = True
    saying = asyncio.create_task(channel.say("cứu con với"))
    await asyncio.sleep(0.7)
    assert channel.talk.asked == []
    channel.gateway.down = False
    await saying
    await channel.wait_shown("cứu con")
    await quiet(channel)
    assert channel.talk.asked == ["cứu con với"]


# --- crashes --------------------------------------------------------------------------------------------------
async def test_killed_between_storing_and_answering_it_is_answered_once(channel):
    channel.talk.gate.clear()
    await channel.say("alo")
    await eventually(lambda: channel.talk.asked == ["alo"])
    await channel.gateway.kill()
    channel.talk.gate.set()
    await channel.start()
    await channel.wait_shown("alo")
    await quiet(channel)
    assert channel.shown() == ["trả lời: alo"]


@pytest.mark.parametrize("kind", ["receipt", "safety"])
async def test_killed_between_sending_and_recording(channel, kind):
    channel.talk.kind = kind
    sent = asyncio.Event()

    def killed_here(_reply_id: int) -> None:
        sent.set()
        time.sleep(0.3)
        raise SystemExit

    channel.gateway.sender._outgoing.sent = killed_here
    await channel.say("alo")
    await channel.wait_shown("alo")
    await asyncio.wait_for(sent.wait(), 10)
    await channel.gateway.kill()
    await channel.start()
    await eventually(lambda: not channel.gateway.sender._outgoing.due(), timeout=20)
    await quiet(channel)
    assert channel.shown()[0] == "trả lời: alo"
    if kind == "receipt":
        assert len(channel.shown()) == 1


# --- the platform in trouble ----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["receipt", "safety"])
async def test_an_unknown_outcome_is_settled(channel, kind):
    """A receipt is shown exactly once, a safe answer at least once."""
    await channel.say("alo")
    await channel.wait_shown("alo")
    channel.trouble("unknown")
    reply = Reply("Mã tin báo: 1234 111", kind=kind)
    for _ in range(6):
        try:
            await channel.bridge.send(channel.chat_id, reply, "r-settle")
            break
        except SendLater:
            await asyncio.sleep(0.5)
    else:
        pytest.fail("never settled")
    times = channel.shown().count(reply.text)
    assert times == 1 if kind == "receipt" else times >= 1


@platforms_only
@pytest.mark.parametrize("kind", ["busy", "broken"])
async def test_a_busy_or_broken_platform_costs_nothing(channel, kind):
    await channel.say("alo")
    await channel.wait_shown("alo")
    channel.trouble(kind)
    with pytest.raises(SendLater) as caught:
        await channel.bridge.send(channel.chat_id, Reply("quan trọng"), "r-trouble")
    assert 0 < caught.value.seconds <= 60
    await asyncio.sleep(1.05)
    channel.settle()
    await channel.bridge.send(channel.chat_id, Reply("quan trọng"), "r-trouble")
    assert channel.shown().count("quan trọng") == 1


async def test_a_slow_platform_holds_up_nobody_else(channel):
    await channel.say("alo")
    await channel.wait_shown("alo")
    channel.trouble("slow")
    slow = asyncio.create_task(channel.bridge.send(channel.chat_id, Reply("chậm"), "r-slow"))
    await asyncio.sleep(0.3)
    started = time.monotonic()
    await channel.bridge.send(channel.other_chat(), Reply("nhanh"), "r-quick")
    assert time.monotonic() - started < 1.0
    assert not slow.done()
    await asyncio.wait_for(slow, 10)
    assert channel.shown()[-1] == "chậm"


@platforms_only
async def test_a_revoked_token_keeps_the_reply_until_there_is_a_new_one(channel):
    await channel.say("alo")
    await channel.wait_shown("alo")
    again = channel.revoke()
    for _ in range(2):
        with pytest.raises(SendLater) as caught:
            await channel.bridge.send(channel.chat_id, Reply("quan trọng"), "r-token")
        assert caught.value.seconds >= 60
    await again()
    await channel.bridge.send(channel.chat_id, Reply("quan trọng"), "r-token")
    assert channel.shown().count("quan trọng") == 1


async def test_whoever_blocks_us_is_left_alone(channel):
    await channel.say("alo")
    await channel.wait_shown("alo")
    chat_id = channel.chat_id
    await channel.block()
    await asyncio.sleep(0.3)
    with pytest.raises(SendRefused):
        await channel.bridge.send(chat_id, Reply("còn gì nữa"), "r-blocked")
    assert "còn gì nữa" not in channel.shown()


# --- the floor ------------------------------------------------------------------------------------------------
def chat_of(channel) -> str:
    """The chat's name at the desk."""
    store = channel.gateway.floor._store
    sender = store.keys.pseudonymise(channel.bridge.name, channel.chat_id)
    with store.reader.connect() as connection:
        table = tables.conversations
        return connection.execute(sa.select(table.c.chat).where(table.c.sender == sender)).scalar_one()


async def test_an_officer_takes_the_chat_over_and_hands_it_back(channel):
    await channel.say("alo")
    await channel.wait_shown("alo")
    floor, chat = channel.gateway.floor, chat_of(channel)
    assert await asyncio.to_thread(floor.write, chat, "lan", "Cô là cán bộ", "f1") == "written"
    await channel.wait_shown("Cô là cán bộ")
    await channel.say("dạ con nghe")
    await channel.say("ổng có dao")
    await channel.wait_shown("113 111 115")
    assert await asyncio.to_thread(floor.give_back, chat, "lan")
    await channel.wait_shown("nói chuyện xong")
    await channel.say("còn đó không")
    await channel.wait_shown("còn đó không")
    said = channel.shown()
    assert [text[:12] for text in said] == [
        "trả lời: alo",
        "Từ đây là ng",
        "Cô là cán bộ",
        "113 111 115",
        "Cán bộ đã nó",
        "trả lời: còn",
    ]


# --- sending --------------------------------------------------------------------------------------------------
async def test_a_long_reply_arrives_whole_and_within_the_limits(channel):
    await channel.say("alo")
    await channel.wait_shown("alo")
    text = "\n\n".join(f"Đoạn {n}. " + "Con an toàn trước đã nghen 💛. " * 60 for n in range(4))
    await channel.bridge.send(channel.chat_id, Reply(text, [Button("Tiếp", "/help")]), "r-long")
    parts = channel.shown()[1:]
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= channel.bridge.capabilities.text_limit for part in parts)


@pytest.mark.parametrize("chat_id", ["", "không phải số", "../../etc", "9" * 40])
async def test_an_address_that_cannot_be_is_refused_or_waits(channel, chat_id):
    with pytest.raises((SendRefused, SendLater)):
        await channel.bridge.send(chat_id, Reply("x"), "r-odd")
