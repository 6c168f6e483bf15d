"""Sending to Telegram: within its limits, a receipt shown once, and the quick hide.

Telegram takes no idempotency key, so a message whose answer never came may or may not be there. Words are then sent
again (a safe answer at least once). A receipt goes a safer way: first a neutral line, whose message id is recorded,
then that line is changed into the receipt. A change may be repeated without showing anything twice; the worst that
an unknown outcome leaves behind is one more neutral line.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.bridges.base import (
    Capabilities,
    SendLater,
    SendRefused,
    load_texts,
    split_text,
    utf16_length,
    whole_text,
)
from bot.bridges.message_log import MessageLog
from bot.bridges.pacing import Pacer
from bot.bridges.sends import Progress, SendLedger
from bot.bridges.telegram_buttons import ButtonStore
from bot.bridges.telegram_client import seconds_of
from bot.dialogue.messages import Button, Reply

log = structlog.get_logger(__name__)
TELEGRAM = Capabilities(
    text_limit=4096,
    text_unit="utf16",
    buttons=100,
    payload_bytes=64,
    delete_hours=48,
    protect=True,
    edit=True,
)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
SHORT_TITLE = 16
"""Two buttons up to this long share a row."""
DELETE_AT_ONCE = 100
TOKEN_REFUSED_RETRY = 300.0
UNREACHABLE_RETRY = 5.0
ASK_BOTFATHER = "Telegram refuses TELEGRAM_BOT_TOKEN: ask @BotFather for the token, set it and restart"


class TelegramSender:
    """Delivers replies. Raises ``SendLater`` or ``SendRefused``."""

    def __init__(
        self, bot: Bot, buttons: ButtonStore, ledger: SendLedger, messages: MessageLog, pacer: Pacer | None = None
    ) -> None:
        self._bot = bot
        self._buttons = buttons
        self._ledger = ledger
        self._messages = messages
        self._pacer = pacer or Pacer()
        self._wait_line = load_texts("telegram")["receipt_coming"].strip()

    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        """Deliver a reply, in several messages when it is long. A repeated call goes on after the parts that
        were delivered."""
        if not chat_id.lstrip("-").isdigit():
            raise SendRefused("bad_address")
        parts = split_text(whole_text(reply.text), TELEGRAM.text_limit, utf16_length)
        if not parts and reply.kind != "hide":
            raise SendRefused("empty")
        old = await self._messages.recent(chat_id) if reply.kind == "hide" else []
        keyboard = await self._keyboard(reply.buttons)
        progress = await self._ledger.get(reply_id)
        while progress.parts < len(parts):
            last = progress.parts == len(parts) - 1
            part, keys = parts[progress.parts], keyboard if last else None
            if reply.kind == "receipt":
                await self._show_once(chat_id, part, keys, reply_id, progress)
            else:
                await self._pacer.wait(chat_id)
                await self._send_part(chat_id, part, keys)
            progress = Progress(progress.parts + 1)
            if not last:
                await self._ledger.put(reply_id, progress)
        await self._ledger.done(reply_id, len(parts), reply.kind == "receipt")
        if old and not await self._hide(chat_id, old):
            await self._pacer.wait(chat_id)
            await self._send_part(chat_id, load_texts("telegram")["hide_incomplete"].strip(), None)

    async def _show_once(
        self, chat_id: str, text: str, keyboard: InlineKeyboardMarkup | None, reply_id: str, progress: Progress
    ) -> None:
        ref = progress.ref
        if not ref:
            await self._pacer.wait(chat_id)
            ref = await self._send_part(chat_id, self._wait_line, None, protect=True)
            await self._ledger.put(reply_id, replace(progress, ref=ref))
        await self._pacer.wait(chat_id)
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=int(chat_id),
                message_id=int(ref),
                reply_markup=keyboard,
                link_preview_options=NO_PREVIEW,
            )
        except BadRequest as error:
            if "not modified" in error.message.lower():
                return  # it was there already
            log.warning("telegram.not_changed")
            # The line is gone (deleted by the person): the receipt has not been shown yet.
            await self._pacer.wait(chat_id)
            await self._send_part(chat_id, text, keyboard, protect=True)
        except TelegramError as error:
            raise self._outcome(chat_id, error) from None

    async def _send_part(
        self, chat_id: str, text: str, keyboard: InlineKeyboardMarkup | None, protect: bool = False
    ) -> str:
        """Send one message and return its id."""
        try:
            sent = await self._bot.send_message(
                int(chat_id),
                text,
                reply_markup=keyboard,
                protect_content=protect,
                link_preview_options=NO_PREVIEW,
            )
        except BadRequest as error:
            if keyboard is None or "button" not in error.message.lower():
                raise self._outcome(chat_id, error) from None
        except TelegramError as error:
            raise self._outcome(chat_id, error) from None
        else:
            self._messages.remember(chat_id, str(sent.message_id))
            return str(sent.message_id)
        log.error("telegram.buttons_refused")  # the words matter more than the buttons
        await self._pacer.wait(chat_id)
        return await self._send_part(chat_id, text, None, protect)

    def _outcome(self, chat_id: str, error: TelegramError) -> Exception:
        """What the outbox shall do about an error."""
        if isinstance(error, RetryAfter):
            self._pacer.hold(chat_id, seconds_of(error))
            return SendLater(seconds_of(error))
        if isinstance(error, (Forbidden, ChatMigrated)):
            return SendRefused("blocked")
        if isinstance(error, InvalidToken):
            log.error("telegram.token_refused", remedy=ASK_BOTFATHER)
            return SendLater(TOKEN_REFUSED_RETRY)
        if isinstance(error, BadRequest):
            return SendRefused("bad_request")
        log.warning("telegram.send_later", error=type(error).__name__)
        return SendLater(UNREACHABLE_RETRY)

    async def _keyboard(self, buttons: list[Button]) -> InlineKeyboardMarkup | None:
        rows: list[list[InlineKeyboardButton]] = []
        for button in buttons[: TELEGRAM.buttons]:
            title = whole_text(button.title).strip()
            if not title:
                continue
            data = await self._buttons.data(whole_text(button.payload) or title)
            key = InlineKeyboardButton(title, callback_data=data)
            fits = bool(rows) and len(rows[-1]) == 1 and len(rows[-1][0].text) <= SHORT_TITLE
            if fits and len(title) <= SHORT_TITLE:
                rows[-1].append(key)
            else:
                rows.append([key])
        return InlineKeyboardMarkup(rows) if rows else None

    async def _hide(self, chat_id: str, numbers: list[str]) -> bool:
        """Delete what can be deleted. False: Telegram has refused something, which another quick exit may try again."""
        ordered, gone = sorted(int(number) for number in numbers), list[str]()
        for start in range(0, len(ordered), DELETE_AT_ONCE):
            batch = ordered[start : start + DELETE_AT_ONCE]
            for _ in range(2):
                try:
                    await self._bot.delete_messages(int(chat_id), batch)
                    gone += map(str, batch)
                except RetryAfter as error:
                    await asyncio.sleep(min(seconds_of(error), 10.0))
                    continue
                except TelegramError as error:
                    log.info("telegram.hide_incomplete", error=type(error).__name__)
                break
        await self._messages.forget(chat_id, gone)
        return len(gone) == len(ordered)
