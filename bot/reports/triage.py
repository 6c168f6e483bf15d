"""Triage of a report: the highest of what the conversation showed and what safeguarding §4 says."""

from __future__ import annotations

from dataclasses import dataclass

from bot.reports.draft import RISKS, ReportDraft
from bot.reports.words import load


@dataclass(frozen=True)
class Triage:
    """The final risk and why, in phrases an officer understands; they never quote the person."""

    risk: str
    reasons: tuple[str, ...]


def triage(draft: ReportDraft) -> Triage:
    """Assess a draft. A report that was confirmed is at least ``low``: somebody took the trouble."""
    words = load("triage")
    level = max(RISKS.index(draft.risk), RISKS.index("low"))
    high, immediate = RISKS.index("high"), RISKS.index("immediate")
    reasons: list[str] = []
    if draft.danger_now:
        level = immediate
        reasons.append(words["danger_now"])
    if draft.person_near:
        level = immediate
        reasons.append(words["person_near"])
    if draft.child_age is not None and draft.child_age < 6:
        level = max(high, min(level + 1, immediate))
        reasons.append(words["under_six"])
    if caregiver_involved(draft):
        level = max(high, min(level + 1, immediate))
        reasons.append(words["caregiver"])
    reasons += [reason for reason in draft.reasons if reason not in reasons]
    if draft.risk != "none" and not draft.reasons:
        reasons.append(words["conversation"])
    if not reasons:
        reasons.append(words["nothing"])
    if not draft.commune:
        reasons.append(words["unknown_place"])
    return Triage(RISKS[level], tuple(reasons))


def caregiver_involved(draft: ReportDraft) -> bool:
    """Whether the person who harms may be one who cares for the child."""
    if draft.extra.get("caregiver_involved") == "true":
        return True
    if RISKS.index(draft.risk) < RISKS.index("medium") or not draft.relation:
        return False
    # A parent names the own relation to the child; a child, friend or teacher names the other person's.
    named = draft.relation.lower().split(", ")
    return draft.reporter_role != "parent" and any(one in load("triage")["caregivers"] for one in named)
