"""The parts of a message inside the report: a wish to stop, a yes, a question put to the machine, a place, and what is
told. Only what is told may stand in the account."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise, strip_accents, without_places
from bot.language.whole import says

_CUT = re.compile(
    r"[,.;!?\n]+\s*|\s+(?=(?:mà|ma|nhưng|nhung|hay|hay là|hay la)\s+thôi\b|(?:ma|nhung|hay|hay la)\s+thoi\b)"
)
SOME_WORDS = 2
"""Words below which what is left beside a question or a wish tells nothing."""


def clauses(text: str) -> list[str]:
    """The parts of a sentence, each with what parts it from the next."""
    ends = [found.end() for found in _CUT.finditer(text)]
    return [
        text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True) if text[start:end].strip()
    ]


def without(text: str, is_left_out: Callable[[list[str], int], bool]) -> str:
    """The text without the parts that are left out; as it was typed where all stay, empty where hardly any does."""
    parts = clauses(text)
    kept = [part for at, part in enumerate(parts) if not is_left_out(parts, at)]
    if len(kept) == len(parts):
        return text
    left = "".join(kept).strip(" ,;\n")
    return left if len(left.split()) >= SOME_WORDS else ""


def without_questions(text: str) -> str:
    """What was told without what was only asked of the machine ("có nên đánh lại hông")."""
    return without(text, _asks_machine)


def only_looks_asked(text: str) -> bool:
    """Whether words that end like a question tell ("con không chịu được không", "còn có nửa tiếng hà")."""
    signs = load_yaml("intake_said.yml")["no_question"]
    if "?" in text:
        return False
    return re.search(signs["marked"], normalise(text)) is not None or re.search(signs["bare"], _bare(text)) is not None


def _asks_machine(parts: list[str], at: int) -> bool:
    words = load_yaml("intake.yml")["asks_machine"]
    bare, before = _bare(parts[at]), _bare(parts[at - 1]) if at else ""
    if any(re.search(words["quoted"], said) for said in (bare, before)):
        return False  # "ổng hỏi em, có nên …": what somebody else said
    return any(re.fullmatch(sign, bare) for sign in words["signs"])


def wants_out(text: str, strict: bool = False) -> bool:
    """Whether somebody wishes to stop, or wavers ("mà thôi hủy đi mình sợ"). ``strict``: in the account itself, where
    to be afraid is only part of what happened."""
    parts = clauses(text)
    return any(_is_out(parts, at, strict) for at in range(len(parts)))


def _is_out(parts: list[str], at: int, strict: bool = False) -> bool:
    words, bare = load_yaml("intake.yml")["out"], _bare(parts[at])
    signs = words["wish"] if strict else [*words["wish"], *words["waver"]]
    before = rf"(?:(?:{words['before']}) )*"
    fear = rf"(?:(?: {words['why']})? (?:{words['fear']}))?"
    if any(re.fullmatch(rf"{before}(?:{sign}){fear}", bare) for sign in signs):
        return True
    afraid = re.fullmatch(rf"(?:{words['why']} )?(?:{words['fear']})", bare) is not None
    if strict or not (at and afraid):
        return False
    return re.fullmatch(rf"{before}thoi", _bare(parts[at - 1])) is not None or _is_out(parts, at - 1)


def without_wishes(text: str, strict: bool = False) -> str:
    """What a message says beside the wish to stop."""
    return without(text, lambda parts, at: _is_wish(parts, at, strict))


def _is_wish(parts: list[str], at: int, strict: bool) -> bool:
    follows = at + 1 < len(parts) and _is_out(parts, at + 1, strict)
    return _is_out(parts, at, strict) or (follows and says(parts[at], ("thoi", "ma thoi", "hay thoi")))


def agrees(text: str) -> bool:
    """Whether one part of a message only says yes to what is asked before anything is written down."""
    return any(_only_agrees(part) for part in clauses(text))


def _only_agrees(part: str) -> bool:
    words = load_yaml("intake.yml")
    return says(part, [*words["affirm"], *words["consent_yes"]])


def told_part(text: str) -> str:
    """What is told beside a short answer: no yes or no, no wish, no question to the machine."""
    words = load_yaml("intake.yml")
    answers = [*words["affirm"], *words["deny"], *words["consent_yes"], words["consent_said"], words["calm_alone"]]
    return without(
        text,
        lambda parts, at: _is_wish(parts, at, False) or _asks_machine(parts, at) or says(parts[at], answers),
    )


def place_said(text: str) -> str | None:
    """Where somebody says that they are ("mình 14t ở Cà Mau"), as typed. Our own province is everybody's here."""
    words = load_yaml("intake.yml")["place_said"]
    plain = strip_accents(text.lower())
    if len(plain) != len(text):
        text = plain
    for sign in (
        rf"{words['who']}(?P<place>{words['names']})\b",
        rf"{words['who']}(?P<place>{words['kinds']}\b[^,.;!?\n]*)",
    ):
        found = re.search(sign, plain)
        if found and len(found["place"].split()) <= words["most"]:
            return text[found.start("place") : found.end("place")].strip()
    return None


def begins_with_place(text: str) -> bool:
    """Whether words begin with where somebody is ("xã gần chợ đó", "ở Cà Mau") and so tell of nobody."""
    words = load_yaml("intake.yml")["place_said"]
    own, kinds = words["own"], words["begins"]
    return re.match(rf"^(?:{words['before']} )*(?:{words['names']}|{own}|{kinds})\b", _bare(text)) is not None


def is_a_place(text: str) -> bool:
    """Whether a message is the name of a place and nothing more ("Hà Tiên", "ấp 3 xã Thạnh Hưng")."""
    words = load_yaml("intake_said.yml")["only_place"]
    if _bare(text) in words["peace"] and text.strip(" .,!") == text.strip(" .,!").lower():
        return False  # "bình an", lower case: all is well
    parts = [normalise(part).strip(" .,;!~\n") for part in clauses(text)]
    read = [strip_accents(without_places(part)) for part in parts]
    named = [place for part, place in zip(parts, read, strict=True) if strip_accents(part) != place]
    return bool(named) and all(re.fullmatch(words["around"], place) for place in read)


def who_did(text: str) -> tuple[str, str] | None:
    """Who did it, said against who was written down ("người làm là dượng ko phải mẹ"), and what is told beside."""
    signs: Sequence[str] = load_yaml("intake.yml")["correct"]["who_did"]
    parts = clauses(text)
    other = load_yaml("intake.yml")["correct"]["not_that_one"]
    for at, one in enumerate(parts):
        denied = at + 1 < len(parts) and re.fullmatch(other, _bare(parts[at + 1]))
        part = one + parts[at + 1] if denied else one
        plain = strip_accents(part.lower()).rstrip(" ,.;!?\n")
        found = next((match for sign in signs if (match := re.fullmatch(sign, plain))), None)
        if found is None:
            continue
        who = part[found.start(1) : found.end(1)] if len(strip_accents(part.lower())) == len(part) else found.group(1)
        rest = [one for n, one in enumerate(parts) if n != at and not re.fullmatch(other, _bare(one))]
        return who.strip(), "".join(rest).strip(" ,;\n")
    return None


def _bare(text: str) -> str:
    return bare_form(text).strip(" .,;!?\n~")
