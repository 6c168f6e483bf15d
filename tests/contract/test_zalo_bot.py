"""The adults' information channel on the Zalo Bot Platform, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.bridges import make_bridges
from bot.bridges.base import SendLater, SendRefused
from bot.bridges.pacing import Pacer
from bot.bridges.zalo_bot import WEBHOOK_PATH, ZaloBotBridge
from bot.db.engine import open_store
from bot.dialogue.conversation import Conversation
from bot.dialogue.information import ByChannel, InformationOnly
from bot.dialogue.memory import Memory
from bot.dialogue.messages import Button, IncomingMessage, Reply
from bot.dialogue.rasa_client import RasaTurn
from bot.knowledge.answer import Answer
from bot.safety import Assessment, SafetyAnswers
from tests.conftest import make_settings
from tests.contract.receiver import Receiver, eventually
from tests.contract.served import served

TOKEN = "12345:zalo-bot-token"
SITE = "https://an-tam.example"


class ZaloBotDouble:
    """The Bot Platform: refuses what the documentation says it refuses."""

    def __init__(self) -> None:
        self.webhook: dict[str, Any] = {}
        self.sent: list[dict[str, Any]] = []
        self.failures: list[tuple[int, int]] = []
        self.app = Starlette(routes=[Route("/bot{token}/{method}", self._serve, methods=["POST"])])

    async def _serve(self, request: Request) -> Response:
        if request.path_params["token"] != TOKEN:
            return JSONResponse({"ok": False, "error_code": 401, "description": "Unauthorized"})
        if self.failures:
            status, code = self.failures.pop(0)
            return JSONResponse({"ok": False, "error_code": code, "description": "no"}, status)
        body, method = await request.json(), request.path_params["method"]
        if method == "setWebhook":
            if not body["url"].startswith("https://") or not 8 <= len(body["secret_token"]) <= 256:
                return JSONResponse({"ok": False, "error_code": 400, "description": "bad webhook"})
            self.webhook = body
        elif method == "sendMessage":
            if not isinstance(body.get("chat_id"), str) or not 1 <= len(body.get("text", "")) <= 2000:
                return JSONResponse({"ok": False, "error_code": 400, "description": "bad message"})
            self.sent.append(body)
        return JSONResponse({"ok": True, "result": {"message_id": str(len(self.sent)), "date": 1}})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[tuple[ZaloBotDouble, ZaloBotBridge, Receiver, httpx.AsyncClient]]:
    double = ZaloBotDouble()
    async with served(double.app) as address:
        settings = make_settings(tmp_path / "var", zalo_bot_token=TOKEN, zalo_bot_api_base=address, public_url=SITE)
        store = open_store(settings)
        bridge, receiver = ZaloBotBridge(settings, store, Pacer(0.0, 1000)), Receiver(store)
        await bridge.start(receiver)
        await eventually(lambda: bridge.state == "running")
        transport = httpx.ASGITransport(Starlette(routes=bridge.routes()))
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            client.headers["X-Bot-Api-Secret-Token"] = double.webhook["secret_token"]
            yield double, bridge, receiver, client
        await bridge.stop()


def event(name: str = "message.text.received", number: str = "1", **message: Any) -> dict[str, Any]:
    chat = {"id": "chat-1", "chat_type": "PRIVATE"}
    sender = {"id": "u1", "display_name": "CANARY-NAME", "is_bot": False}
    fields = {"from": sender, "chat": chat, "message_id": number, "date": 1750316131602, **message}
    return {"event_name": name, "message": fields}


def test_it_is_off_by_default(tmp_path):
    settings = make_settings(tmp_path / "var")
    assert "zalo_bot" not in [bridge.name for bridge in make_bridges(settings, open_store(settings))]


@pytest.mark.parametrize("wrapped", [True, False])
async def test_both_shapes_of_a_delivery_are_read_once(world, wrapped):
    double, _, receiver, client = world
    body = event(text="Đánh con có phạm luật không?")
    body = {"ok": True, "result": body} if wrapped else body
    for _ in range(2):
        assert (await client.post(WEBHOOK_PATH, json=body)).status_code == 200
    (message,) = receiver.new
    assert (message.channel, message.chat_id, message.text) == ("zalo_bot", "chat-1", "Đánh con có phạm luật không?")
    assert message.sent_at == 1750316131.602
    assert "CANARY" not in json.dumps(message.to_dict())


async def test_a_withheld_message_is_not_malformed(world):
    _, _, receiver, client = world
    await client.post(WEBHOOK_PATH, json=event("message.unsupported.received", text="never read"))
    assert (await client.post(WEBHOOK_PATH, json={"event_name": "message.unsupported.received"})).status_code == 200
    (message,) = receiver.new
    assert (message.media, message.text) == ("withheld", "")


async def test_proof_size_and_storage(world):
    _, _, receiver, client = world
    wrong = {"X-Bot-Api-Secret-Token": "wrong"}
    assert (await client.post(WEBHOOK_PATH, json=event(), headers=wrong)).status_code == 403
    assert (await client.post(WEBHOOK_PATH, content=b"{")).status_code == 400
    assert (await client.post(WEBHOOK_PATH, content=b" " * 300_000)).status_code == 413
    receiver.down = True
    assert (await client.post(WEBHOOK_PATH, json=event(text="x"))).status_code == 503
    receiver.down = False
    group = event(text="x", chat={"id": "g", "chat_type": "GROUP"})
    assert (await client.post(WEBHOOK_PATH, json=group)).status_code == 200
    assert receiver.new == []


async def test_choices_become_lines_to_type(world):
    double, bridge, _, _ = world
    buttons = [Button("Quyền trẻ em", '/show_item{"item_id": "x"}'), Button("Báo tin", "/start_report")]
    await bridge.send("chat-1", Reply("Ý anh chị là:", buttons), "r1")
    (sent,) = double.sent
    assert "• Quyền trẻ em" in sent["text"]
    assert "Báo tin" not in sent["text"]


async def test_long_replies_and_errors(world):
    double, bridge, _, _ = world
    text = "Một câu dài vừa phải thôi. " * 200
    await bridge.send("chat-1", Reply(text), "r1")
    assert "".join("".join(m["text"] for m in double.sent).split()) == "".join(text.split())
    for status, code, kind in (
        (200, 429, SendLater),
        (500, 500, SendLater),
        (200, 401, SendLater),
        (200, 400, SendRefused),
        (200, 403, SendRefused),
    ):
        double.failures.append((status, code))
        with pytest.raises(kind):
            await bridge.send(f"chat-{code}", Reply("x"), f"r{code}")


async def test_without_a_public_address_it_says_so(tmp_path):
    settings = make_settings(tmp_path / "var", zalo_bot_token=TOKEN)
    bridge = ZaloBotBridge(settings, open_store(settings))
    await bridge.start(Receiver(open_store(settings)))
    await asyncio.sleep(0.05)
    assert bridge.state == "no_public_url"
    await bridge.stop()


# --- what is answered -----------------------------------------------------------------------------------------
class Book:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, str | None]] = []

    def answer(self, text: str, audience: str | None, on: Any, intent: str | None = None) -> Answer:
        self.asked.append((text, audience, intent))
        return Answer("answered", f"sách: {text}", [], [Button("Thêm", '/show_item{"item_id": "a"}')])

    def show(self, item_id: str, audience: str | None, on: Any, part: str = "short") -> Answer:
        return Answer("answered", f"mục {item_id} {part}")


class Rasa:
    async def handle(self, *_: Any) -> RasaTurn:
        return RasaTurn([{"text": "rasa"}])


class Calm:
    def assess(self, *_: Any) -> Assessment:
        return Assessment("none", "none", 0.0, [])


async def ask(text: str, channel: str = "zalo_bot", **more: Any) -> list[Reply]:
    book = Book()
    conversation = Conversation(
        Calm(),
        SafetyAnswers.load(),
        ByChannel(Rasa(), {"zalo_bot": InformationOnly(lambda: book)}),  # type: ignore[arg-type]
    )
    message = IncomingMessage(channel, "c", "u", text=text, **more)
    return (await conversation.respond(message, "s", Memory(introduced=True), "key")).replies


async def test_only_the_knowledge_base_answers_there():
    assert [r.text for r in await ask("quyền của trẻ em?")] == ["sách: quyền của trẻ em?"]
    assert [r.text for r in await ask("quyền của trẻ em?", "telegram")] == ["rasa"]
    assert [r.text for r in await ask("", kind="button", payload='/show_item{"item_id": "a"}')] == ["mục a short"]


@pytest.mark.parametrize("command", ["/start", "/baotin", "/tracuu"])
async def test_no_report_begins_there_and_the_numbers_are_said(command):
    (reply,) = await ask(command, kind="command")
    assert all(number in reply.text for number in ("111", "113", "115"))


async def test_a_withheld_message_gets_the_fixed_safe_words():
    (reply,) = await ask("", kind="media", media="withheld")
    assert reply.kind == "safety"
    assert reply.text == SafetyAnswers.load().emergency("teen").text
    assert "111" in reply.text
