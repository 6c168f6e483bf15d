"""The linear intent model without Rasa: fitted by its component, run by the command line and the evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.language import normalise
from bot.nlu.features import vectorisers

Views = list[tuple[float, Any]]
_POWERS = np.exp(np.linspace(np.log(0.5), np.log(4.0), 31))


def fit_views(texts: Sequence[str], weights: dict[str, float]) -> Views:
    """Vectorisers with their weights, fitted on the texts."""
    return [(weights[name], vectoriser.fit(texts)) for name, vectoriser in vectorisers(len(texts)) if weights.get(name)]


def transform(views: Views, texts: Sequence[str]) -> Any:
    """The feature matrix of some texts."""
    from scipy.sparse import hstack

    normals = [normalise(text) for text in texts]
    return hstack([vectoriser.transform(normals) * weight for weight, vectoriser in views]).tocsr()


def sharpen(probabilities: Any, power: float) -> Any:
    """Probabilities raised to a power and made to sum to one again (power 1 changes nothing)."""
    raised = np.clip(probabilities, 1e-9, 1.0) ** power
    return raised / raised.sum(axis=1, keepdims=True)


def calibrate(probabilities: Any, truth: Sequence[int]) -> float:
    """The power under which held-out probabilities are likeliest to be right (temperature scaling)."""
    rows = np.arange(len(truth))
    losses = [-np.log(sharpen(probabilities, power)[rows, list(truth)]).mean() for power in _POWERS]
    return float(_POWERS[int(np.argmin(losses))])


def held_out(groups: Sequence[str], share: float, salt: str = "") -> Any:
    """A mask of about ``share`` of the rows: whole groups only, the same on every run."""
    limit = int(share * 0x10000)
    return np.array([int(hashlib.sha256(f"{salt}{g}".encode()).hexdigest()[:4], 16) < limit for g in groups])


@dataclass
class Linear:
    """One-against-rest logistic regression and the power that makes its confidence honest."""

    model: Any
    power: float

    @property
    def names(self) -> list[str]:
        """The intents, in the order of the columns of ``predict``."""
        return [str(name) for name in self.model.classes_]

    def predict(self, matrix: Any) -> Any:
        """Calibrated probabilities, one row a message."""
        return sharpen(self.model.predict_proba(matrix), self.power)

    def rank(self, matrix: Any, length: int = 10) -> list[list[tuple[str, float]]]:
        """For each message the likeliest intents with their confidence, best first."""
        names = self.names
        return [[(names[i], float(row[i])) for i in np.argsort(-row)[:length]] for row in self.predict(matrix)]


def fit_model(matrix: Any, labels: Sequence[str], C: float, seed: int) -> Any:  # noqa: N803 - scikit-learn's name
    """The bare logistic regression. Weights are kept in 32 bits: half the size, same answers."""
    model = LogisticRegression(C=C, solver="liblinear", class_weight="balanced", tol=1e-2, random_state=seed)
    model.fit(matrix, labels)
    model.coef_ = model.coef_.astype(np.float32)
    return model


def fit_linear(
    matrix: Any,
    labels: Sequence[str],
    groups: Sequence[str],
    C: float,
    share: float,
    seed: int,  # noqa: N803
) -> Linear:
    """Scale confidence on held-out groups, then fit on everything."""
    power = 1.0
    out = held_out(groups, share)
    kept, rest = np.flatnonzero(~out), np.flatnonzero(out)
    seen = {labels[i] for i in kept}
    rest = np.array([i for i in rest if labels[i] in seen], dtype=int)
    if len(rest) >= 50 and len(seen) > 1:
        trial = fit_model(matrix[kept], [labels[i] for i in kept], C, seed)
        column = {name: i for i, name in enumerate(trial.classes_)}
        power = calibrate(trial.predict_proba(matrix[rest]), [column[labels[i]] for i in rest])
    return Linear(fit_model(matrix, labels, C, seed), power)
