"""What an alert says: risk, commune and a link; never a person or a word of a report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.reports.alarm import ABOUT_A_CHILD, PRESSURE, REPORT


@dataclass(frozen=True)
class Notice:
    """An alert as somebody reads it."""

    subject: str
    text: str
    link: str

    @property
    def body(self) -> str:
        """Text and link."""
        return f"{self.text}\n{words()['link'].format(link=self.link)}"


@cache
def words() -> dict[str, Any]:
    """``words.yml``."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "words.yml").read_text(encoding="utf-8"))
    return loaded


def notice(kind: str, subject: str, risk: str, place: str | None, detail: str, step: int, base_url: str) -> Notice:
    """The words for an alert. ``subject`` is the report's UUID, or the name of a target or channel."""
    said = words()
    phrases = said["kinds"].get(kind, said["kinds"]["delivery_failed"])
    about_a_child = kind in ABOUT_A_CHILD
    values = {
        "risk": said["risks"].get(risk, risk),
        "place": place or said["unknown_place"],
        "what": said["subjects"].get(subject, subject),
        "detail": detail,
        "again": said["again"].format(n=step) if step and about_a_child else "",
    }
    page = f"/desk/cases/{subject}" if kind in (REPORT, PRESSURE) else f"/desk/chats/{subject}"
    page = page if about_a_child else "/desk/alerts"
    return Notice(phrases["subject"].format(**values), phrases["text"].format(**values), f"{base_url}{page}")
