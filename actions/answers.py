"""Actions that answer from the knowledge base."""

from __future__ import annotations

from datetime import date

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.clarify import clarify
from actions.shared import (
    Events,
    SafeAction,
    answerer,
    audience,
    entity,
    heard,
    inform,
    intent,
    intent_shares,
    just_told,
    metadata,
    remember,
    speak,
    thread,
    today,
    typed,
)
from bot.dialogue.messages import Reply
from bot.knowledge import talk
from bot.knowledge.talk import KIND_INTENTS
from bot.language.own_age import writes_young


class ActionAnswer(SafeAction):
    """Answers a question of any kind; the intent is a hint for the search."""

    informs = True
    talks = True

    def name(self) -> str:
        return "action_answer"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        guessed = intent(tracker)
        if metadata(tracker).get("safety_shown"):
            # the safe words have asked already; a guess beside them would only confuse
            return [] if guessed == "nlu_fallback" else inform(dispatcher, tracker)
        known = metadata(tracker).get("audience") or tracker.get_slot("audience") or thread(tracker).voice
        said, shares = typed(tracker), intent_shares(tracker)
        # Who asks about the law without saying who they are is mostly an adult, unless they write like the young.
        grown = guessed in ("ask_law", "ask_procedure") and not writes_young(said)
        voice = known or ("parent" if grown else "teen")
        known_intent = None if guessed == "nlu_fallback" else guessed
        turn = talk.ask(
            answerer(), said, voice, today(), thread(tracker), known_intent, heard(tracker), shares, just_told(tracker)
        )
        reply = Reply(turn.answer.text, turn.answer.buttons)
        if turn.answer.status == "clarify" or (turn.answer.status == "unknown" and known_intent is None):
            return clarify(dispatcher, tracker, reply if turn.answer.status == "clarify" else None)
        speak(dispatcher, reply)
        return remember(dispatcher, turn)


class ActionBotChallenge(SafeAction):
    """Says that it is a machine; whoever asks what it does with their words gets the item about that."""

    informs = True

    def name(self) -> str:
        return "action_bot_challenge"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if not answerer().asks_what_is_kept(typed(tracker)):
            dispatcher.utter_message(response="utter_bot_challenge")
            return []
        said, who, about = typed(tracker), audience(tracker), KIND_INTENTS["online"]
        turn = talk.ask(answerer(), said, who, today(), thread(tracker), about, heard(tracker))
        if turn.answer.status != "answered":
            dispatcher.utter_message(response="utter_bot_challenge")
            return []
        speak(dispatcher, Reply(turn.answer.text, turn.answer.buttons))
        return remember(dispatcher, turn)


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
        turn = talk.shown(answerer(), item_id, audience(tracker), on, thread(tracker), part)
        speak(dispatcher, Reply(turn.answer.text, turn.answer.buttons))
        return remember(dispatcher, turn)


class ActionHotlines(SafeAction):
    """The numbers that may be published."""

    leans = informs = True

    def name(self) -> str:
        return "action_hotlines"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:  # noqa: ARG002
        dispatcher.utter_message(response="utter_hotlines")
        return []
