"""Learn what questions are about: ``python -m bot.knowledge.learn_sense`` (five minutes on two cores).

Two texts of a group attract each other, all others of the step repel each other unless they may want the same answer.
Groups are the items (what they say, their example questions, the messages of ``asked.yml``) and the situations of
``nlu_data`` whose messages ask. How much the vectors count beside the words is learned with vectors that have seen
neither the situations of the calibration share nor as many of the items' own questions; those that are kept have seen
everything. Writes ``data/sense.npz`` and ``data/sense.yml``; run it after ``bot.knowledge.tune``, whose weights make
the scores of the words.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from bot.knowledge import ages
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.search import INTENT_KINDS, Search
from bot.knowledge.sense import BUCKETS, FILE, SIGNS, Meanings, Sense, document_texts, table
from bot.knowledge.texts import DATA
from bot.knowledge.tune import PER_SITUATION, VOICES, fit, hits, write_learned
from bot.language import normalise, strip_accents
from bot.settings import ROOT

STEPS, SIZE, WIDTH = 800, 160, 128
"""Steps, groups in a step, numbers in a vector."""
OF_ITEMS = 0.65
"""The share of a step's groups that are items."""
RATE, HEAT, START = 2e-3, 0.06, 0.02
SHORTEST = 4
"""Words; of shorter messages of a situation two often share nothing."""
BARE, NOISY, SAID = 0.3, 0.1, 0.25
"""How often a text is read without diacritics, or mistyped; how often a question is paired with what the item says."""
OFTEN = 6
"""Steps that a gram must be met in: those met less have learned nothing yet."""
SEED = 0


@dataclass
class Group:
    """Texts that want the same answer."""

    texts: list[str]
    items: frozenset[str]
    """The items that may answer them; none when nobody has said."""
    says: list[str] = field(default_factory=list)
    """The answer itself, more seldom drawn."""


@dataclass(frozen=True)
class Asked:
    """A question held back, the items that answer it, what the words score, and where it stands in its item."""

    text: str
    right: frozenset[str]
    scores: npt.NDArray[np.float32]
    place: tuple[int, int] | None = None


def held_back(item_id: str, question: str) -> bool:
    """Whether an example question is held back, to weigh the vectors on."""
    from bot.encoder import is_calibration

    return is_calibration(f"{item_id}/{question}")


class Material:
    """What is learned from, and what is held back from a trial."""

    def __init__(self, base: KnowledgeBase) -> None:
        from bot.encoder import is_calibration
        from bot.nlu.data import load_examples  # a tool's import: the room itself knows no NLU

        path = ROOT / "benchmarks" / "search_situations.yml"
        self.base = base
        self.known: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        asking = [e for e in load_examples(ROOT / "nlu_data" / "nlu") if e.intent in INTENT_KINDS]
        self.held = [e for e in asking if is_calibration(e.situation)]
        self.seen = [e for e in asking if not is_calibration(e.situation)]
        unseen = {e.text for e in self.held}
        self.asked = {i: [t for t in texts if t not in unseen] for i, texts in base.asked.items()}

    def groups(self, trial: bool) -> tuple[list[Group], list[Group]]:
        """The items, and the situations that ask."""
        told: dict[tuple[str, str], list[str]] = {}
        for e in self.seen if trial else [*self.seen, *self.held]:
            if len(e.text.split()) >= SHORTEST:
                told.setdefault((e.situation, e.intent), []).append(e.text)
        items = []
        for item in self.base.items.values():
            own = [q for q in item.questions if not (trial and held_back(item.id, q))]
            asked = (self.asked if trial else self.base.asked).get(item.id, [])
            items.append(Group([*own, *asked], frozenset({item.id}), document_texts(item)))
        situations = [Group(t, frozenset(self.known.get(s, []))) for (s, _), t in told.items() if len(set(t)) > 1]
        return items, situations

    def questions(self) -> list[Asked]:
        """What is held back: messages of unseen situations, and the items' own example questions."""
        search = Search(replace(self.base, asked=self.asked))
        chance, drawn, found = random.Random(SEED), Counter[str](), []  # noqa: S311 - a repeatable draw
        for e in chance.sample(self.held, len(self.held)):
            right = frozenset(i for i in self.known.get(e.situation, []) if i in self.base.items)
            drawn[e.situation] += 1
            if right and drawn[e.situation] <= PER_SITUATION:
                scores = search.scores(e.text, VOICES.get(e.audience, e.audience), INTENT_KINDS[e.intent])
                found.append(Asked(e.text, right, scores))
        for number, item in enumerate(search.items):
            for place, question in enumerate(item.questions):
                if held_back(item.id, question):
                    scores = search.scores(question, None, None, without=(number, place))
                    found.append(Asked(question, frozenset({item.id}), scores, (number, place)))
        return found


def view(text: str, chance: random.Random) -> str:
    """A text as it might be typed, in the normal form."""
    from bot.nlu.noise import noisy

    draw = chance.random()
    if draw < BARE:
        text = strip_accents(text)
    elif draw < BARE + NOISY:
        text = noisy(text, chance.randrange(1 << 30))
    return normalise(text)


def pair(group: Group, chance: random.Random) -> list[str]:
    """Two texts of a group."""
    if group.says and (chance.random() < SAID or len(group.texts) < 2):
        return [view(chance.choice(group.texts), chance), view(chance.choice(group.says), chance)]
    return [view(text, chance) for text in chance.sample(group.texts, 2)]


def batch(
    kinds: tuple[list[Group], list[Group]], size: int, chance: random.Random
) -> tuple[list[str], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Texts of ``size`` groups, two of each; who attracts whom, and who repels whom."""
    own = round(OF_ITEMS * size)
    chosen: list[Group] = []
    for found, count in zip(kinds, (own, size - own), strict=True):
        weights = [len(group.texts) ** 0.5 for group in found]
        drawn = chance.choices(found, weights, k=count) if found else []
        chosen += {id(group): group for group in drawn}.values()
    texts = [text for group in chosen for text in pair(group, chance)]
    owner = np.repeat(np.arange(len(chosen)), 2)
    same = owner[:, None] == owner[None, :]
    kin = np.array([[bool(one.items & other.items) for other in chosen] for one in chosen], dtype=bool)
    return texts, same & ~np.eye(len(owner), dtype=bool), ~same & ~kin[owner][:, owner]


def learn(kinds: tuple[list[Group], list[Group]], steps: int = STEPS, size: int = SIZE) -> Sense:
    """Vectors of grams under which the texts of a group lie together."""
    import tensorflow as tf  # slow to load, and only this tool needs it

    tf.keras.utils.set_random_seed(SEED)
    chance = random.Random(SEED)  # noqa: S311 - variety, not secrecy
    vectors = tf.Variable(tf.random.normal((BUCKETS, WIDTH), stddev=START))
    optimiser = tf.keras.optimizers.legacy.Adam()
    met = np.zeros(BUCKETS)
    for step in range(steps):
        texts, attracts, repels = batch(kinds, size, chance)
        counts = table(texts).tocoo()
        met[np.unique(counts.col)] += 1
        order = np.lexsort((counts.col, counts.row))
        places = np.stack([counts.row, counts.col], axis=1)[order].astype(np.int64)
        ids = tf.SparseTensor(places, places[:, 1], (len(texts), BUCKETS))
        often = tf.SparseTensor(places, counts.data[order], (len(texts), BUCKETS))
        with tf.GradientTape() as tape:
            found = tf.nn.embedding_lookup_sparse(vectors, ids, often, combiner="sum")
            loss = contrast(tf.math.l2_normalize(found, axis=1), attracts, repels)
        optimiser.learning_rate = RATE * max(0.02, 1 - step / steps)
        optimiser.apply_gradients([(tape.gradient(loss, vectors), vectors)])
    known = np.flatnonzero(met >= min(OFTEN, steps)).astype(np.int32)
    return Sense.of(known, vectors.numpy()[known])


def contrast(vectors: Any, attracts: npt.NDArray[np.bool_], repels: npt.NDArray[np.bool_]) -> Any:
    """How unlikely each text finds its like among those that repel it (a TensorFlow scalar)."""
    import tensorflow as tf

    alike = tf.matmul(vectors, vectors, transpose_b=True) / HEAT
    others = tf.reduce_logsumexp(tf.where(repels, alike, -1e9), axis=1, keepdims=True)
    losses = tf.math.softplus(others - alike)
    return tf.reduce_mean(tf.boolean_mask(losses, attracts))


def weigh(material: Material, questions: Sequence[Asked], trial: Sense) -> dict[str, float]:
    """How much the signs count beside the words; prints what they change."""
    items = list(material.base.items.values())
    asked = [item.copy(update={"questions": [*item.questions, *material.asked.get(item.id, [])]}) for item in items]
    meanings, names = Meanings.of_items(asked, trial), [item.id for item in items]
    right = np.array([[name in q.right for name in names] for q in questions], dtype=bool)
    words = np.stack([q.scores for q in questions])
    bounds = ages.bounds(items)
    signs = np.stack([
        np.column_stack([meanings.likeness(trial.about(q.text), q.place), ages.against(bounds, ages.named(q.text))])
        for q in questions
    ])  # fmt: skip
    features = np.concatenate([words[:, :, None], signs], axis=2).astype(np.float32)
    found = fit(features, right)
    ratio = found[1:] / found[0]
    own = np.array([q.place is not None for q in questions])
    for name, some in (("messages of unseen situations", ~own), ("the items' own questions", own)):
        for how, scores in (("words", words), ("with sense", words + signs @ ratio.astype(np.float32))):
            figures = " ".join(f"{k} {v:.3f}" for k, v in hits(scores[some], right[some]).items())
            print(f"{name:32}{int(some.sum()):6} {how:12}{figures}")
    return {name: round(float(weight), 3) for name, weight in zip(SIGNS, ratio, strict=True)}


def main() -> None:
    """Learn twice, weigh, print, write."""
    options = argparse.ArgumentParser(description="Learn what questions are about.")
    options.add_argument("--dry-run", action="store_true", help="only the trial: write nothing")
    given = options.parse_args()
    material = Material(KnowledgeBase.load(ROOT / "knowledge"))
    questions = material.questions()
    weights = weigh(material, questions, learn(material.groups(trial=True)))
    print(weights)
    if not given.dry_run:
        learn(material.groups(trial=False)).save(FILE)
        write_learned(DATA / "sense.yml", weights, by="learn_sense")


if __name__ == "__main__":
    main()
