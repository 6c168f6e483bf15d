"""The web chat's bridge over real HTTP and WebSockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets
from starlette.applications import Starlette
from structlog.testing import capture_logs

from bot.bridges import webchat
from bot.bridges.base import SendLater, SendRefused
from bot.bridges.webchat import WebChatBridge
from bot.db.engine import open_store
from bot.dialogue.messages import Button, Reply
from bot.settings import Settings
from tests.contract.website import Site, serve

ID = "6a1f6f9e-0000-4000-8000-00000000000"


@pytest.fixture
def web_settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "var", public_url="", web_messages_per_minute=30)


@pytest.fixture
async def site(web_settings: Settings) -> AsyncIterator[Site]:
    async with serve(web_settings) as site:
        yield site


async def receive(socket) -> dict:
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


# --- the page -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/tam"])
async def test_pages_keep_nothing_and_load_nothing_from_elsewhere(site, path):
    async with site.browser() as browser:
        page = await browser.get(path)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["referrer-policy"] == "no-referrer"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http://" not in page.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in page.text
        for link in ("/static/chat.js", "/static/chat.css", "/static/plain.css", "/static/icon.svg"):
            file = await browser.get(link)
            assert (file.status_code, file.headers["cache-control"]) == (200, "no-store")


async def test_the_neutral_page_says_nothing_about_us_and_ends_the_session(site):
    async with site.browser() as browser:
        await site.visit(browser)
        page = await browser.get("/tam")
        for word in ("An Tâm", "trẻ em", "111", "báo tin", "chat"):
            assert word not in page.text
        assert webchat.COOKIE not in browser.cookies


async def test_the_session_cookie_is_signed_and_short_lived(site):
    async with site.browser() as browser:
        header = (await browser.get("/")).headers["set-cookie"].lower()
        assert "httponly" in header
        assert "samesite=lax" in header
        assert "max-age" not in header
        assert "expires" not in header
        assert "set-cookie" not in (await browser.get("/")).headers  # the same session goes on


async def test_the_cookie_is_secure_behind_https(web_settings):
    settings = web_settings.copy(update={"public_url": "https://an-tam.example"})
    bridge = WebChatBridge(settings, open_store(settings))
    transport = httpx.ASGITransport(Starlette(routes=bridge.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="https://an-tam.example") as browser:
        assert "secure" in (await browser.get("/")).headers["set-cookie"].lower()


async def test_too_many_new_sessions_get_the_numbers_instead(site, monkeypatch):
    site.bridge._new_by_address.limit = 2
    answers = []
    for _ in range(3):
        async with site.browser() as browser:
            answers.append(await browser.get("/"))
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert "111" in answers[2].text
    assert "set-cookie" not in answers[2].headers


# --- messages by HTTP ---------------------------------------------------------------------------------------
async def test_a_post_is_persisted_once(site):
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        for _ in range(2):
            answer = await browser.post("/chat/messages", json={"id": ID + "1", "text": "alo"})
            assert (answer.status_code, answer.json()) == (202, {"received": ID + "1"})
        (message,) = site.receiver.new
        assert (message.channel, message.chat_id, message.text, message.kind) == ("web", chat_id, "alo", "text")
        assert message.update_id == f"{chat_id}:{ID}1"


async def test_a_button_and_a_command(site):
    async with site.browser() as browser:
        await site.visit(browser)
        await browser.post("/chat/messages", json={"id": ID + "1", "payload": "/start_report", "text": "Báo tin"})
        await browser.post("/chat/messages", json={"id": ID + "2", "text": "/thoat"})
        assert [(m.kind, m.payload, m.text) for m in site.receiver.new] == [
            ("button", "/start_report", "Báo tin"),
            ("command", "", "/thoat"),
        ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid"),
        (b"{", 400, "invalid"),
        (b"[]", 400, "invalid"),
        (b"\xff", 400, "invalid"),
        (b'{"id": 5, "text": "x"}', 400, "invalid"),
        (b'{"id": "../../etc/passwd", "text": "x"}', 400, "invalid"),
        (b'{"id": "12345678", "text": {"$ne": 1}}', 400, "invalid"),
        (b'{"id": "12345678"}', 400, "empty"),
        (b'{"id": "12345678", "text": " \\n "}', 400, "empty"),
        (b'{"id": "12345678", "text": "' + b"a" * 100_000 + b'"}', 413, "too_large"),
        (b'{"id": "12345678", "payload": "/' + b"a" * 2000 + b'"}', 400, "invalid"),
    ],
)
async def test_bad_input_gets_the_right_status_and_a_kind_sentence(site, body, status, code):
    async with site.browser() as browser:
        await site.visit(browser)
        answer = await browser.post("/chat/messages", content=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, code)
        assert "111" in error["text"]
        assert "113" in error["text"]
        assert site.receiver.offered == 0


async def test_without_a_session_nothing_is_taken(site):
    async with site.browser() as browser:
        message = {"id": ID + "1", "text": "alo"}
        assert (await browser.post("/chat/messages", json=message)).status_code == 401
        assert (await browser.get("/chat/replies")).status_code == 401
        browser.cookies.set(webchat.COOKIE, "forged.abc.def")
        assert (await browser.post("/chat/messages", json=message)).status_code == 401
        assert site.receiver.offered == 0


async def test_another_site_cannot_write(site):
    async with site.browser() as browser:
        await site.visit(browser)
        headers = {"Origin": "https://evil.example"}
        answer = await browser.post("/chat/messages", json={"id": ID + "1", "text": "alo"}, headers=headers)
        assert answer.status_code == 401
        with pytest.raises(websockets.InvalidStatusCode) as caught:
            async with site.socket(browser, origin="https://evil.example"):
                pass
        assert caught.value.status_code == 403


async def test_the_rate_limit_answers_kindly_and_never_stops_the_quick_exit(site):
    async with site.browser() as browser:
        await site.visit(browser)
        for number in range(30):
            assert (await browser.post("/chat/messages", json={"id": f"message-{number}", "text": "a"})).is_success
        over = await browser.post("/chat/messages", json={"id": "message-30", "text": "a"})
        assert over.status_code == 429
        assert 0 < int(over.headers["retry-after"]) <= 60
        assert "111" in over.json()["error"]["text"]
        assert len(site.receiver.new) == 30
        leave = await browser.post("/chat/messages", json={"id": "message-31", "payload": "/quick_exit"})
        assert leave.status_code == 202


async def test_one_session_does_not_use_up_anothers_rate(site):
    async with site.browser() as first, site.browser() as second:
        await site.visit(first)
        await site.visit(second)
        for number in range(31):
            last = await first.post("/chat/messages", json={"id": f"message-{number}", "text": "a"})
        assert last.status_code == 429
        assert (await second.post("/chat/messages", json={"id": "message-0", "text": "a"})).status_code == 202


async def test_while_the_database_is_down_the_numbers_are_shown(site):
    async with site.browser() as browser:
        await site.visit(browser)
        site.receiver.down = True
        answer = await browser.post("/chat/messages", json={"id": ID + "1", "text": "cứu con"})
        assert answer.status_code == 503
        assert "113" in answer.json()["error"]["text"]
        site.receiver.down = False
        assert (await browser.post("/chat/messages", json={"id": ID + "1", "text": "cứu con"})).status_code == 202
        assert len(site.receiver.new) == 1


async def test_long_polling_delivers_and_acknowledges(site):
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        poll = asyncio.create_task(browser.get("/chat/replies"))
        await asyncio.sleep(0.2)
        sending = asyncio.create_task(site.bridge.send(chat_id, Reply("Chào con"), "r1"))
        (frame,) = (await poll).json()["replies"]
        assert (frame["id"], frame["reply"]["text"]) == ("r1", "Chào con")
        assert not sending.done()
        again = (await browser.get("/chat/replies", params={"wait": 0})).json()["replies"]
        assert [f["id"] for f in again] == ["r1"]  # until it is acknowledged
        assert (await browser.get("/chat/replies", params={"ack": "r1", "wait": 0})).json() == {"replies": []}
        await asyncio.wait_for(sending, 1)


# --- WebSocket ----------------------------------------------------------------------------------------------
async def test_a_conversation_by_websocket(site):
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        async with site.socket(browser) as socket:
            await socket.send(json.dumps({"id": ID + "1", "text": "alo \ud83d"}))
            assert await receive(socket) == {"received": ID + "1"}
            reply = Reply("Chào con", [Button("Báo tin", "/start_report")], "safety")
            sending = asyncio.create_task(site.bridge.send(chat_id, reply, "r1"))
            frame = await receive(socket)
            assert frame == {"id": "r1", "reply": reply.to_dict()}
            assert not sending.done()
            await socket.send(json.dumps({"ack": "r1"}))
            await asyncio.wait_for(sending, 2)
        assert site.receiver.new[0].text == "alo \ufffd"


async def test_the_direct_answer_is_acknowledged_while_its_message_is_being_taken(site):
    """When nothing can be stored, ``accept`` itself sends the safe words and only then raises."""

    async def accept(message):
        await site.bridge.send(message.chat_id, Reply("Gọi 113", [], "safety"), "direct")
        raise RuntimeError("database is down")

    async with site.browser() as browser:
        await site.visit(browser)
        await site.bridge.start(accept)
        async with site.socket(browser) as socket:
            started = time.monotonic()
            await socket.send(json.dumps({"id": ID + "1", "text": "cứu con"}))
            assert (await receive(socket))["reply"]["text"] == "Gọi 113"
            await socket.send(json.dumps({"ack": "direct"}))
            problem = await receive(socket)
            assert (problem["error"]["code"], problem["for"]) == ("down", ID + "1")
            assert time.monotonic() - started < 3


async def test_what_was_not_acknowledged_comes_again_after_reconnecting(site):
    connected = []

    async def told(sender: str) -> None:
        connected.append(sender)

    site.bridge.on_connect(told)
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        async with site.socket(browser) as socket:
            sending = asyncio.create_task(site.bridge.send(chat_id, Reply("một"), "r1"))
            assert (await receive(socket))["id"] == "r1"
        # the connection broke before the acknowledgement
        async with site.socket(browser) as socket:
            assert (await receive(socket))["id"] == "r1"
            await socket.send(json.dumps({"ack": "r1"}))
            await asyncio.wait_for(sending, 2)
            await site.bridge.send(chat_id, Reply("một"), "r1")  # a repeat of what was acknowledged is silent
            await socket.send('{"ping": 1}')
            assert await receive(socket) == {"pong": 1}
        assert len(connected) == 2
        assert chat_id not in connected


async def test_without_an_acknowledgement_the_reply_is_sent_later(site):
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        async with site.socket(browser) as socket:
            started = time.monotonic()
            with pytest.raises(SendLater):
                await site.bridge.send(chat_id, Reply("alo"), "r1")
            assert 4.5 < time.monotonic() - started < 7
            await receive(socket)
            await socket.send(json.dumps({"ack": "r1"}))  # late, but not too late
            await asyncio.sleep(0.1)
            await asyncio.wait_for(site.bridge.send(chat_id, Reply("alo"), "r1"), 0.5)


async def test_a_page_that_is_away_does_not_hold_up_the_worker(site):
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        async with site.socket(browser):
            pass
        await asyncio.sleep(1.2)
        with pytest.raises(SendLater):
            await asyncio.wait_for(site.bridge.send(chat_id, Reply("alo"), "r1"), 0.5)


async def test_after_the_quick_exit_nothing_is_delivered(site):
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        async with site.socket(browser) as socket:
            sending = asyncio.create_task(site.bridge.send(chat_id, Reply("chuyện riêng"), "r1"))
            await receive(socket)
            answer = await browser.post("/chat/messages", json={"id": ID + "1", "payload": "/quick_exit"})
            assert answer.status_code == 202
            with pytest.raises(SendRefused):
                await sending
        assert webchat.COOKIE not in browser.cookies
        assert [m.payload for m in site.receiver.new] == ["/quick_exit"]
        with pytest.raises(SendRefused):
            await site.bridge.send(chat_id, Reply("Đã thoát", [], "hide"), "r2")
        assert await site.visit(browser) != chat_id


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", "invalid"),
        ("[1]", "invalid"),
        ("x" * 20_000, "too_large"),
        ('{"id": "12345678", "text": ""}', "empty"),
    ],
)
async def test_bad_frames_get_a_kind_sentence(site, raw, code):
    async with site.browser() as browser:
        await site.visit(browser)
        async with site.socket(browser) as socket:
            await socket.send(raw)
            problem = (await receive(socket))["error"]
            assert problem["code"] == code
            assert "111" in problem["text"]
            await socket.send(json.dumps({"id": ID + "9", "text": "còn nghe"}))
            assert await receive(socket) == {"received": ID + "9"}


async def test_binary_frames_and_floods_do_no_harm(site):
    async with site.browser() as browser:
        await site.visit(browser)
        site.receiver.gate.clear()
        async with site.socket(browser) as socket:
            await socket.send(b"\x00\x01")
            with contextlib.suppress(websockets.ConnectionClosed):
                for number in range(5_000):
                    await socket.send(json.dumps({"id": f"flood-{number}", "text": "a"}))
                    await asyncio.sleep(0)
            await asyncio.wait_for(socket.wait_closed(), 5)
        site.receiver.gate.set()
        assert site.receiver.offered <= 30


async def test_nothing_written_reaches_a_log(site, caplog):
    caplog.set_level("DEBUG")
    async with site.browser() as browser:
        chat_id = await site.visit(browser)
        site.receiver.down = True
        with capture_logs() as logs:
            await browser.post("/chat/messages", json={"id": ID + "1", "text": "CANARY"})
            await browser.post("/chat/messages", content=b'{"CANARY')
    clients = ("httpx", "httpcore", "websockets")  # the test's own
    records = [r.getMessage() for r in caplog.records if not r.name.startswith(clients)]
    ours = str(logs) + "".join(records)
    assert "webchat.not_accepted" in ours
    assert "CANARY" not in ours
    assert chat_id not in ours
