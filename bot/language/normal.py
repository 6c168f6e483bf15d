"""The one Vietnamese normal form that models, search and rules see."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from . import context, tables
from .characters import clean, split_tone
from .syllable import is_bare_syllable, is_syllable, place_tone
from .telex import decode

_SHORT = {**tables.form_map("shorthand"), **tables.form_map("southern")}
_FOREIGN = frozenset(tables.load("foreign")["words"])
_EMOJI = tables.load("emoji")
_IN_TEXT = {ch: word for word, chars in _EMOJI["words"].items() for ch in chars}
_ALONE = {**_IN_TEXT, **{ch: word for word, chars in _EMOJI["alone"].items() for ch in chars}}
_FACES = {face: word for word, faces in _EMOJI["faces"].items() for face in faces}
_FACE = re.compile(
    r"(?<!\S)(?:" + "|".join(re.escape(f) for f in sorted(_FACES, key=len, reverse=True)) + r")+[()=]*(?!\S)"
)
_SMILE_TAIL = re.compile(r"(?<=\w)\s*[:=;]+['-]*[()]{1,}(?!\S)|(?<=\w)[()]{2,}(?!\S)")
_PHRASES = {form: full for form, full in _SHORT.items() if " " in form}
_PHRASE = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, _PHRASES)) + r")(?!\w)") if _PHRASES else None
_TOKEN = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+|\d[\d.,:/-]*\d|\d+|[^\W\d_]+|_+|[^\w\s]|\s+", re.UNICODE
)
_GLUED_NUMBER = re.compile(r"(?<!\w)(\d{1,2})(t|tuoi|tuổi)(?!\w)")
_UNITS = {"t": "tuổi"}
_ROMAN = re.compile(r"[ivxlc]{2,}")
_RUN = re.compile(r"(.)\1{2,}")
_DOUBLE = re.compile(r"([^\W\d_])\1")
_MARKS = re.compile(r"([!?.,;:~\-_*…])(?:\s?\1)+")
_QUOTES = str.maketrans("“”„‟«»‘’‚‛`´–—…", "\"\"\"\"\"\"''''''--.")
_KEYCAP = "\u20e3"


def normalise(text: str) -> str:
    """Lower-case NFC with one spelling for what people type in many ways.

    Tone marks in one place, stretched letters, teencode, abbreviations, southern spellings and Telex slips
    become common words; pictures become a word or go. A message without diacritics stays without.
    """
    return _normalise(text) if len(text) <= 400 else _normalise.__wrapped__(text)


@lru_cache(maxsize=4096)
def _normalise(text: str) -> str:
    lowered = unicodedata.normalize("NFC", clean(text).lower()).translate(_QUOTES)
    lowered = _MARKS.sub(r"\1", _pictures(lowered))
    lowered = _GLUED_NUMBER.sub(lambda m: f"{m[1]} {_UNITS.get(m[2], m[2])}", lowered)
    if _PHRASE:
        lowered = _PHRASE.sub(lambda m: _PHRASES[m[0]], lowered)
    return re.sub(r"\s+", " ", "".join(_tokens(_TOKEN.findall(lowered)))).strip()


def _pictures(text: str) -> str:
    """Emoji and typed faces: a word where they carry meaning, else nothing."""
    faceless = _SMILE_TAIL.sub(" ", _FACE.sub(" ", text))
    only = not any(c.isalnum() for c in faceless)
    if only:
        faceless = _FACE.sub(lambda m: f" {_FACES.get(m[0], '')} ", text)
    table = _ALONE if only else _IN_TEXT
    out: list[str] = []
    for char in faceless:
        if char < "\u2000" and char not in "©®" and not 0x0E00 <= ord(char) < 0x1000:
            out.append(char)
        elif char in table:
            out.append(f" {table[char]} ")
        elif char == _KEYCAP or unicodedata.category(char) in ("So", "Sk", "Sm", "Cn", "Mn"):
            out.append(" ")
        else:
            out.append(char)
    return " ".join(dict.fromkeys("".join(out).split())) if only else "".join(out)


def _tokens(raw: list[str]) -> list[str]:
    known = frozenset(t for t in raw if t not in _FOREIGN)
    slips = sum(1 for t in raw if _is_clear_slip(t))
    fixed = [word(t, slips >= 2) for t in raw]
    prev = ""
    for i, token in enumerate(raw):
        if token.isspace():
            continue
        if _is_glued(raw, i):
            fixed[i] = token
        elif token in context.FORMS:
            place = context.Place(prev, _after(raw, fixed, i), known)
            fixed[i] = context.read(token, place) or token
        elif len(token) > 1 and fixed[i] in context.FORMS:
            fixed[i] = context.read(fixed[i], context.Place(prev, _after(raw, fixed, i), known)) or fixed[i]
        prev = fixed[i].rsplit(" ", 1)[-1] if fixed[i][0].isalnum() else ""
    return fixed


def _is_glued(raw: list[str], i: int) -> bool:
    """A letter or two written against a number ("12h", "5k", "m13"): a unit or a name, not a short form."""
    if len(raw[i]) > 2 or not raw[i].isalpha():
        return False
    return (i > 0 and raw[i - 1][-1].isdigit()) or (i + 1 < len(raw) and raw[i + 1][0].isdigit())


def _after(raw: list[str], fixed: list[str], i: int) -> str:
    """The first word after token ``i`` within the sentence, "" at its end."""
    for at in range(i + 1, len(raw)):
        if not raw[at].isspace():
            return fixed[at].split(" ", 1)[0] if raw[at][0].isalnum() else ""
    return ""


@lru_cache(maxsize=32768)
def _is_clear_slip(token: str) -> bool:
    """Telex keys in a token that is neither a word nor anything else we know."""
    return (
        token.isalpha()
        and token not in _FOREIGN
        and token not in _SHORT
        and not is_bare_syllable(token)
        and not is_syllable(token)
        and decode(token) is not None
    )


@lru_cache(maxsize=65536)
def word(token: str, telex: bool = False) -> str:
    """One lower-case token in its normal form, as far as it needs no neighbours.

    ``telex`` tells that the message has clear Telex slips, so doubtful ones are read as Telex as well.
    """
    if not token.isalpha():
        return _SHORT.get(token, token)
    placed = place_tone(token)
    if placed in _SHORT:
        return _SHORT[placed]
    if token in _SHORT:
        return _SHORT[token]
    if token in context.FORMS:
        return token
    if is_syllable(placed) or token in _FOREIGN and not telex:
        return placed
    return _repair(token, telex)


def _repair(token: str, telex: bool) -> str:
    """A token that is no syllable: stretched letters, Telex keys, sound-alike letters, or left alone."""
    if is_bare_syllable(token) and not (telex and decode(token)):
        return token
    squeezed = _unstretch(_RUN.sub(r"\1", token))
    if len(squeezed) == 1 or _ROMAN.fullmatch(token):
        return token  # "kkk", "aaaa", "zzz", "xviii"
    for candidate in dict.fromkeys((squeezed, _DOUBLE.sub(r"\1", squeezed))):
        if candidate != token and (candidate in _SHORT or candidate in context.FORMS):
            return _SHORT.get(candidate, candidate)
        spelt = candidate != token and (is_syllable(candidate) or is_bare_syllable(candidate))
        if spelt and (candidate == squeezed or not decode(squeezed)):
            return place_tone(candidate)
        decoded = decode(candidate)
        if decoded:
            return _SHORT.get(decoded, decoded)
    sound = _sound_alike(squeezed)
    if sound:
        return sound
    return squeezed


def _unstretch(token: str) -> str:
    """A vowel typed again beside its marked self: ``lẹee`` → ``lẹ``, ``maáu`` → ``máu``, ``quáá`` → ``quá``."""
    if token.isascii():
        return token
    out = token[0]
    for i, char in enumerate(token[1:], 1):
        same = char != out[-1] and split_tone(char)[0] == split_tone(out[-1])[0]
        if (same and not split_tone(char)[1] and i == len(token) - 1) or (char == out[-1] and not char.isascii()):
            continue
        out = out[:-1] + char if same and not split_tone(out[-1])[1] else out + char
    return out


_SOUNDS = (
    ("dz", "d"),
    ("z", "d"),
    ("j", "gi"),
    ("f", "ph"),
    ("w", "qu"),
    ("dz", "v"),
    ("z", "gi"),
    ("z", "v"),
)
_ENDS = (("k", "c"), ("nk", "nh"), ("k", "ch"), ("g", "ng"), ("q", "ng"), ("nq", "ng"), ("x", "ch"))


def _sound_alike(token: str) -> str | None:
    """Letters typed for their sound: ``fải`` is ``phải``, ``jống`` ``giống``, ``đượk`` ``được``.

    Only for words with diacritics: in bare ones these letters are more often foreign words.
    """
    if token.isascii():
        return None
    heads = [token, *(new + token[len(old) :] for old, new in _SOUNDS if token.startswith(old))]
    for head in heads:
        tails = [head, *(head[: -len(old)] + new for old, new in _ENDS if head.endswith(old))]
        for tail in tails:
            if tail != token and is_syllable(tail):
                return _SHORT.get(place_tone(tail), place_tone(tail))
    return None
