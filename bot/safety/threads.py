"""Dangers that go on over many messages (a lost child, pictures held over somebody, …): what opens and ends each, and
the safe words that answer its steps (``data/threads/``). Whether one is open says the conversation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.language import bare_form

from .signs import any_of, read_signs

NAMES = ("outside", "lost", "pictures", "friend", "hit", "away", "body")
"""In the order in which they open."""
SHORT = 8
"""Words of a message that may belong to a thread although nothing in it says so for sure."""
STEP = 22
"""Words; whoever says more tells of something of its own."""
WHO = "who"
Texts = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Step:
    """What may be asked or told on the way, and the safe words (``form``) that answer it."""

    form: str
    signs: re.Pattern[str]
    unless: re.Pattern[str]
    later: bool
    """Only once the thread is open."""


@dataclass(frozen=True)
class Thread:
    """One such danger; all signs are read on the form without diacritics."""

    name: str
    forms: tuple[str, ...]
    """The safe words with which it is open; the first opens it."""
    again: str
    over: str
    signs: dict[str, re.Pattern[str]]
    steps: tuple[Step, ...]

    def opens(self, text: str) -> bool:
        """Whether a message tells of this danger by itself."""
        return self._has("opens", text) and not self._has("unless", text)

    def asks(self, text: str) -> bool:
        """Whether it asks about it in a way that is enough without any other sign of risk."""
        return self._has("asks", text)

    def ends(self, text: str) -> bool:
        """Whether a message says that it ended well."""
        return self._has("ends", text) and not self._has("but", text)

    def step(self, text: str, opened: bool = True) -> str:
        """The safe words for a step on the way, if it is one."""
        bare = bare_form(text)
        if len(bare.split()) > STEP:
            return ""
        known = (step for step in self.steps if opened or not step.later)
        return next((s.form for s in known if s.signs.search(bare) and not s.unless.search(bare)), "")

    def goes_on(self, text: str) -> bool:
        """Whether a short message may be about it still."""
        return len(text.split()) <= SHORT and self._has("more", text) and not self.aside(text)

    def aside(self, text: str) -> bool:
        """Whether the dialogue has an answer of its own beside the safe words (the law)."""
        return self._has("asides", text)

    def knows(self, text: str) -> bool:
        """Whether a message opens it, ends it or is a step of it, and asks nothing beside."""
        return not self.aside(text) and bool(self.opens(text) or self.ends(text) or self.step(text))

    def _has(self, sign: str, text: str) -> bool:
        return self.signs[sign].search(bare_form(text)) is not None


@lru_cache(maxsize=1)
def threads() -> dict[str, Thread]:
    """All of them by name."""
    return {name: _thread(name) for name in NAMES}


def forms_of(name: str) -> tuple[str, ...]:
    """The safe words with which a thread is open."""
    return threads()[name].forms


def thread_texts() -> Texts:
    """What is said: the words of the threads and of their steps, by form and voice."""
    texts: Texts = dict(_load(WHO)["texts"])
    for name in NAMES:
        data = _load(name)
        texts.update(data.get("texts", {}))
        for step in data["steps"]:
            if "say" in step:
                texts[step["id"]] = {**data["grown"], **step["say"]}  # only the young are led step by step
    return texts


def who_arrives(text: str) -> str:
    """Who stands there at this moment, by a short message that says nothing else; their bare word."""
    return _who("arrives", text)


def who_is_near(text: str) -> str:
    """Who has come into the room."""
    return _who("near", text)


def who_leaves(text: str) -> str:
    """Who has just gone out."""
    return _who("leaves", text)


def is_pronoun(who: str) -> bool:
    """Whether it is only "he", whom the words before must name."""
    return re.fullmatch(_load(WHO)["he"], who) is not None


def harms(who: str, told: str) -> bool:
    """Whether somebody is named in ``told`` as the one who harms, and no other person stands between."""
    data = _load(WHO)
    between = rf"(?: (?!(?:{data['others']})\b)\w+){{0,6}}?"
    return re.search(rf"\b{who.split()[0]}\b{between} (?:{data['harms']})\b", bare_form(told)) is not None


def _who(sign: str, text: str) -> str:
    data = _load(WHO)
    who = f"(?:{data['named']}|{data['he']})"
    bare = bare_form(text).strip(" .,!?~")
    found = (re.match(s.replace("{who}", who), bare) for s in data[sign])
    return next((m.group("who") for m in found if m), "")


def _thread(name: str) -> Thread:
    data = _load(name)
    steps = tuple(
        Step(s.get("form", s["id"]), _sign(s["signs"]), _sign(s.get("unless", [])), bool(s.get("later")))
        for s in data["steps"]
    )
    forms = tuple(dict.fromkeys([*data["forms"], *(s.form for s in steps)]))
    signs = {key: _sign(data.get(key, [])) for key in ("opens", "unless", "asks", "ends", "but", "more", "asides")}
    again = data.get("again") or (data["forms"][1] if data["forms"] else "")
    return Thread(name, forms, again, data.get("over", ""), signs, steps)


def _sign(signs: list[str]) -> re.Pattern[str]:
    return any_of(signs, _load("parts"))


def _load(name: str) -> dict[str, Any]:
    return read_signs(f"threads/{name}")
