"""Actions about the service itself: whose voice, and forgetting a chat."""

from __future__ import annotations

from anyio import to_thread
from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.report import reports
from actions.shared import Events, SafeAction, entity, intent

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


class ActionDeleteMyData(SafeAction):
    """Says what deleting means, asks once, and deletes what the chat keeps."""

    def name(self) -> str:
        return "action_delete_my_data"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if intent(tracker) != "confirm_delete":
            dispatcher.utter_message(response="utter_delete_confirm")
            return []
        await to_thread.run_sync(reports().forget_reporter, tracker.sender_id)
        dispatcher.utter_message(response="utter_deleted")
        dispatcher.utter_message(json_message={"forget": True, "in_form": False})
        return []
