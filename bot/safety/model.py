"""The graded risk model: linear heads on n-grams blended with the encoder, with the thresholds chosen in training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt

from bot.encoder import Encoder, EncoderError, encoder
from bot.language import strip_accents
from bot.nlu.compact import product

from .features import VERSION
from .types import RiskModelError

Array = npt.NDArray[np.float64]
DANGER = ("disclose_self", "disclose_other", "emergency", "self_harm")
FILE = "risk.joblib"
NEVER = -12.0
"""Log-odds of a voice that has nothing to say about requests to refuse."""
KIND = "refused:"
"""What the names of the heads of such requests begin with."""
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
    refused: Array
    """Log-odds that the message is a request that must not be answered."""
    kinds: Array
    """How much it looks like each of ``RiskModel.kinds``; only the greatest counts."""


@dataclass(frozen=True)
class Thresholds:
    """Where the scores begin to count."""

    alarm: float
    worry: float
    high: float
    immediate: float
    refused: float = math.inf
    dying: float = math.inf
    """Of the same score as ``refused``: from which on who seems to ask for a way to die raises the alarm."""
    cleared: float = -math.inf
    """Below it words that look like a request to refuse do not count."""
    alarm_bare: float | None = None
    """The alarm for what is typed without diacritics, where it is another."""

    def alarm_for(self, normals: Sequence[str]) -> float:
        """The alarm for the parts of a message in the normal form."""
        bare = self.alarm_bare is not None and all(strip_accents(part) == part for part in normals)
        return self.alarm_bare if bare and self.alarm_bare is not None else self.alarm


@dataclass(frozen=True)
class Blend:
    """Weights of the voices (all ≥ 0) and the constant, in log-odds."""

    weights: tuple[float, ...]
    constant: float

    def __call__(self, voices: Array) -> Array:
        """Blend the columns of ``voices``."""
        return np.asarray(voices @ np.array(self.weights) + self.constant)


LINEAR = {
    "risk": Blend((0.3, 0.7, 0.0, 0.0), 0.0),
    "high": Blend((1.0, 0.0), 0.0),
    "immediate": Blend((1.0, 0.0), 0.0),
    "refused": Blend((1.0, 0.0), 0.0),
}
"""The linear heads alone."""


@dataclass
class RiskModel:
    """Features, linear heads, blends and thresholds. ``heads`` names the columns of ``weights``."""

    features: Any
    heads: list[str]
    weights: npt.NDArray[np.float16]
    bias: Array
    thresholds: Thresholds
    blends: dict[str, Blend]
    """For ``risk``, ``high``, ``immediate`` and ``refused``: over the columns of ``voices``."""
    kinds: list[str] = field(default_factory=list)
    """The kinds of requests that are refused (``nlu_data/refused``), sorted."""
    version: int = VERSION

    def scores(self, normals: Sequence[str]) -> Scores:
        """Score messages in their normal form."""
        voices, parts, kinds = self.voices(normals, encoder() if self.reads else None)
        return Scores(**{name: blend(voices[name]) for name, blend in self.blends.items()}, parts=parts, kinds=kinds)

    @property
    def reads(self) -> bool:
        """Whether the encoder has a say (it has none in cross-validation, whose messages it was trained on)."""
        return any(any(blend.weights[len(blend.weights) // 2 :]) for blend in self.blends.values())

    def voices(self, normals: Sequence[str], reader: Encoder | None) -> tuple[dict[str, Array], Array, Array]:
        """What the models say, before it is blended, in log-odds; the shares of the ``DANGER`` intents; the kinds.

        ``risk``: at-risk head, summed danger intents, the encoder's danger, its summed danger intents.
        ``high``, ``immediate`` and ``refused``: the linear head, the encoder's. Without the encoder its columns are 0.
        """
        logits = product(self.features.transform(normals), self.weights).astype(np.float64) + self.bias
        column = {head: logits[:, i] for i, head in enumerate(self.heads)}
        intents = [head for head in self.heads if not head.startswith(("_", KIND))]
        shares = _shares(np.stack([column[name] for name in intents], axis=1))
        own = np.stack([shares[:, intents.index(name)] for name in DANGER], axis=1)
        risk = [column["_at_risk"], log_odds(own.sum(axis=1)), np.zeros(len(own)), np.zeros(len(own))]
        high, immediate, refused = np.zeros(len(own)), np.zeros(len(own)), np.full(len(own), NEVER)
        kinds = np.array([column[KIND + name] for name in self.kinds]).reshape(len(self.kinds), len(own)).T
        if reader is not None:
            readings = reader.read(normals)
            read = np.exp(np.stack([readings.intents[:, reader.intents.index(name)] for name in DANGER], axis=1))
            risk[2:] = [readings.danger, log_odds(read.sum(axis=1))]
            high, immediate = readings.grades[:, 2], readings.grades[:, 3]
            if set(self.kinds) <= set(reader.kinds):
                refused = readings.refused
                kinds = kinds + readings.kinds[:, [reader.kinds.index(name) for name in self.kinds]]
            own = (own + read) / 2
        voices = {
            "risk": np.stack(risk, axis=1),
            "high": np.stack([column["_high"], high], axis=1),
            "immediate": np.stack([column["_immediate"], immediate], axis=1),
            "refused": np.stack([column.get("_refused", np.full(len(own), NEVER)), refused], axis=1),
        }
        return voices, own, kinds

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
        try:
            encoder()
        except EncoderError as error:
            raise RiskModelError(str(error)) from error
        return model


def log_odds(shares: Array) -> Array:
    """The log-odds of shares, kept finite."""
    safe = np.clip(shares, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(safe / (1 - safe)))


def _shares(logits: Array) -> Array:
    """One-against-rest log-odds as shares that sum to one."""
    each: Array = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return np.asarray(each / each.sum(axis=1, keepdims=True))
