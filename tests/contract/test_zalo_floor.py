"""Officers and Zalo: its own console gives the floor, and its reply windows are known to the desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.desk import Window
from bot.desk.chats import view_chat
from tests.contract.channels import ZaloChannel
from tests.contract.receiver import eventually
from tests.contract.served import served
from tests.contract.zalo_double import ZaloDouble

DAY = 86_400.0
WINDOWS = {"zalo": Window(48, 168)}


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[ZaloChannel]:
    with ZaloDouble() as double:
        found = ZaloChannel(tmp_path, double)
        async with served(found) as address:
            found.address = address
            await found.start()
            yield found
            await found.close()


def row_of(channel: ZaloChannel):
    assert channel.gateway is not None
    with channel.gateway.floor._store.reader.connect() as connection:
        return connection.execute(sa.select(tables.conversations)).mappings().one()


async def test_who_writes_at_the_console_has_the_floor_and_the_bot_is_silent_but_for_safety(channel):
    await channel.say("alo")
    await channel.wait_shown("alo")
    channel.double.admin_writes(channel.person, "cán bộ đây, con nói đi")
    await eventually(lambda: row_of(channel)["floor"] == "officer")
    await channel.say("dạ")
    await channel.say("ổng có dao")
    await channel.wait_shown("113 111 115")
    assert [m for m in channel.shown() if m.startswith("trả lời")] == ["trả lời: alo"]
    floor, chat = channel.gateway.floor, row_of(channel)["chat"]
    assert await asyncio.to_thread(floor.take, chat, "lan") == "other"
    found = view_chat(floor._store, chat, "lan", channel.double.now(), windows=WINDOWS)
    assert found is not None
    assert (found["mine"], found["officer"], found["lines"]) == (False, None, [])


async def test_what_the_bot_sends_itself_does_not_look_like_a_person(channel):
    """Zalo shows us our own messages, too (``oa_send_text`` without an admin): they take no floor."""
    await channel.say("alo")
    await channel.wait_shown("alo")
    await eventually(lambda: channel.double.waiting == 0)
    assert row_of(channel)["floor"] == "bot"
    await channel.say("còn đó không")
    await channel.wait_shown("còn đó không")


async def test_an_officers_words_wait_for_the_window_and_the_desk_knows(channel):
    await channel.say("alo")
    await channel.wait_shown("alo")
    floor, chat = channel.gateway.floor, row_of(channel)["chat"]
    now = channel.double.now()
    assert view_chat(floor._store, chat, "lan", now, windows=WINDOWS)["window"]["state"] == "free"
    channel.double.offset += 8 * DAY
    assert await asyncio.to_thread(floor.write, chat, "lan", "Cô là cán bộ", "f1") == "written"

    def held() -> int:
        found = view_chat(floor._store, chat, "lan", channel.double.now(), windows=WINDOWS)
        assert found is not None
        assert found["window"]["state"] == "closed"
        return int(found["held"])

    await eventually(lambda: held() == 2)  # that a person writes now, and their words
    assert "Cô là cán bộ" not in channel.shown()
    await channel.say("con nhắn lại nè")
    await channel.wait_shown("Cô là cán bộ")

    def sent() -> bool:
        found = view_chat(floor._store, chat, "lan", channel.double.now(), windows=WINDOWS)
        assert found is not None
        states = [line["state"] for line in found["lines"] if line["author"] == "officer"]
        return found["held"] == 0 and states == ["sent"]

    await eventually(sent)
