"""Messages inside the form, and what they set."""

from __future__ import annotations

from typing import Any

from bot.dialogue import intake
from bot.dialogue.intake import Message


def typed(text: str, intent: str = "nlu_fallback", confidence: float = 0.9, **more: Any) -> Message:
    return Message(text=text, intent=intent, confidence=confidence, **more)


def pressed(intent: str, **entities: Any) -> Message:
    return Message(text="", intent=intent, pressed=True, entities=entities)


def answer(requested: str, message: Message, **slots: Any) -> dict[str, Any]:
    step = intake.take(requested, slots, message)
    assert not step.interrupted
    return step.updates
