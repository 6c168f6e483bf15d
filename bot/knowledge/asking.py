"""``python -m bot ask``: questions in, answers out, for testers and evaluators."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.knowledge import talk
from bot.knowledge.answer import Answer
from bot.knowledge.answerer import Answerer
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.followup import Thread
from bot.knowledge.models import AUDIENCES

MAX_TEXT = 4000
MAX_SESSIONS = 1000


@dataclass
class Asker:
    """An answerer with the NLU and the risk model where they are trained."""

    answerer: Answerer
    parser: Any
    assessor: Any
    on: date
    threads: dict[str, tuple[Thread, str | None]] = field(default_factory=dict)
    """What was answered last in each session, and the audience that the person chose in it."""

    @classmethod
    def load(cls, knowledge_dir: Path, models_dir: Path, on: date) -> Asker:
        """Load everything; a missing model is one line on standard error, not a failure."""
        parser, assessor = _models(models_dir)
        return cls(Answerer(KnowledgeBase.load(knowledge_dir)), parser, assessor, on)

    def answer(self, text: str, audience: str | None, session: str | None = None) -> Answer:
        """Answer one question with the intent and risk that the models see in it; within a ``session`` a message
        may lean on the answer before."""
        text = text[:MAX_TEXT]
        parsed = asyncio.run(self.parser.parse(text)) if self.parser else None
        intent, shares = (parsed.intent, dict(parsed.ranking)) if parsed else (None, None)
        assessment = self.assessor.assess(text) if self.assessor else None
        if session is None:
            return self.answerer.answer(text, audience, self.on, intent, assessment, shares)
        thread, chosen = self.threads.pop(session, (Thread(), None))
        turn = talk.ask(self.answerer, text, chosen or audience, self.on, thread, intent, assessment, shares)
        self.threads[session] = (turn.thread, turn.audience or chosen)
        while len(self.threads) > MAX_SESSIONS:
            self.threads.pop(next(iter(self.threads)))
        return turn.answer

    def for_people(self, text: str, audience: str | None, session: str | None = None) -> str:
        """The answer as a person at a terminal reads it."""
        answer = self.answer(text, audience, session)
        lines = [answer.text]
        lines += [f"  [{button.title}]" for button in answer.buttons]
        return "\n".join(lines)

    def json_line(self, line: str, audience: str | None) -> str:
        """One JSON line for one JSON line; what is not valid gives an ``error`` and no echo of the input."""
        try:
            request = json.loads(line)
            text = request["text"]
            asked = request.get("audience") or audience
            session = request.get("session")
            if not isinstance(text, str) or not isinstance(session, str | None):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError):
            return json.dumps({"error": 'expected a JSON object like {"text": "…", "audience": "parent"}'})
        if asked is not None and asked not in AUDIENCES:
            return json.dumps({"error": f"audience must be one of {', '.join(AUDIENCES)}"})
        answer = self.answer(text, asked, session)
        items = [{"id": i.id, "score": i.score, "citations": [vars(c) for c in i.citations]} for i in answer.items]
        return json.dumps({"status": answer.status, "answer": answer.text, "items": items}, ensure_ascii=False)


def _models(models_dir: Path) -> tuple[Any, Any]:
    """The trained NLU and risk model, or None for what is missing."""
    parser = assessor = None
    try:
        from bot.nlu.parser import Parser

        parser = Parser.load(models_dir)
    except Exception as error:
        _missing("NLU", error)
    try:
        from bot.safety import RiskAssessor

        assessor = RiskAssessor.load(models_dir)
    except Exception as error:
        _missing("risk", error)
    return parser, assessor


def _missing(what: str, error: Exception) -> None:
    # The kind of error only: a model's exception may quote what it was trained on.
    print(f"ask: no {what} model ({type(error).__name__}): run 'make train'", file=sys.stderr)
