"""Everything measured in one run, as one object, and the short table of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.knowledge.places import Places
from bot.nlu.data import fingerprint, load_examples
from bot.nlu.entities import EntityFinder
from bot.nlu.parser import newest
from bot.settings import Settings

from . import entities, fixed, intents, risk, timing
from .curve import learning_curve
from .fixed import Message
from .folds import cross_validate
from .registers import NAMES, QUICK, REGISTERS, retyped
from .system import Answer, System

Report = dict[str, Any]
SHOWN = 10
TIMED = 400
"""Messages whose time is taken."""


def evaluate(nlu_dir: Path, settings: Settings, *, quick: bool, folds: int, say: Callable[[str], None]) -> Report:
    """Measure. ``quick``: as typed and bare, without times and learning curve. ``folds`` 0: no cross-validation."""
    began = time.time()
    messages = fixed.load_messages()
    say(f"Reading {len(messages)} messages of {len({m.situation for m in messages})} situations …")
    answers = _answer(messages, QUICK if quick else tuple(REGISTERS), System.load(settings.models_dir), say)
    report: Report = {
        "messages": len(messages),
        "situations": len({m.situation for m in messages}),
        "quick": quick,
        "day": time.strftime("%Y-%m-%d"),
        "training_data": fingerprint(nlu_dir),
        "model": newest(settings.models_dir).name,
        "agreement": fixed.agreement(messages),
        **judge(messages, answers),
    }
    finder = EntityFinder(Places.load(settings.knowledge_dir))
    report["entities"] = entities.figures(entities.load_entities(), finder)
    if not quick:
        say("Taking times on one core …")
        report["timing"] = timing.measure([m.text for m in messages[:: max(1, len(messages) // TIMED)]])
        report["sizes_mb"] = timing.sizes(settings.models_dir)
        say("Learning curve …")
        report["learning_curve"] = learning_curve(messages, load_examples(nlu_dir))
    if folds:
        say(f"Cross-validation in {folds} folds (minutes) …")
        report["cross_validation"] = cross_validate(load_examples(nlu_dir), folds)
    report["figures"] = flat(report)
    report["seconds"] = time.time() - began
    rounded: Report = _rounded(report)
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def _answer(
    messages: Sequence[Message], registers: Sequence[str], system: System, say: Callable[[str], None]
) -> dict[str, list[Answer]]:
    texts, found = [m.text for m in messages], {}
    for name in registers:
        say(f"… {NAMES[name]}")
        found[name] = system.answer(retyped(texts, name))
    return found


def judge(messages: Sequence[Message], answers: dict[str, list[Answer]]) -> Report:
    """The figures of the answers: by register, and as typed in every detail."""
    texts = [m.text for m in messages]
    guesses = {name: [a.intent for a in found] for name, found in answers.items()}
    registers = {
        name: {
            **intents.scores(messages, guesses[name]),
            "changed": sum(a != b for a, b in zip(retyped(texts, name), texts, strict=True)) / max(1, len(texts)),
            "risk": risk.figures(messages, found),
            "trade_off": risk.trade_off(messages, found),
        }
        for name, found in answers.items()
    }
    typed = answers["typed"]
    return {
        "registers": registers,
        "by_intent": {name: intents.by_intent(messages, found) for name, found in guesses.items()},
        "by_audience": {name: intents.by_audience(messages, found) for name, found in guesses.items()},
        "risk_by_audience": risk.by_group(messages, typed, "audience"),
        "risk_by_intent": risk.by_group(messages, typed, "intent"),
        "confusion": intents.confusion(messages, guesses["typed"]),
        "reliability": intents.reliability(messages, typed),
        "mistakes": mistakes(messages, typed),
    }


def mistakes(messages: Sequence[Message], answers: Sequence[Answer]) -> dict[str, list[dict[str, Any]]]:
    """The clearest misses, false alarms and wrong intents."""
    pairs = list(zip(messages, answers, strict=True))
    missed = sorted(((m, a) for m, a in pairs if m.at_risk and not a.alarm), key=lambda p: p[1].score)
    false = sorted(((m, a) for m, a in pairs if m.safe and a.alarm), key=lambda p: -p[1].score)
    wrong = sorted(((m, a) for m, a in pairs if m.truth(a.intent) != a.intent), key=lambda p: -p[1].confidence)
    return {
        "missed": [_shown(m, a) for m, a in missed[:SHOWN]],
        "false_alarms": [_shown(m, a) for m, a in false[:SHOWN]],
        "wrong_intents": [_shown(m, a) for m, a in wrong[:SHOWN]],
    }


def _shown(message: Message, answer: Answer) -> dict[str, Any]:
    return {
        "text": message.text,
        "is": message.first.intent,
        "or": message.second.intent,
        "taken_as": answer.intent,
        "confidence": answer.confidence,
        "score": answer.score,
    }


def flat(report: Report) -> dict[str, float | None]:
    """The figures that a floor may name."""
    found: dict[str, float | None] = {}
    for name, row in report["registers"].items():
        found[f"intent_macro_f1_{name}"] = row["macro_f1"]
        found[f"intent_accuracy_{name}"] = row["accuracy"]
        found[f"risk_recall_{name}"] = row["risk"]["recall"]
        found[f"false_alarms_{name}"] = row["risk"]["false_alarms"]
        found[f"false_refusals_{name}"] = row["risk"]["false_refusals"]
        found[f"immediate_as_high_{name}"] = row["risk"]["immediate_as_high"]
        for rate, recall in row["risk"]["recall_at"].items():
            found[f"risk_recall_at_{rate}_{name}"] = recall
    found["calibration_error"] = report["reliability"]["calibration_error"]
    for kind, row in report["entities"]["by_kind"].items():
        found.update({f"entity_{score}_{kind}": row[score] for score in ("precision", "recall", "f1")})
    if "timing" in report:
        found.update({f"latency_{name}": report["timing"][name] for name in ("wall_p50_ms", "cpu_p50_ms")})
        found["rss_mb"] = report["timing"]["rss_mb"]
        found["models_mb"] = sum(report["sizes_mb"].values())
    return found


def names() -> set[str]:
    """Every figure that some run measures."""
    risks = [f"risk_recall_at_{rate:.2f}" for rate in risk.RATES]
    each = ["intent_macro_f1", "intent_accuracy", "risk_recall", "false_alarms", "false_refusals"]
    each += ["immediate_as_high", *risks]
    kinds = [f"entity_{score}_{kind}" for score in ("precision", "recall", "f1") for kind in (*entities.KINDS, "all")]
    once = ["calibration_error", "latency_wall_p50_ms", "latency_cpu_p50_ms", "rss_mb", "models_mb"]
    return {*(f"{figure}_{register}" for figure in each for register in REGISTERS), *kinds, *once}
