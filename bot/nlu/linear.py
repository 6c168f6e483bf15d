"""The intent model without Rasa: fitted by its component, run by the command line and the evaluation.

Linear on n-grams, blended with the encoder when that knows the same intents.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from bot.encoder import Encoder, is_calibration
from bot.language import judged_form
from bot.nlu.compact import Compact
from bot.nlu.features import vectorisers

Views = list[tuple[float, Any]]
ENOUGH = 4_000
"""Held-out messages that settle two numbers; the encoder takes its time over each."""
CORES, MANY = 4, 20_000
"""Messages below which starting processes takes longer than it saves."""
PASSES = 3
"""Passes over many messages. More change nothing: macro-F1 on the fixed set is the same to a message or two after 3, 4
and 5, and the solver would make 14 to 17."""
ABOUT = 0.001
"""A difference of the mean log loss that means nothing: the draw of the held-out messages changes it by more."""
_POWERS = np.exp(np.linspace(np.log(0.5), np.log(4.0), 31))
_WEIGHTS = np.linspace(0.0, 1.0, 21)


def fit_views(texts: Sequence[str], weights: dict[str, float]) -> tuple[Views, Any]:
    """Vectorisers with their weights, fitted on the texts' normal forms, and the feature matrix of the texts."""
    from scipy.sparse import hstack

    normals = [judged_form(text) for text in texts]
    views, parts = [], []
    for name, vectoriser in vectorisers(len(texts)):
        if weights.get(name):
            parts.append(vectoriser.fit_transform(normals) * weights[name])
            views.append((weights[name], vectoriser))
    return views, hstack(parts).tocsr()


def transform(views: Views, texts: Sequence[str]) -> Any:
    """The feature matrix of some texts."""
    from scipy.sparse import hstack

    normals = [judged_form(text) for text in texts]
    return hstack([vectoriser.transform(normals) * weight for weight, vectoriser in views]).tocsr()


def sharpen(probabilities: Any, power: float) -> Any:
    """Probabilities raised to a power and made to sum to one again (power 1 changes nothing)."""
    raised = np.clip(probabilities, 1e-9, 1.0) ** power
    return raised / raised.sum(axis=1, keepdims=True)


def pool(linear: Any, read: Any | None, weight: float) -> Any:
    """The weighted geometric mean of two tables of shares (rows messages, columns intents), summing to one again."""
    if read is None or not weight:
        return linear
    logs = (1 - weight) * np.log(np.clip(linear, 1e-9, 1.0)) + weight * read
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def calibrate(linear: Any, read: Any | None, truth: Sequence[int]) -> tuple[float, float]:
    """The encoder's weight and the power (temperature) under which held-out shares are likeliest to be right.

    Weights that do about as well are common; of these the least, since the linear model then learns a tenth more.
    """
    rows = np.arange(len(truth))
    tried = []
    for weight in _WEIGHTS if read is not None else (0.0,):
        together = pool(linear, read, float(weight))
        for power in _POWERS:
            loss = -np.log(sharpen(together, power)[rows, list(truth)]).mean()
            tried.append((float(loss), float(weight), float(power)))
    least = min(loss for loss, *_ in tried) + ABOUT
    weight = min(weight for loss, weight, _ in tried if loss <= least)
    return weight, min((loss, power) for loss, tried_weight, power in tried if tried_weight == weight)[1]


@dataclass
class IntentModel:
    """One-against-rest logistic regression, the encoder's weight, and the power that makes confidence honest."""

    model: Any
    """``Compact`` or scikit-learn's own: ``classes_`` and ``predict_proba``."""
    power: float
    weight: float = 0.0

    @property
    def names(self) -> list[str]:
        """The intents, in the order of the columns of ``predict``."""
        return [str(name) for name in self.model.classes_]

    def predict(self, matrix: Any, texts: Sequence[str], reader: Encoder | None = None) -> Any:
        """Calibrated probabilities, one row a message. Without the encoder, the linear model's own."""
        read = read_intents(reader, texts, self.names) if self.weight else None
        return sharpen(pool(self.model.predict_proba(matrix), read, self.weight), self.power)

    def rank(
        self, matrix: Any, texts: Sequence[str], reader: Encoder | None = None, length: int = 10
    ) -> list[list[tuple[str, float]]]:
        """For each message the likeliest intents with their confidence, best first."""
        names, found = self.names, self.predict(matrix, texts, reader)
        return [[(names[i], float(row[i])) for i in np.argsort(-row)[:length]] for row in found]


def read_intents(reader: Encoder | None, texts: Sequence[str], names: Sequence[str]) -> Any | None:
    """The encoder's log-shares of these intents; None when there is no encoder or it does not know them all."""
    if reader is None or not set(names) <= set(reader.intents):
        return None
    columns = [reader.intents.index(name) for name in names]
    return reader.read([judged_form(text) for text in texts]).intents[:, columns]


def fit_model(matrix: Any, labels: Sequence[str], C: float, seed: int) -> Any:  # noqa: N803 - scikit-learn's name
    """The bare logistic regression, one intent against the rest. Weights in 32 bits: half the size, the same answers.

    scikit-learn's own ``fit`` of all intents uses one core; here they share the cores when there is much to learn. The
    numbers differ within the tolerance.
    """
    names, counts = np.unique(np.asarray(labels), return_counts=True)
    if len(names) == 2:
        model = fit_one(matrix, labels, C, seed)
    else:
        weights = len(labels) / (len(names) * counts)  # "balanced"; the rest of an intent weighs one
        told = [np.asarray(labels) == name for name in names]
        jobs = min(CORES, os.cpu_count() or 1) if len(labels) > MANY else 1
        parts = Parallel(n_jobs=jobs)(
            delayed(fit_one)(matrix, is_it, C, seed, {True: float(weight), False: 1.0})
            for is_it, weight in zip(told, weights, strict=True)
        )
        model = parts[0]
        model.classes_ = names
        model.coef_ = np.vstack([part.coef_ for part in parts])
        model.intercept_ = np.concatenate([part.intercept_ for part in parts])
    # columns first, as scikit-learn has them: by rows each prediction would copy them all, 13 ms a message
    model.coef_ = np.asfortranarray(model.coef_, dtype=np.float32)
    return model


def fit_one(matrix: Any, labels: Any, C: float, seed: int, weights: Any = "balanced") -> LogisticRegression:  # noqa: N803
    """Logistic regression that tells two labels apart; ``weights`` as scikit-learn's ``class_weight``."""
    # the dual problem gives the primal's scores (correlation 0.999998) in a third of its time
    model = LogisticRegression(
        C=C,
        solver="liblinear",
        dual=True,
        class_weight=weights,
        tol=0.1,
        max_iter=PASSES if len(labels) > MANY else 100,
        random_state=seed,
        multi_class="ovr",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it need not converge
        return model.fit(matrix, labels)


def fit_intents(
    matrix: Any,
    texts: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str],
    C: float,  # noqa: N803
    seed: int,
    reader: Encoder | None = None,
) -> IntentModel:
    """Choose the encoder's weight and scale confidence on situations that neither model saw, then fit on everything."""
    weight, power = 0.0, 1.0
    out = np.array([is_calibration(group) for group in groups])
    kept, rest = np.flatnonzero(~out), np.flatnonzero(out)
    seen = {labels[i] for i in kept}
    rest = np.array([i for i in rest if labels[i] in seen], dtype=int)
    if len(rest) > ENOUGH:
        rest = np.sort(np.random.default_rng(seed).choice(rest, ENOUGH, replace=False))
    if len(rest) >= 50 and len(seen) > 1:
        trial = fit_model(matrix[kept], [labels[i] for i in kept], C, seed)
        column = {name: i for i, name in enumerate(trial.classes_)}
        read = read_intents(reader, [texts[i] for i in rest], list(trial.classes_))
        weight, power = calibrate(trial.predict_proba(matrix[rest]), read, [column[labels[i]] for i in rest])
    return IntentModel(Compact.of(fit_model(matrix, labels, C, seed)), power, weight)
