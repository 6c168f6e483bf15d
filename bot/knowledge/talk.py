"""One turn of a conversation about answers: a question, or a message that leans on the last answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bot.dialogue.messages import Button
from bot.knowledge.answer import Answer, voice
from bot.knowledge.answerer import Answerer, show_button
from bot.knowledge.followup import FollowUp, Thread, read
from bot.knowledge.models import Audience, Item, Kind
from bot.knowledge.search import INTENT_KINDS

if TYPE_CHECKING:
    from bot.safety import Assessment

EASIER: dict[Audience, Audience] = {"teacher": "parent", "parent": "teen", "teen": "child"}
KIND_INTENTS = {kind: intent for intent, kind in INTENT_KINDS.items()}
RELATED = 3
NEXT, NEARLY, NEAR = 10, 0.5, 0.8
"""How far down, and how near the best score, an item of the kind asked for may stand."""


@dataclass(frozen=True)
class Turn:
    """What is said, what to remember of it, and the audience if the person has just chosen one."""

    answer: Answer
    thread: Thread
    audience: Audience | None = None


def ask(
    answerer: Answerer,
    text: str,
    audience: str | None,
    on: date,
    thread: Thread,
    intent: str | None = None,
    assessment: Assessment | None = None,
    shares: Mapping[str, float] | None = None,
    told: str = "",
) -> Turn:
    """Answer a message that may lean on the last answer. The hints are those of ``Answerer.answer``."""
    turn = follow(answerer, text, audience, on, thread, assessment, shares)
    if turn is not None:
        return turn
    answer = answerer.answer(text, audience, on, intent, assessment, shares, told=told)
    return Turn(answer, _after(thread, answer, text, audience))


def follow(
    answerer: Answerer,
    text: str,
    audience: str | None,
    on: date,
    thread: Thread,
    assessment: Assessment | None = None,
    shares: Mapping[str, float] | None = None,
) -> Turn | None:
    """The answer to a message that leans on the last one; None when it stands alone, or safety comes first."""
    if assessment is not None and (assessment.at_risk or assessment.kind == "offender"):
        return None
    if answerer.refuse(text, audience, assessment.request if assessment else "", shares=shares):
        return None
    wanted = read(text, thread)
    if wanted is None:
        return None
    if wanted.kind == "ellipsis":
        return _in_context(answerer, wanted, audience, on, thread)
    return _of_the_item(answerer, wanted, audience, on, thread)


def shown(answerer: Answerer, item_id: str, audience: str | None, on: date, thread: Thread, part: str) -> Turn:
    """An item that a button names."""
    answer = answerer.show(item_id, audience, on, part)
    return Turn(answer, thread.shown([i.id for i in answer.items], part=part, voice=audience))


def _after(thread: Thread, answer: Answer, asked: str, audience: str | None) -> Thread:
    if answer.status not in ("answered", "safety"):
        return thread
    return thread.shown([item.id for item in answer.items], asked, voice=audience)


def _in_context(answerer: Answerer, wanted: FollowUp, audience: str | None, on: date, thread: Thread) -> Turn:
    """A question with something left out. The same short words are never said twice: then the details follow."""
    first = answerer.base.items.get(thread.items[0]) if thread.items else None
    text = wanted.text if thread.asked or first is None else f"{first.topic} {wanted.text}"
    intent = wanted.intent or (KIND_INTENTS.get(first.kind) if first else None)
    if wanted.same_case and thread.asked:  # "phạt bao nhiêu" wants the fine, of what was asked before
        answer = answerer.answer(wanted.said, audience, on, intent, told=thread.asked)
    else:
        answer = answerer.answer(text, audience, on, intent, ours=first is not None and bool(wanted.aspects))
    if first is None or answer.status != "answered" or not _still(wanted, answer, first):
        return Turn(answer, _after(thread, answer, text, audience))
    if other := _of_kind(answerer, text, audience, on, INTENT_KINDS.get(wanted.intent or ""), first):
        answer = answerer.show(other.id, audience, on)
        return Turn(answer, thread.shown([other.id, *thread.items], text, voice=audience))
    if thread.part == "short" and (first.details or first.steps):
        details = answerer.show(first.id, audience, on, "details")
        return Turn(details, thread.shown([i.id for i in answer.items], text, "details", audience))
    others = [i for i in answer.items if i.id != first.id and i.score >= NEARLY * answer.items[0].score]
    if others:
        answer = answerer.show(others[0].id, audience, on)  # all of the first has been said
    return Turn(answer, _after(thread, answer, text, audience))


def _still(wanted: FollowUp, answer: Answer, first: Item) -> bool:
    """Whether the item shown last is still the one: found first, or nearly so when the case is the same."""
    near = NEAR if wanted.same_case and "penalty" not in wanted.aspects else 1.0  # a fine stands in an item of its own
    return any(i.id == first.id and i.score >= near * answer.items[0].score for i in answer.items)


def _of_kind(
    answerer: Answerer, text: str, audience: str | None, on: date, kind: Kind | None, first: Item
) -> Item | None:
    """The next item that answers nearly as well, of the kind that was asked for: "báo ở đâu" after a penalty wants a
    procedure."""
    if kind is None or kind == first.kind:
        return None
    hits = answerer.search.find(text, on, voice(audience), kind, limit=NEXT).hits
    near = [h for h in hits if h.item.kind == kind and h.score >= NEARLY * hits[0].score]
    return near[0].item if near else None


def _of_the_item(answerer: Answerer, wanted: FollowUp, audience: str | None, on: date, thread: Thread) -> Turn | None:
    """The last item in another part or voice."""
    item = answerer.base.items.get(thread.items[0]) if thread.items else None
    if wanted.kind == "voice":
        return _in_voice(answerer, item, wanted.audience or voice(audience), on, thread)
    if item is None:
        return None
    if wanted.kind == "simpler":
        return _simpler(answerer, item, audience, on, thread)
    if wanted.kind == "more" and (thread.part == "details" or not (item.details or item.steps)):
        return _related(answerer, item, audience, thread)
    part = "source" if wanted.kind == "source" else "details"
    return shown(answerer, item.id, audience, on, thread, part)


def _in_voice(answerer: Answerer, item: Item | None, who: Audience, on: date, thread: Thread) -> Turn:
    if item is None:
        return Turn(Answer("answered", answerer.phrases.say("voice_set", who)), thread, who)
    answer = answerer.show(item.id, who, on)
    return Turn(answer, thread.shown(thread.items, voice=who), who)


def _simpler(answerer: Answerer, item: Item, audience: str | None, on: date, thread: Thread) -> Turn:
    """The item in the next easier voice that says it in other words; the steps, or a person, when there is none."""
    who = voice(audience)
    now = voice(thread.voice or who)
    said = answerer.wording.spoken(item, now)
    easier: Audience | None = EASIER.get(now)
    while easier and item.variants.get(easier, said) == said:
        easier = EASIER.get(easier)
    if easier:
        lead = "" if who in ("child", easier) else answerer.phrases.say("easier", who) + "\n"
        answer = answerer.show(item.id, easier, on)
        text = lead + answer.text
        return Turn(Answer("answered", text, answer.items, answer.buttons), thread.shown(thread.items, voice=easier))
    if item.steps and thread.part == "short":
        return shown(answerer, item.id, audience, on, thread, "details")
    return Turn(Answer("answered", answerer.phrases.say("easiest", who), [], answerer.help_buttons()), thread)


def _related(answerer: Answerer, item: Item, audience: str | None, thread: Thread) -> Turn:
    """What else may be of use, when everything of the item has been said."""
    who = voice(audience)
    names = dict.fromkeys(name for name in (*item.related, *thread.items[1:]) if name != item.id)
    buttons = _buttons(answerer, names, who)
    if not buttons:
        return Turn(Answer("answered", answerer.phrases.say("no_more", who), [], answerer.help_buttons()), thread)
    return Turn(Answer("answered", answerer.phrases.say("related", who), [], buttons), thread)


def _buttons(answerer: Answerer, names: Iterable[str], who: Audience) -> list[Button]:
    found = [answerer.base.items[name] for name in names if name in answerer.base.items]
    return [show_button(i.topic, i.id) for i in found if answerer.presentable(i, who)][:RELATED]
