"""The Telegram bridge sending, and its webhook, over real HTTP."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.bridges.base import SendLater, SendRefused
from bot.bridges.message_log import MessageLog
from bot.bridges.pacing import Pacer
from bot.bridges.telegram import WEBHOOK_PATH, TelegramBridge
from bot.bridges.telegram_client import QuietRequest
from bot.db.engine import open_store
from bot.dialogue.messages import Button, Reply
from tests.contract.receiver import eventually

CHILD = 4242
CHAT = str(CHILD)


@pytest.fixture
async def known(telegram, bridge, receiver):
    """A chat in which the person has written."""
    telegram.say(CHILD, "alo")
    await receiver.wait()
    return bridge


async def test_a_reply_is_plain_text_without_previews(telegram, known):
    await known.send(CHAT, Reply("Xem *luật* <b>ở đây</b> https://vbpl.vn", []), "r1")
    (sent,) = telegram.sent(CHILD)
    assert sent.text == "Xem *luật* <b>ở đây</b> https://vbpl.vn"
    assert "parse_mode" not in sent.params
    assert sent.params["link_preview_options"] == {"is_disabled": True}
    assert not sent.protected


async def test_a_receipt_cannot_be_forwarded(telegram, known):
    await known.send(CHAT, Reply("Mã của con", [], "receipt"), "r1")
    assert telegram.sent(CHILD)[0].protected


async def test_a_receipt_is_written_into_a_line_that_says_nothing(telegram, known):
    await known.send(CHAT, Reply("Mã của con 1234", [Button("Thoát", "/quick_exit")], "receipt"), "r1")
    (call,) = telegram.calls("sendMessage")
    assert "1234" not in call["text"]
    (sent,) = telegram.sent(CHILD)
    assert (sent.text, sent.titles, sent.shown) == ("Mã của con 1234", ["Thoát"], ["Mã của con 1234"])


@pytest.mark.parametrize("after", [False, True])
async def test_a_receipt_whose_outcome_is_unknown_is_shown_once(telegram, known, after):
    telegram.fail_next("editMessageText", status=502, description="Bad Gateway", after=after)
    with pytest.raises(SendLater):
        await known.send(CHAT, Reply("Mã 1234", [], "receipt"), "r1")
    await known.send(CHAT, Reply("Mã 1234", [], "receipt"), "r1")
    assert [(m.text, m.shown) for m in telegram.sent(CHILD)] == [("Mã 1234", ["Mã 1234"])]


async def test_a_receipt_survives_a_crash_between_sending_and_recording(
    telegram, known, telegram_settings, telegram_store
):
    telegram.fail_next("editMessageText", status=502, description="Bad Gateway", after=True)
    with pytest.raises(SendLater):
        await known.send(CHAT, Reply("Mã 1234", [], "receipt"), "r1")
    again = TelegramBridge(telegram_settings, open_store(telegram_settings))  # another process
    await again.send(CHAT, Reply("Mã 1234", [], "receipt"), "r1")
    assert [(m.text, m.shown) for m in telegram.sent(CHILD)] == [("Mã 1234", ["Mã 1234"])]
    await again.stop()


async def test_an_unknown_first_line_leaves_at_most_a_line_that_says_nothing(telegram, known):
    telegram.fail_next("sendMessage", status=502, description="Bad Gateway", after=True)
    with pytest.raises(SendLater):
        await known.send(CHAT, Reply("Mã 1234", [], "receipt"), "r1")
    await known.send(CHAT, Reply("Mã 1234", [], "receipt"), "r1")
    assert [("1234" in m.text) for m in telegram.sent(CHILD)] == [False, True]


async def test_a_receipt_whose_line_was_deleted_is_sent_anew(telegram, known):
    telegram.fail_next("editMessageText", status=400, description="Bad Request: message to edit not found")
    await known.send(CHAT, Reply("Mã 1234", [], "receipt"), "r1")
    assert [m.text for m in telegram.sent(CHILD)][1:] == ["Mã 1234"]
    assert all(m.protected for m in telegram.sent(CHILD))


async def test_hide_works_after_a_restart_and_from_another_process(
    telegram, known, receiver, telegram_settings, telegram_store
):
    number = telegram.say(CHILD, "chuyện riêng của con")
    await receiver.wait(2)
    await known.send(CHAT, Reply("Cô nghe nè"), "r1")
    await known.stop()
    fresh = TelegramBridge(telegram_settings, open_store(telegram_settings))
    await fresh.send(CHAT, Reply("Đã thoát.", [], "hide"), "r2")
    assert telegram.visible(CHILD) == {telegram.sent(CHILD)[-1].message_id}
    assert number not in telegram.visible(CHILD)
    assert await fresh._messages.recent(CHAT) == [str(telegram.sent(CHILD)[-1].message_id)]
    await fresh.stop()


async def test_ids_live_48_hours_sealed(telegram, known, telegram_settings):
    moment = time.time()
    messages = MessageLog(open_store(telegram_settings), "telegram", clock=lambda: moment)
    messages.remember(CHAT, "987654321")
    await messages.flush()
    assert "987654321" in await messages.recent(CHAT)
    files = b"".join(f.read_bytes() for f in telegram_settings.data_dir.iterdir() if f.is_file())
    assert b"987654321" not in files
    moment += 48 * 3600 + 1
    assert await messages.recent(CHAT) == []
    messages._clean()
    moment -= 48 * 3600
    assert await messages.recent(CHAT) == []


async def test_long_titles_stand_alone_and_short_ones_in_pairs(telegram, known):
    titles = ["Có", "Không", "Bỏ qua", "Con không biết chắc chuyện này", "Thôi", "Số gọi giúp"]
    await known.send(CHAT, Reply("Chọn", [Button(t, "/affirm") for t in titles]), "r1")
    assert telegram.sent(CHILD)[0].rows == [
        ["Có", "Không"],
        ["Bỏ qua"],
        ["Con không biết chắc chuyện này"],
        ["Thôi", "Số gọi giúp"],
    ]


async def test_a_long_text_is_split_and_only_the_end_has_buttons(telegram, known):
    text = "\n\n".join(f"Đoạn {n}. " + "Con an toàn trước đã nghen 💛. " * 60 for n in range(5))
    await known.send(CHAT, Reply(text, [Button("Tiếp", "/help")]), "r1")
    parts = telegram.sent(CHILD)
    assert len(parts) > 1
    assert [p.titles for p in parts] == [[]] * (len(parts) - 1) + [["Tiếp"]]
    assert "".join("".join(p.text for p in parts).split()) == "".join(text.split())


async def test_429_becomes_send_later_with_the_exact_seconds(telegram, known):
    telegram.fail_next("sendMessage", status=429, retry_after=7)
    with pytest.raises(SendLater) as caught:
        await known.send(CHAT, Reply("chào con"), "r1")
    assert caught.value.seconds == 7
    with pytest.raises(SendLater) as caught:  # the platform is not asked again before that
        await known.send(CHAT, Reply("chào con"), "r1")
    assert 6 < caught.value.seconds <= 7
    assert len(telegram.calls("sendMessage")) == 1


async def test_a_blocked_bot_is_refused(telegram, known):
    telegram.block(CHILD)
    with pytest.raises(SendRefused) as caught:
        await known.send(CHAT, Reply("chào con"), "r1")
    assert caught.value.code == "blocked"


@pytest.mark.parametrize(("chat", "text"), [("999", "chào"), (CHAT, " \n "), ("không phải số", "chào")])
async def test_what_can_never_arrive_is_refused(known, chat, text):
    with pytest.raises(SendRefused):
        await known.send(chat, Reply(text), "r1")


@pytest.mark.parametrize("status", [500, 502, 503, 401])
async def test_trouble_of_the_platform_is_tried_later(telegram, known, status):
    telegram.fail_next("sendMessage", status=status, description="trouble")
    with pytest.raises(SendLater):
        await known.send(CHAT, Reply("chào con"), "r1")


async def test_an_unreachable_platform_is_tried_later(telegram, known):
    telegram.stop()
    with pytest.raises(SendLater):
        await known.send(CHAT, Reply("chào con"), "r1")


async def test_after_a_failure_the_parts_already_sent_are_not_repeated(telegram, known):
    text = "Một câu dài vừa phải thôi nghen con. " * 250
    telegram.fail_next("sendMessage", status=502, description="Bad Gateway", skip=1)
    with pytest.raises(SendLater):
        await known.send(CHAT, Reply(text), "r1")
    await known.send(CHAT, Reply(text), "r1")
    parts = [p.text for p in telegram.sent(CHILD)]
    assert len(parts) == 3
    assert "".join("".join(parts).split()) == "".join(text.split())


async def test_refused_buttons_do_not_cost_the_words(telegram, known):
    telegram.fail_next("sendMessage", status=400, description="Bad Request: BUTTON_DATA_INVALID")
    await known.send(CHAT, Reply("Gọi 111 nghen con", [Button("Gọi", "/contact_hotlines")]), "r1")
    assert [(m.text, m.titles) for m in telegram.sent(CHILD)] == [("Gọi 111 nghen con", [])]


async def test_lone_surrogates_and_controls_can_be_sent(telegram, known):
    await known.send(CHAT, Reply("a\ud83d\u202eb", [Button("x\udc00", "y\udc00")]), "r1")
    assert telegram.sent(CHILD)[0].text == "a\ufffd\u202eb"


async def test_hide_deletes_what_both_have_written(telegram, known, receiver):
    number = telegram.say(CHILD, "chuyện riêng của con")
    await receiver.wait(2)
    await known.send(CHAT, Reply("Cô nghe nè"), "r1")
    other = telegram.say(77, "người khác")
    await receiver.wait(3)
    await known.send(CHAT, Reply("Đã thoát.", [], "hide"), "r2")
    assert [m.text for m in telegram.sent(CHILD)] == ["Cô nghe nè", "Đã thoát."]
    assert telegram.visible(CHILD) == {telegram.sent(CHILD)[-1].message_id}
    assert number not in telegram.visible(CHILD)
    assert telegram.visible(77) == {other}


async def test_hide_goes_in_batches_of_a_hundred(telegram, known, receiver):
    for number in range(150):
        telegram.say(CHILD, f"tin {number}")
    await receiver.wait(151)
    await known.send(CHAT, Reply("Đã thoát.", [], "hide"), "r2")
    assert [len(c["message_ids"]) for c in telegram.calls("deleteMessages")] == [100, 51]
    assert len(telegram.visible(CHILD)) == 1


async def test_hide_that_telegram_refuses_is_still_sent(telegram, known):
    telegram.fail_next("deleteMessages", status=400, description="Bad Request: message can't be deleted")
    await known.send(CHAT, Reply("Đã thoát.", [], "hide"), "r1")
    assert telegram.sent(CHILD)[0].text == "Đã thoát."


async def test_what_hide_could_not_delete_is_told_and_tried_again(telegram, known, receiver):
    for number in range(150):
        telegram.say(CHILD, f"tin {number}")
    await receiver.wait(151)
    telegram.fail_next("deleteMessages", status=400, description="Bad Request: message can't be deleted")
    await known.send(CHAT, Reply("Đã thoát.", [], "hide"), "r1")
    told = telegram.sent(CHILD)[-1]
    assert "xóa không được" in told.text
    assert not any(word in told.text for word in ("báo tin", "trẻ em", "An Tâm", "111")), "neutral"
    assert len(telegram.visible(CHILD)) == 102, "the first hundred stayed"
    await known.send(CHAT, Reply("Đã thoát.", [], "hide"), "r2")
    assert telegram.visible(CHILD) == {telegram.sent(CHILD)[-1].message_id}


async def test_a_chat_gets_one_message_a_second(telegram, known):
    telegram.pace = 0.95
    started = time.monotonic()
    await asyncio.gather(*(known.send(CHAT, Reply(f"tin {n}"), f"r{n}") for n in range(3)))
    assert len(telegram.sent(CHILD)) == 3
    assert time.monotonic() - started >= 2


async def test_all_chats_together_get_thirty_a_second(telegram, telegram_settings, telegram_store, receiver):
    bridge = TelegramBridge(telegram_settings, telegram_store, pacer=Pacer(per_second=30))
    for chat in range(1, 41):
        telegram.say(chat, "alo")
    await bridge.start(receiver)
    await receiver.wait(40)
    await asyncio.gather(*(bridge.send(str(chat), Reply("chào"), f"r{chat}") for chat in range(1, 41)))
    moments = sorted(telegram.sent(chat)[0].at for chat in range(1, 41))
    assert moments[-1] - moments[0] > 1.1
    await bridge.stop()


def test_an_unreadable_answer_is_not_quoted(caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception, match="Invalid server response") as caught:
        QuietRequest.parse_json_payload(b'{"ok": true, "result": [{"text": "CANARY')
    assert "CANARY" not in caplog.text + repr(caught.value) + repr(caught.value.__context__)


# --- webhook ------------------------------------------------------------------------------------------------
@pytest.fixture
async def hook(telegram_settings, telegram_store, receiver):
    """A bridge in webhook mode; requests go to its routes without a network."""
    settings = telegram_settings.copy(update={"public_url": "https://an-tam.example"})
    bridge = TelegramBridge(settings, telegram_store)
    await bridge.start(receiver)
    transport = httpx.ASGITransport(Starlette(routes=bridge.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="https://an-tam.example") as client:
        yield client
    await bridge.stop()


async def registered(telegram):
    await eventually(lambda: bool(telegram.webhook))
    return {"X-Telegram-Bot-Api-Secret-Token": telegram.webhook["secret_token"]}


UPDATE = {"update_id": 5, "message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "text": "alo"}}


async def test_the_webhook_is_registered_with_a_stable_secret(telegram, hook, telegram_settings, telegram_store):
    await registered(telegram)
    assert telegram.webhook["url"] == "https://an-tam.example" + WEBHOOK_PATH
    first = telegram.webhook["secret_token"]
    telegram.webhook = {}
    settings = telegram_settings.copy(update={"public_url": "https://an-tam.example"})
    again = TelegramBridge(settings, telegram_store)
    await again.start(None)
    await registered(telegram)
    await again.stop()
    assert telegram.webhook["secret_token"] == first
    assert not telegram.calls("getUpdates")


async def test_200_only_after_the_message_is_persisted(telegram, hook, receiver):
    headers = await registered(telegram)
    receiver.down = True
    assert (await hook.post(WEBHOOK_PATH, json=UPDATE, headers=headers)).status_code == 503
    receiver.down = False
    assert (await hook.post(WEBHOOK_PATH, json=UPDATE, headers=headers)).status_code == 200
    assert (await hook.post(WEBHOOK_PATH, json=UPDATE, headers=headers)).status_code == 200  # replayed
    assert [m.text for m in receiver.new] == ["alo"]


@pytest.mark.parametrize("secret", [None, "", "falsch", "ký tự lạ".encode()])
async def test_a_wrong_secret_is_forbidden(telegram, hook, receiver, secret):
    await registered(telegram)
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    answer = await hook.post(WEBHOOK_PATH, json=UPDATE, headers=headers)
    assert (answer.status_code, answer.text) == (403, "")
    assert receiver.offered == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"update_id": "1"}', b"\xff\xfe", b"[" * 100_000])
async def test_what_is_not_an_update_is_a_bad_request(telegram, hook, receiver, body):
    headers = await registered(telegram)
    assert (await hook.post(WEBHOOK_PATH, content=body, headers=headers)).status_code == 400
    assert receiver.offered == 0


async def test_too_large_a_body_is_refused(telegram, hook):
    headers = await registered(telegram)

    async def chunks():
        for _ in range(20):
            yield b" " * 65536

    assert (await hook.post(WEBHOOK_PATH, content=b" " * 1_100_000, headers=headers)).status_code == 413
    assert (await hook.post(WEBHOOK_PATH, content=chunks(), headers=headers)).status_code == 413


async def test_an_update_nobody_knows_is_acknowledged(telegram, hook):
    headers = await registered(telegram)
    assert (await hook.post(WEBHOOK_PATH, json={"update_id": 9, "new": {}}, headers=headers)).status_code == 200


async def test_polling_serves_no_webhook(bridge):
    assert bridge.routes() == []


async def test_deliveries_over_the_network_are_repeated_until_taken(
    telegram, telegram_settings, telegram_store, receiver
):
    config = uvicorn.Config(lambda *_: None, log_level="critical", ws="none", port=0)
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    bridge = TelegramBridge(telegram_settings.copy(update={"public_url": address}), telegram_store)
    config.app = Starlette(routes=bridge.routes())
    serving = asyncio.create_task(server.serve([listener]))
    receiver.down = True
    await bridge.start(receiver)
    await registered(telegram)
    telegram.say(CHILD, "một")
    telegram.say(CHILD, "hai")
    await eventually(lambda: 503 in telegram.webhook_statuses)
    receiver.down = False
    assert [m.text for m in await receiver.wait(2)] == ["một", "hai"]
    await eventually(lambda: telegram.waiting == 0)
    await bridge.stop()
    server.should_exit = True
    await serving
