"""Actions around a child at risk, and leaving at once."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import AllSlotsReset, Restarted
from rasa_sdk.executor import CollectingDispatcher

from actions.shared import Events, SafeAction, intent, metadata, risk, speak_safety

KINDS = {
    "disclose_self": "disclosure",
    "disclose_other": "disclosure",
    "emergency": "emergency",
    "self_harm": "self_harm",
}


class ActionSafety(SafeAction):
    """The safe answer to a disclosure. Silent when the gateway has said it in this turn already; when only the
    intent hints at a disclosure, the gentle form."""

    def name(self) -> str:
        return "action_safety"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if metadata(tracker).get("safety_shown"):
            return []
        level = risk(tracker)
        if level in ("medium", "high", "immediate"):
            speak_safety(dispatcher, tracker, KINDS.get(intent(tracker), "disclosure"), level)
        elif intent(tracker) in ("emergency", "self_harm"):
            speak_safety(dispatcher, tracker, KINDS[intent(tracker)], "high")
        else:
            speak_safety(dispatcher, tracker, "worry", "low")
        return []


class ActionCalm(SafeAction):
    """The person says that the assumption was wrong: believe them, keep the numbers at hand."""

    def name(self) -> str:
        return "action_calm"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:  # noqa: ARG002
        dispatcher.utter_message(response="utter_feel_safe")
        dispatcher.utter_message(json_message={"calm": True})
        return []


class ActionQuickExit(SafeAction):
    """Leaves the form and forgets the draft (said in a sentence; the plain word is caught by the gateway)."""

    def name(self) -> str:
        return "action_quick_exit"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:  # noqa: ARG002
        dispatcher.utter_message(response="utter_quick_exit")
        dispatcher.utter_message(json_message={"kind": "hide", "forget": True, "in_form": False})
        return [Restarted(), AllSlotsReset()]
