"""The Telegram bridge receiving, over real HTTP from the Bot API double."""

from __future__ import annotations

import asyncio
import logging

import pytest
from structlog.testing import capture_logs

from bot.bridges.base import SendLater
from bot.bridges.telegram import TelegramBridge
from bot.db.engine import open_store
from bot.dialogue.messages import Button, IncomingMessage, Reply
from tests.contract.receiver import eventually

CHILD = 4242


async def test_a_text_arrives_with_its_address_and_key(telegram, bridge, receiver):
    number = telegram.say(CHILD, "Đánh con có phạm luật không ạ?")
    (message,) = await receiver.wait()
    assert (message.channel, message.chat_id, message.kind) == ("telegram", str(CHILD), "text")
    assert message.text == "Đánh con có phạm luật không ạ?"
    assert message.message_ref == str(number)
    assert message.update_id == "1000"
    assert message.sent_at is not None


async def test_the_offset_advances_only_after_the_message_is_persisted(telegram, bridge, receiver):
    receiver.gate.clear()
    telegram.say(CHILD, "alo")
    await eventually(lambda: receiver.offered == 1)
    await asyncio.sleep(0.2)
    assert telegram.confirmed_before == 0
    receiver.gate.set()
    await eventually(lambda: telegram.confirmed_before == 1001)
    assert telegram.waiting == 0


async def test_a_crash_before_accept_loses_nothing(telegram, telegram_settings, telegram_store, receiver):
    first = TelegramBridge(telegram_settings, telegram_store)
    receiver.gate.clear()
    await first.start(receiver)
    telegram.say(CHILD, "cứu con với")
    await eventually(lambda: receiver.offered == 1)
    await first.stop()  # the process dies while the message is being stored
    receiver.gate.set()
    second = TelegramBridge(telegram_settings, telegram_store)
    await second.start(receiver)
    (message,) = await receiver.wait()
    assert message.text == "cứu con với"
    await second.stop()


async def test_a_crash_after_accept_repeats_nothing(telegram, telegram_settings, telegram_store, receiver):
    async def accept_and_hang(message: IncomingMessage) -> bool:
        await receiver(message)
        await asyncio.Event().wait()
        return True

    first = TelegramBridge(telegram_settings, telegram_store)
    await first.start(accept_and_hang)
    telegram.say(CHILD, "một lần thôi")
    await receiver.wait()
    await first.stop()
    second = TelegramBridge(telegram_settings, telegram_store)
    await second.start(receiver)
    await eventually(lambda: telegram.waiting == 0)
    await second.stop()
    assert receiver.offered == 2
    assert len(receiver.new) == 1


async def test_while_the_database_is_down_everybody_is_offered_and_nothing_is_confirmed(telegram, bridge, receiver):
    receiver.down = True
    telegram.say(1, "một")
    telegram.say(2, "hai")
    await eventually(lambda: receiver.offered >= 2)  # accept answers each person directly
    assert telegram.confirmed_before == 0
    receiver.down = False
    assert {m.text for m in await receiver.wait(2)} == {"một", "hai"}
    await eventually(lambda: telegram.waiting == 0)
    assert len(receiver.new) == 2


async def test_a_duplicate_update_is_new_once(telegram, bridge, receiver):
    update = telegram.push({"message": telegram._message(CHILD, 1, {"text": "alo"})})
    await receiver.wait()
    await eventually(lambda: telegram.waiting == 0)
    telegram.redeliver(update)
    await eventually(lambda: receiver.offered == 2)
    assert len(receiver.new) == 1


async def test_an_edit_is_handled_once_and_marked(telegram, bridge, receiver):
    number = telegram.say(CHILD, "con tên A")
    telegram.edit(CHILD, number, "con tên B", edit_date=1_800_000_000)
    telegram.edit(CHILD, number, "con tên B", edit_date=1_800_000_000)
    telegram.say(CHILD, "xong")
    messages = await receiver.wait(3)
    assert [(m.kind, m.text) for m in messages] == [("text", "con tên A"), ("edited", "con tên B"), ("text", "xong")]
    assert messages[1].update_id == f"e:{CHILD}:{number}:1800000000"


@pytest.mark.parametrize(
    ("field", "media"),
    [
        ("photo", "photo"),
        ("voice", "voice"),
        ("video", "video"),
        ("document", "document"),
        ("sticker", "sticker"),
        ("location", "location"),
        ("contact", "contact"),
        ("video_note", "video"),
        ("audio", "voice"),
    ],
)
async def test_files_are_named_and_never_fetched(telegram, bridge, receiver, field, media):
    telegram.send_media(CHILD, field, caption="hình nè cô")
    (message,) = await receiver.wait()
    assert (message.kind, message.media, message.text) == ("media", media, "hình nè cô")
    assert not telegram.calls("getFile")


async def test_an_album_is_one_message_unless_it_says_something(telegram, bridge, receiver):
    for caption in ("", "", "chuyện là vầy"):
        telegram.send_media(CHILD, "photo", caption=caption, media_group_id="g1")
    telegram.say(CHILD, "hết")
    messages = await receiver.wait(3)
    assert [m.text for m in messages] == ["", "chuyện là vầy", "hết"]


async def test_a_forwarded_text_is_a_text(telegram, bridge, receiver):
    telegram.say(CHILD, "coi nè", forward_origin={"type": "hidden_user", "sender_user_name": "X", "date": 1})
    (message,) = await receiver.wait()
    assert (message.kind, message.text) == ("text", "coi nè")


async def test_commands_and_deep_links_keep_their_argument(telegram, bridge, receiver):
    for text in ("/start an_toan_mang", f"/thoat@{telegram.username}", "/không phải lệnh"):
        telegram.say(CHILD, text)
    messages = await receiver.wait(3)
    assert [(m.kind, m.text) for m in messages] == [
        ("command", "/start an_toan_mang"),
        ("command", "/thoat"),
        ("text", "/không phải lệnh"),
    ]


async def test_a_pressed_button_is_answered_and_brings_its_payload(telegram, bridge, receiver):
    telegram.say(CHILD, "alo")
    await receiver.wait()
    long = '/show_item{"item_id": "luat-tre-em-2016-dieu-25-quyen-duoc-bao-ve-khong-bi-xam-hai"}'
    buttons = [Button("Số gọi giúp", "/contact_hotlines"), Button("Xem luật", long)]
    await bridge.send(str(CHILD), Reply("Chọn nghen", buttons), "r1")
    telegram.press(CHILD, "Số gọi giúp")
    telegram.press(CHILD, "Xem luật")
    messages = (await receiver.wait(3))[1:]
    assert [(m.kind, m.text, m.payload) for m in messages] == [
        ("button", "Số gọi giúp", "/contact_hotlines"),
        ("button", "Xem luật", long),
    ]
    await eventually(lambda: len(telegram.answered) == 2)


async def test_a_long_payload_survives_a_restart(telegram, telegram_settings, telegram_store, receiver):
    long = "Theo luật thì ba mẹ đánh con có bị phạt không, và phạt bao nhiêu tiền vậy cô?"
    first = TelegramBridge(telegram_settings, telegram_store)
    await first.start(receiver)
    telegram.say(CHILD, "alo")
    await receiver.wait()
    await first.send(str(CHILD), Reply("Ý con là:", [Button("Ba mẹ đánh con", long)]), "r1")
    await first.stop()
    second = TelegramBridge(telegram_settings, open_store(telegram_settings))
    await second.start(receiver)
    telegram.press(CHILD, "Ba mẹ đánh con")
    assert (await receiver.wait(2))[1].payload == long
    await second.stop()
    files = b"".join(f.read_bytes() for f in telegram_settings.data_dir.iterdir() if f.is_file())
    assert "đánh con".encode() not in files


async def test_a_token_nobody_knows_becomes_the_buttons_title(telegram, bridge, receiver):
    telegram.say(CHILD, "alo")
    await receiver.wait()
    await bridge.send(str(CHILD), Reply("Chọn", [Button("Hỏi tiếp", "/help")]), "r1")
    sent = telegram.sent(CHILD)[-1]
    sent.buttons[0] = ("Hỏi tiếp", "~token-from-a-lost-database")
    telegram.press(CHILD, "Hỏi tiếp")
    assert (await receiver.wait(2))[1].payload == "Hỏi tiếp"


async def test_in_a_group_the_bot_says_how_to_write_privately_and_leaves(telegram, bridge, receiver):
    telegram.add_to_group(-77)
    telegram.say(-77, "bot ơi, thằng bé kia bị đánh")
    await eventually(lambda: telegram.left == [-77])
    (said,) = telegram.sent(-77)
    assert f"t.me/{telegram.username}" in said.text
    assert "111" in said.text
    assert not receiver.new


async def test_what_is_unknown_is_confirmed_and_ignored(telegram, bridge, receiver):
    telegram.push({"something_new_in_2027": {"chat": {"id": CHILD}}})
    telegram.push({})
    telegram.push({"message": {"message_id": 1, "date": 1, "chat": {"id": "x", "type": []}, "text": {"a": 1}}})
    telegram.push({"message": telegram._message(CHILD, 9, {"pinned_message": {}})})
    telegram.push({"callback_query": {"id": "q0", "from": {"id": CHILD}}})
    telegram.block(CHILD)
    telegram.unblock(CHILD)
    telegram.say(CHILD, "alo")
    assert [m.text for m in await receiver.wait()] == ["alo"]
    await eventually(lambda: telegram.waiting == 0)


async def test_odd_characters_arrive_and_can_be_stored(telegram, bridge, receiver):
    odd = "a\x00\u202eđảo\u200b\ud83d x 😀" + "'; DROP TABLE inbox; --"
    telegram.push({"message": telegram._message(CHILD, 5, {"text": odd})})
    (message,) = await receiver.wait()
    assert message.text == odd.replace("\ud83d", "\ufffd")


async def test_network_errors_and_5xx_are_survived(telegram, bridge, receiver):
    telegram.fail_next("getUpdates", status=502, description="Bad Gateway", times=2)
    telegram.say(CHILD, "alo")
    telegram.say(CHILD, "còn đó không")
    assert len(await receiver.wait(2)) == 2


async def test_retry_after_of_get_updates_is_kept(telegram, telegram_settings, telegram_store, receiver):
    telegram.fail_next("getMe", status=429, retry_after=1)
    bridge = TelegramBridge(telegram_settings, telegram_store)
    await bridge.start(receiver)
    telegram.say(CHILD, "alo")
    await receiver.wait()
    await bridge.stop()
    assert len(telegram.calls("getMe")) == 2


async def test_a_refused_token_stops_with_one_clear_line(telegram, telegram_settings, telegram_store, receiver):
    telegram.revoke_token()
    bridge = TelegramBridge(telegram_settings, telegram_store)
    with capture_logs() as logs:
        await bridge.start(receiver)
        await eventually(lambda: bridge.state == "token_refused")
        await asyncio.sleep(0.3)
    assert [entry["event"] for entry in logs] == ["telegram.token_refused"]
    assert "TELEGRAM_BOT_TOKEN" in logs[0]["remedy"]
    assert telegram.token not in str(logs)
    await bridge.stop()


async def test_a_second_program_with_the_token_is_reported(telegram, telegram_settings, telegram_store, receiver):
    bridge = TelegramBridge(telegram_settings, telegram_store)
    telegram.fail_next("getUpdates", status=409, description="Conflict: terminated by other getUpdates request")
    with capture_logs() as logs:
        await bridge.start(receiver)
        await eventually(lambda: bridge.state == "conflict")
    assert [e["event"] for e in logs if e["log_level"] == "error"] == ["telegram.conflict"]
    await bridge.stop()


async def test_menu_and_descriptions_are_set(telegram, bridge):
    await eventually(lambda: "short_description" in telegram.descriptions)
    assert [c["command"] for c in telegram.commands] == ["trogiup", "baotin", "sogoi", "thoat"]
    assert "111" in telegram.descriptions["description"]
    assert "máy" in telegram.descriptions["description"]


async def test_a_bridge_stops_though_a_library_swallows_the_wish(
    telegram_settings, telegram_store, receiver, monkeypatch
):
    bridge = TelegramBridge(telegram_settings, telegram_store)
    swallowed = []

    async def describe() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            swallowed.append(True)

    monkeypatch.setattr(bridge, "_describe", describe)
    await bridge.start(receiver)
    await eventually(lambda: bridge.state == "running")
    await asyncio.wait_for(bridge.stop(), 10)
    assert swallowed == [True]
    assert bridge.state == "off"


async def test_neither_token_nor_texts_reach_a_log(telegram, bridge, receiver, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    telegram.say(CHILD, "CANARY-in")
    await receiver.wait()
    telegram.fail_next("sendMessage", status=500, description="oops CANARY-error")
    with capture_logs() as logs:
        with pytest.raises(SendLater) as caught:
            await bridge.send(str(CHILD), Reply("CANARY-out", [Button("CANARY-b", "CANARY-p")]), "r1")
        await bridge.send(str(CHILD), Reply("CANARY-out", [Button("CANARY-b", "CANARY-p")]), "r1")
    assert "CANARY" not in repr(caught.value) + repr(caught.value.__cause__)
    everything = caplog.text + str(logs) + "".join(capsys.readouterr())
    assert "telegram.send_later" in everything
    assert telegram.token not in everything
    assert "CANARY" not in everything
