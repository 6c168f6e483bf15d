"""The safe words: what a person at risk is told, read from ``data/answers.yml``; needs no model."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.dialogue.messages import Button, Reply

from .fears import Fear
from .threads import thread_texts
from .types import Assessment, RiskModelError, level

DATA = Path(__file__).parent / "data" / "answers.yml"
CARE = Path(__file__).parent / "data" / "care.yml"
FIRST_AID = Path(__file__).parent / "data" / "first_aid.yml"
WRITTEN = Path(__file__).parent / "data" / "written.yml"
AUDIENCES = ("child", "teen", "parent", "teacher")
POISON = frozenset({"poisoning", "swallowed", "mistaken"})
MISSING = frozenset({"missing", "abducted"})
SETTINGS = {"fire": "fire", "in_vehicle": "in_vehicle", "lost_child": "lost", "lured": "lured"}
"""Where the danger is decides what to do: those words stand before all but poison and wounds."""
ACCIDENTS = {
    "choking": "choking", "drowning": "drowning", "electrocuted": "electric", "seizure": "seizure", "bitten": "bite",
    "burnt": "burn", "fallen": "fall", "swallowed_thing": "swallowed_thing",
}  # fmt: skip
"""First aid by the kind of accident, the one that kills within minutes first."""
NOT_POISON = frozenset({"choking", "swallowed_thing"})
"""Accidents whose first aid holds although something was swallowed."""
BY_HAND = frozenset({"beaten", "choked", "weapon"})
"""Codes with which a throat or water is the deed of somebody who may still be there: no accident."""
CARERS = {"shaken": "shaken", "die_together": "die_together", "harm_urge": "harm_urge", "drugging": "drugging"}
"""Who looks after a small child and cannot go on: what to do with the child stands before all else."""

UNSURE = ("doubtful", "about_other", "own_words", "earlier", "together", "softened", "young_child", "helpless_child")
YOUNG = ("child", "teen")
CLEAR, GRAVE = 0.95, 0.7
"""The model's share from which on a message tells of danger for sure (of 89 such of the fixed set all did), and from
which on what looks grave is believed to be."""


class SafetyAnswers:
    """Chooses the safe answer for an assessment."""

    def __init__(self, forms: dict[str, dict[str, str]], buttons: dict[str, list[Button]]) -> None:
        self._forms = forms
        self._buttons = buttons

    @classmethod
    def load(cls, path: Path = DATA) -> SafetyAnswers:
        """Read the answers. Raises ``RiskModelError`` when they are missing or incomplete."""
        try:
            raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
            care: dict[str, Any] = yaml.safe_load(CARE.read_text(encoding="utf-8"))
            texts_of = {**raw["forms"], **care["forms"], **_first_aid(), **thread_texts()}
            forms = {name: {a: str(texts[a]) for a in AUDIENCES} for name, texts in texts_of.items()}
            buttons = {name: [Button(**b) for b in row] for name, row in raw["buttons"].items()}
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise RiskModelError(f"The safe answers {path} cannot be read: restore it from the project") from error
        return cls(forms, buttons)

    @property
    def forms(self) -> dict[str, dict[str, str]]:
        """Every text by form and audience (for checks of the wording)."""
        return self._forms

    def answer(self, assessment: Assessment, audience: str, in_form: bool = False, repeated: bool = False) -> Reply:
        """The answer to a message at risk (or doubtful). ``repeated``: the long form was said a moment ago."""
        return self._reply(choose_form(assessment, in_form, repeated, audience), audience, in_form)

    def emergency(self, audience: str) -> Reply:
        """The fixed words when nothing else works: the numbers first."""
        return self._reply("fallback", audience, in_form=False)

    def special(self, form: str, audience: str, in_form: bool = False) -> Reply:
        """A named form: ``photo``, ``voice``, or what follows a bare answer (``bot.safety.asked``)."""
        return self._reply(form, audience, in_form)

    def fear(self, fear: Fear, audience: str) -> Reply:
        """What is said to a fear (``bot.safety.fears``)."""
        said = fear.say.get(audience) or fear.say["teen"]
        return Reply(said, list(self._buttons["help"]), kind="safety")

    def _reply(self, form: str, audience: str, in_form: bool) -> Reply:
        voice = audience if audience in AUDIENCES else "teen"
        buttons = self._buttons["in_form" if in_form else "help"]
        return Reply(self._forms[form][voice], list(buttons), kind="safety")


def _first_aid() -> dict[str, dict[str, str]]:
    """The words for accidents: a child's own, and the steps in the frame of everybody else's voice."""
    raw: dict[str, Any] = yaml.safe_load(FIRST_AID.read_text(encoding="utf-8"))
    forms: dict[str, dict[str, str]] = {}
    for name, texts in raw["forms"].items():
        frames = raw["frames"]["again" if name.endswith("_again") else "now"]
        forms[name] = {voice: frame.format(steps=texts["steps"]) for voice, frame in frames.items()}
        forms[name]["child"] = texts["child"]
    return forms


def in_writing(text: str) -> str:
    """Safe words for somebody who cannot be heard on a telephone: to write and have others call, not to shout."""
    for pattern, instead in _written():
        text = pattern.sub(instead, text)
    return text


@lru_cache(maxsize=1)
def _written() -> list[tuple[re.Pattern[str], str]]:
    pairs: list[list[str]] = yaml.safe_load(WRITTEN.read_text(encoding="utf-8"))
    return [(re.compile(pattern), instead) for pattern, instead in pairs]


def choose_form(assessment: Assessment, in_form: bool, repeated: bool, audience: str) -> str:
    """The name of the form that fits an assessment. A grown-up's "con bị đánh" tells of their child, a child's own."""
    short = in_form or repeated
    codes = set(assessment.codes)
    immediate = level(assessment.risk) >= level("immediate")
    if assessment.kind == "offender":
        return _to_offender(codes, audience)
    if (carer := _first(CARERS, codes)) and assessment.at_risk:
        return carer
    if "at_door" in codes and assessment.at_risk and audience in YOUNG and assessment.kind != "self_harm":
        return "at_the_door"
    if "own_hand" in codes and assessment.at_risk and assessment.kind == "disclosure" and not in_form:
        return "own_hand"
    if codes & MISSING and assessment.at_risk and audience not in YOUNG and not in_form:
        return "missing"
    if assessment.kind == "self_harm" and assessment.at_risk:
        if immediate:
            return "self_harm_now"
        if in_form:
            return "form_self_harm"
        return "short_self_harm" if repeated else "self_harm"
    setting = _first(SETTINGS, codes)
    if setting and assessment.at_risk and not codes & POISON and not in_form:
        return setting
    if immediate and (accident := _accident(codes)):
        return accident
    if immediate:
        if codes & POISON:
            return "emergency_medical"
        if "injury" in codes:
            return "own_hand_injury" if "own_hand" in codes else "emergency_injury"
        return "short_emergency" if in_form else "repeated_emergency" if repeated else "emergency"
    if not assessment.at_risk:
        return "khmer" if "khmer" in codes else "worry"
    if short:
        return "short" if in_form else "again"
    by_style = bool(codes) and all(code.startswith("model_") or code in UNSURE for code in codes)
    if by_style and assessment.score < (CLEAR if assessment.risk == "medium" else GRAVE):
        return "worry"  # only the style of the message speaks for it: ask gently, assume nothing
    own = "own_words" in codes and audience in YOUNG
    return "disclosure_other" if "about_other" in codes and not own else "disclosure"


def _to_offender(codes: set[str], audience: str) -> str:
    """The words for who may harm a child or has: a young person is spoken to as one, unless they say that they are
    grown up."""
    if "admits_harm" in codes:
        return "harmed" if audience in YOUNG and "grown_up" not in codes else "admitted"
    return "desire" if "desire_for_children" in codes else "offender"


def _accident(codes: set[str]) -> str:
    """First aid for the accident that is told, if any; for poison and for blows there are other words."""
    found = [code for code in ACCIDENTS if code in codes]
    if codes & POISON:
        found = [code for code in found if code in NOT_POISON]
    if codes & BY_HAND:
        found = [code for code in found if code not in ("choking", "drowning", "fallen")]
    return ACCIDENTS[found[0]] if found else ""


def _first(forms: dict[str, str], codes: set[str]) -> str:
    """The form of the first code that was found."""
    return next((form for code, form in forms.items() if code in codes), "")
