"""The graded risk model: linear heads on n-grams, with the thresholds chosen in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt

from .features import VERSION
from .types import RiskModelError

Array = npt.NDArray[np.float64]
DANGER = ("disclose_self", "disclose_other", "emergency", "self_harm")
FILE = "risk.joblib"
REMEDY = "run `make train` (python -m bot train)"


@dataclass(frozen=True)
class Scores:
    """What the model makes of some messages: one row each."""

    risk: Array
    """Log-odds that the message is at risk."""
    high: Array
    immediate: Array
    parts: Array
    """Shares of the ``DANGER`` intents, in that order."""


@dataclass(frozen=True)
class Thresholds:
    """Where the scores begin to count."""

    alarm: float
    worry: float
    high: float
    immediate: float


@dataclass
class RiskModel:
    """Features, linear heads and thresholds. ``heads`` names the columns of ``weights``."""

    features: Any
    heads: list[str]
    weights: npt.NDArray[np.float32]
    bias: Array
    thresholds: Thresholds
    blend: tuple[float, float, float] = (0.3, 0.7, 0.0)
    """Weight of the at-risk head, of the summed intents, and the constant, in the log-odds of being at risk."""
    version: int = VERSION

    def scores(self, normals: Sequence[str]) -> Scores:
        """Score messages in their normal form."""
        return self.scores_of(self.features.transform(normals))

    def scores_of(self, matrix: Any) -> Scores:
        """Score a feature matrix."""
        logits = np.asarray(matrix @ self.weights, dtype=np.float64) + self.bias
        column = {head: logits[:, i] for i, head in enumerate(self.heads)}
        intents = [head for head in self.heads if not head.startswith("_")]
        shares = _shares(np.stack([column[name] for name in intents], axis=1))
        parts = np.stack([shares[:, intents.index(name)] for name in DANGER], axis=1)
        summed = np.clip(parts.sum(axis=1), 1e-6, 1 - 1e-6)
        a, b, c = self.blend
        risk = a * column["_at_risk"] + b * np.log(summed / (1 - summed)) + c
        return Scores(risk, column["_high"], column["_immediate"], parts)

    def save(self, models_dir: Path) -> Path:
        """Store the model; replaces an older one in one step."""
        models_dir.mkdir(parents=True, exist_ok=True)
        path = models_dir / FILE
        new = path.with_suffix(".new")
        joblib.dump(self, new, compress=3)
        new.replace(path)
        return path

    @classmethod
    def load(cls, models_dir: Path) -> RiskModel:
        """Load the stored model. Raises ``RiskModelError`` with a one-line remedy."""
        path = Path(models_dir) / FILE
        if not path.is_file():
            raise RiskModelError(f"No risk model at {path}: {REMEDY}")
        try:
            model = joblib.load(path)
        except Exception as error:  # joblib raises whatever a broken pickle makes it raise
            raise RiskModelError(f"The risk model {path} cannot be read: delete it and {REMEDY}") from error
        if not isinstance(model, cls) or model.version != VERSION:
            raise RiskModelError(f"The risk model {path} is of another version: {REMEDY}")
        return model


def _shares(logits: Array) -> Array:
    """One-against-rest log-odds as shares that sum to one."""
    each: Array = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return np.asarray(each / each.sum(axis=1, keepdims=True))
