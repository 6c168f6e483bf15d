"""Answering a question: refuse, keep safe, answer with the law of the day, ask back, or say "I don't know"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.dialogue.messages import Button
from bot.knowledge import asked
from bot.knowledge.answer import Answer, AnswerItem, Status, Wording, day_text, voice
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.models import Audience, Document, Item
from bot.knowledge.phrases import Phrases, Refusal
from bot.knowledge.scope import foreign, surely_foreign, taken_for
from bot.knowledge.search import INTENT_KINDS, Hit, Result, Search
from bot.knowledge.texts import Rules, load_data
from bot.language import bare_form
from bot.language.audience import GROWN

if TYPE_CHECKING:
    from bot.safety import Assessment, SafetyAnswers
    from bot.safety.types import Kind

SHOWN = 5
ALTERNATIVES = 2
OFFICIAL = ("law", "procedure")
NAMED = 3
ARTICLE, DOCUMENT = 0.7, 0.6
"""How well an item must fit a reference (``References.match``): the article alone, or the document alone."""
MAX_QUESTION = 2000
"""What stands behind is not read: a question is short, and the time to answer must be too."""


@lru_cache(maxsize=1)
def thresholds() -> dict[str, float]:
    """The learned thresholds of the decision (``thresholds.yml``)."""
    return {name: float(value) for name, value in load_data("thresholds.yml").items()}


class Answerer:
    """Answers questions from a knowledge base. Safe to share between threads: nothing is kept of a question."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self.base = kb
        self.search = Search(kb)
        self.search.prepare()
        self.phrases = Phrases(kb.phrases)
        self.wording = Wording(kb, self.phrases)
        self.rules = Rules(hotline.number for hotline in kb.hotlines if hotline.number)

    def answer(
        self,
        text: str,
        audience: str | None,
        on: date,
        intent: str | None = None,
        assessment: Assessment | None = None,
        shares: Mapping[str, float] | None = None,
        ours: bool = False,
        told: str = "",
    ) -> Answer:
        """Answer a question in the audience's voice with what is in force on a day.

        ``intent``, the ``shares`` of all intents (of the NLU) and ``assessment`` (of the safety room) are hints; all
        may be missing. ``ours``: it asks on after an answer, so that it is our business whatever it looks like.
        ``told``: the story that it was asked after (``Search.find``).
        """
        who, text = voice(audience), text[:MAX_QUESTION]
        if assessment is not None and (assessment.at_risk or assessment.kind == "offender"):
            return self._safety(text, who, on, intent, assessment, shares)
        if refused := self.refuse(text, audience, assessment.request if assessment else "", shares=shares):
            return refused
        result = self.search.find(text, on, who, INTENT_KINDS.get(intent or ""), SHOWN, told)
        status = self.decide(result, intent, shares, ours or (bool(told) and intent in INTENT_KINDS))
        if intent == "contact_hotlines" and self._wants_numbers(text, status):
            return self._hotlines(who)
        if status == "answered":
            return self._answered(result, who, on)
        if status == "clarify":
            return self._clarify(result, who)
        return self._not_known(status, result, text, who, on)

    def refuse(
        self,
        text: str,
        audience: str | None,
        request: str | None = "",
        told: Kind | None = None,
        shares: Mapping[str, float] | None = None,
    ) -> Answer | None:
        """The kind refusal of what must not be answered plainly; None for everything else.

        ``request``: the kind that the risk model sees (``Assessment.request``), for what no pattern knows; None when
        it is sure that there is none. ``told``: what the safe words of this turn are about. Beside them nobody is told
        off: only who tells what was done to them and wants a secret kept, or to hit back, hears where they stand; the
        answer is empty for all else. ``shares``: of the intents, as in :meth:`answer`.
        """
        refusal = self.phrases.refusal(text[:MAX_QUESTION], request, surely_foreign(shares))
        if refusal is None:
            return None
        said = refusal.texts.get(voice(audience)) or refusal.texts["default"]
        if told:
            return Answer("refused", said if refusal.beside and told == "disclosure" else "")
        advice = self._advice(refusal, voice(audience))
        items = self._items(Hit(item, 0.0, 0.0) for item in advice)
        buttons = [show_button(item.topic, item.id) for item in advice[:ALTERNATIVES]]  # what can be done instead
        return Answer("refused", said, items, buttons + self.help_buttons())

    def _advice(self, refusal: Refusal, who: Audience) -> list[Item]:
        """The items about what can be done instead of a refused wish."""
        known = [self.base.items[i] for i in refusal.advice if i in self.base.items]
        return [item for item in known if self.presentable(item, who)]

    def instead(self, text: str, audience: str | None, request: str | None = "") -> str | None:
        """The item about what can be done instead of what was refused; None where nothing was, or nothing is known."""
        refusal = self.phrases.refusal(text[:MAX_QUESTION], request)
        advice = self._advice(refusal, voice(audience)) if refusal else []
        return advice[0].id if advice else None

    def beside(
        self,
        text: str,
        audience: str | None,
        on: date,
        intent: str | None,
        assessment: Assessment,
        told: str = "",
        shares: Mapping[str, float] | None = None,
    ) -> Answer | None:
        """What may be said beside the safe words to a message at risk that is a question too, or wants what cannot be
        promised ("đừng nói ai"); None otherwise. ``told`` and ``shares`` as in :meth:`answer`. A grown-up whose
        question is nearly understood is asked which of a few answers they want."""
        who, text = voice(audience), text[:MAX_QUESTION]
        refused = self.refuse(text, audience, assessment.request, assessment.kind)
        if refused and refused.text:
            return refused
        if refused and self.refuse(text, audience, "", assessment.kind):
            return None
        if not asked.may_inform(self.search, text, who, intent, assessment):
            return None
        plainly = asked.asks_plainly(self.search, text, intent)
        intent = self._asks_for(text, who, intent, shares if plainly else None)
        kind = INTENT_KINDS.get(intent or "")
        result = self.search.find(text, on, who, kind, SHOWN, told)
        first = result.hits[0] if result.hits else None
        if first is None or (first.item.kind == "law" and not asked.asks(self.search, text, intent)):
            return None
        if refused and first.item.kind not in OFFICIAL:
            return None  # only the model sees a wish in it that must not be helped: what the law says helps none
        status = self.decide(result, intent if kind else None, ours=True)
        if status == "answered" and first.score >= asked.enough(self.search, text, intent, thresholds()):
            lead = "also_asked" if plainly else "may_help"
            said = f"{self.phrases.say(lead, who)}\n{self.wording.short(first.item, who)}"
            return Answer("answered", said, self._items(result.hits), self._item_buttons(first.item, "short"))
        near = plainly and who in GROWN and not refused and first.score >= thresholds()["unknown_known_intent"]
        return self._clarify(result, who) if near else None

    def _asks_for(self, text: str, who: Audience, intent: str | None, shares: Mapping[str, float] | None) -> str | None:
        """The intent of the question in a message at risk: the law where its words name it, the likeliest question
        where a grown-up asks and tells in one."""
        if self.search.asks_law(text):
            return "ask_law"
        if intent in INTENT_KINDS or who not in GROWN or not shares:
            return intent
        return max(INTENT_KINDS, key=lambda name: shares.get(name, 0.0))

    def asks_what_is_kept(self, text: str) -> bool:
        """Whether who speaks of this machine asks what it does with their words, not only what it is."""
        return asked.says("kept", text[:MAX_QUESTION])

    def show(self, item_id: str, audience: str | None, on: date, part: str = "short") -> Answer:
        """Show an item that a button names: ``part`` is ``short``, ``details`` or ``source``."""
        who = voice(audience)
        item = self.base.items.get(item_id)
        if item is None:
            return Answer("unknown", self.phrases.say("gone", who), [], self.help_buttons())
        text = self.wording.part(item, who, part)
        note = self.wording.validity_note(item, on)
        full = "\n".join(p for p in (note, text) if p)
        return Answer("answered", full, self._items([Hit(item, 0.0, 0.0)]), self._item_buttons(item, part))

    def decide(
        self, result: Result, intent: str | None, shares: Mapping[str, float] | None = None, ours: bool = False
    ) -> Status:
        """Answered, clarify, unknown or out of scope, by the scores and what was learned of them.

        ``ours``: it is our business whatever it looks like, since a child is at risk or it asks on.
        """
        limits = thresholds()
        if not result.hits:
            return "unknown"
        first = result.hits[0]
        if result.today is not None:
            return "unknown"  # the law of that day is not here, and today's must not stand in for it
        if result.reference and first.reference < (ARTICLE if result.reference.articles else DOCUMENT):
            return "unknown"
        if first.reference >= ARTICLE:
            return "answered"
        if not ours and not result.reference and foreign(result.signs, shares or taken_for(intent)):
            return "out_of_scope"
        if intent == "chitchat":
            return "answered" if first.score >= limits["answer_despite_intent"] else "out_of_scope"
        known = intent in INTENT_KINDS
        if first.score < limits["unknown_known_intent" if known else "unknown"]:
            return "clarify" if result.reference else "unknown"
        if first.score < limits["clarify_known_intent" if known else "clarify"]:
            return "clarify"
        return "answered"

    @staticmethod
    def _wants_numbers(text: str, status: Status) -> bool:
        """Whether who seems to ask for numbers means ours: not those of a bus line, nor something about 111."""
        if len(text.split()) < NAMED:
            return True  # a button, or too short to name somebody else's
        return status != "out_of_scope" and (status != "answered" or not _about_111().search(bare_form(text)))

    def _safety(
        self,
        text: str,
        who: Audience,
        on: date,
        intent: str | None,
        assessment: Assessment,
        shares: Mapping[str, float] | None,
    ) -> Answer:
        """The safe words; the answer too when a question came with them and nothing speaks against it."""
        also = self.beside(text, who, on, intent, assessment, shares=shares)
        # Beside an answer the short safe words; an inner hurt and danger now always get the long ones.
        short = also is not None and assessment.kind != "self_harm" and assessment.risk != "immediate"
        reply = _safety_answers().answer(assessment, who, repeated=short)
        if also is None:
            return Answer("safety", reply.text, [], list(reply.buttons))
        # Medium is "it may be": then the message counts as a question that was answered, with safe words first.
        plain = also.status == "answered" and assessment.risk == "medium" and not assessment.request
        which = also.buttons if also.status == "clarify" else []
        text = f"{reply.text}\n\n{also.text}"
        return Answer("answered" if plain else "safety", text, also.items, [*which, *reply.buttons])

    def asks_for_law(self, text: str, audience: str | None) -> bool:
        """Whether a grown-up asks in so many words what the law says ("tội gì", "luật có cấm"): that is answered
        whatever else the message tells, after the safe words."""
        return voice(audience) in GROWN and self.search.asks_law(text[:MAX_QUESTION])

    @staticmethod
    def _for_reader(result: Result, who: Audience) -> Result:
        """The same hits; before one that speaks only to others stands the next that speaks to the reader and fits
        nearly as well. Who names an article gets that one."""
        first, near = result.hits[0], thresholds()["alternative"]
        if who in first.item.audiences or first.reference:
            return result
        own = next((h for h in result.hits if who in h.item.audiences and h.score >= near * first.score), first)
        return replace(result, hits=[own, *(hit for hit in result.hits if hit is not own)])

    def _answered(self, result: Result, who: Audience, on: date) -> Answer:
        result = self._for_reader(result, who)
        first = result.hits[0].item
        text = self.wording.short(first, who)
        if result.past and first.kind == "law":
            note = self.wording.validity_note(first, on)
            text = "\n".join(p for p in (self.phrases.say("past", day=day_text(result.day)), text, note) if p)
        if result.ended is not None:
            text = f"{self._ended(result.ended, result.day)}\n{text}"
        buttons = self._item_buttons(first, "short") + self._alternatives(result.hits, who)
        return Answer("answered", text, self._items(result.hits), buttons)

    def _clarify(self, result: Result, who: Audience) -> Answer:
        shown = [hit for hit in result.hits if self.presentable(hit.item, who)][:3]
        buttons = [show_button(hit.item.topic, hit.item.id) for hit in shown]
        return Answer("clarify", self.phrases.say("clarify", who), self._items(result.hits), buttons)

    def _not_known(self, status: Status, result: Result, text: str, who: Audience, on: date) -> Answer:
        if status == "out_of_scope":
            return Answer(status, self.phrases.say("out_of_scope", who), [], self.help_buttons())
        if result.past:
            return self._not_known_then(result, text, who, on)
        if result.ended is not None:
            said = f"{self._ended(result.ended, result.day)} {self.phrases.say('unknown', who)}"
            return Answer("unknown", said, [], self.help_buttons())
        key = "unknown_reference" if result.reference else "unknown"
        return Answer("unknown", self.phrases.say(key, who), [], self.help_buttons())

    def _not_known_then(self, result: Result, text: str, who: Audience, on: date) -> Answer:
        """The law of a past day is not here: name it if it is known, and offer today's."""
        today = [result.today] if result.today else [hit.item for hit in self.search.find(text, on, who, limit=1).hits]
        buttons = [
            show_button(self.phrases.button("today", topic=item.topic), item.id)
            for item in today if self.presentable(item, who)
        ]  # fmt: skip
        said = self.phrases.say("unknown_past", who, day=day_text(result.day))
        then = self.base.predecessors(result.today, result.day) if result.today else []
        if then and who != "child":
            cited = "; ".join(document.cite for document in then)
            said = f"{self.phrases.say('law_then', day=day_text(result.day), documents=cited)} {said}"
        return Answer("unknown", said, [], buttons + self.help_buttons())

    def _ended(self, document: Document, day: date) -> str:
        """That a document which the question names is no longer in force, and what has taken its place."""
        heirs = [self.base.documents[i].cite for i in self.base.successors(document, day)]
        key = "ended_replaced" if heirs else "ended"
        end = day_text(document.ends) if document.ends else ""
        return self.phrases.say(key, document=document.cite, day=end, documents="; ".join(heirs))

    def _hotlines(self, who: Audience) -> Answer:
        lines = [self.phrases.say("hotlines", who)]
        for hotline in self.base.hotlines:
            place = hotline.number or hotline.address
            check = f" ({self.phrases.say('local_check')})" if hotline.needs_local_check else ""
            if who in ("child", "teen") and (hotline.kind != "phone" or hotline.needs_local_check):
                continue
            lines.append(f"{place}: {hotline.name}. {hotline.what_for}{check}.")
        lines.append(self.phrases.say("hotlines_end", who))
        items = [AnswerItem(hotline.id, 1.0, []) for hotline in self.base.hotlines[:SHOWN]]
        return Answer("answered", "\n".join(lines), items, [])

    def _items(self, hits: Iterable[Hit]) -> list[AnswerItem]:
        return [AnswerItem(hit.item.id, round(hit.score, 3), self.wording.citations(hit.item)) for hit in hits]

    def _item_buttons(self, item: Item, part: str) -> list[Button]:
        buttons = []
        if part == "short" and (item.details or item.steps):
            buttons.append(show_button(self.phrases.button("more"), item.id, "details"))
        if part != "source" and (item.sources or item.citations):
            buttons.append(show_button(self.phrases.button("source"), item.id, "source"))
        return buttons

    def _alternatives(self, hits: list[Hit], who: Audience) -> list[Button]:
        """Buttons to what else may have been meant, when it scored nearly as well."""
        near = thresholds()["alternative"]
        first = hits[0]
        close = [h for h in hits[1:] if h.score >= near * first.score and self.presentable(h.item, who)]
        return [show_button(hit.item.topic, hit.item.id) for hit in close[:ALTERNATIVES]]

    def presentable(self, item: Item, who: Audience) -> bool:
        """Whether an item's topic may stand on a button before this audience."""
        return who in item.audiences and not self.rules.forbidden(item.topic, who)

    def help_buttons(self) -> list[Button]:
        """A person and the numbers."""
        return [
            Button(self.phrases.button("person"), "/talk_to_human"),
            Button(self.phrases.button("hotlines"), "/contact_hotlines"),
        ]


def show_button(title: str, item_id: str, part: str = "short") -> Button:
    """A button that shows a part of an item."""
    fields = {"item_id": item_id} if part == "short" else {"item_id": item_id, "part": part}
    return Button(title, "/show_item" + json.dumps(fields))


@lru_cache(maxsize=1)
def _about_111() -> re.Pattern[str]:
    """What asks about the hotline 111, whose number is known already, and not for numbers (``questions.yml``)."""
    return re.compile(load_data("questions.yml")["about_111"])


@lru_cache(maxsize=1)
def _safety_answers() -> SafetyAnswers:
    from bot.safety import SafetyAnswers as Answers  # late: the answers are needed only for a message at risk

    return Answers.load()
