"""The Zalo Official Account bridge over real HTTP from the double."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.bridges.base import SendLater, SendRefused, SendWhenBack
from bot.bridges.zalo import WEBHOOK_PATH, ZaloBridge
from bot.bridges.zalo_client import Pair
from bot.bridges.zalo_send import seconds_until_six
from bot.dialogue.messages import Button, Reply
from tests.contract.receiver import Receiver, eventually
from tests.contract.served import served
from tests.contract.zalo_world import CHILD, make_bridge

HOUR = 3600.0


@pytest.fixture
async def world(zalo, zalo_settings, zalo_store) -> AsyncIterator[tuple[ZaloBridge, Receiver]]:
    bridge, receiver = make_bridge(zalo_settings, zalo_store, zalo), Receiver(zalo_store)
    async with served(bridge.routes()) as address:
        zalo.webhook_url = address + WEBHOOK_PATH
        await bridge.start(receiver)
        yield bridge, receiver
        await bridge.stop()


@pytest.fixture
async def known(zalo, world) -> ZaloBridge:
    """A bridge to which the child has written."""
    bridge, receiver = world
    zalo.say(CHILD, "alo")
    await receiver.wait()
    return bridge


# --- receiving ------------------------------------------------------------------------------------------------
async def test_a_text_arrives_with_its_address_and_key(zalo, world):
    event = zalo.say(CHILD, "Đánh con có phạm luật không ạ?")
    (message,) = await world[1].wait()
    assert (message.channel, message.chat_id, message.kind) == ("zalo", CHILD, "text")
    assert message.text == "Đánh con có phạm luật không ạ?"
    assert message.update_id == "m:" + event["message"]["msg_id"]
    assert abs((message.sent_at or 0) - time.time()) < 10
    await eventually(lambda: zalo.webhook_statuses == [200])


@pytest.mark.parametrize(
    ("kind", "media"),
    [
        ("image", "photo"),
        ("sticker", "sticker"),
        ("location", "location"),
        ("audio", "voice"),
        ("video", "video"),
        ("file", "document"),
        ("gif", "photo"),
        ("business_card", "contact"),
    ],
)
async def test_files_are_named_and_never_fetched(zalo, world, kind, media):
    zalo.send_media(CHILD, kind, "hình nè cô")
    (message,) = await world[1].wait()
    assert (message.kind, message.media, message.text) == ("media", media, "hình nè cô")
    assert "zdn.vn" not in str(message.to_dict())


async def test_a_follower_is_greeted_once(zalo, world):
    event = zalo.follow(CHILD)
    zalo.redeliver(event)
    (message,) = await world[1].wait()
    assert (message.kind, message.text) == ("command", "/start")
    await eventually(lambda: zalo.waiting == 0 and world[1].offered == 2)
    assert len(world[1].new) == 1


async def test_a_filled_in_form_is_not_kept(zalo, world):
    zalo.submit_info(CHILD)
    (message,) = await world[1].wait()
    assert (message.kind, message.media) == ("media", "contact")
    assert "CANARY" not in str(message.to_dict())


async def test_an_admins_own_message_gives_the_floor_and_is_not_read(zalo, world):
    told: list[str] = []

    async def human(chat_id: str) -> None:
        told.append(chat_id)

    world[0].on_human(human)
    zalo.admin_writes(CHILD, "cán bộ đây")
    zalo.push("oa_send_text", sender=zalo.oa_id, recipient="99", message={"text": "máy", "msg_id": "1"})
    zalo.push("user_seen_message", sender="98", recipient=zalo.oa_id, message={"msg_ids": ["1"]})
    await eventually(lambda: zalo.waiting == 0)
    assert told == [CHILD]
    assert world[1].offered == 0


async def test_another_account_of_the_app_is_not_ours(zalo, world):
    zalo.push("user_send_text", sender=CHILD, recipient="111", message={"text": "x", "msg_id": "1"})
    zalo.say(CHILD, "alo")
    assert [m.text for m in await world[1].wait()] == ["alo"]


async def test_odd_events_are_acknowledged_and_ignored(zalo, world):
    for event in (
        {},
        {"event_name": 7},
        {"event_name": "user_send_text"},
        {"event_name": "new_in_2027"},
        {"event_name": "user_send_text", "sender": [], "message": "x"},
        {"event_name": "follow"},
        {"event_name": "oa_send_text", "recipient": {"id": None}},
    ):
        zalo.deliver({"timestamp": str(int(time.time() * 1000)), **event})
    zalo.say(CHILD, "a\x00\u202eđảo 😀\ud83d")
    (message,) = await world[1].wait()
    assert message.text == "a\x00\u202eđảo 😀\ufffd"
    assert set(zalo.webhook_statuses) == {200}


# --- sending --------------------------------------------------------------------------------------------------
async def test_a_reply_with_buttons_and_a_press(zalo, world, known):
    long = '/show_item{"item_id": "luat-tre-em-2016-dieu-25"}'
    buttons = [Button("Số gọi giúp", "/contact_hotlines"), Button("Xem luật", long), Button("Ý con là", "ba đánh con")]
    await known.send(CHILD, Reply("Chọn nghen", buttons), "r1")
    (sent,) = zalo.sent(CHILD)
    assert [b["type"] for b in sent.buttons] == ["oa.query.hide", "oa.query.hide", "oa.query.show"]
    for title in ("Số gọi giúp", "Xem luật", "Ý con là"):
        zalo.press(CHILD, title)
    messages = (await world[1].wait(4))[1:]
    assert [(m.kind, m.text, m.payload) for m in messages] == [
        ("button", "", "/contact_hotlines"),
        ("button", "", long),
        ("text", "ba đánh con", ""),
    ]


async def test_many_buttons_and_long_texts_stay_within_the_limits(zalo, known):
    text = "\n\n".join(f"Đoạn {n}. " + "Con an toàn trước đã nghen 💛. " * 40 for n in range(5))
    buttons = [Button(f"Nút {n} " + "x" * 120, "/help") for n in range(12)] + [Button("Dài", "x" * 2000)]
    await known.send(CHILD, Reply(text, buttons), "r1")
    parts = zalo.sent(CHILD)
    assert all(len(p.text) <= 2000 for p in parts)
    assert [len(p.buttons) for p in parts if p.buttons] == [5, 5, 3]
    assert "".join("".join(p.text for p in parts if "lựa chọn" not in p.text).split()) == "".join(text.split())


async def test_refused_buttons_do_not_cost_the_words(zalo, known):
    zalo.fail_next("message", code=-201)
    await known.send(CHILD, Reply("Gọi 111 nghen con", [Button("Gọi", "/contact_hotlines")]), "r1")
    assert [(m.text, m.titles) for m in zalo.sent(CHILD)] == [("Gọi 111 nghen con", [])]


@pytest.mark.parametrize(
    ("silent", "paid", "goes"),
    [
        (1, False, True),
        (47.8, False, True),
        (49, False, False),
        (49, True, True),
        (167, True, True),
        (169, True, False),
    ],
)
async def test_the_reply_window(zalo, zalo_store, zalo_settings, silent, paid, goes):
    settings = zalo_settings.copy(update={"zalo_paid_messages": paid})
    bridge = make_bridge(settings, zalo_store, zalo)
    zalo.act(CHILD)
    await bridge.contacts.acted(CHILD)
    zalo.offset += silent * HOUR
    zalo.paid_left = 1
    bridge.tokens.save(Pair(zalo.access, zalo.refresh, 90000.0))
    zalo._access_until = zalo.now() + 90000
    if goes:
        await bridge.send(CHILD, Reply("chào con"), "r1")
    else:
        with pytest.raises(SendWhenBack):
            await bridge.send(CHILD, Reply("chào con"), "r1")
        assert not zalo.calls("message")  # the platform is not even asked
    await bridge.stop()


async def test_a_stranger_to_our_store_is_left_to_the_platform(zalo, world):
    with pytest.raises(SendWhenBack):
        await world[0].send("123", Reply("chào con"), "r1")
    assert len(zalo.calls("message")) == 1


CODES = [
    (-32, SendLater, 20),
    (-100, SendLater, 60),
    (-201, SendRefused, 0),
    (-204, SendLater, 900),
    (-205, SendLater, 900),
    (-211, SendLater, 3600),
    (-213, SendRefused, 0),
    (-217, SendRefused, 0),
    (-218, SendLater, 3600),
    (-221, SendLater, 900),
    (-224, SendLater, 900),
    (-227, SendRefused, 0),
    (-230, SendWhenBack, 0),
    (-232, SendWhenBack, 0),
    (-233, SendRefused, 0),
    (-235, SendRefused, 0),
    (-240, SendLater, 900),
    (-242, SendLater, 900),
    (-244, SendRefused, 0),
    (-248, SendLater, 900),
    (-249, SendRefused, 0),
    (-320, SendLater, 900),
    (-321, SendLater, 900),
    (-9999, SendLater, 60),
]


@pytest.mark.parametrize(("code", "kind", "seconds"), CODES)
async def test_every_code_is_mapped(zalo, known, code, kind, seconds):
    zalo.fail_next("message", code=code)
    with pytest.raises(kind) as caught:
        await known.send(CHILD, Reply("chào con"), "r1")
    if kind is SendLater:
        assert caught.value.seconds == seconds
    elif kind is SendRefused:
        assert not isinstance(caught.value, SendWhenBack)


async def test_at_night_a_refused_kind_waits_for_the_morning(zalo, known):
    zalo.fail_next("message", code=-234)
    with pytest.raises(SendLater) as caught:
        await known.send(CHILD, Reply("chào con"), "r1")
    assert 0 < caught.value.seconds <= 24 * HOUR
    assert seconds_until_six(1_790_000_000.0 - 1_790_000_000.0 % 86400 + 16 * HOUR) == 7 * HOUR + 60  # 23:00 there


async def test_an_unknown_error_is_not_tried_for_ever(zalo, known):
    zalo.fail_next("message", code=-100, times=9)
    for _ in range(4):
        with pytest.raises(SendLater):
            await known.send(CHILD, Reply("chào con"), "r1")
    with pytest.raises(SendRefused):
        await known.send(CHILD, Reply("chào con"), "r1")


async def test_the_rate_limit_holds_everybody_back(zalo, known):
    zalo.act("55")
    zalo.per_minute = len(zalo.calls("message"))
    with pytest.raises(SendLater):
        await known.send(CHILD, Reply("chào con"), "r1")
    calls = len(zalo.calls("message"))
    with pytest.raises(SendLater):
        await known.send("55", Reply("chào"), "r2")
    assert len(zalo.calls("message")) == calls


async def test_parts_already_sent_are_not_repeated(zalo, known):
    text = "Một câu dài vừa phải thôi nghen con. " * 150
    zalo.fail_next("message", code=-218, skip=1)
    with pytest.raises(SendLater):
        await known.send(CHILD, Reply(text), "r1")
    known._sender._pacer._held.clear()
    await known.send(CHILD, Reply(text), "r1")
    parts = [m.text for m in zalo.sent(CHILD)]
    assert len(parts) == 3
    assert "".join("".join(parts).split()) == "".join(text.split())


async def test_an_unreachable_platform_is_tried_later(zalo, known):
    zalo.stop()
    with pytest.raises(SendLater):
        await known.send(CHILD, Reply("chào con"), "r1")


async def test_nothing_confidential_reaches_a_log(zalo, world, known, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    zalo.say(CHILD, "CANARY-in")
    await world[1].wait(2)
    with capture_logs() as logs:
        for failure in ({"code": -201}, {"status": 502}, {"code": -204}):
            zalo.fail_next("message", **failure)
            with pytest.raises((SendLater, SendRefused)):
                await known.send(CHILD, Reply("CANARY-out"), f"r{failure}")
        zalo.revoke_refresh()
        with pytest.raises(SendLater):
            await known.send(CHILD, Reply("CANARY-out"), "r9")
    everything = caplog.text + str(logs) + "".join(capsys.readouterr())
    for secret in ("CANARY", CHILD, zalo.app_secret, zalo.oa_secret, "access-0", "refresh-0"):
        assert secret not in everything
    assert "zalo.token_lost" in everything


async def test_addresses_and_tokens_are_not_readable_at_rest(zalo, world, known, zalo_settings):
    await known.send(CHILD, Reply("Mã 1234", kind="receipt"), "r1")
    await asyncio.sleep(0)
    content = b"".join(f.read_bytes() for f in zalo_settings.data_dir.rglob("*") if f.is_file())
    for word in (CHILD, zalo.access, zalo.refresh, "Mã 1234"):
        assert word.encode() not in content
