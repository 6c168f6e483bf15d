"""A word of a person's own that works like the quick exit.

Only a keyed hash of it is kept, under the pseudonym of the chat, so that it still works after the chat itself was
forgotten. The message that sets it goes no further than here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time

import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.intake import is_plain_answer
from bot.dialogue.phrases import load_yaml
from bot.language import clean, strip_accents

SHORTEST, LONGEST = 4, 40
KEEP = 180 * 86400.0
"""A word that was neither set nor used for so long is forgotten."""


def asked(text: str) -> str | None:
    """The word that a message sets, ``""`` when it only asks how, ``None`` when it is about something else."""
    match = re.match(rf"^(?:{load_yaml('commands.yml')['safe_word']})(.*)$", _bare(text))
    return None if match is None else match.group(1).strip(" :\"'“”.!?")


def usable(word: str) -> bool:
    """Whether a word is long enough and nothing that one says anyway."""
    return SHORTEST <= len(word) <= LONGEST and not word.isdigit() and not is_plain_answer(word) and word not in _said()


def _bare(text: str) -> str:
    """Only case, diacritics and spaces are levelled: shorthand that is spelled out could change the word."""
    return " ".join(strip_accents(clean(text)).lower().split()).strip(" .!?:\"'“”")


def _said() -> set[str]:
    return {strip_accents(word) for word in load_yaml("commands.yml")["no_safe_words"]}


class SafeWords:
    """The words that people chose, as keyed hashes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def set(self, sender: str, word: str) -> bool:
        """Keep a word instead of an earlier one. False: it cannot be used (see ``usable``)."""
        if not usable(word):
            return False
        table = tables.safe_words
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.sender == sender))
            row = {"sender": sender, "word": self._hash(sender, word), "used_at": time.time()}
            connection.execute(table.insert().values(**row))
        return True

    def matches(self, sender: str, text: str) -> bool:
        """Whether a message is this person's word, and nothing else."""
        if not text or len(text) > 2 * LONGEST:
            return False
        table = tables.safe_words
        with self._store.reader.connect() as connection:
            known = connection.execute(sa.select(table.c.word).where(table.c.sender == sender)).scalar_one_or_none()
        if known is None or not hmac.compare_digest(known, self._hash(sender, _bare(text))):
            return False
        with self._store.engine.begin() as connection:
            connection.execute(table.update().where(table.c.sender == sender).values(used_at=time.time()))
        return True

    def _hash(self, sender: str, word: str) -> str:
        return hmac.new(self._store.keys.pseudonym, f"safe word\0{sender}\0{word}".encode(), hashlib.sha256).hexdigest()
