"""Actions of the report: begin, inform, ask, take answers, read back, send."""

from __future__ import annotations

import time
import uuid
from functools import lru_cache
from typing import Any

from anyio import to_thread
from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.report_draft import (
    ASSENT,
    DRAFT,
    draft_of,
    draft_slots,
    intake_words,
    lines_of,
    message_of,
    summary_words,
    told_before,
    told_meanwhile,
    words_for,
)
from actions.shared import Events, SafeAction, audience, entity, intent, log, metadata, refuse, store
from bot.dialogue import intake
from bot.dialogue.intake import CONFIRM, DROP, LATER, OUTCOME, TOLD, WHO_READS, is_small_talk
from bot.forwarding import configured_targets
from bot.reports import ReportService
from bot.safety import only_afraid
from bot.settings import get_settings

REST = 2 * 3600.0
"""After so long a pause a greeting is a greeting, and what was begun is named before it goes on."""
ASK_CONSENT = "action_ask_report_consent"
HEARD = (intake.AGE, intake.SEX, intake.PLACE, intake.RELATION, intake.TIME)


@lru_cache(maxsize=1)
def reports() -> ReportService:
    """The report service with every configured target."""
    return ReportService(store(), configured_targets(get_settings()))


class ActionStartReport(SafeAction):
    """Opens a draft and fills in what the person has already told, so that nothing is asked twice."""

    def name(self) -> str:
        return "action_start_report"

    def refused(self) -> Events:
        """No form follows ("làm sao biết ai tố cáo mình")."""
        return [FollowupAction("action_listen")]

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        wish = entity(tracker, "value")
        if tracker.get_slot(DRAFT) and wish in (DROP, LATER):
            return self._left(dispatcher, str(wish))
        dispatcher.utter_message(json_message={"in_form": True, "draft": True})
        # Without that intent (who tells and wishes to report in one message) no rule leads into the form.
        into = [] if intent(tracker) == "start_report" else [FollowupAction("report_form")]
        if tracker.get_slot(DRAFT):
            dispatcher.utter_message(response="utter_report_resumed")
            more = told_meanwhile(tracker)
            return [*(SlotSet(*one) for one in more.items()), SlotSet(CONFIRM, None), SlotSet(OUTCOME, None), *into]
        prefilled = told_before(tracker)
        return [
            *(SlotSet(name, prefilled.get(name)) for name in draft_slots() if name != DRAFT),
            SlotSet(DRAFT, str(uuid.uuid4())),
            *into,
        ]

    @staticmethod
    def _left(dispatcher: CollectingDispatcher, wish: str) -> Events:
        """After the ways on were offered: the report is forgotten, or kept for another day. No form follows."""
        dispatcher.utter_message(json_message={"in_form": False, "draft": wish == LATER})
        dispatcher.utter_message(response="utter_report_paused" if wish == LATER else "utter_report_stopped")
        forgotten = [] if wish == LATER else [SlotSet(name, None) for name in draft_slots()]
        return [*forgotten, FollowupAction("action_listen")]


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
        return intake.required(tracker.slots, audience(tracker))

    async def get_validation_events(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: Any,  # noqa: ARG002
    ) -> Events:
        requested = tracker.get_slot("requested_slot")
        if requested and requested != intake.STORY and refuse(dispatcher, tracker):
            return [SlotSet(requested, None)]  # asked again after the refusal
        message = message_of(tracker)
        if requested and rested(tracker) and is_small_talk(message):
            dispatcher.utter_message(response="utter_report_welcome_back")
            return [SlotSet(requested, None)]
        step = intake.take(requested, tracker.slots, message, audience(tracker))
        if step.interrupted:
            return []
        updates = dict(step.updates)
        told, story = tracker.get_slot(TOLD), updates.get(intake.STORY)
        if told and story and TOLD not in updates:  # else the step itself has decided what becomes of it
            updates.update({intake.STORY: told if story == intake.SKIPPED else f"{told}\n{story}", TOLD: None})
        if updates.get(intake.CONSENT) is True:
            updates[ASSENT] = {"at": time.time(), "voice": audience(tracker)}
        if updates.get(intake.DANGER) is True:
            dispatcher.utter_message(json_message={"danger": True})  # officers are told now, not with the report
            if not metadata(tracker).get("safety_shown"):
                dispatcher.utter_message(response="utter_report_danger")
        if step.say:
            self._say(dispatcher, tracker, step.say, updates)
        return [SlotSet(name, value) for name, value in updates.items()]

    @staticmethod
    def _say(dispatcher: CollectingDispatcher, tracker: Tracker, say: str, updates: dict[str, Any]) -> None:
        say = "who_reads" if say == WHO_READS else say  # the numbers are not what was asked for
        if say in intake_words():
            dispatcher.utter_message(text=words_for(say, audience(tracker)))
            return
        if say == "utter_report_corrected" and (changes := _changes(tracker, updates)):
            dispatcher.utter_message(text=words_for("corrected", audience(tracker)).format(lines=f"{changes}."))
            return
        if say != "heard":
            afraid = say == "utter_not_caught" and only_afraid(message_of(tracker).text)
            dispatcher.utter_message(response="utter_not_caught_afraid" if afraid else say)
            return
        known = {**tracker.slots, **updates}
        names = HEARD if updates.get(intake.CONSENT) else tuple(name for name in HEARD if name in updates)
        lines = lines_of(known, audience(tracker), names)
        if lines:
            text = "\n".join(f"• {label}: {words}" for _, label, words in lines)
            dispatcher.utter_message(response="utter_report_heard", lines=text)

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Events:
        try:
            events: Events = await super().run(dispatcher, tracker, domain)
        except Exception as error:
            log.error("action.failed", action=self.name(), error=type(error).__name__)
            dispatcher.utter_message(response="utter_action_failed")
            return [SlotSet(intake.MISSES, tracker.get_slot(intake.MISSES) or 0)]
        return events


def _all_asked(tracker: Tracker) -> bool:
    """Whether nothing but the read-back is left of the report."""
    slots = {**tracker.slots, OUTCOME: None}
    return all(slots.get(name) is not None for name in intake.required(slots, audience(tracker)) if name != CONFIRM)


def _changes(tracker: Tracker, updates: dict[str, Any]) -> str:
    """Which lines were corrected, from what to what ("Tuổi: 13 → 12")."""
    names = tuple(name for name in updates if name not in (intake.STORY, TOLD))
    before = {name: words for name, _, words in lines_of(tracker.slots, audience(tracker), names)}
    after = lines_of({**tracker.slots, **updates}, audience(tracker), names)
    changed = [(label, before.get(name), words) for name, label, words in after if before.get(name) != words]
    return "; ".join(f"{label}: {old} → {new}" if old else f"{label}: {new}" for label, old, new in changed)


def rested(tracker: Tracker) -> bool:
    """Whether the latest message comes long after what was said before it."""
    times = [float(e.get("timestamp") or 0.0) for e in tracker.events]
    latest = max((n for n, e in enumerate(tracker.events) if e["event"] == "user"), default=0)
    return latest > 0 and times[latest] - times[latest - 1] > REST


def asked_already(tracker: Tracker) -> bool:
    """Whether the long words of the choice were read since the form began, in the voice that is spoken now."""
    if intent(tracker) == "set_audience":
        return False
    begun = max((n for n, e in enumerate(tracker.events) if e["event"] == "active_loop" and e.get("name")), default=0)
    # Rasa keeps no event of the action by which a form asks; but whoever has written since was asked.
    return any(
        e["event"] == "user" or (e["event"] == "action" and e.get("name") == ASK_CONSENT)
        for e in tracker.events[begun:]
    )


class ActionAskReportConsent(SafeAction):
    """Says before anything is told who will read it, what cannot be kept secret, who else knows, and how to hide."""

    refuses = False

    def name(self) -> str:
        return ASK_CONSENT

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if asked_already(tracker):
            buttons = [dict(button) for button in intake_words()["buttons"]["consent_again"]]
            dispatcher.utter_message(text=words_for("consent_again", audience(tracker)), buttons=buttons)
            return []
        channels = summary_words()["channels"]
        words = channels.get(metadata(tracker).get("channel"), channels["default"])
        voice = audience(tracker)
        dispatcher.utter_message(response="utter_report_choice", channel=words.get(voice, words["default"]))
        return []


class ActionAskReportConfirm(SafeAction):
    """Reads the report back, with a button for each line that can be corrected."""

    refuses = False

    def name(self) -> str:
        return "action_ask_report_confirm"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        lines = lines_of(tracker.slots, audience(tracker))
        fix = summary_words()["correct"]
        dispatcher.utter_message(
            response="utter_ask_report_summary",
            lines="\n".join(f"• {label}: {words}" for _, label, words in lines),
            buttons=[
                {"title": fix[name], "payload": f'/correct{{"field": "{name}"}}'} for name, _, _ in lines if name in fix
            ],
        )
        return []


class ActionFinishReport(SafeAction):
    """Ends the form: sends the report once, keeps it for later, or forgets it."""

    refuses = False

    def name(self) -> str:
        return "action_finish_report"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        outcome = tracker.get_slot(OUTCOME)
        if outcome in ("paused", "undecided"):
            dispatcher.utter_message(json_message={"in_form": False, "draft": True})
            ways_on = [dict(button) for button in intake_words()["buttons"]["paused"]] if outcome == "paused" else []
            dispatcher.utter_message(response=f"utter_report_{outcome}", buttons=ways_on)
            return [SlotSet(OUTCOME, None), SlotSet(CONFIRM, None)]
        if outcome == intake.WAVERS:
            dispatcher.utter_message(json_message={"in_form": False, "draft": True})
            ways = "wavers_at_end" if _all_asked(tracker) else "wavers"
            ways_on = [dict(button) for button in intake_words()["buttons"][ways]]
            dispatcher.utter_message(text=words_for("wavers", audience(tracker)), buttons=ways_on)
            return [SlotSet(OUTCOME, None), SlotSet(CONFIRM, None)]
        dispatcher.utter_message(json_message={"in_form": False, "draft": False})
        if outcome != "send":
            dispatcher.utter_message(response="utter_report_stopped")
            return [SlotSet(name, None) for name in draft_slots()]
        try:
            taken = await to_thread.run_sync(self._take, tracker)
        except Exception as error:
            # The draft stays: pressing the button again sends the same draft, once.
            log.error("report.not_taken", error=type(error).__name__)
            dispatcher.utter_message(response="utter_report_not_saved")
            dispatcher.utter_message(json_message={"draft": True})
            return [SlotSet(OUTCOME, None), SlotSet(CONFIRM, None)]
        urgent = tracker.get_slot(intake.DANGER) is True
        dispatcher.utter_message(response="utter_report_taken_urgent" if urgent else "utter_report_taken")
        dispatcher.utter_message(response="utter_receipt", receipt=taken.receipt)
        dispatcher.utter_message(json_message={"kind": "receipt"})
        return [SlotSet(name, None) for name in draft_slots()]

    @staticmethod
    def _take(tracker: Tracker) -> Any:
        return reports().take(
            draft_of(tracker),
            channel=metadata(tracker).get("channel", "shell"),
            sender=tracker.sender_id,
            idempotency_key=str(tracker.get_slot(DRAFT)),
        )
