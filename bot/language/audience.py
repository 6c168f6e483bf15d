"""A guess at who is writing, from pronouns and stated age, so that the voice fits before anybody is asked.

Only a guess for the tone of an answer: it never decides what help a person gets.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.language.characters import strip_accents
from bot.language.normal import normalise
from bot.language.tables import load

AUDIENCES = ("child", "teen", "parent", "teacher")
_OF_ANOTHER = "".join(
    rf"(?<!{word} )"
    for word in (
        *("ban", "cho", "cua", "thang", "dua", "con", "chau", "be", "nho", "gai", "trai", "nha"),
        *("muon", "thue", "nhan", "tuyen"),
    )
)
"""What turns "con 14 tuổi" into somebody else's age: "thằng con 14 tuổi", "em gái con 8 tuổi", "mướn em 14 tuổi"."""
OWN_AGE = re.compile(_OF_ANOTHER + r"\b(con|em|chau|minh) (?:nam nay |moi |da |duoc )?(\d{1,2})\s?(?:t|tuoi)\b")

ONLY_AGE = re.compile(r"(?:(?:da|thua|co|con|em|chau)[ ,]+)*(\d{1,2})\s?(?:t|tuoi)?(?: (?:a|co|nha))*[ .!]*")


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    compiled = []
    for audience, signs in load("audience").items():
        whole = "|".join(sign if sign.startswith("^") else rf"\b{sign}" for sign in signs)
        accented = re.compile(f"(?:{whole})")
        compiled.append((audience, accented, re.compile(strip_accents(accented.pattern))))
    return compiled


GROWN = ("parent", "teacher")
OWN_CLASS = re.compile(
    _OF_ANOTHER + r"\b(?:con|em|chau|minh|tui) (?:dang |moi |nam nay |len |hoc )*lop (\d{1,2})(?!\d)"
)
SCHOOL = 5
"""Years at which a child is in class 0."""
YOUNGEST = 6
"""Years of a child who can write."""
SURELY = "_surely"


def guess_audience(text: str, known: str | None = None) -> str | None:
    """The likely audience of one message, or None when nothing tells.

    ``known``: who wrote before. A grown-up's "con 12 tuổi" tells of their child: only what no grown-up writes makes
    them a child again, since a phone may be handed on.
    """
    normal = normalise(text)[:400]
    bare = strip_accents(normal)
    unmarked = strip_accents(text) == text  # its normal form may have marks: "5t" is "5 tuổi"
    age = OWN_AGE.search(bare) if known not in GROWN else None
    if age and int(age.group(2)) < YOUNGEST:
        return "parent"  # no child so young writes
    if age and (voice := _of_age(int(age.group(2)))):
        return voice
    grade = OWN_CLASS.search(bare) if known not in GROWN else None
    if grade and (voice := _of_age(int(grade.group(1)) + SCHOOL)):
        return voice
    for group, accented, stripped in _patterns():
        audience = group.removesuffix(SURELY)
        if known in GROWN and audience not in GROWN and audience == group:
            continue
        if accented.search(normal) or (unmarked and stripped.search(bare)):
            return audience
    return None


def audience_of_age(text: str) -> str | None:
    """The audience of somebody who answers with their age and nothing else ("9", "dạ 12 tuổi"), or None."""
    age = ONLY_AGE.fullmatch(strip_accents(normalise(text)))
    return _of_age(int(age.group(1))) if age else None


def _of_age(years: int) -> str | None:
    if not YOUNGEST <= years <= 17:
        return None
    return "child" if years < 11 else "teen"
