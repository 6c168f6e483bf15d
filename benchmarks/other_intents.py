"""The pipeline of ``config.yml`` on another intent set: ``python benchmarks/other_intents.py``.

The other set is the example questions of the knowledge base, labelled with the file that their item stands in (law,
skill, wellbeing … by topic). Rasa is pointed at those data as at any others; the committed encoder, which knows none of
these labels, has no say. Beside it a plain linear baseline (TF-IDF of words and characters, logistic regression) learns
and answers the same in the same run. Accuracy on a fifth of the questions, as typed and without diacritics.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

import structlog
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.language import strip_accents  # noqa: E402

FEWEST, SHARE, SEED = 40, 0.2, 3
Labelled = list[tuple[str, str]]


def questions() -> Labelled:
    """Every example question with the folder and file of its item."""
    found = []
    for path in sorted((ROOT / "knowledge").glob("*/*.yml")):
        items = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(items, list):
            label = f"{path.parent.name}_{path.stem}"
            asked = [(question, label) for item in items for question in item.get("questions") or []]
            found += asked if len(asked) >= FEWEST else []
    return found


def baseline(known: Labelled, asked: list[str]) -> list[str]:
    """What the plain linear model makes of the questions."""
    parts = (
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    model = make_pipeline(make_union(*parts), LogisticRegression(C=10.0, solver="liblinear"))
    model.fit([text for text, _ in known], [label for _, label in known])
    return [str(label) for label in model.predict(asked)]


def pipeline(known: Labelled, asked: list[str]) -> list[str]:
    """What Rasa, trained with ``config.yml`` on these data alone, makes of the questions."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # Rasa tells every message
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    groups: dict[str, list[str]] = {}
    for text, label in known:
        groups.setdefault(label, []).append(text)
    nlu = [{"intent": label, "examples": "".join(f"- {t}\n" for t in texts)} for label, texts in groups.items()]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "nlu.yml"
        data.write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True), encoding="utf-8")
        agent = Agent.load(train_nlu(str(ROOT / "config.yml"), str(data), folder))

        async def parse() -> list[str]:
            found = [await agent.parse_message(text) for text in asked]
            return [str(row["intent_ranking"][0]["name"]) for row in found]

        return asyncio.run(parse())


def main() -> None:
    """Split, train both, print."""
    rows = questions()
    random.Random(SEED).shuffle(rows)  # noqa: S311 - a split, no secret
    cut = int(len(rows) * SHARE)
    asked, known = rows[:cut], rows[cut:]
    print(f"{len(known)} questions to learn, {len(asked)} to answer, {len({label for _, label in rows})} labels")
    typed, bare = [text for text, _ in asked], [strip_accents(text) for text, _ in asked]
    for name, system in (("linear baseline", baseline), ("config.yml", pipeline)):
        began = time.perf_counter()
        found = system(known, typed + bare)
        right = [label == guess for (_, label), guess in zip(asked * 2, found, strict=True)]
        print(
            f"{name:16} typed {sum(right[:cut]) / cut:.3f}, bare {sum(right[cut:]) / cut:.3f}, "
            f"{time.perf_counter() - began:.0f} s"
        )


if __name__ == "__main__":
    main()
