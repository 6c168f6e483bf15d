"""Channels that only inform: questions are answered from the knowledge base, without Rasa, forms or reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from anyio import to_thread

from bot.dialogue.commands import PAYLOAD
from bot.dialogue.messages import Button
from bot.dialogue.phrases import say
from bot.dialogue.rasa_client import RasaTurn
from bot.knowledge.answer import Answer

VIETNAM = timezone(timedelta(hours=7))
ADULTS = ("parent", "teacher")
WELCOMED = ("greet", "help")


class Understanding(Protocol):
    """What answers a message (Rasa, or ``InformationOnly``)."""

    async def handle(self, sender: str, text: str, metadata: dict[str, Any], repeated: bool) -> RasaTurn:
        """The turn for one message."""


class Answering(Protocol):
    """What is needed of ``bot.knowledge.Answerer``."""

    def answer(self, text: str, audience: str | None, on: Any, intent: str | None = None) -> Answer:
        """Answer a question."""

    def show(self, item_id: str, audience: str | None, on: Any, part: str = "short") -> Answer:
        """Show an item."""


class InformationOnly:
    """Answers adults from the knowledge base. Safety has read the message before."""

    def __init__(self, load: Callable[[], Answering]) -> None:
        self._load = load
        self._answerer: Answering | None = None

    async def handle(self, sender: str, text: str, metadata: dict[str, Any], repeated: bool) -> RasaTurn:  # noqa: ARG002
        """The turn for one message."""
        audience = metadata.get("audience")
        voice = audience if audience in ADULTS else "parent"
        return await to_thread.run_sync(self._turn, text, str(voice))

    def _turn(self, text: str, voice: str) -> RasaTurn:
        if self._answerer is None:
            self._answerer = self._load()
        on = datetime.now(VIETNAM).date()
        match = PAYLOAD.match(text)
        if match is None:
            return _said(self._answerer.answer(text, voice, on))
        name, fields = match.group(1), json.loads(match.group(2) or "{}")
        if name == "show_item" and fields.get("item_id"):
            return _said(self._answerer.show(str(fields["item_id"]), voice, on, str(fields.get("part", "short"))))
        if name == "contact_hotlines":
            return _said(self._answerer.answer("", voice, on, intent="contact_hotlines"))
        reply = say("information_welcome" if name in WELCOMED else "information_only", voice)
        return RasaTurn([{"text": reply.text}])


class ByChannel:
    """Gives each channel's messages to what answers there."""

    def __init__(self, usual: Understanding, special: Mapping[str, Understanding]) -> None:
        self._usual = usual
        self._special = special

    async def handle(self, sender: str, text: str, metadata: dict[str, Any], repeated: bool) -> RasaTurn:
        """The turn for one message."""
        chosen = self._special.get(str(metadata.get("channel")), self._usual)
        return await chosen.handle(sender, text, metadata, repeated)


def _said(answer: Answer) -> RasaTurn:
    buttons = [{"title": b.title, "payload": b.payload} for b in answer.buttons if isinstance(b, Button)]
    return RasaTurn([{"text": answer.text, "buttons": buttons}])
