"""Vietnamese text as it is really typed: cleaning, one normal form, accents, words.

Imports no web, database or Rasa code, so that it can be tested and reused alone.
"""

from .characters import clean, strip_accents
from .normal import normalise
from .place_names import judged_form, without_places
from .segment import syllables, words
from .tables import fingerprint
from .whole import bare_form

__all__ = [
    "bare_form",
    "clean",
    "fingerprint",
    "judged_form",
    "normalise",
    "strip_accents",
    "syllables",
    "without_places",
    "words",
]
