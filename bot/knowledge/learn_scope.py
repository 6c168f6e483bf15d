"""Learn which questions are none of our business: ``python -m bot.knowledge.learn_scope``.

Foreign questions are those of ``knowledge/foreign.yml`` and the training messages out of scope; questions of ours are
the items' own examples and the training messages that ask. Nothing is judged by what was made from it: the shares of
the intents come from a model that did not see the message's situation (the calibration share, which the encoder has not
seen either), what a question is about is told by vectors that have seen neither it nor any foreign question, a foreign
topic does not count as an example for its own questions, nor an item's question for itself, and the folds never split a
topic, an item or a situation. Writes ``data/scope.yml`` and ``knowledge/foreign_asked.yml``;
run it after ``bot.knowledge.tune``, whose weights make the scores.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bot.knowledge import learn_sense
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.learn_sense import held_back
from bot.knowledge.scope import ASKING, INTENT_SIGNS, SEARCH_SIGNS, intent_signs
from bot.knowledge.search import INTENT_KINDS, Search
from bot.knowledge.texts import DATA
from bot.knowledge.tune import FOLDS, VOICES, write_learned
from bot.language import strip_accents
from bot.settings import ROOT

FOREIGN, RATHER_PERSONAL = "out_of_scope", "rather_personal"
LOST, LOST_PERSONAL = 0.03, 0.015
"""What may be declined, the price of declining foreign questions: of the items' own questions that are taken for law,
procedures or something else, and of the messages that are taken for a personal matter. Who speaks of their own life is
declined more seldom, and asks foreign questions more seldom."""
REGULAR, NLU_REGULAR, SEED = 0.3, 3.0, 42
LONGEST = 200
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A question to learn from, and what must not count as known of it."""

    text: str
    foreign: bool
    group: str
    audience: str
    source: str
    question: tuple[int, int] | None = None
    topic: str | None = None


def messages(nlu_dir: Path) -> tuple[list[Any], list[Any]]:
    """The training messages that the encoder has seen, and those held back from it."""
    from bot.encoder import is_calibration
    from bot.nlu.data import load_examples  # a tool's import: the room itself knows no NLU

    everything = load_examples(nlu_dir)
    return (
        [e for e in everything if not is_calibration(e.situation)],
        [e for e in everything if is_calibration(e.situation)],
    )


def cases(search: Search, written: dict[str, list[str]], unseen: Sequence[Any]) -> Iterator[Case]:
    """Everything to learn from; the held-back messages as typed and without diacritics."""
    for topic, texts in written.items():
        for text in texts:
            yield Case(text, True, topic, "parent", "written", topic=topic)
    for e in unseen:
        if e.intent in (FOREIGN, *ASKING):
            for text in (e.text, strip_accents(e.text)):
                audience = VOICES.get(e.audience, e.audience)
                yield Case(text, e.intent == FOREIGN, e.situation, audience, "message", topic=e.situation)
    for number, item in enumerate(search.items):
        for place, question in enumerate(item.questions):
            if held_back(item.id, question):
                yield Case(question, False, item.id, item.audiences[0], "own", question=(number, place))


def shares(seen: Sequence[Any], unseen: Sequence[Any], texts: Sequence[str]) -> list[dict[str, float]]:
    """The shares of the intents as the NLU gives them, by a model that has seen none of the texts' situations."""
    from bot.encoder import encoder
    from bot.nlu import linear
    from bot.nlu.features import VIEWS

    typed = [e.text for e in seen]
    views, _ = linear.fit_views(typed, VIEWS)
    known = linear.transform(views, typed + [strip_accents(text) for text in typed])
    model = linear.fit_model(known, [e.intent for e in seen] * 2, NLU_REGULAR, SEED)
    reader, names = encoder(), [str(name) for name in model.classes_]
    held = [e for e in unseen if e.intent in names]
    kept = [e.text for e in held]
    read = linear.read_intents(reader, kept, names)
    truth = [names.index(e.intent) for e in held]
    weight, power = linear.calibrate(model.predict_proba(linear.transform(views, kept)), read, truth)
    ranks = linear.IntentModel(model, power, weight).rank(linear.transform(views, texts), texts, reader)
    return [dict(ranking) for ranking in ranks]


def signs(search: Search, case: Case, found: dict[str, float]) -> Floats:
    """The signs of a case: of the search, of the intents, and of the search without an intent."""
    kind = INTENT_KINDS.get(max(found, key=lambda name: found[name]))
    hinted, alone = search.signs(case.text, case.audience, [kind, None], case.question, case.topic)
    return cast(Floats, np.concatenate([hinted, intent_signs(found), alone]).astype(np.float64))


@dataclass(frozen=True)
class Learned:
    """Weights and constant in the signs' own measure: above zero is foreign; with each case's unseen verdict."""

    weights: dict[str, float]
    constant: float
    unseen: Floats

    def file(self) -> dict[str, Any]:
        """As it is written to ``scope.yml``."""
        weights = {name: round(weight, 4) for name, weight in self.weights.items()}
        return {"constant": round(self.constant, 4), "weights": weights}


def learn(rows: Floats, names: Sequence[str], everything: Sequence[Case]) -> Learned:
    """A logistic regression; its constant is moved so that few questions of ours are declined."""
    truth = np.array([case.foreign for case in everything])
    groups = np.array([case.group for case in everything])
    own = np.array([case.source == "own" for case in everything])
    messages = ~truth & ~own
    model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULAR, max_iter=3000))
    unseen = cross_val_predict(model, rows, truth, groups=groups, cv=GroupKFold(FOLDS), method="decision_function")
    model.fit(rows, truth)
    scaler, regression = model[0], model[1]
    weights = dict(zip(names, (regression.coef_[0] / scaler.scale_).tolist(), strict=True))
    constant = float(regression.intercept_[0] - sum(w * m for w, m in zip(weights.values(), scaler.mean_, strict=True)))
    if RATHER_PERSONAL not in weights:
        limit = max(float(np.quantile(unseen[part], 1 - LOST)) for part in (own, messages))
        return Learned(weights, constant - limit, unseen - limit)
    personal = rows[:, list(names).index(RATHER_PERSONAL)] > 0
    limit = float(np.quantile(unseen[own & ~personal], 1 - LOST))
    more = float(np.quantile(unseen[messages & personal], 1 - LOST_PERSONAL)) - limit
    weights[RATHER_PERSONAL] -= more
    return Learned(weights, constant - limit, unseen - limit - more * personal)


def figures(learned: Learned, everything: Sequence[Case]) -> dict[str, float]:
    """The share declined of each kind of case, by models that have not seen its group."""
    kinds = np.array([f"{'foreign' if case.foreign else 'ours'}, {case.source}" for case in everything])
    return {str(kind): float(np.mean(learned.unseen[kinds == kind] > 0)) for kind in np.unique(kinds)}


def main() -> None:
    """Learn, print the shares declined, write the files."""
    options = argparse.ArgumentParser(description="Learn which questions are none of our business.")
    options.add_argument("--dry-run", action="store_true", help="write nothing")
    given = options.parse_args()
    seen, held = messages(ROOT / "nlu_data" / "nlu")
    asked: dict[str, list[str]] = {}
    for e in [*seen, *held]:
        if e.intent == FOREIGN and len(e.text) <= LONGEST:
            asked.setdefault(e.situation, []).append(e.text)
    base = KnowledgeBase.load(ROOT / "knowledge")
    written = {topic: texts for topic, texts in base.foreign.items() if topic not in asked}
    unseen = {e.text for e in held}  # what is put to the search must not be an example in it
    examples = {item: [text for text in texts if text not in unseen] for item, texts in base.asked.items()}
    trial = learn_sense.learn(learn_sense.Material(base).groups(trial=True))
    search = Search(replace(base, asked=examples, foreign=asked | written), trial)
    everything = list(cases(search, written, held))
    found = shares(seen, held, [case.text for case in everything])
    rows = np.stack([signs(search, case, share) for case, share in zip(everything, found, strict=True)])
    known = len(SEARCH_SIGNS) + len(INTENT_SIGNS)
    parts = {
        "with_intents": ((*SEARCH_SIGNS, *INTENT_SIGNS), rows[:, :known]),
        "alone": (SEARCH_SIGNS, rows[:, known:]),
    }
    learned = {}
    for key, (names, part) in parts.items():
        result = learn(part, names, everything)
        print(key, *(f"{kind}: {share:.3f}" for kind, share in figures(result, everything).items()), sep="\n  ")
        learned[key] = result.file()
    print(learned)
    if not given.dry_run:
        write_learned(DATA / "scope.yml", learned, by="learn_scope")
        write_learned(base.root / "foreign_asked.yml", dict(sorted(asked.items())), by="learn_scope", flow=False)


if __name__ == "__main__":
    main()
