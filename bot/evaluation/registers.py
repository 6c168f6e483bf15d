"""The ways one written message is typed, made from it with a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.language import strip_accents
from bot.nlu.noise import teencode, telex_slips, typos

SEED = 2026
"""Another than training's."""
REGISTERS: dict[str, Callable[[str], str]] = {
    "typed": str,
    "bare": strip_accents,
    "teencode": lambda text: teencode(text, SEED),
    "telex": lambda text: telex_slips(text, SEED),
    "typos": lambda text: typos(text, SEED),
}
"""As typed (about half of the messages are written without diacritics); all without diacritics; teencode; Telex slips;
typos."""
NAMES = {
    "typed": "as typed",
    "bare": "without diacritics",
    "teencode": "teencode",
    "telex": "Telex slips",
    "typos": "typos",
}
QUICK = ("typed", "bare")


def retyped(texts: Sequence[str], register: str) -> list[str]:
    """The texts in a register."""
    return [REGISTERS[register](text) for text in texts]
