"""What a typed message means where it stands: words that a step waits for, or a wish about a report."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.dialogue import follow
from bot.dialogue.commands import Said
from bot.dialogue.memory import Memory


def rephrased(said: Said, memory: Memory) -> Said:
    """What the message means where it stands: words that a step waits for, or a wish about a report."""
    awaited, memory.awaits = memory.awaits, ""
    if not said.text or said.to_rasa.startswith("/"):
        return said
    if awaited:
        return replace(said, to_rasa=follow.words_for(awaited, said.text))
    wish = rephrased_wish(said, memory)
    return replace(said, to_rasa=wish) if wish else said


def rephrased_wish(said: Said, memory: Memory) -> str | None:
    """The payload of a wish about a report that was put off or sent."""
    if memory.in_form or not said.text or said.to_rasa.startswith("/"):
        return None
    if memory.draft and follow.resumes(said.text):
        return "/start_report"
    if memory.draft and (left := follow.leaves_draft(said.text)):
        return "/start_report" + json.dumps({"value": left})
    if follow.asks_what_next(said.text):
        return follow.words_for("check_report", said.text)
    return follow.wish(said.text)
