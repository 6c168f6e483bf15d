"""A guess at who is writing, from pronouns and stated age, so that the voice fits before anybody is asked.

Only a guess for the tone of an answer: it never decides what help a person gets.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.language.characters import strip_accents
from bot.language.normal import normalise
from bot.language.own_age import SCHOOL, OwnAge, own_ages, says_grown_i, writes_young
from bot.language.tables import load

__all__ = ["AUDIENCES", "GROWN", "SCHOOL", "audience_of_age", "guess_audience", "learn_audience", "stated_audience"]

AUDIENCES = ("child", "teen", "parent", "teacher")
GROWN = ("parent", "teacher")
ONLY_AGE = re.compile(r"(?:(?:da|thua|co|con|em|chau)[ ,]+)*(\d{1,2})\s?(?:t|tuoi)?(?: (?:a|co|nha))*[ .!]*")
YOUNGEST = 6
"""Years of a child who can write."""
OF_AGE = 25
"""Years from which whoever says "I" is answered as a grown-up; before, "mình 19 tuổi" is still heard as young."""
SURELY, FORMAL = "_surely", "_formal"


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    compiled = []
    for audience, signs in load("audience").items():
        whole = "|".join(sign if sign.startswith("^") else rf"\b{sign}" for sign in signs)
        accented = re.compile(f"(?:{whole})")
        compiled.append((audience, accented, re.compile(strip_accents(accented.pattern))))
    return compiled


def learn_audience(text: str, known: str | None, stated: bool, asked: bool = False) -> tuple[str | None, bool]:
    """Who is known to write after one more message, and whether by an age or class that they stated of themselves.

    What is so stated stays: "con", "em" or "bạn" in later words change nothing, only another own age or clear words of
    a grown-up do. ``asked``: a bare number may be the person's age.
    """
    own = stated_audience(text, known, stated)
    if own is None and asked and not stated and known not in GROWN:
        own = audience_of_age(text)
    if own:
        return own, own not in GROWN
    if stated:
        grown = _surely_grown(text)
        return (grown, False) if grown else (known, True)
    return guess_audience(text, known) or known, False


def guess_audience(text: str, known: str | None = None) -> str | None:
    """The likely audience of one message, or None when nothing tells.

    ``known``: who wrote before. A grown-up's "con 12 tuổi" tells of their child: only what no grown-up writes makes
    them a child again, since a phone may be handed on.
    """
    if own := stated_audience(text, known):
        return own
    if known not in GROWN and any(age.shared and age.years < YOUNGEST for age in own_ages(text)):
        return "parent"  # no child so young writes
    young = writes_young(text)
    for group in _groups(text):
        audience = group.removesuffix(SURELY).removesuffix(FORMAL)
        if known in GROWN and audience not in GROWN and not group.endswith(SURELY):
            continue
        if not (young and group.endswith(FORMAL)):
            return audience
    return None


def stated_audience(text: str, known: str | None = None, settled: bool = False) -> str | None:
    """The audience of somebody who states their own age or class ("t 15t r", "con học lớp ba"), or None.

    ``known``: who wrote before; ``settled``: they have stated it before, so that one without "I" may be another's.
    """
    for age in own_ages(text):
        if _of_the_writer(age, text, known, settled):
            voice = "parent" if age.years >= OF_AGE else _of_age(age.years)
            if voice:
                return voice
    return None


def _of_the_writer(age: OwnAge, text: str, known: str | None, settled: bool) -> bool:
    """Whether an age is the writer's: a grown-up's "con 12 tuổi" is their child's."""
    if not age.pronoun:
        return not settled and known not in GROWN
    if not age.shared:
        return True
    if known in GROWN:
        return known == "parent" and age.pronoun in ("em", "e") and age.ends
    return _surely_grown(text) is None and not says_grown_i(text)


def _surely_grown(text: str) -> str | None:
    """The audience by words that only a grown-up writes ("con gái tôi", "tôi là giáo viên"), or None."""
    certain = (group.removesuffix(SURELY) for group in _groups(text) if group.endswith(SURELY))
    return next((audience for audience in certain if audience in GROWN), None)


def _groups(text: str) -> list[str]:
    """The groups of ``audience.yml`` that have a sign in the message, the first that counts first."""
    normal = normalise(text)[:400]
    bare = strip_accents(normal)
    unmarked = strip_accents(text) == text  # its normal form may have marks: "5t" is "5 tuổi"
    return [
        group
        for group, accented, stripped in _patterns()
        if accented.search(normal) or (unmarked and stripped.search(bare))
    ]


def audience_of_age(text: str) -> str | None:
    """The audience of somebody who answers with their age and nothing else ("9", "dạ 12 tuổi"), or None."""
    age = ONLY_AGE.fullmatch(strip_accents(normalise(text)))
    return _of_age(int(age.group(1))) if age else None


def _of_age(years: int) -> str | None:
    if not YOUNGEST <= years <= 17:
        return None
    return "child" if years < 11 else "teen"
