"""Cross-validation of the linear models by whole situations: no situation is both trained on and judged."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from bot.nlu.data import Example

from . import linear
from .registers import QUICK, retyped


def cross_validate(examples: Sequence[Example], folds: int) -> dict[str, Any]:
    """Figures of intents and risk, as typed and bare. The risk models are fitted on the other core."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other_core:
        pending = other_core.submit(risk_figures, examples)
        intents = intent_figures(examples, folds)
        return {
            "folds": folds,
            "messages": len(examples),
            "situations": len({e.situation for e in examples}),
            "intents": intents,
            "risk": pending.result(),
        }


def intent_figures(examples: Sequence[Example], folds: int) -> dict[str, dict[str, float]]:
    """Accuracy and macro-F1 of the linear intent model on situations it did not see."""
    truth = [e.intent for e in examples]
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=linear.SEED)
    guesses = {name: np.empty(len(examples), dtype=object) for name in QUICK}
    for known, unseen in splitter.split(truth, truth, [e.situation for e in examples]):
        guess = linear.fit([examples[i] for i in known])
        for name in QUICK:
            guesses[name][unseen] = guess(retyped([examples[i].text for i in unseen], name))
    return {
        name: {
            "accuracy": float(accuracy_score(truth, found)),
            "macro_f1": float(f1_score(truth, found, average="macro", zero_division=0)),
        }
        for name, found in guesses.items()
    }


def risk_figures(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Recall of danger and false alarms, by ``bot.safety`` trained without the situation that is judged."""
    from bot.safety.evaluate import assess_unseen, figures

    return {
        name: {key.replace(" ", "_"): float(value) for key, value in figures(examples, found).items()}
        for name, found in zip(QUICK, assess_unseen(examples), strict=True)
    }
