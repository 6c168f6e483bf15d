"""Likely pranks: marked for the officer in the report's reasons; never dropped, never rated lower."""

from __future__ import annotations

import re

from bot.language import bare_form
from bot.reports.draft import RISKS, ReportDraft
from bot.reports.words import load

MANY = 3
"""From this many reports of one chat within a day on they are doubtful."""
FEW_WORDS = 4


def doubt(draft: ReportDraft, sent_today: int) -> str | None:
    """Why a report may be a prank, for an officer, or ``None``. ``sent_today``: this chat's reports within a day,
    this one included."""
    words, why = load("doubts"), []
    if sent_today >= MANY:
        why.append(words["many"].format(n=sent_today))
    if any(re.search(sign, bare_form(draft.story)) for sign in words["signs"]):
        why.append(words["words"])
    nothing = not (draft.commune or draft.place_text or draft.contact or draft.child_age)
    short = len(draft.story.split()) < FEW_WORDS
    if nothing and short and RISKS.index(draft.risk) < RISKS.index("medium") and not draft.danger_now:
        why.append(words["empty"])
    return words["mark"].format(why="; ".join(why)) if why else None
