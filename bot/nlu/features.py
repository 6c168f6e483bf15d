"""What a message looks like to the linear models: accented words, bare character n-grams, word classes, word pairs.

All functions but ``tags`` take the normal form, so that it is made once for all views.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.language import normalise, strip_accents, syllables

from .hashing import hashed_tfidf

TABLE = Path(__file__).parent / "tables" / "word_classes.yml"
_LONGEST = 5
_SYLLABLE = re.compile(r"\w+")


@lru_cache(maxsize=1)
def _classes() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Words to classes, for text with and for text without diacritics."""
    accented: dict[str, set[str]] = defaultdict(set)
    bare: dict[str, set[str]] = defaultdict(set)
    table = yaml.load(TABLE.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506
    for name, words in table.items():
        for word in words:
            form = " ".join(syllables(word)) or word
            accented[form].add(name)
            bare[strip_accents(form)].add(name)
    return dict(accented), dict(bare)


def tags(text: str) -> list[str]:
    """The word classes of a message in order; the longest known word wins at each place."""
    return _tags(_SYLLABLE.findall(normalise(text)))


def _tags(parts: list[str]) -> list[str]:
    accented, bare = _classes()
    table = bare if all(p.isascii() for p in parts) else accented
    found: list[str] = []
    at = 0
    while at < len(parts):
        for size in range(min(_LONGEST, len(parts) - at), 0, -1):
            names = table.get(" ".join(parts[at : at + size]))
            if names:
                found.extend(sorted(names))
                at += size
                break
        else:
            at += 1
    return found


def tag_features(normal: str) -> list[str]:
    """Word classes, neighbours among them, and unordered pairs (who did what to whom, in any order)."""
    parts = _SYLLABLE.findall(normal)
    found = _tags(parts)
    features = list(found)
    features += [f"{a}>{b}" for a, b in zip(found, found[1:], strict=False)]
    kinds = sorted(set(found))[:14]
    features += [f"{a}&{b}" for i, a in enumerate(kinds) for b in kinds[i + 1 :]]
    features.append(f"LENGTH{min(6, len(parts) // 4)}")
    if "?" in normal:
        features.append("ASKS")
    return features


def word_features(normal: str) -> list[str]:
    """Accented syllables, their pairs, and pairs with one syllable between."""
    parts = _SYLLABLE.findall(normal)
    pairs = [f"{a} {b}" for a, b in zip(parts, parts[1:], strict=False)]
    gaps = [f"{a} _ {b}" for a, b in zip(parts, parts[2:], strict=False)]
    edge = [f"^{parts[0]}", f"{parts[-1]}$"] if parts else []
    return parts + pairs + gaps + edge


def pair_features(normal: str) -> list[str]:
    """Pairs of bare syllables with one to five others between, so that who and what meet ("con … bị … đánh")."""
    parts = ["^", *_SYLLABLE.findall(strip_accents(normal)), "$"]
    return [f"{a} … {b}" for i, a in enumerate(parts) for b in parts[i + 2 : i + FARTHEST + 1]]


VIEWS = {"words": 1.0, "characters": 1.0, "classes": 0.8, "pairs": 1.0}
"""How much each view weighs."""
FARTHEST = 6
"""How many places the two syllables of a pair may lie apart."""
FEW, MANY = 500, 50_000
"""Texts below which rare features are kept, and from which on they are rarer still: a message comes in three views."""


def vectorisers(size: int = 10_000) -> list[tuple[str, Any]]:
    """The views as unfitted scikit-learn vectorisers; small data keeps rare features."""
    rare = 1 if size < FEW else 2 if size < MANY else 3
    return [
        ("words", hashed_tfidf(rare, analyzer=word_features)),
        ("characters", hashed_tfidf(rare, analyzer="char_wb", preprocessor=strip_accents, ngram_range=(1, 5))),
        ("classes", hashed_tfidf(rare, analyzer=tag_features)),
        ("pairs", hashed_tfidf(2 * rare, analyzer=pair_features)),
    ]
