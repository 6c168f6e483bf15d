"""Learn how much each part of the search counts, and from which score on to answer: ``python -m bot.knowledge.tune``.

Questions: the training messages of ``nlu_data`` whose situation is labelled in
``benchmarks/search_situations.yml`` (written by other hands than the items). With the weights in force, each is given
to the item that fits it best among those of its situation, and so becomes one more example question of that item
(``knowledge/asked.yml``). Folds never split a situation: a question is put to an index that has the messages of the
other folds as examples and none of its own, which is how a stranger's question meets the program. Writes
``data/weights.yml``, ``data/thresholds.yml`` and ``asked.yml``; prints the table of what each part contributes.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from scipy.optimize import minimize

from bot.knowledge.base import KnowledgeBase
from bot.knowledge.index import ANALYSES, COLUMNS, FIELDS
from bot.knowledge.search import HINTS, INTENT_KINDS, Search
from bot.knowledge.search import weights as weights_in_force
from bot.knowledge.texts import DATA, load_data
from bot.settings import ROOT

FOLDS = 5
RIDGE = 1e-3
REFERENCE = 10.0
"""Not learned: a question that names an article wants that article, whatever else it says."""
INTENT_ERROR, AUDIENCE_ERROR = 0.12, 0.25
"""How often the hints are wrong in training, so that they stay soft."""
OUT = ("out_of_scope", "chitchat")
TOLD = ("disclose_self", "disclose_other", "self_harm", "emergency")
"""Intents of people who tell and ask nothing: what is found for them by chance must not be shown beside safe words."""
ASSIGNED_RANK = 10
PER_SITUATION, MOST_ASKED = 4, 60
"""Questions of a situation that the weights are learned from; messages that an item may have as examples."""
ENOUGH = 4_000
"""Messages that tell what those who ask nothing of ours score."""
LONGEST_ASKED = 200
VOICES = {"citizen": "parent", "official": "teacher", "anyone": "teen"}
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Posed:
    """A message that asks, and the items that answer the messages of its situation."""

    text: str
    intent: str
    audience: str
    group: int
    known: list[str]


@dataclass(frozen=True)
class Labelled:
    """Questions with their features (question × item × column), right items and situations."""

    features: Floats
    right: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.int64]


def posed(base: KnowledgeBase, nlu_dir: Path, situations: Path) -> list[Posed]:
    """Every message that asks and whose situation names items that exist."""
    from bot.nlu.data import load_examples  # a tool's import: the room itself knows no NLU

    wanted: dict[str, list[str]] = yaml.safe_load(situations.read_text(encoding="utf-8"))
    numbers = {name: number for number, name in enumerate(wanted)}
    found = []
    for e in load_examples(nlu_dir):
        known = [i for i in wanted.get(e.situation, []) if i in base.items]
        if known and e.intent in INTENT_KINDS:
            found.append(Posed(e.text, e.intent, VOICES.get(e.audience, e.audience), numbers[e.situation], known))
    return found


def assign(search: Search, questions: Sequence[Posed]) -> list[str | None]:
    """The item that fits each question best among those that may; None for what fits none well, or is a story."""
    place = {item.id: number for number, item in enumerate(search.items)}

    def best(question: Posed) -> str | None:
        if len(question.text) > LONGEST_ASKED:
            return None
        scores = search.scores(question.text, question.audience, INTENT_KINDS[question.intent])
        item = max(question.known, key=lambda i: scores[place[i]])
        return item if int((scores > scores[place[item]]).sum()) < ASSIGNED_RANK else None

    return [best(question) for question in questions]


def by_item(
    questions: Sequence[Posed], items: Sequence[str | None], without: int | None = None
) -> dict[str, list[str]]:
    """The example questions that messages make, at most :data:`MOST_ASKED` an item; ``without`` those of a fold."""
    chance = random.Random(0)  # noqa: S311 - a repeatable draw
    asked: dict[str, list[str]] = {}
    for question, item in zip(questions, items, strict=True):
        if item is not None and question.group % FOLDS != without:
            asked.setdefault(item, []).append(question.text)
    return {item: sorted(chance.sample(asked[item], min(MOST_ASKED, len(asked[item])))) for item in sorted(asked)}


def label(base: KnowledgeBase, questions: Sequence[Posed], items: Sequence[str | None]) -> Labelled:
    """Features and labels of some questions of every situation, each put to an index without its own fold."""
    place = {item: number for number, item in enumerate(base.items)}
    chance = random.Random(0)  # noqa: S311 - repeatable noise, not a secret
    drawn = Counter[int]()
    features, right, groups = [], [], []
    for fold in range(FOLDS):
        search = Search(replace(base, asked=by_item(questions, items, without=fold)))
        for question in questions:
            drawn[question.group] += question.group % FOLDS == fold
            if question.group % FOLDS != fold or drawn[question.group] > PER_SITUATION:
                continue
            answers = np.zeros(len(place), dtype=bool)
            answers[[place[i] for i in question.known]] = True
            features.append(_row(search, question, chance))
            right.append(answers)
            groups.append(question.group)
    return Labelled(np.stack(features), np.stack(right), np.array(groups, dtype=np.int64))


def _row(search: Search, question: Posed, chance: random.Random) -> Floats:
    kind: str = INTENT_KINDS[question.intent]
    if chance.random() < INTENT_ERROR:
        kind = chance.choice(sorted(INTENT_KINDS.values()))
    voice = question.audience
    if chance.random() < AUDIENCE_ERROR:
        voice = chance.choice(["child", "teen", "parent", "teacher"])
    text = question.text
    return np.concatenate([search.index.features(text), search.hints(text, voice, kind)], axis=1)


def fit(features: Floats, right: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """The weights, none negative, under which the right items are likeliest (softmax over all items)."""
    columns = features.shape[2]

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = features @ weights.astype(np.float32)
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        good = likely * right
        total = good.sum(axis=1, keepdims=True) + 1e-9
        slope = np.einsum("qn,qnf->f", good / total - likely, features) / len(features)
        value = -float(np.log(total).mean()) + RIDGE * float(weights @ weights) / columns
        return value, -slope.astype(np.float64) + 2 * RIDGE * weights / columns

    start = np.full(columns, 5.0)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * columns)
    return np.asarray(found.x, dtype=np.float64)


def cross_validate(data: Labelled, columns: Sequence[int]) -> Floats:
    """Every question's scores under weights learned without its situation."""
    part = data.features[:, :, list(columns)]
    scores = np.zeros(part.shape[:2], dtype=np.float32)
    for fold in range(FOLDS):
        test = data.groups % FOLDS == fold
        weights = fit(part[~test], data.right[~test])
        scores[test] = part[test] @ weights.astype(np.float32)
    return scores


def hits(scores: Floats, right: npt.NDArray[np.bool_]) -> dict[str, float]:
    """How often a right item comes first, among three, among ten."""
    best = np.where(right, scores, -np.inf).max(axis=1)
    ahead = ((scores >= best[:, None]) & ~right).sum(axis=1)
    return {f"top{k}": float(np.mean(ahead < k)) for k in (1, 3, 10)}


def own_questions(search: Search, weights: npt.NDArray[np.float64], every: int = 5) -> dict[str, float]:
    """The items' own example questions, each left out of the index while it is asked (every n-th of them)."""
    scores, right = [], []
    parts = weights[: len(COLUMNS)].astype(np.float32)
    for number, item in enumerate(search.items):
        for place, question in enumerate(item.questions):
            if (number + place) % every:
                continue
            scores.append(search.index.features(question, without=(number, place)) @ parts)
            answers = np.zeros(len(search.items), dtype=bool)
            answers[number] = True
            right.append(answers)
    return hits(np.stack(scores), np.stack(right))


def table(data: Labelled) -> list[tuple[str, dict[str, float]]]:
    """What each part finds alone, and what all find without it."""
    names = [*COLUMNS, *HINTS]
    rows = []
    for group in (*ANALYSES, *(f"_{field}" for field in FIELDS), "hints"):
        chosen = [n for n, name in enumerate(names) if (name in HINTS if group == "hints" else group in name)]
        rest = [n for n in range(len(names)) if n not in chosen]
        if group != "hints":
            rows.append((f"only {group.strip('_')}", hits(cross_validate(data, chosen), data.right)))
        rows.append((f"without {group.strip('_')}", hits(cross_validate(data, rest), data.right)))
    return rows


def learn_thresholds(
    search: Search, data: Labelled, weights: npt.NDArray[np.float64], nlu_dir: Path
) -> dict[str, float]:
    """From which score on to answer: with a question's intent, with none, and against an intent out of scope."""
    from bot.nlu.data import load_examples

    asked = cross_validate(data, range(data.features.shape[2])).max(axis=1)
    parts = weights[: len(COLUMNS)].astype(np.float32)
    bare = (data.features[:, :, : len(COLUMNS)] @ parts).max(axis=1)
    examples = load_examples(nlu_dir)

    def best_scores(intents: tuple[str, ...]) -> Floats:
        texts = [e.text for e in examples if e.intent in intents]
        drawn = texts[:: 1 + len(texts) // ENOUGH]
        return np.array([(search.index.features(text) @ parts).max() for text in drawn])

    outside, told = best_scores(OUT), best_scores(TOLD)
    grid = np.unique(np.quantile(np.concatenate([bare, outside]), np.linspace(0.01, 0.99, 99)))
    balance = [float(np.mean(bare >= t) + np.mean(outside < t)) for t in grid]
    best = float(grid[int(np.argmax(balance))])
    return {
        "unknown": best,
        "clarify": float(best + 0.1 * (np.median(bare) - best)),
        "unknown_known_intent": float(np.quantile(asked, 0.005)),
        "clarify_known_intent": float(np.quantile(asked, 0.02)),
        "answer_despite_intent": float(np.quantile(outside, 0.995)),
        "beside": float(np.quantile(told, 0.9)),
        "alternative": 0.85,
    }


def write_learned(path: Path, data: dict[str, Any], flow: bool | None = None, by: str = "tune") -> None:
    """Write what a tool has learned, with its name."""
    head = f"# Learned by `python -m bot.knowledge.{by}`; do not edit by hand.\n"
    body = yaml.safe_dump(data, sort_keys=False, default_flow_style=flow, allow_unicode=True, width=110)
    path.write_text(head + body, encoding="utf-8")


def main() -> None:
    """Learn, print the figures, write the two files."""
    options = argparse.ArgumentParser(description="Learn the weights and thresholds of the search.")
    options.add_argument("--table", action="store_true", help="also print what each part contributes (slow)")
    options.add_argument("--dry-run", action="store_true", help="write nothing")
    given = options.parse_args()
    base = KnowledgeBase.load(ROOT / "knowledge")
    nlu_dir = ROOT / "nlu_data" / "nlu"
    questions = posed(base, nlu_dir, ROOT / "benchmarks" / "search_situations.yml")
    items = assign(Search(replace(base, asked={})), questions)
    asked = by_item(questions, items)
    data = label(base, questions, items)
    search = Search(replace(base, asked=asked))
    print(f"{len(search.items)} items, {len(questions)} questions of {len({q.group for q in questions})} situations")
    weights = fit(data.features, data.right)
    rows = [("all, held out", hits(cross_validate(data, range(data.features.shape[2])), data.right))]
    rows.append(("own questions, left out", own_questions(search, weights)))
    rows += table(data) if given.table else []
    for name, figures in rows:
        print(f"{name:26}", *(f"{key} {value:.3f}" for key, value in figures.items()))
    parts = {name: round(float(w), 3) for name, w in zip(COLUMNS, weights, strict=False)}
    hints = {name: round(float(w), 3) for name, w in zip(HINTS, weights[len(COLUMNS) :], strict=True)}
    limits = {k: round(v, 3) for k, v in learn_thresholds(search, data, weights, nlu_dir).items()}
    print({"parts": parts, "hints": hints}, limits)
    if not given.dry_run:
        write_learned(DATA / "weights.yml", {"parts": parts, "hints": hints, "reference": REFERENCE})
        write_learned(DATA / "thresholds.yml", limits)
        weights_in_force.cache_clear()
        load_data.cache_clear()
        write_learned(base.root / "asked.yml", asked, flow=False)


if __name__ == "__main__":
    main()
