"""``python -m bot classify`` and ``python -m bot evaluate``."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from bot.settings import ROOT, get_settings

MAX_LINE = 200_000
"""Characters of one input line; a longer one is answered with an error, not read into the models."""


@click.command()
def classify() -> None:
    """Read JSON lines {"text": …} on standard input; write intent, risk and entities, one JSON line each.

    A line that is not such an object gets {"error": …}; the exit code is then 2, after all other lines are done.
    The intent is always a real one: where the conversation would ask back, its confidence is low.
    """
    from bot.nlu.parser import ModelError, Parser
    from bot.safety import RiskAssessor, RiskModelError

    settings = get_settings()
    try:
        parser, assessor = Parser.load(settings.models_dir), RiskAssessor.load(settings.models_dir)
    except (ModelError, RiskModelError) as error:
        raise click.ClickException(str(error)) from None
    failed = False
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        text, problem = _text(line)
        if problem:
            failed = True
            _write({"error": problem})
        else:
            _write(_classified(text, parser, assessor))
    if failed:
        sys.exit(2)


def _text(line: bytes) -> tuple[str, str]:
    """The text of one input line, or what is wrong with it (without quoting it)."""
    if len(line) > MAX_LINE * 4:
        return "", "line too long"
    try:
        row = json.loads(line.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return "", "not a JSON object in UTF-8"
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return "", 'expected an object with a string "text"'
    # A lone surrogate cannot be written back as UTF-8.
    return row["text"].encode("utf-8", "replace").decode("utf-8"), ""


def _classified(text: str, parser: Any, assessor: Any) -> dict[str, Any]:
    parsed = parser.parse_now(text[:MAX_LINE])
    assessment = assessor.assess(text)
    return {
        "text": text,
        "intent": parsed.intent,
        "confidence": round(parsed.confidence, 4),
        "risk": assessment.risk,
        "reasons": list(assessment.reasons),
        "entities": parsed.entities,
    }


def _write(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@click.command()
@click.option("--folds", default=4, show_default=True, help="Leave-situations-out folds for the intents.")
@click.option("--no-risk", is_flag=True, help="Leave the risk figures out (they take most of the time).")
def evaluate(folds: int, no_risk: bool) -> None:
    """Measure intents and risk on situations that training did not see; write results/."""
    from bot.nlu.evaluation import run

    click.echo(run(ROOT / "nlu_data" / "nlu", ROOT / "results", folds=folds, risk=not no_risk))
