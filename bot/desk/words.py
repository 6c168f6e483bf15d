"""The desk's Vietnamese words (``words.yml``) and how moments are said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.reports.clocks import Clock
from bot.reports.clocks import after_working_days as _after
from bot.reports.form01 import VIETNAM

HOUR, DAY = 3600.0, 86_400.0


@cache
def words() -> dict[str, Any]:
    """All of ``words.yml``."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "words.yml").read_text(encoding="utf-8"))
    return loaded


def moment(at: float | None) -> str:
    """Date and time in Vietnam."""
    return "" if at is None else datetime.fromtimestamp(at, VIETNAM).strftime("%H:%M %d/%m/%Y")


def iso(at: float) -> str:
    """For ``<time datetime>``."""
    return datetime.fromtimestamp(at, VIETNAM).isoformat(timespec="minutes")


def ago(at: float, now: float) -> str:
    """How long ago."""
    said, seconds = words()["ago"], max(now - at, 0.0)
    if seconds < 60:
        return str(said["now"])
    if seconds < HOUR:
        return str(said["minutes"].format(m=int(seconds // 60)))
    if seconds < 2 * DAY:
        return str(said["hours"].format(h=int(seconds // HOUR)))
    return str(said["days"].format(d=int(seconds // DAY)))


def due_at(risk: str, received_at: float, emergency: bool = False) -> float | None:
    """Until when the first step is due: 12 hours by law for an emergency, our own aims for the others."""
    if emergency or risk == "immediate":
        return received_at + 12 * HOUR
    if risk == "high":
        return received_at + DAY
    if risk == "medium":
        return _after(received_at, 3)
    return None


def still_due_at(risk: str, status: str, received_at: float, emergency: bool = False) -> float | None:
    """``due_at`` while the first step has not been taken: an emergency needs work begun, others a person."""
    helped = emergency or risk == "immediate"
    begun = ("in_progress", "closed") if helped else ("acknowledged", "in_progress", "closed")
    return None if status in begun else due_at(risk, received_at, emergency)


def due_clock(risk: str, status: str, received_at: float, now: float, emergency: bool = False) -> dict[str, Any]:
    """What the desk shows: ``text``, ``late``, ``title`` and ``basis``. The clock stops when work has begun."""
    said, until = words()["due"], due_at(risk, received_at, emergency)
    if until is None:
        return {"text": said["none"], "late": False, "title": "", "basis": "", "at": None}
    kind = {**said["kinds"]["immediate" if emergency else risk], "at": until}
    if still_due_at(risk, status, received_at, emergency) is None:
        return {**kind, "text": said["done"], "late": False}
    left = until - now
    phrase = said["late"] if left < 0 else said["left"]
    return {**kind, "text": phrase.format(time=_span(abs(left))), "late": left < 0}


def clock_words(clock: Clock, now: float) -> dict[str, Any]:
    """A legal step as the desk shows it: until when, whether done, how late."""
    said = words()["due"]
    shown: dict[str, Any] = {"title": clock.title, "basis": clock.basis, "at": clock.due_at, "late": clock.late(now)}
    if clock.done_at is not None:
        return {**shown, "text": said["done_at"].format(moment=moment(clock.done_at))}
    if clock.due_at is None:
        return {**shown, "text": said["at_once"]}
    left = clock.due_at - now
    return {**shown, "text": said["late" if left < 0 else "left"].format(time=_span(abs(left)))}


def error_words(code: str | None) -> str:
    """A delivery's error code in plain words."""
    if not code:
        return ""
    said = words()["errors"]
    text = said.get(code) or said.get(code[:6]) or said["other"]
    return str(text.format(code=code.removeprefix("http_")))


def field_words(fields: str | None, labels: Mapping[str, str], state: str) -> str:
    """The target's fields that it refused or dropped, by the names that people know."""
    if not fields:
        return ""
    names = ", ".join(f"“{labels.get(name, name)}”" for name in fields.split(","))
    phrase = words()["fields_lost" if state == "delivered" else "fields_refused"]
    return str(phrase.format(names=names))


def detail_words(detail: str) -> str:
    """An audit entry's codes in plain words where there are some."""
    parts = []
    for part in detail.split():
        name, _, value = part.partition("=")
        if name == "risk":
            parts.append(words()["risks"].get(value, value))
        elif name in ("step", "told") and value.isdigit():
            parts.append(str(words()["steps" if name == "step" else name].format(n=value)))
        elif part.startswith("http_") or part in words()["errors"]:
            parts.append(error_words(part))
        else:
            parts.append(words()["details"].get(part, part))
    return ", ".join(parts)


def answer_words(name: str, value: Any) -> dict[str, str]:
    """One answer of a report that is not finished, as label and text."""
    said = words()["so_far"]
    if isinstance(value, dict):
        value = ", ".join(str(part) for part in (value.get("text"), value.get("commune")) if part)
    text = said["values"].get(str(value).lower(), str(value))
    return {"label": str(said["labels"].get(name, name)), "text": str(text)}


def window_words(window: Mapping[str, Any]) -> str:
    """Until when the platform lets us write to somebody."""
    return str(words()["windows"][window["state"]].format(moment=moment(window["at"])))


def _span(seconds: float) -> str:
    said, minutes = words()["due"], int(seconds // 60)
    if minutes < 60:
        return str(said["minutes"].format(m=minutes))
    if minutes < 48 * 60:
        return str(said["hours"].format(h=minutes // 60, m=minutes % 60))
    return str(said["days"].format(d=minutes // 1440, h=minutes % 1440 // 60))
