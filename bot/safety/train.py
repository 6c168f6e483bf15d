"""Trains the risk model from ``nlu_data/nlu``; skipped when neither data nor code changed.

``python -m bot.safety.train --evaluate`` prints figures of leave-situations-out cross-validation.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import vstack
from sklearn.model_selection import StratifiedGroupKFold

from bot import language
from bot.encoder import encoder, is_calibration
from bot.encoder import fingerprint as encoder_fingerprint
from bot.language import strip_accents
from bot.nlu.data import Example, Request, load_examples, load_requests
from bot.nlu.linear import fit_one

from .features import VERSION, stack, vectorizer, views
from .model import DANGER, FILE, KIND, LINEAR, Array, Blend, RiskModel, Scores, Thresholds
from .types import ON_THE_WAY, level

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int_]
SEED = 11
STRENGTH = 3.0
"""Inverse regularisation of the linear heads."""
FOLDS = 5
"""For the cross-validation of the linear heads."""
ENOUGH = 50
"""Messages at risk that the calibration share needs; smaller data sets calibrate on all they have."""
OTHERS = 3_000
"""So many of its other messages are read, each in both views: the encoder takes its time over each, and those at risk
are what the thresholds hang on."""
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
ALARM_RECALL, BARE_RECALL, WORRY_RECALL = 0.969, 0.974, 0.99
"""Recall of messages at risk on the calibration share at which the alarm begins, as typed and without diacritics, and
the gentle form. Much of that share are pairs that only the sense tells apart; on the fixed set the same thresholds keep
0.98 of both (``docs/evaluation.md``)."""
HIGH_RECALL, IMMEDIATE_PRECISION = 0.98, 0.55
FALSE_REFUSALS, FALSE_DYING = 0.0165, 0.008
"""The shares of other messages (near-misses among them) that may be taken for a request to refuse, and for so likely a
one that it raises the alarm when it asks for a way to die."""
CLEARED_REQUESTS = 0.06
"""The share of requests for which patterns do not count, since the model is of another mind: of 1,267 it did not know,
patterns find one of these, and a dozen honest messages of 10,000 that only sound so."""
FINGERPRINT = "risk.fingerprint.json"


class LabelError(ValueError):
    """A label that contradicts itself; the message names the situation, never a text."""


class Labels:
    """What the model learns of each message.

    At risk are disclosures, emergencies and self-harm. Who wants to report, to follow up a report or to hide the chat
    is not, however grave the matter: they are on the way already, and what they tell next is read again. Other
    messages about grave matters are ``grey`` and teach nothing about the alarm.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        intents = np.array([e.intent for e in examples])
        risks = np.array([level(e.risk) for e in examples])  # type: ignore[arg-type]
        self.classes = np.array(["service" if i in SERVICE else i for i in intents])
        self.at_risk: Mask = np.isin(intents, DANGER)
        self.grey: Mask = ~self.at_risk & (risks >= 2) & ~np.isin(intents, ON_THE_WAY)
        self.high: Mask = self.at_risk & (risks >= 3)
        self.immediate: Mask = self.at_risk & (risks >= 4)
        self.situations = np.array([e.situation for e in examples])


class Requests:
    """Requests to refuse, as typed and bare. They teach the heads of refusal alone."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.rows = [views(r.text) for r in requests]
        self.kinds = np.array([r.kind for r in requests])
        self.held: Mask = np.array([is_calibration(r.situation) for r in requests], dtype=bool)


class Table:
    """What all messages look like to the linear heads: both views, all typed ones first. Made once for all fits."""

    def __init__(self, rows: Sequence[tuple[str, str]], requests: Requests | None = None) -> None:
        self.features = vectorizer()
        self.told = self.features.fit_transform(stack(rows))
        self.requests = requests or Requests([])
        self.asked = self.features.transform(stack(self.requests.rows)) if self.requests.rows else None


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


def requests_dir(nlu_dir: Path) -> Path:
    """Where the requests to refuse stand beside the training data."""
    return Path(nlu_dir).parent / "refused"


def fingerprint(nlu_dir: Path) -> str:
    """Changes whenever training data, this room's code or the normal form changes."""
    digest = hashlib.sha256(f"{VERSION} {language.fingerprint()} {encoder_fingerprint()}".encode())
    here = Path(__file__).parent
    for path in [
        *sorted(Path(nlu_dir).rglob("*.yml")),
        *sorted(requests_dir(nlu_dir).glob("*.yml")),
        *(here / f"{n}.py" for n in ("concepts", "features", "model", "train")),
        here / "data" / "concepts.yml",
        *(here.parent / "nlu" / f"{n}.py" for n in ("compact", "features", "hashing", "linear")),
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
    requests = Requests(load_requests(requests_dir(nlu_dir)))
    labels, rows = Labels(examples), [views(e.text) for e in examples]
    held = np.array([is_calibration(e.situation) for e in examples])
    if (held & labels.at_risk).sum() < ENOUGH:
        held = np.ones(len(examples), bool)
    if not requests.held.any():  # a small data set
        requests.held[:] = True
    table = Table(rows, requests)
    trial = fit(table, labels, None if held.all() else np.flatnonzero(~held), without_held=not requests.held.all())
    model = fit(table, labels)
    model.blends, model.thresholds = calibrate(trial, rows, labels, drawn(held, labels), requests)
    path = model.save(Path(models_dir))
    stamp.write_text(json.dumps({"fingerprint": wanted}))
    return path


def drawn(held: Mask, labels: Labels) -> Indices:
    """The messages to calibrate on: all of the share at risk, and a part of the rest of it."""
    others = np.flatnonzero(held & ~labels.at_risk)
    if len(others) > OTHERS:
        others = np.random.default_rng(SEED).choice(others, OTHERS, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(held & labels.at_risk), others]))


def calibrate(
    trial: RiskModel, rows: Sequence[tuple[str, str]], labels: Labels, held: Indices, requests: Requests
) -> tuple[dict[str, Blend], Thresholds]:
    """Blend the voices and choose the thresholds on messages whose situations neither model saw, in both views."""
    voices, *_ = trial.voices(stack([rows[i] for i in held]), encoder())
    asked, *_ = trial.voices(stack([requests.rows[i] for i in np.flatnonzero(requests.held)]), encoder())
    either = np.concatenate([voices["refused"], asked["refused"]])
    refused = blend(either, np.arange(len(either)) >= len(voices["refused"]))
    twice = np.concatenate([held, held])
    among = labels.at_risk[twice]
    blends = {
        "risk": blend(voices["risk"][~labels.grey[twice]], labels.at_risk[twice][~labels.grey[twice]]),
        "high": blend(voices["high"][among], labels.high[twice][among]),
        "immediate": blend(voices["immediate"][among], labels.immediate[twice][among]),
    }
    scored = [blends[name](voices[name]) for name in ("risk", "high", "immediate")]
    bare = np.array([strip_accents(text) == text for text in stack([rows[i] for i in held])])
    limits = choose(labels, twice, bare, *scored)
    calm = refused(voices["refused"])
    limit, dying = (max(0.0, float(np.quantile(calm, 1 - q))) for q in (FALSE_REFUSALS, FALSE_DYING))  # rather one
    cleared = min(0.0, at_recall(refused(asked["refused"]), 1 - CLEARED_REQUESTS))
    return {**blends, "refused": refused}, replace(limits, refused=limit, dying=dying, cleared=cleared)


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


def fit(table: Table, labels: Labels, only: Indices | None = None, without_held: bool = False) -> RiskModel:
    """Fit the heads on some messages (all by default), as typed and without diacritics.

    ``without_held``: leave out the requests of the calibration share.
    """
    count = len(labels.classes)
    chosen = np.arange(count) if only is None else only
    twice = np.concatenate([chosen, chosen])
    matrix = table.told[np.concatenate([chosen, chosen + count])]
    heads: list[tuple[str, Any]] = []
    targets: list[tuple[str, Mask, Mask]] = [
        (str(name), labels.classes == name, np.ones(count, bool)) for name in np.unique(labels.classes)
    ]
    targets += [
        ("_at_risk", labels.at_risk, ~labels.grey),
        ("_high", labels.high, labels.at_risk),
        ("_immediate", labels.immediate, labels.at_risk),
    ]
    for name, target, among in targets:
        keep = among[twice]
        heads.append((name, fit_one(matrix if keep.all() else matrix[keep], target[twice][keep], STRENGTH, SEED)))
    heads += _refusals(matrix, table, without_held)
    weights = np.stack([head.coef_[0].astype(np.float16) for _, head in heads], axis=1)
    bias = np.array([float(head.intercept_[0]) for _, head in heads])
    kinds = [name.removeprefix(KIND) for name, _ in heads if name.startswith(KIND)]
    return RiskModel(
        table.features, [name for name, _ in heads], weights, bias, Thresholds(0.0, 0.0, 0.0, 0.0), LINEAR, kinds
    )


def _refusals(matrix: Any, table: Table, without_held: bool) -> list[tuple[str, Any]]:
    """The head that tells requests to refuse from all else, and one for each kind, among the requests."""
    if table.asked is None:
        return []
    chosen = np.flatnonzero(~table.requests.held) if without_held else np.arange(len(table.requests.kinds))
    asked = table.asked[np.concatenate([chosen, chosen + len(table.requests.kinds)])]
    kinds = np.concatenate([table.requests.kinds[chosen]] * 2)
    whole = np.concatenate([np.zeros(matrix.shape[0], bool), np.ones(asked.shape[0], bool)])
    heads = [("_refused", fit_one(vstack([matrix, asked]).tocsr(), whole, STRENGTH, SEED))]
    names = np.unique(kinds)
    if len(names) < 2:
        raise LabelError("requests to refuse need two kinds at least")
    return heads + [(KIND + str(kind), fit_one(asked, kinds == kind, STRENGTH, SEED)) for kind in names]


def fold_models(
    rows: Sequence[tuple[str, str]], labels: Labels, count: int = FOLDS
) -> Iterator[tuple[RiskModel, Indices]]:
    """Models that each saw no message of some situations, and the messages of those situations."""
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=SEED)
    table = Table(rows)
    for known, unseen in folds.split(rows, labels.classes, labels.situations):
        yield fit(table, labels, known), unseen


def out_of_fold(rows: Sequence[tuple[str, str]], models: Iterable[tuple[RiskModel, Indices]]) -> tuple[Scores, Scores]:
    """Scores of every message by a model that saw no message of its situation: as typed, and bare."""
    empty = {f.name: np.zeros(len(rows)) for f in fields(Scores)}
    shapes = {"parts": len(DANGER), "kinds": 0}
    found = [
        {name: np.zeros((len(rows), shapes[name])) if name in shapes else zeros.copy() for name, zeros in empty.items()}
        for _ in range(2)
    ]
    for model, unseen in models:
        for view in (0, 1):
            scores = model.scores([rows[i][view] for i in unseen])
            for name, column in found[view].items():
                column[unseen] = getattr(scores, name)
    typed, bare = (Scores(**view) for view in found)
    return typed, bare


def choose(labels: Labels, rows: Indices, bare: Mask, risk: Array, high: Array, immediate: Array) -> Thresholds:
    """Thresholds on the scores of some rows of the labels (a row may come in several views, some of them bare)."""
    at_risk, grave, now = labels.at_risk[rows], labels.high[rows], labels.immediate[rows]
    return Thresholds(
        alarm=at_recall(risk[at_risk & ~bare], ALARM_RECALL),
        alarm_bare=at_recall(risk[at_risk & bare], BARE_RECALL),
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
