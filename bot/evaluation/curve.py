"""The learning curve: how breadth of situations moves the linear intent model on the fixed set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.nlu.data import Example

from . import intents, linear
from .fixed import Message
from .registers import QUICK, retyped


def learning_curve(messages: Sequence[Message], examples: Sequence[Example]) -> list[dict[str, float]]:
    """For each share of the situations: messages trained on, and macro-F1 as typed and bare."""
    rows = []
    for share in linear.SHARES:
        draws = linear.DRAWS if share < 1 else 1
        parts = [linear.part_of(examples, share, linear.SEED + draw) for draw in range(draws)]
        found = [_judge(messages, part) for part in parts]
        row = {name: float(np.mean([one[name] for one in found])) for name in QUICK}
        situations = np.mean([len({e.situation for e in part}) for part in parts])
        size = np.mean([len(part) for part in parts])
        rows.append({"share": share, "situations": float(situations), "messages": float(size), **row})
    return rows


def _judge(messages: Sequence[Message], part: Sequence[Example]) -> dict[str, float]:
    guess, texts = linear.fit(part), [m.text for m in messages]
    return {name: intents.scores(messages, guess(retyped(texts, name)))["macro_f1"] for name in QUICK}
