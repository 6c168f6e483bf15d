"""Between Rasa's tracker and the report: what was told, what it becomes, and how it is read back."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rasa_sdk import Tracker

from actions.shared import audience, intent, risk
from bot.dialogue import follow, intake
from bot.dialogue.intake import OUTCOME, OWN_ROLE, SKIPPED, TOLD, asks, asks_us, is_small_talk, without_questions
from bot.language import bare_form, strip_accents
from bot.reports import ReportDraft
from bot.safety import introduces
from bot.safety.answers import UNSURE, YOUNG

ASSENT, DRAFT = "report_assent", "report_draft"
TOLD_LIMIT = 8
"""Harmless sounding messages that are kept with those at risk, of which none is left out."""
A_TALE = 3
OF_THE_MACHINE = frozenset(
    (
        "contact_hotlines",
        "check_report",
        "talk_to_human",
        "bot_challenge",
        "help",
        "show_item",
        "set_audience",
        "delete_my_data",
        "confirm_delete",
        "quick_exit",
        "thank",
        "greet",
        "goodbye",
    )
)
"""Intents of words that are about this machine and tell nothing."""
NOW = 2 * 3600.0
"""Seconds after which danger "now" is no longer now."""
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


@lru_cache(maxsize=1)
def intake_words() -> dict[str, Any]:
    """What is said inside and after a report besides its questions."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data" / "intake_words.yml").read_text("utf-8"))
    return loaded


def words_for(key: str, voice: str) -> str:
    """The words of one key for whoever listens."""
    words = intake_words()[key]
    return str(words.get(voice, words["default"]))


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
    heard = heard_since_last_report(tracker) if events is None else events
    story: list[str] = []
    found: dict[str, Any] = {}
    enough = own = False
    for event in heard:
        message = read(event)
        if message.pressed or not message.text:
            continue
        if introduces(message.text):
            found.update(intake.found_in(message, audience(tracker)))
        if message.intent == "feel_safe":
            found.pop(intake.DANGER, None)  # said since: whether there is danger now is asked
        if intake.is_a_place(message.text):
            found[intake.PLACE] = intake.place_of(message)
        if not _is_told(message):
            continue
        words = without_questions(message.text)
        if words and not _only_wishes(message):
            story.append(words)
            enough = enough or _is_story(message, event)
        _merge(found, _clear(message, found, audience(tracker)))
        if message.risk == "immediate" and intake.is_now(message.text) and _is_recent(event, heard[-1]):
            found[intake.DANGER] = True
        own = own or bool(OWN.intersection((event.get("metadata") or {}).get("codes", [])))
    silent = any(intake.names_nobody(read(event).text) for event in heard)
    if own and not silent and intake.SUBJECT not in found and audience(tracker) in YOUNG:
        found[intake.SUBJECT] = "self"  # fragments name nobody; it is read back to them
    _drop_tellers_age(found, heard, audience(tracker))
    if story:
        told = dict.fromkeys([*story, *_told_around(heard)])
        found[intake.STORY if enough else TOLD] = "\n".join(told)
    return found


def _drop_tellers_age(found: dict[str, Any], heard: list[dict[str, Any]], voice: str) -> None:
    """Of a friend at risk the age of who tells is none, in whichever message it was said; of oneself no friend's is."""
    if voice not in YOUNG or found.get(intake.SUBJECT) not in ("self", "other"):
        return
    subject = found[intake.SUBJECT]
    ages = [age for event in heard if (age := _age_in(read(event), voice, subject)) is not None]
    found.pop(intake.AGE, None)
    if ages:
        found[intake.AGE] = ages[-1]


def _age_in(message: intake.Message, voice: str, subject: str) -> int | None:
    """The age of the child that a message says; a bare number is the writer's own."""
    age = intake.childs_age(message, voice, subject)
    return intake.age_alone(message.text) if age is None and subject == "self" and introduces(message.text) else age


def _clear(message: intake.Message, found: dict[str, Any], voice: str) -> dict[str, Any]:
    """What a message says by itself; whom it may be about from its sound alone counts only where no words said so."""
    more = intake.found_in(message, voice)
    if intake.SUBJECT in found and intake.subject_words(message.text, voice) is None:
        more.pop(intake.SUBJECT, None)
    return more


def _merge(found: dict[str, Any], more: dict[str, Any]) -> None:
    """Add what another message says: of whom it tells is gathered, of the rest the latest counts."""
    for name, value in more.items():
        if name == intake.RELATION and name in found:
            value = ", ".join(dict.fromkeys([*found[name].split(", "), *value.split(", ")]))
        found[name] = value


def _is_recent(event: dict[str, Any], latest: dict[str, Any]) -> bool:
    """Whether something was said in this talk and not hours ago: what was so then need not be so now."""
    return float(latest.get("timestamp") or 0.0) - float(event.get("timestamp") or 0.0) <= NOW


def _told_around(heard: list[dict[str, Any]]) -> list[str]:
    """What was told since the first message at risk and sounds harmless alone ("rồi nó nhắn hoài", "test 2 vạch"); no
    questions, no commands, no small talk, nothing about the machine. They stand behind the others, and only so many."""
    told = [_is_told(message) for message in map(read, heard)]
    first = next((n for n, one in enumerate(told) if one), len(told))
    around = [read(event) for n, event in enumerate(heard) if n > first and not told[n]]
    return [message.text for message in around if _is_tale(message)][-TOLD_LIMIT:]


def _is_tale(message: intake.Message) -> bool:
    """Whether words tell something and neither ask nor only answer."""
    if message.pressed or len(message.text.split()) < A_TALE or is_small_talk(message):
        return False
    if message.intent in OF_THE_MACHINE or intake.is_plain_answer(message.text):
        return False
    if _only_wishes(message) or follow.resumes(message.text) or follow.wish(message.text):
        return False
    questions = asks(message.text) or asks_us(message.text)
    return intake.only_looks_asked(message.text) if questions else bool(without_questions(message.text))


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
        return ", ".join(part for part in _place_parts(text, commune) if part) or values[SKIPPED]
    return values.get(str(value).lower(), str(value))


def _place_parts(text: str, commune: str) -> list[str]:
    """The words of a place and its commune, nothing twice ("Định Hòa, Xã Định Hòa")."""
    name = bare_form(commune)
    short = re.sub(r"^(?:xa|phuong|dac khu) ", "", name)
    said = bare_form(text).strip(" .,!")
    around = r"(?:(?:da|o|xa|phuong|dac khu|em|con|nha) )*"
    if short and re.fullmatch(rf"{around}{re.escape(short)}(?: (?:a|nha|ne))*", said):
        return [commune]
    plain = strip_accents(text.lower())
    named = re.search(rf"\b{re.escape(strip_accents(commune.lower()))}\b", plain) if len(plain) == len(text) else None
    if not name or named is None:
        return [text] if name and re.search(rf"\b{re.escape(name)}\b", said) else [text, commune]
    return [text[: named.start()] + commune + text[named.end() :]]  # as it is spelt: they see that it was understood


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
