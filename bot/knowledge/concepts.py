"""Ideas behind words: ``quan hệ với bé`` and ``giao cấu với người dưới 16 tuổi`` share one (``synonyms.yml``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.language import strip_accents, syllables

BROADER = 0.5
"""How much a broader idea counts against the one that was named."""


class Concepts:
    """Finds the ideas of ``synonyms.yml`` in a text."""

    def __init__(self, synonyms: dict[str, Any]) -> None:
        self.broader: dict[str, list[str]] = synonyms.get("broader") or {}
        self._accented: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._bare: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for concept, forms in (synonyms.get("concepts") or {}).items():
            for form in forms:
                self._add(str(form), concept)
        for table in (self._accented, self._bare):
            for entries in table.values():
                entries.sort(key=lambda entry: -len(entry[0]))

    def _add(self, form: str, concept: str) -> None:
        accented_only = form.startswith("=")
        spelt = tuple(syllables(form.lstrip("=")))
        if not spelt:
            return
        self._accented.setdefault(spelt[0], []).append((spelt, concept))
        if not accented_only:
            bare = tuple(strip_accents(s) for s in spelt)
            self._bare.setdefault(bare[0], []).append((bare, concept))

    def find(self, spelt: Sequence[str]) -> list[str]:
        """The ideas named in a text given as the syllables of its normal form, longest wording first at each
        place; a wording inside a longer one does not count."""
        marked = sum(1 for s in spelt if not s.isascii())
        bare = marked * 4 < len(spelt)  # the normal form gives a bare text some marks ("ko", "14t")
        table = self._bare if bare else self._accented
        words = [strip_accents(s) for s in spelt] if bare else list(spelt)
        found: list[str] = []
        at = 0
        while at < len(words):
            step = 1
            for form, concept in table.get(words[at], ()):
                if len(form) < step:
                    break
                if tuple(words[at : at + len(form)]) == form:
                    found.append(concept)
                    step = len(form)
            at += step
        return found

    def tokens(self, spelt: Sequence[str]) -> list[str]:
        """The ideas with their broader ones, as tokens for an index."""
        found = self.find(spelt)
        return found + [f"{wide}" for concept in found for wide in self.broader.get(concept, [])]
