"""What every action shares: nothing may escape one, because rasa-sdk answers an exception with the whole tracker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import said as own
from actions.leaving import is_watched
from actions.plea import (
    asks_another_way,
    asks_whether_told,
    danger_told,
    dangers_told,
    form_about,
    said_before,
)
from bot.db.engine import Store, open_store
from bot.dialogue.intake import is_a_place
from bot.dialogue.messages import Reply
from bot.knowledge import Answerer, KnowledgeBase, talk
from bot.knowledge.followup import Thread
from bot.safety import Assessment, SafetyAnswers, choose_form, in_writing, introduces, only_afraid, question
from bot.safety.answers import YOUNG
from bot.safety.told import PLEA, asks_what_to_do, pleads
from bot.settings import get_settings

log = structlog.get_logger(__name__)
Events = list[dict[str, Any]]
THREAD = "answer_thread"
FEW = 3
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class SafeAction(Action, ABC):  # type: ignore[misc]
    """An action whose failure is a kind sentence and a log line without content."""

    refuses = True
    """Whether what must not be answered plainly (``Answerer.refuse``) is refused instead of acting."""

    talks = False
    """Whether it says what the words ask for. Then a request that only the risk model sees is refused too: to delete
    one's data or to be called is nobody's harm, whatever it sounds like."""

    leans = False
    """Whether the message may lean on the last answer ("giải thích dễ hơn") whatever its intent was taken for."""

    informs = False
    """Whether it answers what a message is about. Beside the safe words, one or two words ("ba", "9") are about nothing
    more; and whoever only says who they are has not said what it is about."""

    @abstractmethod
    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Do the work and return Rasa's events."""

    def refused(self) -> Events:
        """What follows a refusal."""
        return []

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Events:  # noqa: ARG002
        try:
            if metadata(tracker).get("heard_out") and not tracker.active_loop.get("name"):
                return []  # the gateway has answered a fear; whatever else it looks like would only confuse
            if self.refuses and refuse(dispatcher, tracker, self.talks):
                return self.refused()
            if where_it_is(dispatcher, tracker):
                return []
            if self.informs and metadata(tracker).get("safety_shown") and len(typed(tracker).split()) < FEW:
                return []
            if self.informs and not tracker.active_loop.get("name") and introduces(typed(tracker)):
                dispatcher.utter_message(response="utter_affirm")  # heard; what would they like?
                return []
            if (self.informs or self.talks) and not tracker.active_loop.get("name") and only_afraid(typed(tracker)):
                if not metadata(tracker).get("safety_shown"):
                    speak_safety(dispatcher, tracker, "worry", "low")  # of what? a guess at an answer would not ask
                return []
            if (self.informs or self.talks) and of_ourselves(dispatcher, tracker):
                return []
            if (self.informs or self.talks) and (events := what_now(dispatcher, tracker)) is not None:
                return events
            if (self.informs or self.talks) and (events := what_else(dispatcher, tracker)) is not None:
                return events
            if self.leans and (events := lean(dispatcher, tracker)) is not None:
                return events
            return await self.act(dispatcher, tracker)
        except Exception as error:
            log.error("action.failed", action=self.name(), error=type(error).__name__)
            dispatcher.utter_message(response="utter_action_failed")
            return []


@lru_cache(maxsize=1)
def answerer() -> Answerer:
    """The knowledge base with its search index, loaded once."""
    return Answerer(KnowledgeBase.load(get_settings().knowledge_dir))


@lru_cache(maxsize=1)
def safety_answers() -> SafetyAnswers:
    """The safe answers, loaded once."""
    return SafetyAnswers.load()


@lru_cache(maxsize=1)
def store() -> Store:
    """The program's database, opened once."""
    return open_store(get_settings())


def today() -> date:
    """The date in Viet Nam: which law is in force."""
    return datetime.now(VIETNAM).date()


def metadata(tracker: Tracker) -> dict[str, Any]:
    """What the gateway sent along with the message (empty in ``rasa shell``)."""
    return tracker.latest_message.get("metadata") or {}


def entity(tracker: Tracker, name: str) -> Any:
    """The latest message's first entity of that name, or None."""
    return next((e["value"] for e in tracker.latest_message.get("entities") or [] if e["entity"] == name), None)


def intent(tracker: Tracker) -> str:
    """The latest message's intent."""
    return (tracker.latest_message.get("intent") or {}).get("name") or ""


def intent_shares(tracker: Tracker) -> dict[str, float]:
    """How likely the latest message has each of the likeliest intents (empty for a pressed button)."""
    ranking = tracker.latest_message.get("intent_ranking") or []
    return {r["name"]: float(r["confidence"]) for r in ranking if r["name"] != "nlu_fallback"}


def audience(tracker: Tracker) -> str:
    """Whose voice to use: what the gateway knows, else the slot, else that of the last answer or a teenager's."""
    return metadata(tracker).get("audience") or tracker.get_slot("audience") or thread(tracker).voice or "teen"


def risk(tracker: Tracker) -> str:
    """The risk of the latest message: the gateway's (which knows the conversation) or the NLU component's."""
    return metadata(tracker).get("risk") or entity(tracker, "risk") or "none"


def typed(tracker: Tracker) -> str:
    """What the person typed; empty for a pressed button."""
    text = tracker.latest_message.get("text") or ""
    return "" if text.startswith("/") else text


def heard(tracker: Tracker) -> Assessment:
    """What the gateway saw in the message beside its risk, which it has answered itself."""
    return Assessment(request=metadata(tracker).get("request", ""))


def refuse(dispatcher: CollectingDispatcher, tracker: Tracker, by_model: bool = False) -> bool:
    """Refuse kindly what must not be answered plainly. Returns whether something was, or had been, refused.

    ``by_model``: what only the risk model sees (the gateway's ``request``) counts too. Beside the safe words nobody is
    told off (``Answerer.refuse``).
    """
    note = metadata(tracker)
    told = note.get("kind") if note.get("safety_shown") else None
    if told == "offender":
        return True
    request = note.get("request", "")
    if request and not (by_model and typed(tracker)):
        request = ""
    refused = answerer().refuse(typed(tracker), audience(tracker), request, told, intent_shares(tracker))
    if refused is None:
        return False
    if refused.text:
        inside = tracker.active_loop.get("name")  # nothing leads out of a report that has begun
        speak(dispatcher, Reply(refused.text, answerer().help_buttons() if inside else refused.buttons))
    return True


def thread(tracker: Tracker) -> Thread:
    """What was answered last (a slot: sealed at rest with the tracker)."""
    return Thread.from_json(tracker.get_slot(THREAD))


def remember(dispatcher: CollectingDispatcher, turn: talk.Turn) -> Events:
    """The events that keep what was answered, and the audience if the person has just chosen one."""
    events: Events = [SlotSet(THREAD, turn.thread.to_json())]
    if turn.audience:
        dispatcher.utter_message(json_message={"audience": turn.audience})  # the gateway remembers it too
        events.append(SlotSet("audience", turn.audience))
    return events


def just_told(tracker: Tracker) -> str:
    """The danger that somebody told of a moment before a short question, which is about just that; else nothing."""
    before = danger_told(tracker.events) if len(typed(tracker).split()) <= PLEA else None
    return before.text if before else ""


def inform(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """An answer beside the safe words, when the message asks for one too; it may be asked on ("nguồn ở đâu")."""
    note, said, who = metadata(tracker), typed(tracker), audience(tracker)
    alone = note["kind"] == "self_harm" or (note.get("in_danger") and who in YOUNG)
    if alone and not answerer().asks_for_law(said, who):
        return []
    told = Assessment(risk=note["risk"], kind=note["kind"], score=1.0, reasons=[], request=note.get("request", ""))
    asks = "ask_procedure" if asks_what_to_do(said) else intent(tracker)
    also = answerer().beside(said, who, today(), asks, told, just_told(tracker), intent_shares(tracker))
    if also is None:
        return []
    speak(dispatcher, Reply(also.text, also.buttons))
    return remember(dispatcher, talk.Turn(also, thread(tracker).shown([i.id for i in also.items], said, voice=who)))


def of_ourselves(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Answer whoever asks if this machine tells on them, or who told of danger and says that their phone is read now
    and then. Returns whether it did; beside the safe words, too."""
    said = typed(tracker)
    if tracker.active_loop.get("name"):
        return False
    if asks_whether_told(said):
        speak(dispatcher, own.reply("tells", audience(tracker)))
        return True
    if is_watched(said) and danger_told(tracker.events) is not None:
        speak(dispatcher, own.reply("watched", audience(tracker)))
        return True
    return False


def where_it_is(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Hear whoever has just told of danger and names a place and nothing more: where it happens. It is kept for a
    report, whatever its syllables were taken for. Returns whether it was one."""
    if metadata(tracker).get("safety_shown") or tracker.active_loop.get("name"):
        return False
    if not is_a_place(typed(tracker)) or danger_told(tracker.events) is None:
        return False
    speak(dispatcher, own.reply("place", audience(tracker)))
    return True


def what_now(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events | None:
    """Whoever has just told of danger and only asks what to do ("làm sao bây giờ") is answered about that: the safe
    words again, and what there is to know beside them. None for everything else."""
    said, who = typed(tracker), audience(tracker)
    if metadata(tracker).get("safety_shown") or tracker.active_loop.get("name"):
        return None
    before = danger_told(tracker.events) if pleads(said) else None
    if before is None:
        return None
    also = None
    form = form_about(dangers_told(tracker.events))
    if before.kind not in ("self_harm", "emergency"):
        assessment = Assessment(risk=before.risk, kind=before.kind, score=1.0, reasons=[])
        also = answerer().beside(f"{before.text} {said}", who, today(), None, assessment)  # surely fitting, or nothing
    speak_safety(dispatcher, tracker, before.kind, before.risk, before.kind != "self_harm", form)
    if also is None or also.items[0].id in thread(tracker).items:
        return []  # nothing, or nothing new
    speak(dispatcher, Reply(also.text, also.buttons))
    shown = thread(tracker).shown([i.id for i in also.items], before.text, voice=who)
    return remember(dispatcher, talk.Turn(also, shown))


def what_else(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events | None:
    """Whoever was refused a moment ago and asks for another way ("vậy có cách nào khác") is shown what can be done
    instead. None for everything else."""
    said, who = typed(tracker), audience(tracker)
    if metadata(tracker).get("safety_shown") or tracker.active_loop.get("name") or len(said.split()) > PLEA:
        return None
    before, note = said_before(tracker.events)
    if not before or not asks_another_way(said):
        return None
    advice = answerer().instead(before, who, note.get("request", ""))
    if advice is None:
        return None
    turn = talk.shown(answerer(), advice, who, today(), thread(tracker), "short")
    speak(dispatcher, Reply(turn.answer.text, turn.answer.buttons))
    return remember(dispatcher, turn)


def lean(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events | None:
    """Answer a message that leans on the last answer; None when it stands alone or is at risk."""
    if metadata(tracker).get("safety_shown") or tracker.active_loop.get("name"):
        return None
    hints = heard(tracker), intent_shares(tracker)
    turn = talk.follow(answerer(), typed(tracker), audience(tracker), today(), thread(tracker), *hints)
    if turn is None:
        return None
    speak(dispatcher, Reply(turn.answer.text, turn.answer.buttons))
    return remember(dispatcher, turn)


def speak(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """Utter a reply made elsewhere in the program."""
    buttons = [{"title": b.title, "payload": b.payload} for b in reply.buttons]
    dispatcher.utter_message(text=reply.text, buttons=buttons)


def speak_safety(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    kind: str,
    level: str,
    repeated: bool = False,
    form: str = "",
) -> None:
    """Utter the safe answer for a kind and risk; ``repeated``: the long words were said a moment ago; ``form``: the
    one that is known to fit."""
    assessment = Assessment(risk=level, kind=kind, score=1.0, reasons=[])  # type: ignore[arg-type]
    voice = audience(tracker)
    form = form or choose_form(assessment, in_form=False, repeated=repeated, audience=voice)
    reply = safety_answers().special(form, voice)
    if metadata(tracker).get("writes_only"):
        reply = replace(reply, text=in_writing(reply.text))
    speak(dispatcher, reply)
    dispatcher.utter_message(json_message={"asks": question(form, voice)})  # the gateway reads the next words by it
