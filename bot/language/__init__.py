"""Vietnamese text as it is really typed: cleaning, one normal form, accents, words.

Imports no web, database or Rasa code, so that it can be tested and reused alone.
"""

from .characters import clean, strip_accents
from .normal import normalise
from .place_names import without_places
from .segment import syllables, words
from .tables import fingerprint
from .whole import bare_form

__all__ = ["bare_form", "clean", "fingerprint", "normalise", "strip_accents", "syllables", "without_places", "words"]
