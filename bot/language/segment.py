"""Words and syllables of the normal form."""

from __future__ import annotations

import re
from functools import lru_cache

from .normal import normalise

_SYLLABLE = re.compile(r"\w+", re.UNICODE)


def syllables(text: str) -> list[str]:
    """The syllables (and numbers) of the normal form, without punctuation."""
    return _SYLLABLE.findall(normalise(text))


def words(text: str) -> list[str]:
    """The words of the normal form, as underthesea sees them (``học sinh`` is one), without punctuation."""
    return list(_words(normalise(text)))


@lru_cache(maxsize=2048)
def _words(normal: str) -> tuple[str, ...]:
    if not normal:
        return ()
    from underthesea import word_tokenize  # heavy: only who needs words pays for it

    return tuple(w for w in word_tokenize(normal) if any(c.isalnum() for c in w))
