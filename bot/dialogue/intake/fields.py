"""The names of the report form's questions and what its slots hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONSENT, DANGER, SUBJECT, STORY = "report_consent", "report_danger", "report_subject", "report_story"
AGE, SEX, PLACE, NEAR = "report_age", "report_sex", "report_place", "report_near"
CARER, CONTACT, MORE, CONFIRM = "report_carer", "report_contact", "report_more", "report_confirm"
RELATION, TIME, CHOICE = "report_relation", "report_time", "report_choice"
FATHER, MOTHER, NOTE = "report_father", "report_mother", "report_note"
REPORTER, PHONE = "report_reporter_name", "report_reporter_phone"
TOLD = "report_told"
"""What was told before the form and does not yet say what happened: kept, and the person is asked on."""
SKIPPED = "skipped"
OUTCOME, MISSES, STUCK, FIXING = "report_outcome", "report_misses", "report_stuck", "report_fixing"
WAVERS = "wavers"
"""The outcome of a wish to stop that is no plain command: nothing is sent, the draft stays, the ways on are offered."""
DROP, LATER = "drop", "later"
"""What a button that takes up a report may say instead: forget it, or keep it for another day."""
YES_NO = (CONSENT, DANGER, CONFIRM, MORE)
ALWAYS = (CONSENT, CONFIRM)
"""Choices about the report, not questions about the child: they cannot be skipped."""
CHOICES = (CONSENT, DANGER, SUBJECT, SEX, MORE, CONFIRM)
"""Questions with buttons for every answer."""
KNOWN_BY_TELLING = (SUBJECT, AGE, SEX, PLACE, RELATION, TIME)
"""What the person's own words may have said already; shown for confirmation, never asked again."""


def still_unknown(found: Mapping[str, Any], slots: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was found in somebody's words: that which was not answered yet."""
    return {name: value for name, value in found.items() if slots.get(name) in (None, SKIPPED)}


def told_already(slots: Mapping[str, Any]) -> bool:
    """Whether something is filled in from what the person has told before the form."""
    return any(slots.get(name) is not None for name in KNOWN_BY_TELLING)
