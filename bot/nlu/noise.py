"""How people's typing differs from the book, to be added at training time: reproducible, one message at a time."""

from __future__ import annotations

import hashlib
import random
import re
from functools import lru_cache

from bot.language import strip_accents, tables
from bot.language.characters import split_tone

_WORD = re.compile(r"[^\W\d_]+")
_KEYS = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_TEEN_SPELLING = [
    (re.compile(pattern), shorter)
    for pattern, shorter in (
        (r"ng$", "g"),
        (r"nh$", "h"),
        (r"^ph", "f"),
        (r"^qu(?=\w)", "w"),
        (r"^(?:gi|d)(?=\w)", "z"),
        (r"^c(?![hi])", "k"),
    )
]
_TONE_KEYS = {"sắc": "s", "huyền": "f", "hỏi": "r", "ngã": "x", "nặng": "j"}


@lru_cache(maxsize=1)
def _short_forms() -> dict[str, list[str]]:
    """Common words with the short forms that stand for them alone (single words both sides)."""
    forms: dict[str, list[str]] = {}
    for table in ("shorthand", "southern"):
        for full, shorts in tables.load(table).items():
            plain = [s for s in shorts if " " not in s]
            if " " not in full and plain:
                forms.setdefault(full, []).extend(plain[:8])
    return forms


def telex(word: str) -> str:
    """The keys that make a word, as they stand in the text when the keyboard program sleeps."""
    out, tone = "", ""
    for char in word:
        letter, mark = split_tone(char)
        tone = mark or tone
        out += _KEYS.get(letter, letter)
    return out + _TONE_KEYS.get(tone, "")


def noisy(text: str, seed: int = 0) -> str:
    """One noisy copy of a message: short forms, slips, typos, lost spaces. Same text and seed, same copy."""
    rng = _rng(f"{seed}:{text}")
    if rng.random() < 0.4:
        text = strip_accents(text)
    copy = _WORD.sub(lambda m: _word(m[0], rng), text)
    return _letters(copy, rng)


def teencode(text: str, seed: int = 0) -> str:
    """A copy in short forms and teenagers' spelling ("cùg", "fải", "zậy"); the diacritics stay."""
    rng = _rng(f"teencode:{seed}:{text}")

    def short(match: re.Match[str]) -> str:
        word, shorts, draw = match[0], _short_forms().get(match[0].lower()), rng.random()
        if draw > 0.7:
            return word
        return rng.choice(shorts) if shorts else _teen_spelling(word)

    return _WORD.sub(short, text)


def _teen_spelling(word: str) -> str:
    for pattern, shorter in _TEEN_SPELLING:
        word = pattern.sub(shorter, word)
    return word


def telex_slips(text: str, seed: int = 0) -> str:
    """A copy in which some words stand as their Telex keys, at least one where the text has diacritics."""
    rng = _rng(f"telex:{seed}:{text}")
    marked = [m.start() for m in _WORD.finditer(text) if not m[0].isascii()]
    sure = rng.choice(marked) if marked else -1

    def slip(match: re.Match[str]) -> str:
        hit = not match[0].isascii() and (match.start() == sure or rng.random() < 0.3)
        return telex(match[0].lower()) if hit else match[0]

    return _WORD.sub(slip, text)


def typos(text: str, seed: int = 0) -> str:
    """A copy with lost spaces, lost letters and swapped letters, about one in thirty characters."""
    rng = _rng(f"typos:{seed}:{text}")
    return _letters(_letters(text, rng), rng)


def views_of(text: str, bare: bool, noise: float, seed: int) -> list[str]:
    """Other ways the message might have been typed, for training: bare, and for a share of messages a noisy one."""
    texts = [strip_accents(text)] if bare else []
    draw = int(hashlib.sha256(f"{seed}/{text}".encode()).hexdigest()[:6], 16) / 0x1000000
    if draw < noise:
        texts.append(noisy(text, seed))
    return [other for other in dict.fromkeys(texts) if other != text]


def _rng(key: str) -> random.Random:
    return random.Random(hashlib.sha256(key.encode()).digest())  # noqa: S311 - variety, not secrecy


def _word(word: str, rng: random.Random) -> str:
    shorts = _short_forms().get(word.lower())
    draw = rng.random()
    if shorts and draw < 0.35:
        return rng.choice(shorts)
    if draw > 0.95 and not word.isascii():
        return telex(word.lower())
    if draw > 0.90:
        return strip_accents(word)
    if draw > 0.88 and len(word) > 1 and word[-1] in "aáàảãạeiouơưy":
        return word + word[-1] * rng.randint(1, 3)
    return word


def _letters(text: str, rng: random.Random) -> str:
    out: list[str] = []
    for char in text:
        draw = rng.random()
        if char == " " and draw < 0.02:
            continue
        if char.isalpha() and draw < 0.008:
            continue
        if char.isalpha() and draw < 0.014 and out:
            out.insert(len(out) - 1, char)
            continue
        out.append(char)
    return "".join(out)
