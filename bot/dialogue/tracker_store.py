"""Rasa's tracker, sealed: one row for each pseudonym, opened only in memory.

Named in ``endpoints.yml`` as ``bot.dialogue.tracker_store.SealedTrackerStore``. Interface and serialisation are
Rasa's (``rasa.core.tracker_store``, 3.6.21).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.db import tables
from bot.db.engine import Store, open_store
from bot.dialogue.commands import RECEIPT
from bot.settings import get_settings

HIDDEN = "••••"
RECEIPT_OPEN = 15 * 60.0
"""Seconds for which a receipt that was opened in a chat need not be sent again."""
MAX_EVENTS = 400
"""Older events are dropped: slots are kept by re-stating them, so a long chat does not grow without end."""


class SealedTrackerStore(TrackerStore, SerializedTrackerAsText):  # type: ignore[misc]
    """Keeps every tracker as one sealed value in the program's own database."""

    def __init__(
        self,
        domain: Domain,
        host: str | None = None,  # noqa: ARG002 - Rasa passes the endpoint's url
        event_broker: EventBroker | None = None,
        store: Store | None = None,
        **kwargs: Any,
    ) -> None:
        self._store = store or open_store(get_settings())
        super().__init__(domain, event_broker, **kwargs)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Seal and store the tracker. A broken event broker is Rasa's business and is not configured here."""
        dialogue = without_receipts(json.loads(self.serialise_tracker(tracker)), time.time())
        body = self._store.sealer.seal(json.dumps(dialogue).encode(), "trackers", "body", tracker.sender_id)
        await asyncio.get_running_loop().run_in_executor(None, write_tracker, self._store, tracker.sender_id, body)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of a pseudonym, or None."""
        serialised = await asyncio.get_running_loop().run_in_executor(None, read_tracker, self._store, sender_id)
        if serialised is None:
            return None
        return self.deserialise_tracker(sender_id, json.dumps(shorten(serialised)))

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The same as ``retrieve``: there is one session for each pseudonym."""
        return await self.retrieve(conversation_id)

    async def keys(self) -> Iterable[str]:
        """All pseudonyms with a tracker."""
        with self._store.reader.connect() as connection:
            return list(connection.execute(sa.select(tables.trackers.c.sender)).scalars())


def write_tracker(store: Store, sender: str, body: bytes) -> None:
    """Insert or replace one sealed tracker."""
    table = tables.trackers
    values = {"body": body, "updated_at": time.time()}
    with store.engine.begin() as connection:
        changed = connection.execute(table.update().where(table.c.sender == sender).values(**values))
        if changed.rowcount == 0:
            connection.execute(table.insert().values(sender=sender, **values))


def read_tracker(store: Store, sender: str) -> dict[str, Any] | None:
    """Rasa's serialised dialogue ``{"events": […], "name": …}`` of one pseudonym, or None."""
    table = tables.trackers
    with store.reader.connect() as connection:
        body = connection.execute(sa.select(table.c.body).where(table.c.sender == sender)).scalar_one_or_none()
    if body is None:
        return None
    opened: dict[str, Any] = store.sealer.open_json(body, "trackers", "body", sender)
    return opened


def shorten(dialogue: dict[str, Any]) -> dict[str, Any]:
    """Drop the oldest events of a long dialogue outside an active form, keeping the last value of every slot."""
    events: list[dict[str, Any]] = dialogue.get("events", [])
    if len(events) <= MAX_EVENTS:
        return dialogue
    active_loop = next((e.get("name") for e in reversed(events) if e["event"] == "active_loop"), None)
    if active_loop:
        return dialogue
    old, recent = events[:-MAX_EVENTS], events[-MAX_EVENTS:]
    start = next((i for i, e in enumerate(recent) if e["event"] == "user"), 0)
    slots = {e["name"]: e for e in [*old, *recent[:start]] if e["event"] == "slot"}
    listen = {
        "event": "action",
        "name": "action_listen",
        "policy": None,
        "confidence": None,
        "timestamp": 0.0,
    }
    return {**dialogue, "events": [*slots.values(), listen, *recent[start:]]}


def without_receipts(dialogue: dict[str, Any], now: float) -> dict[str, Any]:
    """Receipts go from every turn but the last (which a crash may have to repeat); one that was opened stays for
    ``RECEIPT_OPEN`` in its slot."""
    events: list[dict[str, Any]] = dialogue.get("events", [])
    last = max((n for n, event in enumerate(events) if event["event"] == "user"), default=0)
    opened = [event for event in events if event["event"] == "slot" and event["name"] == "receipt_open"]
    for event in opened:
        value = event["value"]
        if event is not opened[-1] or (value and now - value["at"] > RECEIPT_OPEN):
            event["value"] = None
    for event in events[:last]:
        if event["event"] not in ("user", "bot"):
            continue
        parsed = event.get("parse_data") or {}
        for holder in (event, parsed):
            if isinstance(holder.get("text"), str):
                holder["text"] = RECEIPT.sub(HIDDEN, holder["text"])
        for entity in parsed.get("entities") or []:
            if entity.get("entity") == "receipt":
                entity["value"] = HIDDEN
    return dialogue


def bot_events_after(dialogue: dict[str, Any] | None, message_key: str) -> list[dict[str, Any]] | None:
    """What Rasa said to the message with this key: its bot events, or None if it never finished the turn.

    Used after a crash, so that a message which Rasa had already handled is not given to it twice.
    """
    events: list[dict[str, Any]] = (dialogue or {}).get("events", [])
    for index in range(len(events) - 1, -1, -1):
        event = events[index]
        if event["event"] == "user" and (event.get("metadata") or {}).get("message_key") == message_key:
            rest = events[index + 1 :]
            if any(e["event"] == "action" and e.get("name") == "action_listen" for e in rest):
                return [e for e in rest if e["event"] == "bot"]
            return None
    return None
