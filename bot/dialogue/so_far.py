"""The report that a person is in the middle of, as Rasa's tracker knows it: for the officer who takes the chat over."""

from __future__ import annotations

from typing import Any

from bot.db.engine import Store
from bot.dialogue.intake import CONFIRM, CONSENT, PLACE, RELATION, SKIPPED, TIME, TOLD, questions
from bot.dialogue.trackers import read_tracker

NOT_ASKED = (CONSENT, CONFIRM)


def report_so_far(store: Store, sender: str) -> dict[str, Any]:
    """The answers of the draft by their slot, in the form's order; empty outside a report. Never the chat itself."""
    slots = _slots(store, sender)
    if not slots.get("report_draft"):
        return {}
    wanted = [name for name in (TOLD, *questions(), RELATION, TIME) if name not in NOT_ASKED]
    return {name: slots[name] for name in wanted if slots.get(name) not in (None, SKIPPED)}


def commune(store: Store, sender: str) -> str | None:
    """The commune that was told in this chat, if any: as an answer, or in passing."""
    place = _slots(store, sender).get(PLACE)
    if isinstance(place, dict) and place.get("commune"):
        return str(place["commune"])
    for event in reversed(_events(store, sender)):
        for entity in (event.get("parse_data") or {}).get("entities") or []:
            if entity.get("entity") == "commune" and entity.get("value"):
                return str(entity["value"])
    return None


def _slots(store: Store, sender: str) -> dict[str, Any]:
    slots: dict[str, Any] = {}
    for event in _events(store, sender):
        if event["event"] == "slot":
            slots[event["name"]] = event.get("value")
        elif event["event"] in ("reset_slots", "restart"):
            slots.clear()
    return slots


def _events(store: Store, sender: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = (read_tracker(store, sender) or {}).get("events", [])
    return events
