"""Zalo Bot Platform: an information channel for adults, off unless there is a token.

The platform withholds what children write (``message.unsupported.received``), so nobody can confide in this channel:
questions are answered from the knowledge base only (``bot.dialogue.information``), and a withheld message gets the
fixed safe words.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.bridges.base import (
    Accept,
    Capabilities,
    Connected,
    HumanWrote,
    SendLater,
    SendRefused,
    TooLarge,
    end_tasks,
    is_command,
    load_texts,
    parse_object,
    read_body,
    split_text,
    whole_text,
)
from bot.bridges.pacing import Pacer
from bot.bridges.sends import Progress, SendLedger
from bot.bridges.telegram_client import silence_libraries
from bot.db.engine import Store
from bot.dialogue.messages import IncomingMessage, Kind, Reply
from bot.settings import Settings

log = structlog.get_logger(__name__)
NAME = "zalo_bot"
WEBHOOK_PATH = "/zalo-bot/webhook"
MAX_BODY = 256 * 1024
MEDIA = {
    "message.image.received": "photo",
    "message.sticker.received": "sticker",
    "message.voice.received": "voice",
    "message.unsupported.received": "withheld",
}
TOKEN_WAIT, BUSY_WAIT, UNREACHABLE = 300.0, 30.0, 5.0


class ZaloBotBridge:
    """The adults' information channel. ``state``: ``off``, ``starting``, ``running``, ``retrying``, ``token_refused``
    or ``no_public_url``."""

    name = NAME
    capabilities = Capabilities(
        text_limit=2000, text_unit="chars", buttons=0, payload_bytes=None, delete_hours=None, protect=False
    )

    def __init__(self, settings: Settings, store: Store, pacer: Pacer | None = None) -> None:
        silence_libraries()
        self._token = settings.zalo_bot_token.get_secret_value()
        self._base = settings.zalo_bot_api_base
        self._public_url = settings.public_url
        raw = b"zalo bot webhook\0" + self._token.encode()
        self._secret = hmac.new(store.keys.cookie, raw, hashlib.sha256).hexdigest()
        self._ledger = SendLedger(store)
        self._pacer = pacer or Pacer(per_chat=0.5, per_second=20.0)
        self._texts = load_texts("zalo")
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(10.0, connect=5.0), trust_env=False)
        self._accept: Accept | None = None
        self._task: asyncio.Task[None] | None = None
        self.state = "off"

    # --- life -----------------------------------------------------------------------------------------------
    def routes(self) -> list[BaseRoute]:
        """The webhook."""
        return [Route(WEBHOOK_PATH, self._webhook, methods=["POST"])]

    def on_connect(self, connected: Connected) -> None:
        """Nothing to tell: Zalo keeps what a person has not fetched."""

    def on_human(self, human: HumanWrote) -> None:
        """Nothing to tell: nobody can answer in the bot's name beside the bot."""

    async def start(self, accept: Accept) -> None:
        """Register the webhook in the background."""
        self._accept = accept
        self.state = "starting"
        self._task = asyncio.create_task(self._register())

    async def stop(self) -> None:
        """Stop taking events."""
        self._accept = None
        if self._task is not None:
            await end_tasks([self._task])
        await self._client.aclose()
        self.state = "off"

    async def _register(self) -> None:
        if not self._public_url:
            self.state = "no_public_url"
            log.error("zalo_bot.no_public_url", remedy="set HOTLINE_PUBLIC_URL: this platform needs a webhook")
            return
        pause = 2.0
        while True:
            body = {"url": self._public_url + WEBHOOK_PATH, "secret_token": self._secret}
            status = await self._call("setWebhook", body)
            if status == 200:
                self.state = "running"
                return
            self.state = "token_refused" if status in (401, 403, 404) else "retrying"
            log.error("zalo_bot.webhook_not_set", code=str(status))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 300.0)

    # --- receiving ------------------------------------------------------------------------------------------
    async def _webhook(self, request: Request) -> Response:
        given = request.headers.get("x-bot-api-secret-token", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode()):
            return Response(status_code=403)
        try:
            body = parse_object(await read_body(request, MAX_BODY))
        except TooLarge:
            return Response(status_code=413)
        if body is None:
            return Response(status_code=400)
        event = body.get("result") if isinstance(body.get("result"), dict) else body
        message = translate(event if isinstance(event, dict) else {})
        if message is None:
            return Response(status_code=200)
        if self._accept is None:
            return Response(status_code=503)
        try:
            await self._accept(message)
        except Exception as error:
            log.error("zalo_bot.not_accepted", error=type(error).__name__)
            return Response(status_code=503)
        return Response(status_code=200)

    # --- sending --------------------------------------------------------------------------------------------
    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        """Deliver a reply as plain text; choices become lines to type. Raises ``SendLater`` or ``SendRefused``."""
        if not chat_id:
            raise SendRefused("bad_address")
        parts = split_text(self._plain(reply), self.capabilities.text_limit)
        if not parts:
            raise SendRefused("empty")
        progress = await self._ledger.get(reply_id)
        for index in range(progress.parts, len(parts)):
            await self._pacer.wait(chat_id)
            await self._send_part(chat_id, parts[index])
            if index < len(parts) - 1:
                await self._ledger.put(reply_id, Progress(index + 1))
        await self._ledger.done(reply_id, len(parts), careful=False)

    def _plain(self, reply: Reply) -> str:
        choices = [
            f"• {button.title.strip()}"
            for button in reply.buttons
            if button.title.strip() and (button.payload.startswith("/show_item") or button.payload[:1] != "/")
        ]
        lines = [reply.text, "", self._texts["choices"], *choices] if choices else [reply.text]
        return whole_text("\n".join(lines))

    async def _send_part(self, chat_id: str, text: str) -> None:
        status = await self._call("sendMessage", {"chat_id": chat_id, "text": text})
        if status == 200:
            return
        if status == 429:
            self._pacer.hold(chat_id, BUSY_WAIT)
            raise SendLater(BUSY_WAIT)
        if status in (401, 404):
            log.error("zalo_bot.token_refused", remedy="get a new HOTLINE_ZALO_BOT_TOKEN from Zalo Bot Manager")
            raise SendLater(TOKEN_WAIT)
        if status in (400, 403):
            raise SendRefused("blocked" if status == 403 else "bad_request")
        log.warning("zalo_bot.send_later", code=str(status))
        raise SendLater(UNREACHABLE)

    async def _call(self, method: str, body: dict[str, Any]) -> int:
        """200, or the error's code; 0 when there was no usable answer. The token is in the URL: nothing is logged."""
        try:
            response = await self._client.post(f"{self._base}/bot{self._token}/{method}", json=body)
        except httpx.HTTPError:
            return 0
        answer = parse_object(response.content)
        if response.status_code >= 500 or answer is None:
            return response.status_code if response.status_code != 200 else 0
        if answer.get("ok"):
            return 200
        code = answer.get("error_code", response.status_code)
        return code if isinstance(code, int) and code != 200 else 400


def translate(event: Mapping[str, Any]) -> IncomingMessage | None:
    """The message in an event; ``None`` for what is to be acknowledged and ignored."""
    name, message = event.get("event_name"), event.get("message")
    if not isinstance(name, str) or not isinstance(message, dict):
        return None
    chat, sender = message.get("chat"), message.get("from")
    chat_id = chat.get("id") if isinstance(chat, dict) else None
    if not isinstance(chat, dict) or not isinstance(chat_id, str) or not chat_id:
        return None
    if chat.get("chat_type", "PRIVATE") != "PRIVATE" or (isinstance(sender, dict) and sender.get("is_bot")):
        return None
    media = MEDIA.get(name, "")
    if not media and name != "message.text.received":
        return None
    given = message.get("caption") if media else message.get("text")
    text = whole_text(given) if isinstance(given, str) and media != "withheld" else ""
    kind: Kind = "media" if media else "command" if is_command(text) else "text"
    number, date = message.get("message_id"), message.get("date")
    key = f"m:{number}" if isinstance(number, (str, int)) and number else f"{name}:{chat_id}:{date}"
    return IncomingMessage(
        channel=NAME,
        chat_id=chat_id,
        update_id=key[:200],
        text=text,
        kind=kind,
        media=media,
        sent_at=date / 1000.0 if isinstance(date, (int, float)) else None,
    )
