"""Sends of unknown outcome on Zalo: settled by what Zalo shows of them, also after a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.bridges.base import SendLater
from bot.bridges.zalo import WEBHOOK_PATH, ZaloBridge
from bot.db.engine import open_store
from bot.dialogue.messages import Reply
from tests.contract.receiver import Receiver, eventually
from tests.contract.served import served
from tests.contract.zalo_double import ZaloDouble
from tests.contract.zalo_world import CHILD, make_bridge, zalo_settings_for

World = tuple[ZaloDouble, ZaloBridge]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A double and a bridge to which the child has written."""
    with ZaloDouble() as zalo:
        settings = zalo_settings_for(tmp_path / "var", zalo)
        store = open_store(settings)
        bridge, receiver = make_bridge(settings, store, zalo), Receiver(store)
        async with served(bridge.routes()) as address:
            zalo.webhook_url = address + WEBHOOK_PATH
            await bridge.start(receiver)
            zalo.say(CHILD, "alo")
            await receiver.wait()
            yield zalo, bridge
            await bridge.stop()


@pytest.fixture
def zalo(world: World) -> ZaloDouble:
    return world[0]


@pytest.fixture
def known(world: World) -> ZaloBridge:
    return world[1]


@pytest.mark.parametrize("kind", ["text", "safety", "receipt"])
async def test_an_unknown_send_is_settled_by_what_zalo_shows_us(zalo, known, kind):
    zalo.fail_next("message", status=502, after=True)
    with pytest.raises(SendLater):
        await known.send(CHILD, Reply("Mã tin báo 1234", kind=kind), "r1")
    await eventually(lambda: zalo.waiting == 0)
    await known.send(CHILD, Reply("Mã tin báo 1234", kind=kind), "r1")
    assert [m.text for m in zalo.sent(CHILD)] == ["Mã tin báo 1234"]


async def test_what_did_not_arrive_is_sent_again_after_a_while(zalo, known):
    zalo.fail_next("message", status=502)
    for _ in range(2):  # the second time Zalo is not even asked: its echo may be on the way
        with pytest.raises(SendLater):
            await known.send(CHILD, Reply("Mã tin báo 1234", kind="receipt"), "r1")
    assert len(zalo.calls("message")) == 1
    zalo.offset += 30
    await known.send(CHILD, Reply("Mã tin báo 1234", kind="receipt"), "r1")
    assert [m.text for m in zalo.sent(CHILD)] == ["Mã tin báo 1234"]


@pytest.fixture
async def crashed(zalo, known):
    """Sends a reply and is killed before that is recorded; returns the bridge of the next start."""
    fresh: list[ZaloBridge] = []

    async def crash(*_: object) -> None:
        raise RuntimeError("killed")

    async def send(reply: Reply) -> ZaloBridge:
        known._ledger.done = crash  # type: ignore[method-assign]
        with pytest.raises(RuntimeError):
            await known.send(CHILD, reply, "r1")
        fresh.append(make_bridge(known._settings, open_store(known._settings), zalo))
        return fresh[0]

    yield send
    for one in fresh:
        await one.stop()


@pytest.mark.parametrize("kind", ["text", "receipt"])
async def test_after_a_crash_between_sending_and_recording_it_is_shown_once(zalo, crashed, kind):
    fresh = await crashed(Reply("Mã 1234", kind=kind))
    await eventually(lambda: zalo.waiting == 0)
    await fresh.send(CHILD, Reply("Mã 1234", kind=kind), "r1")
    assert [m.text for m in zalo.sent(CHILD)] == ["Mã 1234"]


async def test_an_echo_that_fell_into_the_restart_is_waited_for(zalo, crashed):
    """Zalo repeats what could not be delivered after 30 seconds."""
    zalo.echoes = False
    fresh = await crashed(Reply("chào con"))
    with pytest.raises(SendLater) as caught:
        await fresh.send(CHILD, Reply("chào con"), "r1")
    assert 30 < caught.value.seconds <= 45
    zalo.push("oa_send_text", sender=zalo.oa_id, recipient=CHILD, message={"text": "chào con", "msg_id": "1"})
    await eventually(lambda: zalo.waiting == 0)
    await fresh.send(CHILD, Reply("chào con"), "r1")
    assert [m.text for m in zalo.sent(CHILD)] == ["chào con"]


async def test_the_echo_of_the_same_words_said_before_settles_nothing(zalo, crashed):
    zalo.echoes = False
    zalo.offset = 0.0
    early = zalo.event("oa_send_text", zalo.oa_id, CHILD, message={"text": "chào con", "msg_id": "1"})
    early["timestamp"] = str(int((zalo.now() - 10) * 1000))
    fresh = await crashed(Reply("chào con"))
    zalo.deliver(early)
    await eventually(lambda: zalo.waiting == 0)
    with pytest.raises(SendLater):
        await fresh.send(CHILD, Reply("chào con"), "r1")
    zalo.offset += 46
    await fresh.send(CHILD, Reply("chào con"), "r1")
    assert [m.text for m in zalo.sent(CHILD)] == ["chào con"] * 2


async def test_a_safe_answer_waits_for_no_echo_after_a_crash(zalo, crashed):
    fresh = await crashed(Reply("Gọi 111 nghen", kind="safety"))
    await fresh.send(CHILD, Reply("Gọi 111 nghen", kind="safety"), "r1")
    assert 1 <= len(zalo.sent(CHILD)) <= 2
