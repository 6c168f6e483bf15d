"""Telegram: long polling by default, a webhook when the gateway has a public address.

An update is acknowledged (by a higher ``offset``, or by 200) only after ``accept`` has persisted it. Telegram
keeps what was not acknowledged for 24 hours and delivers it again; the inbox drops the repeats.

Quick hide (a ``hide`` reply) deletes the chat's messages of the last 48 hours, both the person's and the bot's
(see ``bot.bridges.message_log``); older ones Telegram does not let a bot delete.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from telegram import Bot, BotCommand
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.bridges.base import (
    Accept,
    Bounded,
    Connected,
    HumanWrote,
    TooLarge,
    end_tasks,
    load_texts,
    parse_object,
    read_body,
)
from bot.bridges.message_log import MessageLog
from bot.bridges.pacing import Pacer
from bot.bridges.sends import SendLedger
from bot.bridges.telegram_buttons import ButtonStore
from bot.bridges.telegram_client import QuietRequest, seconds_of, silence_libraries, webhook_secret
from bot.bridges.telegram_send import ASK_BOTFATHER, NO_PREVIEW, TELEGRAM, TelegramSender
from bot.bridges.telegram_updates import ALLOWED_UPDATES, Group, translate
from bot.db.engine import Store
from bot.dialogue.messages import Reply
from bot.settings import Settings

log = structlog.get_logger(__name__)

WEBHOOK_PATH = "/telegram/webhook"
MAX_BODY = 1024 * 1024
POLL_SECONDS = 25
FORGET_EVERY = 3600.0


class TelegramBridge:
    """The Telegram channel. ``state`` is for the operator: ``off``, ``starting``, ``running``, ``retrying``,
    ``conflict`` (another program uses the token) or ``token_refused``."""

    name = "telegram"
    capabilities = TELEGRAM

    def __init__(self, settings: Settings, store: Store, pacer: Pacer | None = None) -> None:
        silence_libraries()
        token = settings.telegram_bot_token.get_secret_value()
        self._webhook_url = settings.public_url + WEBHOOK_PATH if settings.public_url else ""
        self._secret = webhook_secret(store.keys.cookie, token)
        self._bot = Bot(
            token,
            base_url=settings.telegram_api_base + "/bot",
            request=QuietRequest(connection_pool_size=32, pool_timeout=10.0, read_timeout=15.0),
            get_updates_request=QuietRequest(connection_pool_size=2, pool_timeout=10.0),
        )
        self._buttons = ButtonStore(store)
        self._messages = MessageLog(store, self.name)
        self._ledger = SendLedger(store)
        self._sender = TelegramSender(self._bot, self._buttons, self._ledger, self._messages, pacer)
        self._texts = load_texts("telegram")
        self._accept: Accept | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._albums: Bounded[str, str] = Bounded(1_000)
        self._left: Bounded[int, float] = Bounded(1_000)
        self.state = "off"

    # --- life -----------------------------------------------------------------------------------------------
    def routes(self) -> list[BaseRoute]:
        """The webhook; nothing when polling."""
        if not self._webhook_url:
            return []
        return [Route(WEBHOOK_PATH, self._webhook, methods=["POST"])]

    def on_connect(self, connected: Connected) -> None:
        """Nothing to tell: Telegram itself keeps what a person has not fetched."""

    def on_human(self, human: HumanWrote) -> None:
        """Nothing to tell: nobody can answer in the bot's name beside the bot."""

    async def start(self, accept: Accept) -> None:
        """Begin to receive, in the background: a start must not fail because Telegram is out of reach."""
        self._accept = accept
        self.state = "starting"
        self._tasks = [
            asyncio.create_task(self._run(), name="telegram"),
            asyncio.create_task(self._messages.run()),
            asyncio.create_task(self._forget()),
        ]

    async def stop(self) -> None:
        """Stop receiving; what was not acknowledged is delivered again at the next start."""
        await end_tasks([*self._tasks, *self._errands])
        await self._messages.flush()
        with contextlib.suppress(TelegramError, RuntimeError):
            await self._bot.shutdown()
        self.state = "off"

    async def _run(self) -> None:
        if await self._persist("set_up", self._set_up):
            self.state = "running"
            await self._describe()
            if not self._webhook_url:
                await self._poll()

    async def _forget(self) -> None:
        while True:
            with contextlib.suppress(SQLAlchemyError):
                await self._buttons.forget_unused()
                await self._ledger.forget_old()
            await asyncio.sleep(FORGET_EVERY)

    async def _set_up(self) -> None:
        await self._bot.initialize()
        if self._webhook_url:
            await self._bot.set_webhook(
                self._webhook_url,
                secret_token=self._secret,
                allowed_updates=ALLOWED_UPDATES,
                max_connections=20,
            )
        else:
            await self._bot.delete_webhook()

    async def _describe(self) -> None:
        """The command menu and the words in an empty chat. Cosmetic: a failure is only logged."""
        commands = [BotCommand(c["command"], c["description"]) for c in self._texts["commands"]]
        try:
            await self._bot.set_my_commands(commands)
            await self._bot.set_my_description(self._texts["description"])
            await self._bot.set_my_short_description(self._texts["short_description"])
        except TelegramError as error:
            log.warning("telegram.describe_failed", error=type(error).__name__)

    async def _persist(self, step: str, call: Callable[[], Awaitable[Any]]) -> bool:
        """Repeat ``call`` with growing pauses until it succeeds; False when the token is refused."""
        pause = 1.0
        while True:
            try:
                await call()
            except InvalidToken:
                self.state = "token_refused"
                log.error("telegram.token_refused", remedy=ASK_BOTFATHER)
                return False
            except RetryAfter as error:
                pause = seconds_of(error)
            except Conflict:
                self.state = "conflict"
                log.error("telegram.conflict", remedy="another program uses this bot's token: stop it")
                pause = 10.0
            except Exception as error:
                self.state = "retrying"
                log.warning("telegram.retrying", step=step, error=type(error).__name__, seconds=pause)
            else:
                self.state = "running"
                return True
            await asyncio.sleep(pause)
            pause = min(pause * 2, 60.0)

    # --- receiving ------------------------------------------------------------------------------------------
    async def _poll(self) -> None:
        batch: list[dict[str, Any]] = []
        offset: int | None = None
        pause = 0.5

        async def fetch() -> None:
            nonlocal batch
            arguments = {"timeout": POLL_SECONDS, "allowed_updates": ALLOWED_UPDATES, "offset": offset}
            given = {key: value for key, value in arguments.items() if value is not None}
            result: Any = await self._bot.do_api_request(
                "getUpdates", api_kwargs=given, read_timeout=POLL_SECONDS + 10.0
            )
            batch = [u for u in result if isinstance(u, dict)] if isinstance(result, list) else []

        while await self._persist("get_updates", fetch):
            failed = False
            for update in batch:
                taken = await self._take(update)
                # After a failure the rest is still offered, so that each person gets the direct answer.
                failed = failed or not taken
                number = update.get("update_id")
                if not failed and isinstance(number, int):
                    offset = number + 1
            if failed:
                await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0) if failed else 0.5

    async def _webhook(self, request: Request) -> Response:
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return Response(status_code=403)
        try:
            update = parse_object(await read_body(request, MAX_BODY))
        except TooLarge:
            return Response(status_code=413)
        if update is None or not isinstance(update.get("update_id"), int):
            return Response(status_code=400)
        return Response(status_code=200 if await self._take(update) else 503)

    async def _take(self, update: dict[str, Any]) -> bool:
        """Handle one update; True when Telegram may forget it."""
        try:
            meaning = translate(update)
        except Exception as error:
            # Never kept: an update that cannot be acknowledged would hold up everybody's.
            log.error("telegram.untranslatable", error=type(error).__name__)
            return True
        if meaning.press is not None and meaning.press.query_id:
            self._errand(self._bot.answer_callback_query(meaning.press.query_id))
        if meaning.group is not None:
            self._errand(self._leave(meaning.group))
        message = meaning.message
        if message is None:
            return True
        if self._accept is None:
            return False
        if message.message_ref:
            self._messages.remember(message.chat_id, message.message_ref)
        if meaning.album and self._albums.get(message.chat_id) == meaning.album and not message.text:
            return True
        try:
            if message.payload:
                payload = await self._buttons.payload(message.payload)
                message = replace(message, payload=payload or message.text)
            await self._accept(message)
        except Exception as error:
            log.error("telegram.not_accepted", error=type(error).__name__)
            return False
        if meaning.album:
            self._albums[message.chat_id] = meaning.album
        return True

    async def _leave(self, group: Group) -> None:
        last = self._left.get(group.chat_id)
        if last is not None and time.time() - last < 60:
            return
        self._left[group.chat_id] = time.time()
        if group.can_write:
            # RuntimeError: our own name is not known before the first contact with Telegram.
            with contextlib.suppress(TelegramError, RuntimeError):
                text = self._texts["group"].format(link=self._bot.link).strip()
                await self._bot.send_message(group.chat_id, text, link_preview_options=NO_PREVIEW)
        await self._bot.leave_chat(group.chat_id)

    def _errand(self, call: Awaitable[Any]) -> None:
        """Do something that must not hold up the acknowledgement, and whose failure changes nothing."""

        async def run() -> None:
            try:
                await call
            except TelegramError as error:
                log.info("telegram.errand_failed", error=type(error).__name__)

        task = asyncio.create_task(run())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    # --- sending --------------------------------------------------------------------------------------------
    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        """Deliver a reply, in several messages when it is long. A repeated call goes on after the parts that
        were delivered. Raises ``SendLater`` or ``SendRefused``."""
        await self._sender.send(chat_id, reply, reply_id)
