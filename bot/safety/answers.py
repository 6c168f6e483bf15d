"""The safe words: what a person at risk is told, read from ``data/answers.yml``; needs no model."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.dialogue.messages import Button, Reply

from .fears import Fear
from .types import Assessment, RiskModelError, level

DATA = Path(__file__).parent / "data" / "answers.yml"
WRITTEN = Path(__file__).parent / "data" / "written.yml"
AUDIENCES = ("child", "teen", "parent", "teacher")
POISON = frozenset({"poisoning", "swallowed"})
MISSING = frozenset({"missing", "abducted"})
SETTINGS = {"fire": "fire", "in_vehicle": "in_vehicle", "lost_child": "lost", "lured": "lured"}
"""Where the danger is decides what to do: those words stand before all but poison and wounds."""


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
            forms = {name: {a: str(texts[a]) for a in AUDIENCES} for name, texts in raw["forms"].items()}
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
        return "harmed" if "admits_harm" in codes and audience in YOUNG else "offender"
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
    setting = next((form for code, form in SETTINGS.items() if code in codes), "")
    if setting and assessment.at_risk and not codes & POISON and not in_form:
        return setting
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
