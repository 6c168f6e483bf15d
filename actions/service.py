"""Actions about the service itself: whose voice, a person instead of the machine, and forgetting a chat."""

from __future__ import annotations

from anyio import to_thread
from rasa_sdk import Tracker
from rasa_sdk.events import AllSlotsReset, Restarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import ActionAnswer
from actions.instead import answer_instead
from actions.plea import keeps_evidence
from actions.report import reports
from actions.shared import Events, SafeAction, entity, intent, metadata, speak_safety, typed
from bot.dialogue import follow

AUDIENCES = ("child", "teen", "parent", "teacher")


class ActionSetAudience(SafeAction):
    """Remembers who is writing."""

    def name(self) -> str:
        return "action_set_audience"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        chosen = entity(tracker, "audience")
        if chosen not in AUDIENCES:
            dispatcher.utter_message(response="utter_help")
            return []
        # The slot is not set yet when the response is chosen, so the voice is named.
        dispatcher.utter_message(response=f"utter_audience_{chosen}")
        return [SlotSet("audience", chosen)]


class ActionTalkToHuman(SafeAction):
    """How to reach a person. "nói dễ hơn được không" after an answer is another wish, however it was understood; so is
    what is only about one's own family, or that somebody dares not tell."""

    leans = True

    def name(self) -> str:
        return "action_talk_to_human"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        said, shown = typed(tracker), metadata(tracker).get("safety_shown")
        if follow.dares_not_tell(said):
            if not shown:
                speak_safety(dispatcher, tracker, "worry", "low")
            return []
        if not shown and follow.only_hints(said):
            dispatcher.utter_message(response="utter_affirm")
            return []
        if follow.wants_no_person(said):
            return await answer_instead(dispatcher, tracker, "nlu_fallback")
        dispatcher.utter_message(response="utter_talk_to_human")
        return []


class ActionDeleteMyData(SafeAction):
    """Says what deleting means, asks once, and deletes what the chat keeps."""

    def name(self) -> str:
        return "action_delete_my_data"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if intent(tracker) != "confirm_delete":
            if keeps_evidence(typed(tracker)):
                return await ActionAnswer().act(dispatcher, tracker)
            dispatcher.utter_message(response="utter_delete_confirm")
            return []
        await to_thread.run_sync(reports().forget_reporter, tracker.sender_id)
        dispatcher.utter_message(response="utter_deleted")
        dispatcher.utter_message(json_message={"forget": True, "in_form": False})
        return [Restarted(), AllSlotsReset()]  # a report in the middle of which it was asked is gone, too
