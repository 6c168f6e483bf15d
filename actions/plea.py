"""Whoever told of danger a moment ago and asks what to do now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.language import bare_form
from bot.safety.told import another_dying, asks_what_to_do, blackmails, cuts, denies_dying
from bot.safety.types import Kind, Risk, level

RECENT = 2
"""Messages before this one that count; later ones have been about something else."""


@dataclass(frozen=True)
class Danger:
    """What was told, and what the gateway made of it."""

    text: str
    risk: Risk
    kind: Kind


@lru_cache(maxsize=4)
def _asking(what: str) -> re.Pattern[str]:
    data = yaml.safe_load((Path(__file__).parent / "data" / "asking.yml").read_text(encoding="utf-8"))
    patterns = [pattern.format(home=data["home"]) if what == "tells_on" else pattern for pattern in data[what]]
    return re.compile("|".join(rf"\b(?:{pattern})(?!\w)" for pattern in patterns))


def asks_another_way(text: str) -> bool:
    """Whether somebody who was refused asks what they may do instead."""
    return _asking("another_way").search(bare_form(text)) is not None


def keeps_evidence(text: str) -> bool:
    """Whether somebody speaks of what they deleted by mistake, or want to keep as evidence."""
    return _asking("keeps_evidence").search(bare_form(text)) is not None


def asks_whether_told(text: str) -> bool:
    """Whether somebody asks if this machine tells others what they say ("có mách cậu không")."""
    return _asking("tells_on").search(bare_form(text).strip(" .,!?")) is not None


def said_before(events: Iterable[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The message before the latest and what the gateway made of it; empty when there is none, or a button."""
    told = [event for event in events if event.get("event") == "user"]
    before = told[-2] if len(told) > 1 else {}
    text = str(before.get("text") or "")
    return ("" if text.startswith("/") else text), before.get("metadata") or {}


def danger_told(events: Iterable[dict[str, Any]]) -> Danger | None:
    """The last message at risk among the ``RECENT`` ones before the latest, from a tracker's events."""
    told = dangers_told(events)
    return told[0] if told else None


def dangers_told(events: Iterable[dict[str, Any]]) -> list[Danger]:
    """Those messages at risk, the latest first. Who asked what to do a moment ago and asks again has not left the
    matter: such questions do not count."""
    told = [event for event in events if event.get("event") == "user"][:-1]
    counted = [e for e in told if _danger(e) is not None or not asks_what_to_do(str(e.get("text") or ""))]
    found = [_danger(event) for event in reversed(counted[-RECENT:])]
    return [danger for danger in found if danger is not None]


def form_about(told: list[Danger]) -> str:
    """The safe words that answer what was told last, for matters that have words of their own; else nothing."""
    if not told:
        return ""
    if told[0].kind == "self_harm" and denies_dying(told[0].text):
        return "urge" if any(cuts(danger.text) for danger in told) else "self_harm_still"
    if told[0].kind == "self_harm" and another_dying(told[0].text):
        return "other_dying_still"
    if told[0].kind != "self_harm" and any(blackmails(danger.text) for danger in told):
        return "blackmail" if len(told) == 1 else "blackmail_again"
    return ""


def _danger(event: dict[str, Any]) -> Danger | None:
    note = event.get("metadata") or {}
    text = str(event.get("text") or "")
    grave = level(note.get("risk") or "none") >= level("medium")
    if grave and note.get("kind") not in ("offender", "none", None) and not text.startswith("/"):
        return Danger(text, note["risk"], note["kind"])
    return None
