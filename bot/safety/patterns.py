"""The small pattern language of ``data/lexicon.yml``, turned into regular expressions.

A message is matched as tokens: its normal form, punctuation set apart, one space before and after every token.
"""

from __future__ import annotations

import re

from bot.language import strip_accents

Sets = dict[str, list[str]]
GAP = r"(?:[^\s.!?]+ ){0,3}"
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]")


def tokenise(normal: str) -> str:
    """The form that patterns are matched on."""
    return " " + "".join(f"{token} " for token in _TOKEN.findall(normal))


def compile_pattern(pattern: str, sets: Sets) -> re.Pattern[str]:
    """One pattern as a regular expression. Raises ``ValueError`` for a pattern that is not well formed."""
    source, rest = _sequence(pattern, 0, sets)
    if rest != len(pattern):
        raise ValueError(f"unbalanced parenthesis in {pattern!r}")
    return re.compile(source if source.startswith("^") else f"(?<= ){source}")


def _sequence(pattern: str, at: int, sets: Sets) -> tuple[str, int]:
    """Read a sequence until ``|``, ``)`` or the end; returns its source and where it stopped."""
    out: list[str] = []
    while at < len(pattern) and pattern[at] not in "|)":
        if pattern[at] == " ":
            at += 1
        elif pattern[at] == "(":
            source, at = _group(pattern, at + 1, sets)
            out.append(source)
        else:
            end = at
            while end < len(pattern) and pattern[end] not in " |()":
                end += 1
            out.append(_word(pattern[at:end], sets))
            at = end
    return "".join(out), at


def _group(pattern: str, at: int, sets: Sets) -> tuple[str, int]:
    options: list[str] = []
    while True:
        source, at = _sequence(pattern, at, sets)
        options.append(source)
        if at >= len(pattern):
            raise ValueError(f"unbalanced parenthesis in {pattern!r}")
        at += 1
        if pattern[at - 1] == ")":
            break
    optional = pattern[at : at + 1] == "?"
    body = "|".join(_longest_first(options))
    return f"(?:{body})" + ("?" if optional else ""), at + (1 if optional else 0)


def _word(word: str, sets: Sets) -> str:
    if word == "*":
        return GAP
    if word == "^":
        return "^ "
    if word == "$":
        return "$"
    if word == "[.!?]?":
        return r"(?:[.!?] )?"
    if word.startswith("\\"):
        return f"{word} "
    if word.startswith("<"):
        name = word.strip("<>")
        if name not in sets:
            raise ValueError(f"unknown set {word}")
        return f"(?:{'|'.join(_longest_first([_words(p) for p in sets[name]]))})"
    return _words(word)


def _words(phrase: str) -> str:
    return "".join(_one(word) for word in phrase.split())


def _one(word: str) -> str:
    if word.startswith("!"):
        return f"{re.escape(word[1:])} "
    bare = strip_accents(word)
    return f"{re.escape(word)} " if bare == word else f"(?:{re.escape(word)}|{re.escape(bare)}) "


def _longest_first(options: list[str]) -> list[str]:
    return sorted(dict.fromkeys(options), key=len, reverse=True)
