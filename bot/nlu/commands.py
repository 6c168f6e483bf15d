"""``python -m bot classify``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from bot.settings import get_settings

MAX_LINE = 1_000_000
"""Bytes of one input line; a longer one is answered with an error, not read into the models."""


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
    for batch in batches(sys.stdin.buffer):
        rows = _answers(batch, parser, assessor)
        failed = failed or any("error" in row for row in rows)
        sys.stdout.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        sys.stdout.flush()
    if failed:
        sys.exit(2)


def batches(stream: Any) -> Iterator[list[bytes]]:
    """Lines as they arrive: a waiting reader gets each at once, a file comes in handfuls (faster to classify).

    A line that is too long is cut short, so that it is answered with an error and never fills the memory.
    """
    rest = b""
    while chunk := stream.read1(65_536):
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[: MAX_LINE + 1]
        if lines:
            yield lines
    if rest:
        yield [rest]


def _answers(lines: list[bytes], parser: Any, assessor: Any) -> list[dict[str, Any]]:
    read = [_text(line) for line in lines if line.strip()]
    good = iter(parser.parse_all([text for text, problem in read if not problem]))
    return [{"error": problem} if problem else _row(next(good), assessor.assess(text)) for text, problem in read]


def _text(line: bytes) -> tuple[str, str]:
    """The text of one input line, or what is wrong with it (without quoting it)."""
    if len(line) > MAX_LINE:
        return "", "line too long"
    try:
        row = json.loads(line.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return "", "not a JSON object in UTF-8"
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return "", 'expected an object with a string "text"'
    # A lone surrogate cannot be written back as UTF-8.
    return row["text"].encode("utf-8", "replace").decode("utf-8"), ""


def _row(parsed: Any, assessment: Any) -> dict[str, Any]:
    return {
        "text": parsed.text,
        "intent": parsed.intent,
        "confidence": round(parsed.confidence, 4),
        "risk": assessment.risk,
        "reasons": list(assessment.reasons),
        "entities": parsed.entities,
    }
