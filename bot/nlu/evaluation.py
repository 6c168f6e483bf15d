"""What the models make of situations they never saw: cross-validation by whole situations, never at random."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold

from bot.language import strip_accents
from bot.nlu.data import Example, fingerprint, load_examples
from bot.nlu.linear import fit_linear, fit_views, transform
from bot.nlu.noise import noisy, views_of
from bot.settings import ROOT

SEED = 3
REGISTERS: dict[str, Callable[[str], str]] = {
    "typed": str,
    "bare": strip_accents,
    "noisy": lambda text: noisy(text, seed=99),
}
"""As typed; without diacritics; with teencode, slips and typos (another seed than training)."""


def pipeline_settings() -> tuple[dict[str, float], float, float, bool, float]:
    """Views, C, calibration share and the importer's views, as config.yml trains them."""
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    parts = {part["name"].rsplit(".", 1)[-1]: part for part in config["pipeline"] + config["importers"]}
    classifier, views = parts["LinearIntentClassifier"], parts["VietnameseFeaturizer"]["views"]
    importer = parts["ViewsImporter"]
    return views, classifier["C"], classifier.get("calibration_share", 0.2), importer["bare"], importer["noise"]


def training_views(examples: Sequence[Example], bare: bool, noise: float) -> tuple[list[str], list[str], list[str]]:
    """Texts, intents and situations as the importer would hand them to training."""
    rows = [(t, e.intent, e.situation) for e in examples for t in (e.text, *views_of(e.text, bare, noise, seed=1))]
    texts, intents, situations = zip(*rows, strict=True)
    return list(texts), list(intents), list(situations)


def cross_validate(examples: Sequence[Example], folds: int) -> dict[str, Any]:
    """Out-of-fold guesses and confidences for each register."""
    weights, c, share, bare, noise = pipeline_settings()
    intents = [e.intent for e in examples]
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=SEED)
    guesses = {name: np.empty(len(examples), dtype=object) for name in REGISTERS}
    sure = {name: np.zeros(len(examples)) for name in REGISTERS}
    for known, unseen in splitter.split(intents, intents, [e.situation for e in examples]):
        texts, labels, groups = training_views([examples[i] for i in known], bare, noise)
        views = fit_views(texts, weights)
        model = fit_linear(transform(views, texts), labels, groups, c, share, seed=42)
        for name, change in REGISTERS.items():
            ranks = model.rank(transform(views, [change(examples[i].text) for i in unseen]), 1)
            for i, ((intent, confidence),) in zip(unseen, ranks, strict=True):
                guesses[name][i], sure[name][i] = intent, confidence
    return {"guesses": guesses, "sure": sure}


def intent_figures(examples: Sequence[Example], found: dict[str, Any]) -> dict[str, Any]:
    """Accuracy and macro-F1 by register, by audience, and a row for each intent."""
    truth = np.array([e.intent for e in examples], dtype=object)
    names = sorted(set(truth))
    figures: dict[str, Any] = {}
    for register, guesses in found["guesses"].items():
        figures[register] = {
            "accuracy": round(float(accuracy_score(truth, guesses)), 4),
            "macro_f1": round(float(f1_score(truth, guesses, average="macro", zero_division=0)), 4),
        }
    typed = found["guesses"]["typed"]
    table = precision_recall_fscore_support(truth, typed, labels=names, zero_division=0)
    figures["by_intent"] = {
        name: {"precision": round(float(p), 3), "recall": round(float(r), 3), "f1": round(float(f), 3), "n": int(n)}
        for name, p, r, f, n in zip(names, *table, strict=True)
    }
    audiences = np.array([e.audience for e in examples])
    figures["by_audience"] = {
        a: round(float(accuracy_score(truth[audiences == a], typed[audiences == a])), 3) for a in sorted(set(audiences))
    }
    figures["reliability"] = reliability(found["sure"]["typed"], typed == truth)
    return figures


def reliability(sure: Any, right: Any) -> list[dict[str, float]]:
    """Confidence against the share that was right, in ten steps."""
    rows = []
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (sure >= low) & (sure < low + 0.1 + (low > 0.89))
        if inside.any():
            confidence, share = float(sure[inside].mean()), float(right[inside].mean())
            rows.append({"confidence": round(confidence, 3), "right": round(share, 3), "n": int(inside.sum())})
    return rows


def draw_confusion(truth: Sequence[str], guesses: Sequence[str], path: Path) -> None:
    """The confusion matrix as a picture, each row in shares."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = sorted(set(truth))
    shares = confusion_matrix(truth, guesses, labels=names, normalize="true")
    figure, axes = pyplot.subplots(figsize=(13, 12))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("taken as")
    axes.set_ylabel("is")
    axes.set_title("Intents of situations unseen in training (share of each row)")
    for i, row in enumerate(shares):
        for j, value in enumerate(row):
            if value >= 0.05:
                axes.text(j, i, f"{100 * value:.0f}", ha="center", va="center", color="w" if value > 0.5 else "k")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def risk_figures(examples: Sequence[Example]) -> dict[str, Any]:
    """Recall of danger and false alarms, by bot.safety trained without the situation that is judged."""
    from bot.safety.evaluate import assess_unseen, figures

    return {
        name: {key.replace(" ", "_"): round(float(v), 4) for key, v in figures(examples, found).items()}
        for name, found in zip(("typed", "bare"), assess_unseen(examples), strict=True)
    }


def run(nlu_dir: Path, results: Path, folds: int = 4, risk: bool = True) -> str:
    """Evaluate, write results/evaluation.json and results/confusion.png, and return a table for people."""
    began = time.time()
    examples = load_examples(nlu_dir)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other_core:
        pending = other_core.submit(risk_figures, examples) if risk else None
        found = cross_validate(examples, folds)
        at_risk = pending.result() if pending else None
    report: dict[str, Any] = {
        "messages": len(examples),
        "situations": len({e.situation for e in examples}),
        "folds": folds,
        "data": fingerprint(nlu_dir),
        "intents": intent_figures(examples, found),
    }
    if at_risk is not None:
        report["risk"] = at_risk
    report["seconds"] = round(time.time() - began, 1)
    results.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    (results / "evaluation.json").write_text(text, encoding="utf-8")
    draw_confusion([e.intent for e in examples], list(found["guesses"]["typed"]), results / "confusion.png")
    return summary(report)


def summary(report: dict[str, Any]) -> str:
    """The figures as a table of plain text."""
    intents = report["intents"]
    lines = [
        f"{report['messages']} messages in {report['situations']} situations; "
        f"{report['folds']} folds, no situation on both sides; {report['seconds']:.0f} s",
        "",
        f"{'intents':<12}{'accuracy':>10}{'macro-F1':>10}",
        *(f"{name:<12}{intents[name]['accuracy']:>10.3f}{intents[name]['macro_f1']:>10.3f}" for name in REGISTERS),
    ]
    if "risk" in report:
        typed, bare = report["risk"]["typed"], report["risk"]["bare"]
        lines += ["", f"{'risk':<34}{'typed':>8}{'bare':>8}"]
        lines += [f"{key.replace('_', ' '):<34}{typed[key]:>8.3f}{bare[key]:>8.3f}" for key in typed]
    lines += ["", f"{'intent':<20}{'precision':>10}{'recall':>8}{'F1':>8}{'n':>7}"]
    for name, row in sorted(intents["by_intent"].items(), key=lambda item: item[1]["f1"]):
        lines.append(f"{name:<20}{row['precision']:>10.3f}{row['recall']:>8.3f}{row['f1']:>8.3f}{row['n']:>7}")
    return "\n".join(lines)
