"""An answer from the knowledge base to what was taken for a wish of another kind."""

from __future__ import annotations

from copy import copy

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import ActionAnswer
from actions.shared import Events


async def answer_instead(dispatcher: CollectingDispatcher, tracker: Tracker, guessed: str) -> Events:
    """Answer the latest message as if it had been understood as ``guessed``."""
    read = copy(tracker)
    read.latest_message = {**tracker.latest_message, "intent": {"name": guessed, "confidence": 1.0}}
    return await ActionAnswer().act(dispatcher, read)
