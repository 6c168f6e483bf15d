"""How much of real lexical noise the normaliser mends, and how rarely it touches what was right.

Needs pairs in a CSV file with columns ``original`` and ``normalized`` (ViLexNorm's layout), which are not part
of this project: ``python benchmarks/nlu_normaliser.py pairs.csv``. Nothing is learnt from them.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import time
from difflib import SequenceMatcher
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.language import clean, normalise
from bot.language.syllable import place_tone

_WORD = re.compile(r"[^\W_]+")


def tokens(text: str) -> list[str]:
    """Lower-case words in the project's tone placement, so that placement alone counts neither way."""
    return [place_tone(t) for t in _WORD.findall(clean(text).lower())]


def aligned(source: list[str], target: list[str]) -> list[tuple[str, str]]:
    """Each source word with what the target has in its place (differing stretches as wholes)."""
    pairs: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, source, target, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += [(w, w) for w in source[a:b]]
        elif b - a == d - c:
            pairs += list(zip(source[a:b], target[c:d], strict=True))
        elif b > a:
            pairs += [(w, "\0") for w in source[a:b]]
    return pairs


def errors(ours: list[str], target: list[str]) -> int:
    """Edit distance in words."""
    row = list(range(len(target) + 1))
    for i, left in enumerate(ours, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(target, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs")
    with open(parser.parse_args().pairs, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    before = after = right = kept = 0
    began = time.perf_counter()
    done = [tokens(normalise(row["original"])) for row in rows]
    spent = time.perf_counter() - began
    for row, ours in zip(rows, done, strict=True):
        source, target = tokens(row["original"]), tokens(row["normalized"])
        before += errors(source, target)
        after += errors(ours, target)
        good = [w for w, t in aligned(source, target) if w == t]
        right += len(good)
        kept += sum(block.size for block in SequenceMatcher(None, good, ours, autojunk=False).get_matching_blocks())
    print(
        json.dumps(
            {
                "pairs": len(rows),
                "error_reduction": round(1 - after / before, 4),
                "right_words_unchanged": round(kept / right, 4),
                "ms_per_message": round(1000 * spent / len(rows), 3),
            }
        )
    )


if __name__ == "__main__":
    main()
