"""Figures of the intents. A guess is right when either annotator gave it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from .fixed import Message
from .system import Answer

STEPS = 10
"""Of the reliability diagram."""


def judged(messages: Sequence[Message], guesses: Sequence[str]) -> list[str]:
    """The intent each guess is measured by."""
    return [m.truth(g) for m, g in zip(messages, guesses, strict=True)]


def intents_of(messages: Sequence[Message]) -> list[str]:
    """The intents that the first annotator gave, sorted: those the mean F1 is taken over."""
    return sorted({m.first.intent for m in messages})


def scores(messages: Sequence[Message], guesses: Sequence[str]) -> dict[str, float]:
    """Accuracy, macro-F1, and accuracy when only the first annotator counts."""
    truth = judged(messages, guesses)
    first = [m.first.intent for m in messages]
    return {
        "accuracy": _share(np.array(truth) == np.array(guesses)),
        "macro_f1": float(f1_score(truth, guesses, labels=intents_of(messages), average="macro", zero_division=0)),
        "accuracy_first_label": _share(np.array(first) == np.array(guesses)),
    }


def by_intent(messages: Sequence[Message], guesses: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 for each intent; ``n`` messages of it by the first annotator."""
    names, first = intents_of(messages), [m.first.intent for m in messages]
    table = precision_recall_fscore_support(judged(messages, guesses), guesses, labels=names, zero_division=0)
    return {
        name: {"precision": float(p), "recall": float(r), "f1": float(f), "n": first.count(name)}
        for name, p, r, f, _ in zip(names, *table, strict=True)
    }


def by_audience(messages: Sequence[Message], guesses: Sequence[str]) -> dict[str, dict[str, float]]:
    """Accuracy and macro-F1 for each audience."""
    found = {}
    for audience in sorted({m.audience for m in messages}):
        own = [i for i, m in enumerate(messages) if m.audience == audience]
        part = scores([messages[i] for i in own], [guesses[i] for i in own])
        found[audience] = {"accuracy": part["accuracy"], "macro_f1": part["macro_f1"], "n": len(own)}
    return found


def confusion(messages: Sequence[Message], guesses: Sequence[str]) -> dict[str, Any]:
    """Which intent is taken for which: ``shares`` of each row; a guess that the second annotator gave is right."""
    names = intents_of(messages)
    counts = confusion_matrix(judged(messages, guesses), guesses, labels=names)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    wrong = [
        {"is": names[i], "taken_as": names[j], "n": int(counts[i, j]), "share": float(shares[i, j])}
        for i, j in zip(*np.nonzero(counts), strict=True)
        if i != j
    ]
    wrong.sort(key=lambda row: -row["n"])
    return {"intents": names, "shares": shares.round(3).tolist(), "most": wrong[:15]}


def reliability(messages: Sequence[Message], answers: Sequence[Answer]) -> dict[str, Any]:
    """Confidence against the share that was right, in ten steps, and the mean gap between the two."""
    sure = np.array([a.confidence for a in answers])
    guesses = [a.intent for a in answers]
    right = np.array(judged(messages, guesses)) == np.array(guesses)
    place = np.minimum((sure * STEPS).astype(int), STEPS - 1)
    rows = [
        {"confidence": float(sure[place == i].mean()), "right": _share(right[place == i]), "n": int((place == i).sum())}
        for i in range(STEPS)
        if (place == i).any()
    ]
    gap = sum(row["n"] * abs(row["confidence"] - row["right"]) for row in rows) / max(1, len(answers))
    return {"steps": rows, "calibration_error": float(gap)}


def _share(hits: Any) -> float:
    return float(np.mean(hits)) if len(hits) else 0.0
