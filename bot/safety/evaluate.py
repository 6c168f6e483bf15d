"""Cross-validation of the whole assessment: figures for messages of situations that training did not see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.language import strip_accents
from bot.nlu.data import Example

from .assess import RiskAssessor
from .features import stack, views
from .lexicon import Lexicon
from .train import FOLDS, Labels, choose, fold_models, out_of_fold
from .types import Assessment, level


def assess_unseen(examples: Sequence[Example]) -> tuple[list[Assessment], list[Assessment]]:
    """The assessment of every message, as typed and bare, by linear heads trained without its situation.

    The encoder has no say here: it was trained on these messages. The whole system is judged on the fixed set
    (``bot.evaluation``).
    """
    labels, rows = Labels(examples), [views(e.text) for e in examples]
    models = list(fold_models(rows, labels))
    one, two = out_of_fold(rows, models)
    twice = np.concatenate([np.arange(len(rows))] * 2)
    both = (np.concatenate([getattr(one, name), getattr(two, name)]) for name in ("risk", "high", "immediate"))
    unmarked = np.array([strip_accents(text) == text for text in stack(rows)])
    limits = choose(labels, twice, unmarked, *both)
    lexicon = Lexicon.load()
    typed, bare = ([Assessment()] * len(examples) for _ in range(2))
    for model, unseen in models:
        model.thresholds = limits
        assessor = RiskAssessor(model, lexicon)
        for i in unseen:
            typed[i] = assessor.assess(examples[i].text)
            bare[i] = assessor.assess(strip_accents(examples[i].text))
    return typed, bare


def share(hits: npt.NDArray[np.bool_]) -> float:
    """The share of hits; of nothing, all."""
    return float(hits.mean()) if len(hits) else 1.0


def figures(examples: Sequence[Example], found: Sequence[Assessment]) -> dict[str, float]:
    """Recall, false alarms and grades. ``grey`` are wishes to report grave matters: neither right nor wrong."""
    labels = Labels(examples)
    levels = np.array([level(a.risk) for a in found])
    rest = ~labels.at_risk & ~labels.grey
    return {
        "recall": share(levels[labels.at_risk] >= 2),
        "recall with gentle form": share(levels[labels.at_risk] >= 1),
        "false alarms": share(levels[rest] >= 2),
        "false alarms, grey counted": share(levels[~labels.at_risk] >= 2),
        "gentle form on the rest": share(levels[rest] == 1),
        "immediate taken as high": share(levels[labels.immediate] >= 3),
        "immediate taken as immediate": share(levels[labels.immediate] >= 4),
        "high taken as high": share(levels[labels.high] >= 3),
        "immediate wrongly (of at risk)": share(levels[labels.at_risk & ~labels.immediate] >= 4),
    }


def table(examples: Sequence[Example]) -> str:
    """Both views side by side, and where the misses and false alarms are, by intent."""
    typed, bare = assess_unseen(examples)
    one, two = figures(examples, typed), figures(examples, bare)
    lines = [f"{len(examples)} messages, {len({e.situation for e in examples})} situations, {FOLDS} folds"]
    lines += [f"{'':34}{'typed':>8}{'bare':>8}"]
    lines += [f"{name:34}{one[name]:8.3f}{two[name]:8.3f}" for name in one]
    lines += ["", f"{'intent':34}{'alarm':>8}{'gentle':>8}{'n':>7}   (as typed)"]
    for intent in sorted({e.intent for e in examples}):
        own = [level(a.risk) for a, e in zip(typed, examples, strict=True) if e.intent == intent]
        alarm, gentle = sum(v >= 2 for v in own) / len(own), sum(v == 1 for v in own) / len(own)
        lines.append(f"{intent:34}{alarm:8.3f}{gentle:8.3f}{len(own):7}")
    return "\n".join(lines)


__all__ = ["assess_unseen", "figures", "table"]
