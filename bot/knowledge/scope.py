"""Whether a question is any of our business.

No single sign tells: foreign questions share words with items ("phạt bao nhiêu"), and the intents are guesses. So the
signs of the search (how well the best item fits, how near the question lies to the foreign ones of ``foreign.yml``)
and the shares of the intents are weighed together; ``bot.knowledge.learn_scope`` learns the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import cast

import numpy as np

from bot.knowledge.index import COLUMNS, Array
from bot.knowledge.texts import load_data

ALIKE = ("word", "syllable", "char")
"""The analyses by which questions are compared with foreign ones."""
SEARCH_SIGNS = (
    "score", "lead", "unseen", *(f"ours_{name}" for name in ALIKE), *(f"foreign_{name}" for name in ALIKE),
    "ours_nearest", "ours_together", "foreign_nearest",
)  # fmt: skip
INTENT_SIGNS = ("out_of_scope", "chitchat", "asking", "telling", "other", "law", "personal", "rather_personal")
PERSONAL = ("ask_skill", "ask_online_safety", "ask_wellbeing")
ASKING = ("ask_law", "ask_procedure", "contact_hotlines", *PERSONAL)
TELLING = ("disclose_self", "disclose_other", "self_harm", "emergency")
FAR = 20
"""The item so far down stands for what any question finds; the best one's lead over it tells that something fits."""
LEAST = 1e-3
SURELY = 0.85
"""The intents' share from which a question is surely none of our business."""
SURE, DOUBT = 0.75, 0.2
"""The shares of an intent that comes without shares, and of the doubt whether the question is ours. Who wants numbers
is not doubted: declining them could cost more."""


def search_signs(features: Array, scores: Array, unseen: float, foreign: Array, senses: Array) -> Array:
    """The signs of a search, in the order of :data:`SEARCH_SIGNS`; ``senses`` are the last three."""
    place = min(FAR, len(scores)) - 1
    best, far = float(scores.max()), float(-np.partition(-scores, place)[place])
    ours = features[:, [COLUMNS.index(f"{name}_question") for name in ALIKE]].max(axis=0)
    return cast(Array, np.concatenate([[best, best - far, unseen], ours, foreign, senses]).astype(np.float32))


def taken_for(intent: str | None) -> dict[str, float] | None:
    """The shares when only the likeliest intent is known; None when nobody has understood the question."""
    if intent == "contact_hotlines":
        return {intent: SURE + DOUBT}
    return {"out_of_scope": DOUBT} | {intent: SURE} if intent else None


def surely_foreign(shares: Mapping[str, float] | None) -> bool:
    """Whether the intents alone leave no doubt that a question is none of our business."""
    return (shares or {}).get("out_of_scope", 0.0) >= SURELY


def intent_signs(shares: Mapping[str, float]) -> Array:
    """The signs of the intents' shares, in the order of :data:`INTENT_SIGNS`."""
    likeliest = max(shares, key=lambda name: shares[name], default="")

    def share(*names: str) -> float:
        return sum(shares.get(name, 0.0) for name in names)

    groups = [share("out_of_scope"), share("chitchat"), share(*ASKING), share(*TELLING)]
    logs = np.log(np.array([*groups, max(0.0, 1.0 - sum(groups))]) + LEAST)
    personal = share(*PERSONAL)
    rather_personal = personal > max(share("out_of_scope"), share(*ASKING) - personal)
    kinds = [likeliest == "ask_law", personal, rather_personal]
    return np.array([*logs, *kinds], dtype=np.float32)


@lru_cache(maxsize=1)
def _learned() -> dict[str, tuple[Array, float]]:
    """The weights and the constant: ``with_intents`` and ``alone`` (``scope.yml``)."""
    names = {"with_intents": (*SEARCH_SIGNS, *INTENT_SIGNS), "alone": SEARCH_SIGNS}
    data = load_data("scope.yml")
    return {
        key: (np.array([data[key]["weights"][n] for n in wanted], dtype=np.float32), float(data[key]["constant"]))
        for key, wanted in names.items()
    }


def foreign(signs: Array, shares: Mapping[str, float] | None) -> bool:
    """Whether a question is rather none of our business, by the signs of its search and the intents' shares (None:
    nobody has understood it)."""
    weights, constant = _learned()["with_intents" if shares else "alone"]
    told = np.concatenate([signs, intent_signs(shares)]) if shares else signs
    return float(told @ weights) + constant > 0.0
