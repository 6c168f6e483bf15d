"""Between Rasa's tracker and the report: what was told, what it becomes, and how it is read back."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rasa_sdk import Tracker

from actions.shared import audience, intent, risk
from bot.dialogue import intake
from bot.dialogue.intake import OUTCOME, SKIPPED, TOLD
from bot.dialogue.intake_answers import OWN_ROLE
from bot.reports import ReportDraft
from bot.safety import introduces
from bot.safety.answers import UNSURE, YOUNG

ASSENT, DRAFT = "report_assent", "report_draft"
TOLD_LIMIT = 5
OWN = frozenset({"model_disclose_self", "together"})
"""What the safety room finds in words of one's own: a disclosure, or fragments that make one ("ba", "danh")."""
RISKS = ("none", "low", "medium", "high", "immediate")
WHOLE_STORY = 10
"""Words from which a wish to report that also names an age, a place or a person is the story itself."""
FORM_FIELDS = {
    "report_child_name": "ho_ten_tre",
    "report_father": "ho_ten_cha",
    "report_mother": "ho_ten_me",
    "report_family": "hoan_canh_gia_dinh",
    "report_carer": "nguoi_cham_soc_hien_tai",
    "report_done": "hanh_dong_da_thuc_hien",
    "report_reporter_name": "nguoi_bao_ho_ten",
    "report_reporter_phone": "nguoi_bao_sdt",
    "report_reporter_address": "nguoi_bao_dia_chi",
    "report_note": "ghi_chu",
}
"""Questions whose words go into national form 01 as they are."""


def draft_slots() -> tuple[str, ...]:
    """Every slot that a draft consists of."""
    asked = (*intake.questions(), intake.RELATION, intake.TIME, intake.CHOICE)
    return (DRAFT, ASSENT, TOLD, OUTCOME, intake.MISSES, intake.STUCK, intake.FIXING, *asked)


@lru_cache(maxsize=1)
def summary_words() -> dict[str, Any]:
    """Labels and values of the read-back."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data" / "summary.yml").read_text("utf-8"))
    return loaded


def read(event: dict[str, Any]) -> intake.Message:
    """A message event as the intake logic reads it."""
    text = event.get("text") or ""
    parsed = event.get("parse_data") or event
    entities = parsed.get("entities") or []
    guessed = parsed.get("intent") or {}
    pressed = text.startswith("/")
    note = event.get("metadata") or {}
    return intake.Message(
        text="" if pressed else text,
        intent=guessed.get("name") or "",
        confidence=float(guessed.get("confidence") or 0.0),
        pressed=pressed,
        risk=note.get("risk") or next((e["value"] for e in entities if e["entity"] == "risk"), "none"),
        entities={e["entity"]: e["value"] for e in entities},
        found=[{**e, "text": text[e["start"] : e["end"]] if "start" in e else e["value"]} for e in entities],
    )


def message_of(tracker: Tracker) -> intake.Message:
    """The latest message as the intake logic reads it."""
    message = read(tracker.latest_message)
    return intake.Message(**{**message.__dict__, "intent": intent(tracker), "risk": risk(tracker)})


def told_before(tracker: Tracker, events: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Answers found in what the person has told since the last report (or in ``events``): the story, and what it says
    by itself."""
    story: list[str] = []
    found: dict[str, Any] = {}
    enough = own = False
    for event in heard_since_last_report(tracker) if events is None else events:
        message = read(event)
        if message.pressed or not message.text:
            continue
        if introduces(message.text):
            found.update(intake.found_in(message, audience(tracker)))
        if not _is_told(message):
            continue
        if not _only_wishes(message):
            story.append(message.text)
            enough = enough or _is_story(message, event)
        for name, value in intake.found_in(message, audience(tracker)).items():
            if name == intake.RELATION and name in found:
                both = [*found[name].split(", "), *value.split(", ")]
                value = ", ".join(dict.fromkeys(both))
            found[name] = value
        if message.risk == "immediate":
            found[intake.DANGER] = True
        own = own or bool(OWN.intersection((event.get("metadata") or {}).get("codes", [])))
    if own and intake.SUBJECT not in found and audience(tracker) in YOUNG:
        found[intake.SUBJECT] = "self"  # fragments name nobody; it is read back to them
    if story:
        found[intake.STORY if enough else TOLD] = "\n".join(story[-TOLD_LIMIT:])
    return found


def _is_story(message: intake.Message, event: dict[str, Any]) -> bool:
    """Whether the message says what happened, or who did it; else the person is asked to tell, and both are kept."""
    codes = [code for code in (event.get("metadata") or {}).get("codes", []) if not code.startswith("model_")]
    who = [e["value"] for e in message.found if e["entity"] == "relation" and e["value"] not in OWN_ROLE.values()]
    return bool(who or set(codes) - set(UNSURE))


def _is_told(message: intake.Message) -> bool:
    if RISKS.index(message.risk) >= RISKS.index("medium"):
        return True
    named = any(e["entity"] in ("age", "commune", "relation") for e in message.found)
    wishes = message.intent in ("start_report", "disclose_self", "disclose_other")
    return wishes and named and len(message.text.split()) >= WHOLE_STORY


def _only_wishes(message: intake.Message) -> bool:
    """Whether the message says that somebody wants to tell, and nothing yet of what."""
    named = any(e["entity"] == "relation" for e in message.found)
    return message.intent == "start_report" and not named and len(message.text.split()) < WHOLE_STORY


def heard_since_last_report(tracker: Tracker) -> list[dict[str, Any]]:
    """The person's messages of this matter: an earlier report's must not colour the next one."""
    # A finished or stopped report clears its draft; one that could not be saved keeps it, and its messages.
    ends = [
        n for n, e in enumerate(tracker.events) if e["event"] == "slot" and e["name"] == DRAFT and e["value"] is None
    ]
    start = ends[-1] + 1 if ends else 0
    return [e for e in tracker.events[start:] if e["event"] == "user"]


def told_meanwhile(tracker: Tracker) -> dict[str, Any]:
    """What was told between putting a report off and taking it up again, added to the story."""
    ends = [n for n, e in enumerate(tracker.events) if e["event"] == "active_loop" and not e.get("name")]
    since = [e for e in tracker.events[ends[-1] :] if e["event"] == "user"] if ends else []
    found = told_before(tracker, since)
    new = found.get(intake.STORY) or found.get(TOLD)
    old = tracker.get_slot(intake.STORY)
    if not new:
        return {}
    return {intake.STORY: f"{old}\n{new}" if old and old != SKIPPED else new}


def lines_of(slots: dict[str, Any], voice: str, names: tuple[str, ...] | None = None) -> list[tuple[str, str, str]]:
    """What is filled in, as ``(slot, label, words)`` in the order of the read-back."""
    words = summary_words()
    labels, values = ({**words[name]["default"], **words[name].get(voice, {})} for name in ("labels", "values"))
    found = []
    for name, label in labels.items():
        value = slots.get(name)
        if value is None or (names is not None and name not in names):
            continue
        found.append((name, label, shown(value, values)))
    return found


def shown(value: Any, values: dict[str, str]) -> str:
    """One slot's value in words."""
    if isinstance(value, dict):
        text, commune = value.get("text") or "", value.get("commune") or ""
        parts = [commune] if text.casefold() == commune.casefold() else [text, commune]
        return ", ".join(part for part in parts if part) or values[SKIPPED]
    return values.get(str(value).lower(), str(value))


def draft_of(tracker: Tracker) -> ReportDraft:
    """The slots as a report, with what the safety assessment of this talk adds."""
    slots = {name: None if tracker.get_slot(name) == SKIPPED else tracker.get_slot(name) for name in draft_slots()}
    place = slots[intake.PLACE] or {}
    age = str(slots[intake.AGE] or "")
    near = slots[intake.NEAR]
    notes = [event.get("metadata") or {} for event in heard_since_last_report(tracker)]
    gravest = max(notes, key=lambda note: RISKS.index(note.get("risk", "none")), default={})
    assent = slots[ASSENT] or {}
    return ReportDraft(
        subject=slots[intake.SUBJECT],
        danger_now=slots[intake.DANGER],
        story=slots[intake.STORY] or "",
        child_age=int(age) if age.isdigit() else None,
        age_text=None if age.isdigit() else age,
        child_sex=slots[intake.SEX],
        relation=slots[intake.RELATION],
        time_text=slots[intake.TIME],
        commune=place.get("commune"),
        place_text=place.get("text"),
        person_near=near if isinstance(near, bool) else None,
        near_text=near if isinstance(near, str) else None,
        contact=slots[intake.CONTACT],
        reporter_role=audience(tracker),  # type: ignore[arg-type]
        assent_at=assent.get("at"),
        assent_voice=assent.get("voice"),
        risk=gravest.get("risk", "none"),
        kind=gravest.get("kind", "none"),
        reasons=list(dict.fromkeys(reason for note in notes for reason in note.get("reasons", []))),
        extra={field: str(slots[name]) for name, field in FORM_FIELDS.items() if slots[name]},
    )
