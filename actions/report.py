"""Actions of the report: begin, ask, take answers, send, look up."""

from __future__ import annotations

import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from anyio import to_thread
from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.shared import Events, SafeAction, audience, entity, intent, log, metadata, refuse, risk, store
from bot.dialogue import intake
from bot.dialogue.intake import CONFIRM, OUTCOME, QUESTIONS, SKIPPED
from bot.forwarding import configured_targets
from bot.reports import ReportDraft, ReportService, TooManyAttempts
from bot.settings import get_settings

DRAFT_SLOTS = ("report_draft", "report_misses", OUTCOME, *QUESTIONS)
TOLD_LIMIT = 5
RISKS = ("none", "low", "medium", "high", "immediate")


@lru_cache(maxsize=1)
def summary_words() -> dict[str, Any]:
    """Labels and values of the read-back."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data" / "summary.yml").read_text("utf-8"))
    return loaded


@lru_cache(maxsize=1)
def reports() -> ReportService:
    """The report service with every configured target."""
    return ReportService(store(), configured_targets(get_settings()))


class ActionStartReport(SafeAction):
    """Opens a draft and fills in what the person has already told, so that nothing is asked twice."""

    def name(self) -> str:
        return "action_start_report"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        dispatcher.utter_message(json_message={"in_form": True})
        if tracker.get_slot("report_draft"):
            return [SlotSet(CONFIRM, None), SlotSet(OUTCOME, None)]
        prefilled = told_before(tracker)
        return [
            *(SlotSet(name, prefilled.get(name)) for name in DRAFT_SLOTS if name != "report_draft"),
            SlotSet("report_draft", str(uuid.uuid4())),
        ]


def told_before(tracker: Tracker) -> dict[str, Any]:
    """Answers found in the messages at risk since the last report: the story, an age, a commune."""
    story: list[str] = []
    found: dict[str, Any] = {}
    for event in heard_since_last_report(tracker):
        if (event.get("text") or "/").startswith("/"):
            continue
        parsed = event.get("parse_data") or {}
        entities = {e["entity"]: e["value"] for e in parsed.get("entities") or []}
        level = (event.get("metadata") or {}).get("risk") or entities.get("risk") or "none"
        if RISKS.index(level) < RISKS.index("medium"):
            continue
        story.append(event["text"])
        if entities.get("age"):
            found[intake.AGE] = entities["age"]
        if entities.get("commune"):
            found[intake.PLACE] = {"commune": entities["commune"], "text": ""}
        name = (parsed.get("intent") or {}).get("name")
        if name in ("disclose_self", "disclose_other"):
            found[intake.SUBJECT] = "self" if name == "disclose_self" else "other"
    if story:
        found[intake.STORY] = "\n".join(story[-TOLD_LIMIT:])
    return found


def heard_since_last_report(tracker: Tracker) -> list[dict[str, Any]]:
    """The person's messages of this matter: an earlier report's must not colour the next one."""
    # A finished or stopped report clears its draft; one that could not be saved keeps it, and its messages.
    ends = [
        n
        for n, e in enumerate(tracker.events)
        if e["event"] == "slot" and e["name"] == "report_draft" and e["value"] is None
    ]
    start = ends[-1] + 1 if ends else 0
    return [e for e in tracker.events[start:] if e["event"] == "user"]


class ValidateReportForm(FormValidationAction):  # type: ignore[misc]
    """Takes one message into the form; all decisions are in ``bot.dialogue.intake``."""

    def name(self) -> str:
        return "validate_report_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: Any,  # noqa: ARG002
    ) -> list[str]:
        return intake.required(tracker.slots)

    async def get_validation_events(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: Any,  # noqa: ARG002
    ) -> Events:
        requested = tracker.get_slot("requested_slot")
        if requested and requested != intake.STORY and refuse(dispatcher, tracker):
            return [SlotSet(requested, None)]  # asked again after the refusal
        step = intake.take(requested, tracker.slots, message_of(tracker))
        if step.interrupted:
            return []
        asked_again = step.updates.get(requested) is None and not step.updates.get(OUTCOME)
        if asked_again and step.updates.get(intake.MISSES):
            dispatcher.utter_message(response="utter_not_caught")
        if step.updates.get(intake.DANGER) is True:
            dispatcher.utter_message(json_message={"danger": True})  # officers are told now, not with the report
        return [SlotSet(name, value) for name, value in step.updates.items()]

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Events:
        try:
            events: Events = await super().run(dispatcher, tracker, domain)
        except Exception as error:
            log.error("action.failed", action=self.name(), error=type(error).__name__)
            dispatcher.utter_message(response="utter_action_failed")
            return [SlotSet("report_misses", tracker.get_slot("report_misses") or 0)]
        return events


def message_of(tracker: Tracker) -> intake.Message:
    """The latest message as the intake logic reads it."""
    latest = tracker.latest_message
    text = latest.get("text") or ""
    pressed = text.startswith("/")
    return intake.Message(
        text="" if pressed else text,
        intent=intent(tracker),
        confidence=float((latest.get("intent") or {}).get("confidence") or 0.0),
        pressed=pressed,
        risk=risk(tracker),
        entities={e["entity"]: e["value"] for e in latest.get("entities") or []},
    )


class ActionAskReportConfirm(SafeAction):
    """Reads the report back, with a button for each line that can be corrected."""

    def name(self) -> str:
        return "action_ask_report_confirm"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        words = summary_words()
        labels = words["labels"].get(audience(tracker), words["labels"]["default"])
        lines = []
        for name in intake.required(tracker.slots):
            value = tracker.get_slot(name)
            if name in labels and value is not None:
                lines.append(f"• {labels[name]}: {shown(value, words['values'])}")
        dispatcher.utter_message(
            response="utter_ask_report_summary",
            lines="\n".join(lines),
            buttons=[
                {"title": title, "payload": f'/correct{{"field": "{name}"}}'}
                for name, title in words["correct"].items()
            ],
        )
        return []


def shown(value: Any, values: dict[str, str]) -> str:
    """One slot's value in words."""
    if isinstance(value, dict):
        return str(value.get("commune") or value.get("text") or values[SKIPPED])
    return values.get(str(value).lower(), str(value))


class ActionFinishReport(SafeAction):
    """Ends the form: sends the report once, or forgets the draft."""

    def name(self) -> str:
        return "action_finish_report"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        outcome = tracker.get_slot(OUTCOME)
        dispatcher.utter_message(json_message={"in_form": False})
        if outcome != "send":
            response = "utter_report_undecided" if outcome == "undecided" else "utter_report_stopped"
            dispatcher.utter_message(response=response)
            return [SlotSet(name, None) for name in DRAFT_SLOTS]
        try:
            taken = await to_thread.run_sync(self._take, tracker)
        except Exception as error:
            # The draft stays: pressing the button again sends the same draft, once.
            log.error("report.not_taken", error=type(error).__name__)
            dispatcher.utter_message(response="utter_report_not_saved")
            return [SlotSet(OUTCOME, None), SlotSet(CONFIRM, None)]
        urgent = tracker.get_slot(intake.DANGER) is True
        dispatcher.utter_message(response="utter_report_taken_urgent" if urgent else "utter_report_taken")
        dispatcher.utter_message(response="utter_receipt", receipt=taken.receipt)
        dispatcher.utter_message(json_message={"kind": "receipt"})
        return [SlotSet(name, None) for name in DRAFT_SLOTS]

    @staticmethod
    def _take(tracker: Tracker) -> Any:
        return reports().take(
            draft_of(tracker),
            channel=metadata(tracker).get("channel", "shell"),
            sender=tracker.sender_id,
            idempotency_key=str(tracker.get_slot("report_draft")),
        )


def draft_of(tracker: Tracker) -> ReportDraft:
    """The slots as a report, with what the safety assessment and the entities of this talk add."""
    slots = {name: None if tracker.get_slot(name) == SKIPPED else tracker.get_slot(name) for name in QUESTIONS}
    place = slots[intake.PLACE] or {}
    age = str(slots[intake.AGE] or "")
    near = slots[intake.NEAR]
    heard = heard_since_last_report(tracker)
    notes = [event.get("metadata") or {} for event in heard]
    gravest = max(notes, key=lambda note: RISKS.index(note.get("risk", "none")), default={})
    entities = {
        e["entity"]: e["value"] for event in heard for e in (event.get("parse_data") or {}).get("entities") or []
    }
    return ReportDraft(
        subject=slots[intake.SUBJECT],
        danger_now=slots[intake.DANGER],
        story=slots[intake.STORY] or "",
        child_age=int(age) if age.isdigit() else None,
        age_text=None if age.isdigit() else age,
        child_sex=entities["sex"] if entities.get("sex") in ("male", "female") else None,
        relation=entities.get("relation"),
        commune=place.get("commune"),
        place_text=place.get("text"),
        person_near=near if isinstance(near, bool) else None,
        near_text=near if isinstance(near, str) else None,
        contact=slots[intake.CONTACT],
        reporter_role=audience(tracker),  # type: ignore[arg-type]
        risk=gravest.get("risk", "none"),
        kind=gravest.get("kind", "none"),
        reasons=list(dict.fromkeys(reason for note in notes for reason in note.get("reasons", []))),
    )


class ActionCheckReport(SafeAction):
    """Shows a report's status for its receipt."""

    def name(self) -> str:
        return "action_check_report"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        receipt = entity(tracker, "receipt")
        if not receipt:
            dispatcher.utter_message(response="utter_ask_receipt")
            return []
        try:
            status = await to_thread.run_sync(reports().status, str(receipt), tracker.sender_id)
        except TooManyAttempts:
            dispatcher.utter_message(response="utter_receipt_too_many")
            return []
        if status is None:
            dispatcher.utter_message(response="utter_receipt_unknown")
            return []
        dispatcher.utter_message(text=status.words(audience(tracker)))
        return []
