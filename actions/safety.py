"""Actions around a child at risk, and leaving at once."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import AllSlotsReset, Restarted
from rasa_sdk.executor import CollectingDispatcher

from actions.plea import asks_what_to_do
from actions.shared import (
    Events,
    SafeAction,
    answerer,
    audience,
    intent,
    metadata,
    remember,
    risk,
    speak,
    speak_safety,
    thread,
    today,
    typed,
)
from bot.dialogue.messages import Reply
from bot.knowledge import talk
from bot.safety import Assessment, introduces

SAME_AS = {"skip": "deny", "stop": "deny", "pause_report": "deny", "go_back": "help", "correct": "help"}
KINDS = {
    "disclose_self": "disclosure",
    "disclose_other": "disclosure",
    "emergency": "emergency",
    "self_harm": "self_harm",
}
SURE = 0.8
"""Confidence from which on one word is a wish to leave. Two that may be one ("ngoại dòm") hide the chat."""


class ActionSafety(SafeAction):
    """The safe answer to a disclosure. Silent when the gateway has said it in this turn already; when only the
    intent hints at a disclosure, the gentle form."""

    informs = True

    def name(self) -> str:
        return "action_safety"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if metadata(tracker).get("safety_shown"):
            return self._inform(dispatcher, tracker)
        level = risk(tracker)
        if level in ("medium", "high", "immediate"):
            speak_safety(dispatcher, tracker, KINDS.get(intent(tracker), "disclosure"), level)
        elif intent(tracker) in ("emergency", "self_harm"):
            speak_safety(dispatcher, tracker, KINDS[intent(tracker)], "high")
        else:
            speak_safety(dispatcher, tracker, "worry", "low")
        return []

    @staticmethod
    def _inform(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """An answer beside the safe words, when the message asks for one too; it may be asked on ("nguồn ở đâu")."""
        note = metadata(tracker)
        request = note.get("request", "")
        assessment = Assessment(risk=note["risk"], kind=note["kind"], score=1.0, reasons=[], request=request)
        asks = "ask_procedure" if asks_what_to_do(typed(tracker)) else intent(tracker)
        said, who = typed(tracker), audience(tracker)
        if note["kind"] == "self_harm" and not answerer().asks_for_law(said, who):
            return []
        also = answerer().beside(said, who, today(), asks, assessment)
        if also is None:
            return []
        speak(dispatcher, Reply(also.text, also.buttons))
        return remember(dispatcher, talk.Turn(also, thread(tracker).shown([i.id for i in also.items], said, voice=who)))


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
        if introduces(typed(tracker)):
            said = "affirm"  # "9" is no goodbye, and "cô ơi con 9 tuổi" wants to be heard, not greeted
        dispatcher.utter_message(response=f"utter_{SAME_AS.get(said, said)}")
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

    refuses = False

    def name(self) -> str:
        return "action_quick_exit"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        guess = tracker.latest_message.get("intent") or {}
        if len(typed(tracker).split()) == 1 and guess.get("confidence", 1.0) < SURE:
            # "ba" may be whom they tell of: to forget what was said before would lose it
            if not metadata(tracker).get("safety_shown"):
                dispatcher.utter_message(response="utter_affirm")
            return []
        dispatcher.utter_message(response="utter_quick_exit")
        dispatcher.utter_message(json_message={"kind": "hide", "forget": True, "in_form": False})
        return [Restarted(), AllSlotsReset()]
