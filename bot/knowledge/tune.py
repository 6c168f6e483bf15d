"""Learn how much each part of the search counts, and from which score on to answer: ``python -m bot.knowledge.tune``.

Questions: the training messages of ``nlu_data`` whose situation is labelled in
``benchmarks/search_situations.yml`` (written by other hands than the items). Folds never split a situation.
Writes ``data/weights.yml`` and ``data/thresholds.yml``; prints the table of what each part contributes. With the
weights learned, each message is given to the item that fits it best among those of its situation, and so becomes one
more example question of that item (``knowledge/asked.yml``); what is measured here never knows these.
"""

from __future__ import annotations

import argparse
import random
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
REFERENCE = 8.0
"""Not learned: a question that names an article wants that article, whatever else it says."""
INTENT_ERROR, AUDIENCE_ERROR = 0.12, 0.25
"""How often the hints are wrong in training, so that they stay soft."""
OUT = ("out_of_scope", "chitchat")
TOLD = ("disclose_self", "disclose_other", "self_harm", "emergency")
"""Intents of people who tell and ask nothing: what is found for them by chance must not be shown beside safe words."""
ASSIGNED_RANK = 10
LONGEST_ASKED = 200
VOICES = {"citizen": "parent", "official": "teacher", "anyone": "teen"}
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Labelled:
    """Questions with their features (question × item × column), right items and situations."""

    features: Floats
    right: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.int64]


def label(search: Search, nlu_dir: Path, situations: Path) -> Labelled:
    """The features and labels of every question whose situation names items that exist."""
    from bot.nlu.data import load_examples  # a tool's import: the room itself knows no NLU

    wanted: dict[str, list[str]] = yaml.safe_load(situations.read_text(encoding="utf-8"))
    place = {item.id: number for number, item in enumerate(search.items)}
    numbers = {name: number for number, name in enumerate(wanted)}
    chance = random.Random(0)  # noqa: S311 - repeatable noise, not a secret
    features, right, groups = [], [], []
    for example in load_examples(nlu_dir):
        known = [place[i] for i in wanted.get(example.situation, []) if i in place]
        if not known or example.intent not in INTENT_KINDS:
            continue
        answers = np.zeros(len(place), dtype=bool)
        answers[known] = True
        features.append(_row(search, example.text, example.intent, example.audience, chance))
        right.append(answers)
        groups.append(numbers[example.situation])
    return Labelled(np.stack(features), np.stack(right), np.array(groups, dtype=np.int64))


def assign(search: Search, nlu_dir: Path, situations: Path) -> dict[str, list[str]]:
    """The labelled messages by the item that fits each best; what fits none well is left out."""
    from bot.nlu.data import load_examples

    wanted: dict[str, list[str]] = yaml.safe_load(situations.read_text(encoding="utf-8"))
    place = {item.id: number for number, item in enumerate(search.items)}
    asked: dict[str, list[str]] = {}
    for example in load_examples(nlu_dir):
        known = [i for i in wanted.get(example.situation, []) if i in place]
        if not known or example.intent not in INTENT_KINDS or len(example.text) > LONGEST_ASKED:
            continue
        voice = VOICES.get(example.audience, example.audience)
        scores = search.scores(example.text, voice, INTENT_KINDS[example.intent])
        best = max(known, key=lambda i: scores[place[i]])
        if int((scores > scores[place[best]]).sum()) < ASSIGNED_RANK:
            asked.setdefault(best, []).append(example.text)
    return dict(sorted(asked.items()))


def _row(search: Search, text: str, intent: str, audience: str, chance: random.Random) -> Floats:
    kind: str = INTENT_KINDS[intent]
    if chance.random() < INTENT_ERROR:
        kind = chance.choice(sorted(INTENT_KINDS.values()))
    voice = VOICES.get(audience, audience)
    if chance.random() < AUDIENCE_ERROR:
        voice = chance.choice(["child", "teen", "parent", "teacher"])
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
        return np.array([(search.index.features(e.text) @ parts).max() for e in examples if e.intent in intents])

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
    base = replace(KnowledgeBase.load(ROOT / "knowledge"), asked={})
    search = Search(base)
    nlu_dir = ROOT / "nlu_data" / "nlu"
    situations = ROOT / "benchmarks" / "search_situations.yml"
    data = label(search, nlu_dir, situations)
    print(f"{len(search.items)} items, {len(data.groups)} questions of {len(set(data.groups))} situations")
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
        write_learned(base.root / "asked.yml", assign(search, nlu_dir, situations), flow=False)


if __name__ == "__main__":
    main()
