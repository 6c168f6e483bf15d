"""Behind the receipt: how a report stands, adding to it, officers' messages, calling back, withdrawing, deleting.

Works in any chat of any channel. The receipt is remembered for a quarter of an hour after it was last used; nothing
that is said here names what was reported, and a wrong code is answered as one that does not exist.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from anyio import to_thread
from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.instead import answer_instead
from actions.report import reports
from actions.report_draft import DRAFT, intake_words, words_for
from actions.shared import (
    VIETNAM,
    Events,
    SafeAction,
    answerer,
    audience,
    entity,
    heard,
    intent,
    lean,
    metadata,
    remember,
    speak,
    thread,
    today,
    typed,
)
from bot.dialogue import follow
from bot.dialogue.intake import CONTACT, OUTCOME, SKIPPED
from bot.dialogue.messages import Reply
from bot.knowledge import talk
from bot.knowledge.talk import KIND_INTENTS
from bot.reports import OfficerMessage, SafeCall, TooManyAttempts

OPEN, CALL = "receipt_open", "receipt_call"
KEEP_OPEN = 15 * 60.0  # the tracker store drops it then (bot.dialogue.trackers)
STEPS = ("number", "hours", "person", "word")


def told_elsewhere(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events | None:
    """Who has called 111 and asks what comes of it has no code of ours: what happens after a report is told instead."""
    said, who = typed(tracker), audience(tracker)
    if "111" not in said:
        return None
    turn = talk.ask(answerer(), said, who, today(), thread(tracker), KIND_INTENTS["procedure"], heard(tracker))
    if turn.answer.status != "answered":
        return None
    speak(dispatcher, Reply(turn.answer.text, turn.answer.buttons))
    return remember(dispatcher, turn)


def what_next(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Whoever has sent a report in this chat and asks for it without its code is told what happens now and what to do
    meanwhile; the code is only offered. Returns whether something was said."""
    said = str(entity(tracker, "words") or typed(tracker))
    left = contact_of_sent(tracker)
    if left is None:
        if entity(tracker, "words") and follow.asks_for_anybody(said):
            dispatcher.utter_message(response="utter_bot_challenge")  # no report: whether anybody is there
            return True
        return False
    key = "next_with_contact" if left else "next_without_contact"
    buttons = [dict(button) for button in intake_words()["buttons"]["next"]]
    dispatcher.utter_message(text=words_for(key, audience(tracker)), buttons=buttons)
    return True


def contact_of_sent(tracker: Tracker) -> bool | None:
    """Whether the report that was last sent in this chat said how to reach the person; None when none was sent."""
    contact, sent, began = None, None, False
    for event in tracker.events:
        if event["event"] in ("restart", "reset_slots"):
            contact, sent, began = None, None, False
        elif event["event"] != "slot":
            continue
        elif event["name"] == CONTACT and event["value"] is not None:
            contact = event["value"]
        elif event["name"] == OUTCOME and event["value"] == "send":
            began = True
        elif event["name"] == DRAFT:
            if event["value"] is None and began:
                sent = contact not in (None, SKIPPED)  # a report that could not be saved keeps its draft
            contact, began = (None, False) if event["value"] is None else (contact, began)
    return sent


class ActionCheckReport(SafeAction):
    """Opens a report with its receipt and shows how it stands."""

    def name(self) -> str:
        return "action_check_report"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        receipt = entity(tracker, "receipt") or receipt_of(tracker)
        if not receipt and (events := lean(dispatcher, tracker)) is not None:
            return events  # "xem thêm đi" after an answer
        if not receipt and (events := told_elsewhere(dispatcher, tracker)) is not None:
            return events
        if not receipt and not entity(tracker, "words") and follow.is_of_rules(typed(tracker)):
            return await answer_instead(dispatcher, tracker, "ask_procedure")  # "cái mẫu số 01 là cái gì"
        if not receipt:
            if not what_next(dispatcher, tracker):
                dispatcher.utter_message(response="utter_ask_receipt")
            return []
        try:
            status = await to_thread.run_sync(reports().status, str(receipt), tracker.sender_id)
        except TooManyAttempts:
            dispatcher.utter_message(response="utter_receipt_too_many")
            return closed()
        if status is None:
            dispatcher.utter_message(response="utter_receipt_unknown")
            return closed()
        if status.unread:
            dispatcher.utter_message(response="utter_follow_unread", count=status.unread)
        dispatcher.utter_message(response="utter_follow_menu", status=status.words(audience(tracker)))
        return opened(str(receipt))


class ActionFollowUp(SafeAction):
    """Everything that the holder of a receipt may do; one handler for each intent."""

    refuses = False

    def name(self) -> str:
        return "action_follow_up"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        wanted, receipt = intent(tracker), receipt_of(tracker)
        if wanted in ("withdraw_report", "delete_report") and entity(tracker, "forced"):
            # Also without a receipt: somebody may stand beside the child and dictate.
            await to_thread.run_sync(reports().note_pressure, tracker.sender_id, receipt)
            dispatcher.utter_message(response="utter_withdraw_noted")
            return closed()
        if wanted == "close_receipt":
            dispatcher.utter_message(response="utter_receipt_closed")
            return closed()
        if receipt is None:
            dispatcher.utter_message(response="utter_ask_receipt")
            return closed()
        try:
            events: Events = await HANDLERS[wanted](dispatcher, tracker, receipt)
            return events
        except TooManyAttempts:
            dispatcher.utter_message(response="utter_receipt_too_many")
            return closed()


async def _add(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:
    words = entity(tracker, "words")
    if not words:
        dispatcher.utter_message(response="utter_follow_ask_words")
        dispatcher.utter_message(json_message={"awaits": "add_information"})
        return opened(receipt)
    if follow.ends(str(words)):
        dispatcher.utter_message(response="utter_follow_stopped")
        return opened(receipt)
    key = metadata(tracker).get("message_key")
    added = await to_thread.run_sync(reports().add, receipt, tracker.sender_id, str(words), key)
    dispatcher.utter_message(response="utter_follow_added" if added else "utter_follow_not_added")
    return opened(receipt)


async def _read(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:
    found = await to_thread.run_sync(reports().messages, receipt, tracker.sender_id)
    if not found:
        dispatcher.utter_message(response="utter_follow_no_messages")
        return opened(receipt)
    dispatcher.utter_message(response="utter_follow_messages", lines="\n".join(map(line_of, found)))
    return opened(receipt)


def line_of(message: OfficerMessage) -> str:
    """An officer's message as the receipt's holder reads it."""
    return f"• {datetime.fromtimestamp(message.at, VIETNAM):%d/%m %H:%M}: {message.text}"


async def _notify(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:
    wanted = entity(tracker, "wanted")
    if wanted not in ("yes", "no"):
        dispatcher.utter_message(response="utter_notice_ask")
        return opened(receipt)
    done = await to_thread.run_sync(reports().notify, receipt, tracker.sender_id, wanted == "yes")
    dispatcher.utter_message(response="utter_notice_on" if done and wanted == "yes" else "utter_notice_off")
    return opened(receipt)


async def _call(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:
    """Four short steps: number, hours, whom to ask for, a word. The first can be refused, the others skipped."""
    words = entity(tracker, "words")
    known: dict[str, Any] = dict(tracker.get_slot(CALL) or {}) if words else {}
    if words:
        step = next(step for step in STEPS if step not in known)
        ended = follow.ends(str(words))
        if follow.wants_no_call(str(words)) or (ended and step == "number"):
            await to_thread.run_sync(reports().arrange_call, receipt, tracker.sender_id, None)
            dispatcher.utter_message(response="utter_call_off")
            return [*opened(receipt), SlotSet(CALL, None)]
        known[step] = "" if ended else str(words)
    missing = next((step for step in STEPS if step not in known), None)
    if missing is not None:
        dispatcher.utter_message(response=f"utter_call_ask_{missing}")
        dispatcher.utter_message(json_message={"awaits": "arrange_call"})
        return [*opened(receipt), SlotSet(CALL, known)]
    call = SafeCall(number=known["number"], hours=known["hours"], ask_for=known["person"], word=known["word"])
    done = await to_thread.run_sync(reports().arrange_call, receipt, tracker.sender_id, call)
    dispatcher.utter_message(response="utter_call_arranged" if done else "utter_follow_not_added")
    return [*opened(receipt), SlotSet(CALL, None)]


async def _withdraw(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:  # noqa: ARG001
    dispatcher.utter_message(response="utter_withdraw_confirm")
    return opened(receipt)


async def _confirm_withdraw(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:
    done = await to_thread.run_sync(reports().withdraw, receipt, tracker.sender_id)
    dispatcher.utter_message(response="utter_withdrawn" if done else "utter_receipt_unknown")
    return opened(receipt) if done else closed()


async def _delete(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:  # noqa: ARG001
    dispatcher.utter_message(response="utter_delete_report_confirm")
    return opened(receipt)


async def _confirm_delete(dispatcher: CollectingDispatcher, tracker: Tracker, receipt: str) -> Events:
    done = await to_thread.run_sync(reports().ask_deletion, receipt, tracker.sender_id)
    dispatcher.utter_message(response="utter_delete_report_done" if done else "utter_receipt_unknown")
    return closed()


HANDLERS: dict[str, Callable[..., Any]] = {
    "add_information": _add,
    "read_messages": _read,
    "notify_me": _notify,
    "arrange_call": _call,
    "withdraw_report": _withdraw,
    "confirm_withdraw": _confirm_withdraw,
    "delete_report": _delete,
    "confirm_delete_report": _confirm_delete,
}


def receipt_of(tracker: Tracker) -> str | None:
    """The receipt that was opened in this chat a moment ago."""
    known = tracker.get_slot(OPEN) or {}
    return str(known["digits"]) if known and time.time() - known["at"] < KEEP_OPEN else None


def opened(receipt: str) -> Events:
    """Remember the receipt for a while."""
    return [SlotSet(OPEN, {"digits": receipt, "at": time.time()})]


def closed() -> Events:
    """Forget it."""
    return [SlotSet(OPEN, None), SlotSet(CALL, None)]
