"""What people ask in public, put to the whole of ``ask``: ``python benchmarks/public_questions.py [--failures]``.

``--set blind_questions.yml`` and ``--set blind_requests.yml`` are of another writer, who had read none of the items.
``tests/data/public_questions.yml`` is a held-out set, never tuned on. Its halves are measured apart: whoever improves
the knowledge base may read the failures of half A only (``--failures``); the figures of half B are the honest ones.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.knowledge.answer import Answer  # noqa: E402
from bot.knowledge.asking import Asker  # noqa: E402
from bot.knowledge.base import KnowledgeBase  # noqa: E402
from bot.knowledge.references import articles_of  # noqa: E402
from bot.settings import get_settings  # noqa: E402

ON = date(2026, 11, 24)
ANY = "any"


@dataclass(frozen=True)
class Asked:
    """One question put, with what came back."""

    half: str
    kind: str
    text: str
    entry: dict[str, Any]
    answer: Answer


def ask_all(asker: Asker, path: Path) -> Iterator[Asked]:
    """Every question of the set, asked on its own."""
    for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
        for text in entry["texts"]:
            answer = asker.answer(text, entry["audience"])
            yield Asked("AB"[number % 2], entry["kind"], text, entry, answer)


def places(base: KnowledgeBase, item_id: str) -> set[tuple[str, str]]:
    """The articles that an item cites."""
    item = base.items.get(item_id)
    cited = item.citations if item else []
    return {(c.document, article) for c in cited for article in articles_of(c.locator)}


def verdicts(base: KnowledgeBase, asked: Asked) -> dict[str, bool]:
    """What went right with a question, by the name of the figure."""
    answer, found = asked.answer, [item.id for item in asked.answer.items]
    if asked.kind == "victim":
        return {"not refused": answer.status != "refused"}
    if "status" in asked.entry:
        return {"as allowed": answer.status in asked.entry["status"]}
    said = answer.status in ("answered", "safety")
    if asked.entry["items"] == [ANY]:
        return {"answered": said, "answered plainly": answer.status == "answered"}
    right = set(asked.entry["items"])
    wanted = set().union(*(places(base, i) for i in right))
    fits = [i in right or bool(places(base, i) & wanted) for i in found]
    in_force = all(base.in_force(base.items[i], ON) for i in found if i in base.items)
    return {"first": said and any(fits[:1]), "three": any(fits[:3]), "answered": said, "in force": in_force}


def report(base: KnowledgeBase, everything: list[Asked], failures: bool) -> None:
    """The figures of each kind and half; the failures of half A if wanted."""
    figures: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for asked in everything:
        right = verdicts(base, asked)
        for name, value in right.items():
            figures[asked.kind, name, asked.half].append(value)
        if failures and asked.half == "A" and not all(right.values()):
            missed = ", ".join(name for name, value in right.items() if not value)
            shown = " ".join(f"{i.id}:{i.score}" for i in asked.answer.items[:3])
            print(f"{asked.kind} | {missed} | {asked.text} | {asked.answer.status} | {shown}")
    for kind, name in dict.fromkeys((kind, name) for kind, name, _ in figures):
        parts = [figures[kind, name, half] for half in "AB"]
        shown = "  ".join(f"{h} {sum(p) / len(p):.3f} ({sum(p)}/{len(p)})" for h, p in zip("AB", parts, strict=True))
        print(f"{kind:10} {name:17} {shown}")


def main() -> None:
    """Ask, print."""
    options = argparse.ArgumentParser(description="Put the held-out questions of the public to `ask`.")
    options.add_argument("--failures", action="store_true", help="also print what failed in half A")
    options.add_argument("--set", default="public_questions.yml", help="a file of tests/data")
    given = options.parse_args()
    asker = Asker.load(ROOT / "knowledge", get_settings().models_dir, ON)
    report(asker.answerer.base, list(ask_all(asker, ROOT / "tests/data" / given.set)), given.failures)


if __name__ == "__main__":
    main()
