"""Wishes about a report that was sent or put off, before Rasa: withdraw, delete, take up again. Pure functions."""

from __future__ import annotations

import json
import re

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise
from bot.language.whole import says

LONGEST = 2000


def wish(text: str) -> str | None:
    """The payload for a wish that was typed (``/withdraw_report{"forced": "yes"}``), or ``None``."""
    bare = bare_form(text)
    for name, signs in load_yaml("follow.yml")["wishes"].items():
        if any(re.search(sign, bare) for sign in signs):
            return f"/{name}" + (json.dumps({"forced": "yes"}) if forced(text) else "")
    return None


def forced_wish(text: str) -> bool:
    """Whether this is a wish that somebody else seems to dictate."""
    return "forced" in (wish(text) or "")


def forced(text: str) -> bool:
    """Whether somebody else seems to want it."""
    bare = bare_form(text)
    return any(re.search(sign, bare) for sign in load_yaml("follow.yml")["forced"])


def resumes(text: str) -> bool:
    """Whether a report that was put off is to be taken up again."""
    return _says(text, "resume")


def leaves_draft(text: str) -> str | None:
    """Whether a report that was put off is to be dropped (``drop``) or kept on (``later``)."""
    if normalise(text).strip(" .!") in ("bỏ", "bỏ đi"):
        return "drop"  # without diacritics it may be one's father
    return next((wish for wish in ("drop", "later") if _says(text, wish)), None)


def ends(text: str) -> bool:
    """Whether the person wants to end what was begun behind the receipt."""
    return _says(text, "end")


def wants_no_call(text: str) -> bool:
    """Whether somebody who was to be called back does not want it after all."""
    return _says(text, "no_call")


def leaves(text: str, in_form: bool) -> bool:
    """Whether somebody who waits for an officer waits no longer. ``in_form``: "thôi" alone may mean the report."""
    return _says(text, "leave") or (not in_form and _says(text, "leave_alone"))


def asks_how_long(text: str) -> bool:
    """Whether somebody who waits for an officer only asks when one comes."""
    return _says(text, "how_long")


def asks_what_next(text: str) -> bool:
    """Whether somebody asks what comes of a report: who calls, when somebody comes."""
    return _says(text, "what_next") or asks_for_anybody(text)


def asks_for_anybody(text: str) -> bool:
    """Whether somebody asks if anybody answers: after a report, what comes of it; else, who is there."""
    return _says(text, "anybody")


def wants_person(text: str) -> bool:
    """Whether words name a person to speak with: an officer, a counsellor, somebody at all."""
    return _has("person", text)


def wants_no_person(text: str) -> bool:
    """Whether words that sound like a wish for a person are about one's family ("gặp riêng con") and name nobody to
    speak with here."""
    return _has("no_person", text) and not wants_person(text)


def dares_not_tell(text: str) -> bool:
    """Whether somebody only says that they dare not tell anybody, and asks for nobody."""
    return _has("dares_not", text) and not wants_person(text)


def only_hints(text: str) -> bool:
    """Whether somebody only says that they would like to ask or tell something ("muốn hỏi chút chuyện gia đình")."""
    return _says(text, "hints") and not wants_person(text)


def is_of_rules(text: str) -> bool:
    """Whether a question is about forms, terms and duties and not about the person's own report ("mẫu số 01 là gì",
    "thời hạn bao nhiêu ngày")."""
    return _has("rules", text) and not _has("own_report", text)


def asks_to_report(text: str) -> bool:
    """Whether a message begins with the wish to report ("tui muốn báo tin, con bé hàng xóm …") and doubts nothing."""
    bare, signs = bare_form(text), load_yaml("follow.yml")
    return any(re.search(sign, bare) for sign in signs["report"]) and not any(
        re.search(sign, bare) for sign in signs["unsure"]
    )


def words_for(intent: str, text: str) -> str:
    """The payload that carries a person's words to the step that waits for them."""
    return f"/{intent}" + json.dumps({"words": text[:LONGEST]}, ensure_ascii=False)


def _has(group: str, text: str) -> bool:
    bare = bare_form(text)
    return any(re.search(sign, bare) for sign in load_yaml("follow.yml")[group])


def _says(text: str, group: str) -> bool:
    return says(text, load_yaml("follow.yml")[group])
