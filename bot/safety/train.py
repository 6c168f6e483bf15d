"""Trains the risk model from ``nlu_data/nlu``; skipped when neither data nor code changed.

``python -m bot.safety.train --evaluate`` prints figures of leave-situations-out cross-validation.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from bot import language
from bot.encoder import encoder, is_calibration
from bot.encoder import fingerprint as encoder_fingerprint
from bot.nlu.data import Example, load_examples

from .features import VERSION, stack, vectorizer, views
from .model import DANGER, FILE, LINEAR, Array, Blend, RiskModel, Scores, Thresholds
from .types import level

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int_]
SEED = 11
FOLDS = 5
"""For the cross-validation of the linear heads."""
ENOUGH = 50
"""Messages at risk that the calibration share needs; smaller data sets calibrate on all they have."""
SERVICE = frozenset(
    ("greet", "goodbye", "thank", "affirm", "deny", "help", "bot_challenge", "subscribe", "unsubscribe")
    + (
        "delete_my_data",
        "contact_hotlines",
        "talk_to_human",
        "check_report",
        "feel_safe",
        "skip",
        "go_back",
        "stop",
    )
)
"""Intents that the risk model need not tell apart."""
ALARM_RECALL, WORRY_RECALL = 0.97, 0.99
"""Recall of messages at risk on unseen situations at which the alarm and the gentle form begin."""
HIGH_RECALL, IMMEDIATE_PRECISION = 0.97, 0.55
FINGERPRINT = "risk.fingerprint.json"


class LabelError(ValueError):
    """A label that contradicts itself; the message names the situation, never a text."""


class Labels:
    """What the model learns of each message.

    At risk are disclosures, emergencies and self-harm. A wish to report or follow up a grave matter is neither: the
    person is already on the way to help, so ``grey`` messages teach nothing about the alarm.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        intents = np.array([e.intent for e in examples])
        risks = np.array([level(e.risk) for e in examples])  # type: ignore[arg-type]
        self.classes = np.array(["service" if i in SERVICE else i for i in intents])
        self.at_risk: Mask = np.isin(intents, DANGER)
        self.grey: Mask = ~self.at_risk & (risks >= 2) & (intents != "quick_exit")
        self.high: Mask = self.at_risk & (risks >= 3)
        self.immediate: Mask = self.at_risk & (risks >= 4)
        self.situations = np.array([e.situation for e in examples])


def check_labels(examples: Sequence[Example]) -> None:
    """Raises ``LabelError`` for labels that cannot be true together."""
    for example in examples:
        danger = example.intent in DANGER
        if danger and example.risk == "none":
            raise LabelError(f"{example.situation}: {example.intent} with risk none")
        if not danger and level(example.risk) >= 3:  # type: ignore[arg-type]
            raise LabelError(f"{example.situation}: {example.intent} with risk {example.risk}")
        if example.intent == "emergency" and level(example.risk) < 3:  # type: ignore[arg-type]
            raise LabelError(f"{example.situation}: emergency with risk {example.risk}")


def fingerprint(nlu_dir: Path) -> str:
    """Changes whenever training data, this room's code or the normal form changes."""
    digest = hashlib.sha256(f"{VERSION} {language.fingerprint()} {encoder_fingerprint()}".encode())
    here = Path(__file__).parent
    for path in [
        *sorted(Path(nlu_dir).rglob("*.yml")),
        *(here / f"{n}.py" for n in ("concepts", "features", "model", "train")),
        here / "data" / "concepts.yml",
    ]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def train(nlu_dir: Path, models_dir: Path) -> Path:
    """Train and store the model; returns its path. Unchanged data and code train nothing."""
    wanted, stamp = fingerprint(nlu_dir), Path(models_dir) / FINGERPRINT
    path = Path(models_dir) / FILE
    if path.is_file() and stamp.is_file() and json.loads(stamp.read_text())["fingerprint"] == wanted:
        return path
    examples = load_examples(nlu_dir)
    check_labels(examples)
    labels, rows = Labels(examples), [views(e.text) for e in examples]
    held = np.array([is_calibration(e.situation) for e in examples])
    if (held & labels.at_risk).sum() < ENOUGH:
        held = np.ones(len(examples), bool)
    trial = fit(rows, labels, np.flatnonzero(~held)) if not held.all() else fit(rows, labels)
    model = fit(rows, labels)
    model.blends, model.thresholds = calibrate(trial, rows, labels, np.flatnonzero(held))
    path = model.save(Path(models_dir))
    stamp.write_text(json.dumps({"fingerprint": wanted}))
    return path


def calibrate(
    trial: RiskModel, rows: Sequence[tuple[str, str]], labels: Labels, held: Indices
) -> tuple[dict[str, Blend], Thresholds]:
    """Blend the voices and choose the thresholds on messages whose situations neither model saw, in both views."""
    voices, _ = trial.voices(stack([rows[i] for i in held]), encoder())
    twice = np.concatenate([held, held])
    among = labels.at_risk[twice]
    blends = {
        "risk": blend(voices["risk"][~labels.grey[twice]], labels.at_risk[twice][~labels.grey[twice]]),
        "high": blend(voices["high"][among], labels.high[twice][among]),
        "immediate": blend(voices["immediate"][among], labels.immediate[twice][among]),
    }
    return blends, choose(labels, twice, *(blends[name](voices[name]) for name in ("risk", "high", "immediate")))


def blend(voices: Array, truth: Mask) -> Blend:
    """Logistic regression with weights that may not be negative: no voice counts against itself."""
    signs = np.where(truth, 1.0, -1.0)
    each = np.where(truth, 0.5 / max(1, int(truth.sum())), 0.5 / max(1, int((~truth).sum())))

    def loss(parameters: Array) -> float:
        margins = signs * (voices @ parameters[:-1] + parameters[-1])
        return float((each * np.logaddexp(0, -margins)).sum() + 1e-3 * (parameters[:-1] ** 2).sum())

    count = voices.shape[1]
    start = np.array([1.0 / count] * count + [0.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0, None)] * count + [(None, None)]).x
    return Blend(tuple(float(v) for v in found[:-1]), float(found[-1]))


def fit(rows: Sequence[tuple[str, str]], labels: Labels, only: npt.NDArray[Any] | None = None) -> RiskModel:
    """Fit features and heads on some messages (all by default), as typed and without diacritics."""
    chosen = np.arange(len(rows)) if only is None else only
    features = vectorizer()
    matrix = features.fit_transform(stack([rows[i] for i in chosen]))
    twice = np.concatenate([chosen, chosen])
    heads: list[str] = []
    columns: list[Any] = []
    bias: list[float] = []
    targets: list[tuple[str, Mask, Mask, float]] = [
        (str(name), labels.classes == name, np.ones(len(rows), bool), 3.0) for name in np.unique(labels.classes)
    ]
    targets += [
        ("_at_risk", labels.at_risk, ~labels.grey, 3.0),
        ("_high", labels.high, labels.at_risk, 3.0),
        ("_immediate", labels.immediate, labels.at_risk, 3.0),
    ]
    for name, target, among, strength in targets:
        keep = among[twice]
        head = LogisticRegression(
            C=strength, solver="liblinear", dual=True, class_weight="balanced", tol=0.1, random_state=SEED
        )
        head.fit(matrix[keep], target[twice][keep])
        heads.append(name)
        columns.append(head.coef_[0].astype(np.float32))
        bias.append(float(head.intercept_[0]))
    empty = Thresholds(0.0, 0.0, 0.0, 0.0)
    return RiskModel(features, heads, np.stack(columns, axis=1), np.array(bias), empty, LINEAR)


def fold_models(
    rows: Sequence[tuple[str, str]], labels: Labels, count: int = FOLDS
) -> Iterator[tuple[RiskModel, Indices]]:
    """Models that each saw no message of some situations, and the messages of those situations."""
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=SEED)
    for known, unseen in folds.split(rows, labels.classes, labels.situations):
        yield fit(rows, labels, known), unseen


def out_of_fold(rows: Sequence[tuple[str, str]], models: Iterable[tuple[RiskModel, Indices]]) -> tuple[Scores, Scores]:
    """Scores of every message by a model that saw no message of its situation: as typed, and bare."""
    found = [[np.zeros(len(rows)) for _ in range(3)] + [np.zeros((len(rows), len(DANGER)))] for _ in range(2)]
    for model, unseen in models:
        for view in (0, 1):
            scores = model.scores([rows[i][view] for i in unseen])
            for column, values in zip(found[view], astuple(scores), strict=True):
                column[unseen] = values
    typed, bare = (Scores(*view) for view in found)
    return typed, bare


def choose(labels: Labels, rows: Indices, risk: Array, high: Array, immediate: Array) -> Thresholds:
    """Thresholds on the scores of some rows of the labels (a row may come in several views)."""
    at_risk, grave, now = labels.at_risk[rows], labels.high[rows], labels.immediate[rows]
    return Thresholds(
        alarm=at_recall(risk[at_risk], ALARM_RECALL),
        worry=at_recall(risk[at_risk], WORRY_RECALL),
        high=min(at_recall(high[now], HIGH_RECALL), at_recall(high[grave], 0.85)),
        immediate=at_precision(immediate[now], immediate[at_risk & ~now], IMMEDIATE_PRECISION),
    )


def at_recall(positive: Array, recall: float) -> float:
    """The highest threshold that keeps this share of the positive scores."""
    return float(np.quantile(positive, 1 - recall)) if len(positive) else 0.0


def at_precision(positive: Array, negative: Array, precision: float) -> float:
    """The lowest threshold at which this share of what exceeds it is positive."""
    values = np.sort(positive)[::-1]
    for kept in range(len(values), 0, -1):
        above = int((negative >= values[kept - 1]).sum())
        if kept / (kept + above) >= precision:
            return float(values[kept - 1])
    return 0.0


def main(arguments: Sequence[str]) -> int:
    """Train, or with ``--evaluate`` print the cross-validation."""
    from bot.settings import ROOT, get_settings

    nlu_dir = ROOT / "nlu_data" / "nlu"
    if "--evaluate" in arguments:
        from .evaluate import table

        sys.stdout.write(table(load_examples(nlu_dir)) + "\n")
        return 0
    sys.stdout.write(f"{train(nlu_dir, get_settings().models_dir)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
