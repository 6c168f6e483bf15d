"""The linear intent model by itself, fitted as ``config.yml`` says but without the encoder.

For the learning curve and the cross-validation: the committed encoder has seen the training messages, so a part of them
cannot be held back from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import yaml

from bot.nlu.data import Example
from bot.nlu.linear import fit_model, fit_views, transform
from bot.nlu.noise import views_of
from bot.settings import ROOT

SEED = 3
SHARES = (0.25, 0.5, 1.0)
DRAWS = 2
"""Draws of situations for each share below one; their mean is reported."""

Guesser = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True)
class Recipe:
    """What ``config.yml`` says of the features, the classifier and the importer."""

    views: dict[str, float]
    c: float
    bare: bool
    noise: float
    seed: int


def recipe() -> Recipe:
    """Read ``config.yml``."""
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    own = [part for part in config["pipeline"] if part["name"].startswith("bot.nlu.")]
    classifier = next(part for part in own if part["name"].endswith("IntentClassifier"))
    featurizer = next(part for part in own if part["name"].endswith("VietnameseFeaturizer"))
    importer = config["importers"][0]
    return Recipe(featurizer["views"], classifier["C"], importer["bare"], importer["noise"], importer["seed"])


def fit(examples: Sequence[Example]) -> Guesser:
    """Fit on some examples and their views, as training does; gives a function from texts to intents."""
    how = recipe()
    rows = [(t, e.intent) for e in examples for t in (e.text, *views_of(e.text, how.bare, how.noise, how.seed))]
    texts, intents = [text for text, _ in rows], [intent for _, intent in rows]
    views, matrix = fit_views(texts, how.views)
    model = fit_model(matrix, intents, how.c, seed=42)
    return lambda unseen: [str(name) for name in model.predict(transform(views, unseen))]


def part_of(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """The examples of a share of the situations."""
    situations = sorted({e.situation for e in examples})
    Random(seed).shuffle(situations)  # noqa: S311 - a draw, not a secret
    chosen = set(situations[: round(share * len(situations))])
    return [e for e in examples if e.situation in chosen]
