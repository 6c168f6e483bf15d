"""What the risk model sees of a message: accented words, accent-stripped characters, concepts, pairs of words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sklearn.pipeline import FeatureUnion, make_union

from bot.language import judged_form, strip_accents
from bot.nlu.features import pair_features
from bot.nlu.hashing import hashed_tfidf

from .concepts import concept_grams

VERSION = 15
"""Raise it when features or heads change, so that stored models are trained again."""
RARE = 4
"""Texts that a feature must be in; a message comes in two views."""
MAX_PIECE = 600
MAX_PIECES = 40


_WORD = re.compile(r"\w+")


def _words(normal: str) -> list[str]:
    return _WORD.findall(normal)


def vectorizer() -> FeatureUnion:
    """The unfitted feature extractor (expects normal forms)."""
    characters = hashed_tfidf(RARE, analyzer="char_wb", ngram_range=(2, 5), preprocessor=strip_accents)
    words = hashed_tfidf(RARE, ngram_range=(1, 3), tokenizer=_words, token_pattern=None)
    meanings = hashed_tfidf(RARE, analyzer=concept_grams)
    return make_union(characters, words, meanings, hashed_tfidf(2 * RARE, analyzer=pair_features))


def views(text: str) -> tuple[str, str]:
    """A message's normal form as typed, and as typed without diacritics."""
    return judged_form(text), judged_form(strip_accents(text))


def pieces(normal: str) -> list[str]:
    """A long message in parts of readable length, so that one sentence in it is not drowned by the rest."""
    if len(normal) <= MAX_PIECE:
        return [normal]
    parts: list[str] = []
    rest = normal
    while rest and len(parts) < MAX_PIECES:
        cut = len(rest) if len(rest) <= MAX_PIECE else rest.rfind(" ", 0, MAX_PIECE)
        cut = cut if cut > 0 else MAX_PIECE
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    if rest:
        parts.append(rest[-MAX_PIECE:])
    return parts


def stack(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Both views of every message, all typed ones first."""
    return [typed for typed, _ in rows] + [bare for _, bare in rows]
