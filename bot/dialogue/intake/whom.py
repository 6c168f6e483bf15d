"""Whom the words of a report are about, and whether that child is a girl or a boy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise

from .message import Message

ADULTS = ("parent", "teacher")


def words() -> dict[str, Any]:
    """What somebody's own words say about the lines of a report."""
    return load_yaml("intake_said.yml")


@lru_cache(maxsize=32)
def _any(signs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(signs)})(?!\w)")


def has(signs: Sequence[str], said: str) -> bool:
    """Whether one of the signs stands in what was said, as whole words."""
    return any(
        not found.start() or not said[found.start() - 1].isalnum() for found in _any(tuple(signs)).finditer(said)
    )


def is_anothers(text: str) -> bool:
    """Whether a grown-up's words say that it is their child, grandchild or pupil ("con gái chị 9 tuổi"): clear in any
    voice, and whatever was guessed from the words before."""
    signs, bare = words()["whom"], bare_form(text)
    own = re.search(signs["own_sex"], bare) is not None
    return not own and (has(signs["grown"], bare) or has(signs["marked"], normalise(text)))


def subject_words(text: str, audience: str = "teen") -> str | None:
    """``self`` or ``other`` by the words alone. In a child's words what is named first counts ("bạn em bị …", "em bị
    bạn em …"); a grown-up's "con bị" is their child, and it is of themselves only where they say just that."""
    if is_anothers(text):
        return "other"
    bare = bare_form(text)
    if audience in ADULTS:
        adults = words()["whom"]["adults"]
        return next((subject for subject in ("other", "self") if has(adults[subject], bare)), None)
    if re.search(words()["whom"]["own_sex"], bare):
        return "self"
    found = []
    for subject, signs in load_yaml("intake.yml")["subject"].items():
        starts = [match.start() for sign in signs if (match := _named(sign, bare, subject))]
        if starts:
            found.append((min(starts), str(subject)))
    sibling = words()["whom"]["sibling"]
    said = re.search(sibling["bare"], bare) if text.isascii() else re.search(sibling["marked"], normalise(text))
    if said and not re.search(r"\be con\b", text.lower()):
        found.append((said.start(), "other"))
    return min(found)[1] if found else None


def _named(sign: str, bare: str, subject: str) -> re.Match[str] | None:
    """Where a sign stands first; whoever does it is not who suffers ("bạn em đánh em", "bị bạn em đánh")."""
    whom = words()["whom"]
    for found in re.finditer(rf"\b(?:{sign})\b", bare):
        doer = re.search(whom["suffers"], bare[: found.start()]) or re.search(whom["does"], bare[found.end() :])
        if subject == "self" or not doer:
            return found
    return None


def guessed(message: Message, audience: str) -> str | None:
    """Whom words that name nobody may be about, from how they sound. That a child tells of another one is taken from
    words only, since their own tale often sounds like that; that a grown-up tells of themselves, too."""
    if message.intent == "disclose_other" and audience in ADULTS:
        return "other"
    if message.intent == "disclose_self" and audience == "teacher":
        return "other"  # "dượng đánh em": so a teacher calls the pupil
    if message.intent == "disclose_self" and audience not in ADULTS and not names_nobody(message.text):
        return "self"
    return None


def names_nobody(text: str) -> bool:
    """Whether a grown woman only speaks of her fear ("chị sợ quá"): that says nothing of whom she tells."""
    return re.search(words()["whom"]["nobody"], normalise(text)) is not None


def is_of_lines(text: str) -> bool:
    """Whether words are about what was written at the read-back, and no part of the account."""
    return re.search(words()["about_lines"], bare_form(text)) is not None


def childs_sex(message: Message) -> str | None:
    """Whether the child is called a girl or a boy, of whom it is said that they suffer; None when both may be meant."""
    bare, signs = bare_form(message.text), words()["sex"]
    said: list[tuple[str, bool]] = []
    for one in message.found:
        if one["entity"] != "sex" or one["value"] not in ("male", "female"):
            continue
        called = bare_form(str(one.get("text") or ""))
        at = bare.find(called) if called else -1
        before, behind = (bare[:at], bare[at + len(called) :]) if at >= 0 else ("", "")
        if re.search(signs["before"], before) or re.search(signs["behind"], behind):
            continue  # "bị con nhỏ lớp trên đánh": whoever does it
        said.append((str(one["value"]), is_anothers(f"{called}{behind[:12]}")))
    owned = {value for value, own in said if own}
    values = owned or {value for value, _ in said}
    return values.pop() if len(values) == 1 else None


def calls_a_child(message: Message) -> bool:
    """Whether the sex is said of a child ("con bé", "bé gái")."""
    return re.search(words()["sex"]["child"], bare_form(message.text)) is not None
