"""The clarifying question: asked once when a message is not understood; after a second one a person is offered."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.shared import Events, SafeAction, audience, entity, speak
from bot.dialogue.messages import Button, Reply

UNCLEAR = "unclear"
"""The slot that says how many messages in a row were not understood."""
MOST, FEWEST = 3, 2
LIKELY = 0.05
"""Below this confidence an intent is no better a guess than any other."""


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Titles, hints and sentences."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data" / "clarify.yml").read_text("utf-8"))
    return loaded


def unclear_before(tracker: Tracker) -> int:
    """How many messages right before this one were not understood: a slot set between this message and the one
    before it. Anything else said in between begins anew."""
    users = 0
    for event in reversed(tracker.events):
        if event["event"] == "user":
            users += 1
            if users == 2:
                return 0
        elif users == 1 and event["event"] == "slot" and event["name"] == UNCLEAR and event["value"]:
            return int(event["value"])
    return 0


def buttons(ranking: list[dict[str, Any]], who: str) -> list[Button]:
    """Two or three buttons for the likeliest intents, each leading somewhere else."""
    known = words()["intents"]
    likely = [r["name"] for r in ranking if r["name"] in known and r.get("confidence", 0.0) >= LIKELY]
    found: dict[str, Button] = {}
    for name in likely[: MOST + len(known)]:
        _add(found, known[name], who, MOST)
    for name in words()["otherwise"]:
        _add(found, known[name], who, FEWEST)
    return list(found.values())


def _add(found: dict[str, Button], entry: dict[str, str], who: str, most: int) -> None:
    if len(found) < most and entry["payload"] not in found:
        found[entry["payload"]] = Button(entry.get(who) or entry["default"], entry["payload"])


def clarify(dispatcher: CollectingDispatcher, tracker: Tracker, offered: Reply | None = None) -> Events:
    """Ask once, with what was ``offered`` by the search or else with the likeliest intents; the next time offer a
    person and 111 instead."""
    who, before = audience(tracker), unclear_before(tracker)
    if before:
        dispatcher.utter_message(text=words()["again"][who])
        dispatcher.utter_message(response="utter_talk_to_human")
    elif offered is not None and offered.buttons:
        speak(dispatcher, offered)
    else:
        ranking = tracker.latest_message.get("intent_ranking") or []
        speak(dispatcher, Reply(words()["ask"][who], buttons(ranking, who)))
    return [SlotSet(UNCLEAR, before + 1)]


class ActionHint(SafeAction):
    """What to write, after a button of the clarifying question."""

    def name(self) -> str:
        return "action_hint"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        hints = words()["hints"].get(entity(tracker, "part"))
        if hints is None:
            dispatcher.utter_message(response="utter_help")
        else:
            dispatcher.utter_message(text=hints[audience(tracker)])
        return []
