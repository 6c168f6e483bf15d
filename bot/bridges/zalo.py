"""Zalo Official Account: a webhook in, consultation messages out.

Zalo wants 200 within two seconds and does not say whether it repeats a delivery that got anything else, so what
could not be stored is kept in memory and tried again here, besides being answered 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.bridges.base import Accept, Connected, HumanWrote, TooLarge, end_tasks, parse_object, read_body
from bot.bridges.contacts import Contacts
from bot.bridges.pacing import Pacer
from bot.bridges.sends import SendLedger
from bot.bridges.telegram_client import silence_libraries
from bot.bridges.zalo_client import is_signed
from bot.bridges.zalo_events import Meaning, moment_of, translate
from bot.bridges.zalo_send import ZALO, ZaloSender
from bot.bridges.zalo_tokens import ZaloTokens
from bot.db.engine import Store
from bot.dialogue.messages import IncomingMessage, Reply
from bot.settings import Settings

log = structlog.get_logger(__name__)
WEBHOOK_PATH = "/zalo/webhook"
MAX_BODY = 256 * 1024
TOO_OLD = 24 * 3600.0
"""Zalo repeats for about two hours; what is older than a day may be somebody's recording. Ids of updates are kept for
three days, so nothing younger can be repeated unnoticed."""
FROM_THE_FUTURE = 3600.0
TEND_EVERY = 600.0
AGAIN_EVERY = 5.0
REMEMBER_CONTACTS = 30 * 86400.0


class ZaloBridge:
    """The Zalo channel. ``state``: ``off``, ``running``, ``no_token`` or ``token_lost``."""

    name = "zalo"
    capabilities = ZALO

    def __init__(
        self,
        settings: Settings,
        store: Store,
        pacer: Pacer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        silence_libraries()
        self._settings = settings
        self._clock = clock
        self.tokens = ZaloTokens(store, settings, clock)
        self.contacts = Contacts(store, self.name, clock)
        self._ledger = SendLedger(store, clock)
        self._sender = ZaloSender(settings, self.tokens, self.contacts, self._ledger, pacer, clock)
        self._accept: Accept | None = None
        self._human: HumanWrote | None = None
        self._unstored: deque[IncomingMessage] = deque(maxlen=1_000)
        self._tasks: list[asyncio.Task[None]] = []
        self.state = "off"

    # --- life -----------------------------------------------------------------------------------------------
    def routes(self) -> list[BaseRoute]:
        """The webhook."""
        return [Route(WEBHOOK_PATH, self._webhook, methods=["POST"])]

    def on_connect(self, connected: Connected) -> None:
        """Nothing to tell: Zalo itself keeps what a person has not fetched."""

    def on_human(self, human: HumanWrote) -> None:
        """Whom to tell when a person of ours answers a chat from Zalo's console."""
        self._human = human

    async def start(self, accept: Accept) -> None:
        """Events are taken from now on; the token is looked after in the background."""
        self._accept = accept
        self.state = "running"
        self._tasks = [asyncio.create_task(self._tend()), asyncio.create_task(self._store_again())]

    async def stop(self) -> None:
        """Stop; deliveries are answered 503 from now on."""
        self._accept = None
        await end_tasks(self._tasks)
        await self._sender.close()
        self.state = "off"

    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        """Deliver a reply. Raises ``SendLater``, ``SendRefused`` or ``SendWhenBack``."""
        await self._sender.send(chat_id, reply, reply_id)

    async def _tend(self) -> None:
        while True:
            try:
                kept = await self.tokens.tend()
                self.state = "no_token" if kept is None else "token_lost" if kept.state == "lost" else "running"
                await self._ledger.forget_old()
                await self.contacts.forget_before(self._clock() - REMEMBER_CONTACTS)
            except Exception as error:
                log.error("zalo.tend_failed", error=type(error).__name__)
            await asyncio.sleep(TEND_EVERY)

    async def _store_again(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_EVERY)
            while self._unstored and self._accept is not None:
                message = self._unstored[0]
                try:
                    await self._accept(message)
                except Exception as error:
                    log.error("zalo.not_stored_yet", error=type(error).__name__, waiting=len(self._unstored))
                    break
                with contextlib.suppress(ValueError, IndexError):
                    self._unstored.remove(message)

    # --- receiving ------------------------------------------------------------------------------------------
    async def _webhook(self, request: Request) -> Response:
        try:
            raw = await read_body(request, MAX_BODY)
        except TooLarge:
            return Response(status_code=413)
        if not raw.strip():
            return Response(status_code=200)  # the console's test button
        event = parse_object(raw)
        if event is None:
            return Response(status_code=400)
        settings = self._settings
        moments = [str(event.get("timestamp", ""))]
        if moment := request.headers.get("x-zevent-timestamp"):
            moments.append(moment)
        given = request.headers.get("x-zevent-signature", "")
        secret = settings.zalo_oa_secret.get_secret_value()
        if not is_signed(given, settings.zalo_app_id, raw, moments, secret):
            log.warning("zalo.bad_signature")
            return Response(status_code=403)
        at, now = moment_of(event), self._clock()
        if at is None or not now - TOO_OLD < at < now + FROM_THE_FUTURE:
            log.error("zalo.stale_event")
            return Response(status_code=403)
        try:
            meaning = translate(event)
        except Exception as error:
            log.error("zalo.untranslatable", error=type(error).__name__)
            return Response(status_code=200)
        if settings.zalo_oa_id and meaning.account and meaning.account != settings.zalo_oa_id:
            return Response(status_code=200)  # another account of the same app
        return Response(status_code=200 if await self._take(meaning) else 503)

    async def _take(self, meaning: Meaning) -> bool:
        """Handle one event; True when it is safely stored."""
        if meaning.acted:
            await self.contacts.acted(meaning.acted)
        if meaning.gone:
            await self.contacts.gone(meaning.gone)
        if meaning.echo is not None:
            echo = meaning.echo
            await self._ledger.arrived(self._ledger.digest(echo.chat_id, echo.text), echo.at)
        if meaning.human and self._human is not None:
            try:
                await self._human(meaning.human)
            except SQLAlchemyError as error:
                log.error("zalo.floor_not_given", error=type(error).__name__)
                return False
        if meaning.message is None:
            return True
        if self._accept is None:
            return False
        try:
            await self._accept(meaning.message)
        except Exception as error:
            log.error("zalo.not_accepted", error=type(error).__name__)
            if meaning.message not in self._unstored:
                self._unstored.append(meaning.message)
            return False
        return True
