"""Actions around a child at risk, and leaving at once."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import AllSlotsReset, FollowupAction, Restarted
from rasa_sdk.executor import CollectingDispatcher

from actions import said as own
from actions.leaving import is_leaving, is_watched, silences
from actions.plea import danger_told, dangers_told, form_about
from actions.shared import (
    Events,
    SafeAction,
    audience,
    inform,
    intent,
    metadata,
    refuse,
    risk,
    safety_answers,
    speak,
    speak_safety,
    typed,
)
from bot.dialogue.follow import asks_to_report
from bot.safety import introduces
from bot.safety.fears import Fear, fears
from bot.safety.told import treated

SAME_AS = {"skip": "deny", "stop": "deny", "pause_report": "deny", "go_back": "help", "correct": "help"}
LEAVES = ("goodbye", "deny", "stop", "chitchat")
KINDS = {
    "disclose_self": "disclosure",
    "disclose_other": "disclosure",
    "emergency": "emergency",
    "self_harm": "self_harm",
}


class ActionSafety(SafeAction):
    """The safe answer to a disclosure. Silent when the gateway has said it in this turn already; when only the
    intent hints at a disclosure, the gentle form."""

    leans = informs = True

    def name(self) -> str:
        return "action_safety"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        level = risk(tracker)
        if metadata(tracker).get("safety_shown"):
            if level != "immediate" and not tracker.active_loop.get("name") and asks_to_report(typed(tracker)):
                return [FollowupAction("action_start_report")]
            return inform(dispatcher, tracker)
        if level in ("medium", "high", "immediate"):
            speak_safety(dispatcher, tracker, KINDS.get(intent(tracker), "disclosure"), level)
        elif intent(tracker) in ("emergency", "self_harm"):
            speak_safety(dispatcher, tracker, KINDS[intent(tracker)], "high")
        else:
            speak_safety(dispatcher, tracker, "worry", "low")
        return []


class ActionSmallTalk(SafeAction):
    """Small talk and bare answers outside a form. Silent beside the safe words: "no problem" would hurt there."""

    leans = True
    talks = True

    def name(self) -> str:
        return "action_small_talk"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if metadata(tracker).get("safety_shown"):
            return []
        said = intent(tracker)
        before = danger_told(tracker.events)
        if before and before.kind == "self_harm" and said in LEAVES:
            form = form_about(dangers_told(tracker.events)) or "self_harm_still"
            speak(dispatcher, safety_answers().special(form, audience(tracker)))
            return []  # nobody who thinks of dying is let go with a goodbye
        if treated(typed(tracker)):
            speak(dispatcher, safety_answers().special("in_hospital", audience(tracker)))
            return []  # "phải mổ. cám ơn" is no mere thanks
        if introduces(typed(tracker)):
            said = "affirm"  # "9" is no goodbye, and "cô ơi con 9 tuổi" wants to be heard, not greeted
        dispatcher.utter_message(response=f"utter_{SAME_AS.get(said, said)}")
        return []


class ActionCalm(SafeAction):
    """The person says that the assumption was wrong: believe them, keep the numbers at hand. Not when their words
    tell of danger: then the intent is the one that is wrong, and the safe words stand alone."""

    def name(self) -> str:
        return "action_calm"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if metadata(tracker).get("safety_shown"):
            return []
        dispatcher.utter_message(response="utter_feel_safe")
        dispatcher.utter_message(json_message={"calm": True})
        return []


class ActionQuickExit(SafeAction):
    """Leaves the form and forgets the draft (said in a sentence; the plain word is caught by the gateway)."""

    refuses = False

    def name(self) -> str:
        return "action_quick_exit"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        before = danger_told(tracker.events)
        harmed = before is not None and before.kind != "self_harm"
        if typed(tracker) and not is_leaving(typed(tracker), harmed):  # a button is sure
            if before and silences(typed(tracker)) and not metadata(tracker).get("safety_shown"):
                speak(dispatcher, safety_answers().fear(_only_listens(), audience(tracker)))
                return []  # who has told of danger and does not want to be asked on is not left, and not told off
            if is_watched(typed(tracker)):
                speak(dispatcher, own.reply("watched", audience(tracker)))
                return []
            if not metadata(tracker).get("safety_shown") and not refuse(dispatcher, tracker, by_model=True):
                dispatcher.utter_message(response="utter_affirm")  # the button to leave is with it
            return []
        dispatcher.utter_message(response="utter_quick_exit")
        dispatcher.utter_message(json_message={"kind": "hide", "forget": True, "in_form": False})
        return [Restarted(), AllSlotsReset()]


def _only_listens() -> Fear:
    """What is said to who wants no more questions and numbers."""
    return next(fear for fear in fears() if fear.id == "only_listen")
