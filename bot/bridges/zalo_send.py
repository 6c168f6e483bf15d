"""Sending consultation messages of a Zalo Official Account: within its limits and windows, settled when unknown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import structlog

from bot.bridges.base import (
    Bounded,
    Capabilities,
    SendLater,
    SendRefused,
    SendWhenBack,
    load_texts,
    split_text,
    whole_text,
)
from bot.bridges.contacts import Contacts
from bot.bridges.pacing import Pacer
from bot.bridges.sends import Progress, SendLedger
from bot.bridges.zalo_client import (
    ERRORS,
    SEND_PATH,
    UNKNOWN_CODE,
    Answer,
    NotSent,
    OutcomeUnknown,
    post,
)
from bot.bridges.zalo_events import BUTTON_MARK
from bot.bridges.zalo_tokens import TokenLater, TokenLost, ZaloTokens
from bot.dialogue.messages import Button, Reply
from bot.settings import Settings

log = structlog.get_logger(__name__)
ZALO = Capabilities(
    text_limit=2000,
    text_unit="chars",
    buttons=5,
    payload_bytes=1000,
    delete_hours=None,
    protect=False,
    title_limit=100,
    echo=True,
    window_hours=48,
    paid_window_hours=7 * 24,
)
MARGIN = 300.0
"""Seconds before the window's end at which nothing is sent any more: clocks differ."""
ECHO_WAIT = 20.0
"""How long after an unknown outcome Zalo gets to show us that the text arrived."""
ECHO_AGAIN = 45.0
"""The same for what a killed program was sending: Zalo repeats an echo that could not be delivered after 30 seconds."""
AT_ONCE = ("safety", "hide")
"""Kinds of replies that never wait for an echo after a crash: better twice than late."""
FEW = 5
UNREACHABLE = 5.0
TOKEN_WAIT = 300.0
VIETNAM = timezone(timedelta(hours=7))
Body = dict[str, Any]


def render(reply: Reply, more: str) -> list[Body]:
    """The messages of a reply: its text in parts, buttons under the last one; what does not fit goes on under
    ``more``."""
    texts = split_text(whole_text(reply.text), ZALO.text_limit)
    if not texts:
        return []
    bodies: list[Body] = [{"text": text} for text in texts]
    buttons = [found for button in reply.buttons if (found := _button(button)) is not None]
    for start in range(0, len(buttons), ZALO.buttons):
        if start:
            bodies.append({"text": more})
        chosen = buttons[start : start + ZALO.buttons]
        bodies[-1]["attachment"] = {"type": "template", "payload": {"buttons": chosen}}
    return bodies


def _button(button: Button) -> Body | None:
    title = whole_text(button.title).strip()[: ZALO.title_limit]
    payload = whole_text(button.payload).strip() or title
    if not title:
        return None
    if payload.startswith("/"):
        kind, payload = "oa.query.hide", BUTTON_MARK + payload
    else:
        kind = "oa.query.show"  # words of the person's own: they stand in the chat like typed ones
    limit = ZALO.payload_bytes or 0
    if len(payload.encode()) > limit:
        kind, payload = "oa.query.show", title  # a cut payload would be another one
    return {"title": title, "type": kind, "payload": payload}


class ZaloSender:
    """Delivers replies. Raises ``SendLater``, ``SendRefused`` or ``SendWhenBack``."""

    def __init__(
        self,
        settings: Settings,
        tokens: ZaloTokens,
        contacts: Contacts,
        ledger: SendLedger,
        pacer: Pacer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        hours = ZALO.paid_window_hours if settings.zalo_paid_messages else ZALO.window_hours
        self._window = (hours or 0.0) * 3600.0 - MARGIN
        self._url = settings.zalo_api_base + SEND_PATH
        self._tokens = tokens
        self._contacts = contacts
        self._ledger = ledger
        self._pacer = pacer or Pacer(per_chat=0.3, per_second=60.0)  # 4000 a minute for the app
        self._clock = clock
        self._more = load_texts("zalo")["more"]
        self._tries: Bounded[str, int] = Bounded(1_000)
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(10.0, connect=5.0), trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        """Deliver a reply. A repeated call goes on after what was delivered."""
        if not chat_id.isdigit():
            raise SendRefused("bad_address")
        bodies = render(reply, self._more)
        if not bodies:
            raise SendRefused("empty")
        silent = await self._contacts.silent_for(chat_id)
        if silent is not None and silent > self._window:
            raise SendWhenBack
        progress = await self._progress(reply_id)
        careful = reply.kind not in AT_ONCE
        while progress.delivered < len(bodies):
            index = progress.delivered
            await self._pacer.wait(chat_id)
            digest = self._ledger.digest(chat_id, bodies[index]["text"])
            trying = Progress(index, "trying", digest, at=self._clock())
            if careful:
                await self._ledger.put(reply_id, trying)
            try:
                await self._deliver(chat_id, bodies[index], reply_id)
            except OutcomeUnknown as error:
                log.warning("zalo.outcome_unknown", reason=str(error))
                await self._ledger.put(reply_id, trying)
                raise SendLater(ECHO_WAIT) from None
            except (SendLater, SendWhenBack):
                if careful:
                    await self._ledger.put(reply_id, replace(trying, state="ready"))
                raise
            progress = Progress(index + 1)
            if progress.delivered < len(bodies):
                await self._ledger.put(reply_id, progress)
        await self._ledger.done(reply_id, len(bodies), careful)

    async def _progress(self, reply_id: str) -> Progress:
        """How far the reply has come; an unknown send is settled by Zalo's echo or, without one, repeated."""
        progress = await self._ledger.get(reply_id)
        if progress.state == "trying":
            wait = ECHO_WAIT if progress.at >= self._ledger.since else ECHO_AGAIN
            left = progress.at + wait - self._clock()
            if left > 0:
                raise SendLater(left)
        return progress

    async def _deliver(self, chat_id: str, message: Body, reply_id: str) -> None:
        body = {"recipient": {"user_id": chat_id}, "message": message}
        answer = await self._call(body)
        if answer.error == 0:
            self._tries.pop(reply_id, None)
            return
        act, seconds = ERRORS.get(answer.error, UNKNOWN_CODE)
        if act == "refuse" and "attachment" in message:
            log.error("zalo.buttons_refused", code=str(answer.error))  # the words matter more
            await self._pacer.wait(chat_id)
            await self._deliver(chat_id, {"text": message["text"]}, reply_id)
            return
        log.warning("zalo.not_sent", code=str(answer.error))
        self._raise(act, seconds, answer, chat_id, reply_id)

    def _raise(self, act: str, seconds: float, answer: Answer, chat_id: str, reply_id: str) -> None:
        if act == "hold":
            raise SendWhenBack
        if act == "blocked":
            raise SendRefused("blocked")
        if act == "refuse":
            raise SendRefused("bad_request")
        if act == "operator":
            log.error("zalo.operator_needed", code=str(answer.error))
        elif act == "morning":
            seconds = seconds_until_six(self._clock())
        elif act == "few":
            self._tries[reply_id] = self._tries.get(reply_id, 0) + 1
            if self._tries[reply_id] >= FEW:
                raise SendRefused("unknown_error")
        elif act == "wait" and answer.error == -32:
            self._pacer.hold_all(seconds)
        elif act == "wait":
            self._pacer.hold(chat_id, seconds)
        raise SendLater(seconds or TOKEN_WAIT)

    async def _call(self, body: Body) -> Answer:
        """Send with the token we have, and once more with a new one if it is refused."""
        try:
            token = await self._tokens.access()
            answer = await post(self._client, self._url, token, body)
            if ERRORS.get(answer.error, UNKNOWN_CODE)[0] == "token":
                token = await self._tokens.renew(refused=token)
                answer = await post(self._client, self._url, token, body)
        except TokenLost:
            raise SendLater(TOKEN_WAIT) from None
        except TokenLater:
            raise SendLater(30.0) from None
        except NotSent as error:
            log.warning("zalo.unreachable", reason=str(error))
            raise SendLater(UNREACHABLE) from None
        return answer


def seconds_until_six(now: float) -> float:
    """Seconds until the next six o'clock in the morning in Viet Nam."""
    local = datetime.fromtimestamp(now, VIETNAM)
    six = local.replace(hour=6, minute=1, second=0, microsecond=0)
    if six <= local:
        six += timedelta(days=1)
    return (six - local).total_seconds()
