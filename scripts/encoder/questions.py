"""The example questions of the knowledge base: what teaches the encoder which questions mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from network import Reader
from torch import Tensor, nn
from torch.nn import functional

from bot.encoder import is_held_question

SHARPNESS = 20.0
"""A cosine times this is the log-odds of an item."""


@dataclass(frozen=True)
class Question:
    """One example question (or the topic) of an item."""

    text: str
    item: str


def load_questions(folder: Path) -> list[Question]:
    """Every question and topic of the items of ``knowledge/``."""
    found = []
    for path in sorted(folder.glob("*/*.yml")):
        for item in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or []:
            if isinstance(item, dict) and "questions" in item:
                texts = [str(item["topic"]), *map(str, item["questions"])]
                found += [Question(text.strip(), str(item["id"])) for text in texts]
    return found


def parted(questions: Sequence[Question]) -> tuple[list[Question], list[Question]]:
    """What is learned, and the tenth that is held back to tell how well an unknown question finds its item."""
    held = [is_held_question(q.item, q.text) for q in questions]
    known = [q for q, out in zip(questions, held, strict=True) if not out]
    items = {q.item for q in known}
    return known, [q for q, out in zip(questions, held, strict=True) if out and q.item in items]


class Anchors(nn.Module):
    """A point for each item that its questions are drawn to. Used in training only: the search compares questions."""

    def __init__(self, senses: Tensor, labels: Sequence[int], count: int) -> None:
        super().__init__()
        sums = torch.zeros(count, senses.shape[1]).index_add_(0, torch.tensor(labels), senses)
        self.points = nn.Parameter(functional.normalize(sums, dim=-1))

    def forward(self, senses: Tensor) -> Tensor:
        """Log-odds of every item."""
        return SHARPNESS * functional.normalize(senses.float(), dim=-1) @ functional.normalize(self.points, dim=-1).T


def nearest_is_right(known: Sequence[Question], held: Sequence[Question], senses: Tensor, asked: Tensor) -> float:
    """The share of held-back questions whose nearest known question is of the same item."""
    near = (asked @ senses.T).argmax(1)
    return sum(known[int(n)].item == q.item for n, q in zip(near, held, strict=True)) / max(1, len(held))


def senses_of(model: Reader, batches: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """The unit vectors of texts, without gradients."""
    model.eval()
    with torch.no_grad():
        return torch.cat([functional.normalize(model(ids, mask)[4], dim=-1) for ids, mask in batches])
