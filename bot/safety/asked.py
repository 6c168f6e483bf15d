"""What the safe answers ask, and what a bare yes or no to it means.

"Con có đang nghĩ tới chuyện chết không?" – "có": such an answer says nothing by itself and everything to whoever asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.language import bare_form
from bot.language.whole import says

from .introductions import introduces
from .reasons import reasons
from .types import Assessment

DATA = Path(__file__).parent / "data" / "asked.yml"


@dataclass(frozen=True)
class Answered:
    """``form``: the safe answer that follows, if any; ``assessment``: how grave the person's answer is, when it is;
    ``payload``: what it means for the dialogue (else the person's words do)."""

    payload: str = ""
    form: str = ""
    assessment: Assessment | None = None


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    # BaseLoader: "yes" and "no" stay words
    loaded: dict[str, Any] = yaml.load(DATA.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506
    return loaded


def question(form: str, audience: str) -> str:
    """What a safe answer asks: ``dying``, ``beside`` (``beside_other``), ``safe``, ``tell`` or nothing."""
    return str(_table()["asks"].get(form, {}).get(audience, ""))


def answered(asked: str, text: str) -> Answered | None:
    """What a message means as the answer to a question; None when it is more than a bare answer.

    Somebody who says "9" or "con học lớp 3" instead has not answered: the question is put again.
    """
    said = _yes_or_no(asked, text) if asked else None
    if said is None and asked and introduces(text):
        said = "aside"
    if said is None or said not in _table()["answers"][asked]:
        return None
    entry = _table()["answers"][asked][said]
    assessment = None
    if "risk" in entry:
        reason = entry["reason"]
        assessment = Assessment(entry["risk"], entry["kind"], 1.0, [reasons()[reason]], (reason,))
    return Answered(entry.get("payload", ""), entry.get("form", ""), assessment)


def _yes_or_no(asked: str, text: str) -> str | None:
    table = _table()
    if says(text, table["calls"]):
        return None  # "co oi" calls, and says no "có"
    also = table["also"].get(asked, {})
    for said in ("no", "yes"):
        if says(text, [*table[said], *([also[said]] if said in also else [])]):
            return said
    bare = bare_form(text).strip(" .,!?")
    words = bare.split()
    if re.match(table["begins_nothing"], bare):
        return None
    if 0 < len(words) <= int(table["begins"].get(asked, 0)):
        start = " ".join(words[:2]) if words[0] in ("da", "thua") else words[0]
        for said in ("no", "yes") if asked in table["begins_no"] else ("yes",):
            if says(start.strip(","), table[said]):
                return said
    return None


def cannot_call(text: str) -> bool:
    """Whether somebody says that they cannot call: no phone, no money on it, nobody answers."""
    return _tells(text, "cannot_call")


def cannot_speak(text: str) -> bool:
    """Whether somebody says that they, or the child, cannot be heard on a telephone: mute, deaf, or overheard."""
    return _tells(text, "cannot_speak")


def unwell(text: str) -> bool:
    """Whether a message tells how a body feels that may be poisoned. Says nothing by itself."""
    return _tells(text, "unwell")


def offers_picture(text: str) -> bool:
    """Whether somebody wants to send a picture here."""
    return _tells(text, "offers_picture")


def _tells(text: str, table: str) -> bool:
    return _signs(table).search(bare_form(text)) is not None


@lru_cache(maxsize=8)
def _signs(table: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{sign})\b" for sign in _table()[table]))
