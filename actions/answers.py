"""Actions that answer from the knowledge base."""

from __future__ import annotations

from datetime import date

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.shared import Events, SafeAction, answerer, audience, entity, intent, metadata, speak, today, typed
from bot.dialogue.messages import Reply


class ActionAnswer(SafeAction):
    """Answers a question of any kind; the intent is a hint for the search."""

    def name(self) -> str:
        return "action_answer"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        guessed = intent(tracker)
        if guessed == "nlu_fallback" and metadata(tracker).get("safety_shown"):
            return []  # the safe words have asked already; a guess beside them would only confuse
        known = metadata(tracker).get("audience") or tracker.get_slot("audience")
        # Who asks about the law without saying who they are is mostly an adult.
        voice = known or ("parent" if guessed in ("ask_law", "ask_procedure") else "teen")
        answer = answerer().answer(
            typed(tracker), voice, on=today(), intent=None if guessed == "nlu_fallback" else guessed
        )
        speak(dispatcher, Reply(answer.text, answer.buttons))
        return []


class ActionShowItem(SafeAction):
    """Shows the item that a button names."""

    def name(self) -> str:
        return "action_show_item"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        item_id, part = entity(tracker, "item_id"), entity(tracker, "part") or "short"
        on = date.fromisoformat(entity(tracker, "on")) if entity(tracker, "on") else today()
        if not item_id:
            dispatcher.utter_message(response="utter_help")
            return []
        answer = answerer().show(item_id, audience(tracker), on=on, part=part)
        speak(dispatcher, Reply(answer.text, answer.buttons))
        return []


class ActionHotlines(SafeAction):
    """The numbers that may be published."""

    def name(self) -> str:
        return "action_hotlines"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:  # noqa: ARG002
        dispatcher.utter_message(response="utter_hotlines")
        return []
