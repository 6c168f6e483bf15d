"""The rows of Rasa's tracker: sealed when written, opened only in memory. Imports no Rasa, which takes seconds and
hundreds of megabytes: the gateway and the desk read trackers too.
"""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.commands import RECEIPT

HIDDEN = "••••"
RECEIPT_OPEN = 15 * 60.0
"""Seconds for which a receipt that was opened in a chat need not be sent again."""
MAX_EVENTS = 400
"""Older events are dropped: slots are kept by re-stating them, so a long chat does not grow without end."""


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
