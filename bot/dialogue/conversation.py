"""One person's message in, the replies out.

Safety comes first and does not depend on Rasa: a message at risk is answered with the safe words and the numbers
even when Rasa, the action server, the database or the case system is down.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog
from anyio import CapacityLimiter, to_thread

from bot.dialogue import follow
from bot.dialogue.commands import Said, interpret
from bot.dialogue.intake import is_plain_answer
from bot.dialogue.memory import Memory
from bot.dialogue.messages import MAX_TEXT, IncomingMessage, Reply
from bot.dialogue.phrases import load_yaml, say
from bot.dialogue.rasa_client import RasaDown, RasaTurn
from bot.dialogue.safe_forms import fear_said, in_danger, last
from bot.dialogue.safe_threads import feared_arrives, heard, keeps_voice
from bot.dialogue.safe_words import SafeWords, voice
from bot.dialogue.wishes import rephrased
from bot.language import clean, strip_accents
from bot.language.audience import AUDIENCES, learn_audience
from bot.safety import RISKS, Assessment, Context, Risk, RiskAssessor, SafetyAnswers, answered, in_writing
from bot.safety.told import reads_now

log = structlog.get_logger(__name__)
RECENT, REMEMBERED = 3, 300
"""How many of the last messages are remembered, and how many characters of each."""
RASA_TEXT = 2000
"""Characters given to Rasa; safety reads the whole message."""
TITLE = 3
"""Words of a button's title from which typing them is pressing it."""
STICKERS = ("sticker", "animation")


class Understanding(Protocol):
    """What the conversation needs of Rasa (``RasaClient``)."""

    async def handle(self, sender: str, text: str, metadata: dict[str, Any], repeated: bool) -> RasaTurn:
        """Give one message to Rasa. Raises ``RasaDown``."""


@dataclass
class Turn:
    """The result of one message: what is said, what is remembered (None: everything is forgotten)."""

    replies: list[Reply]
    memory: Memory | None
    risk: Risk = "none"
    rasa_failed: bool = False
    danger: bool = False
    """The person has said, by a button or in words, that there is danger now."""
    calm: bool = False
    """The person has said that there is none."""
    silent: bool = False
    """Nothing was answered because an officer has the floor."""
    unasks: bool = False
    """The person has said that they wait for an officer no longer."""


class Conversation:
    """Answers messages. Holds no state of its own, so any number of chats may run side by side."""

    def __init__(self, assessor: RiskAssessor, answers: SafetyAnswers, rasa: Understanding) -> None:
        self._assessor = assessor
        self._answers = answers
        self._safe = SafeWords(assessor, answers)
        self._rasa = rasa
        self._thinking = CapacityLimiter(1)  # a thread beside the loop, which must take what comes in meanwhile

    async def respond(
        self, message: IncomingMessage, sender: str, memory: Memory, key: str, repeated: bool = False, over: int = 0
    ) -> Turn:
        """Answer one message. Never raises for what a person wrote. ``over``: by how many messages the person is over
        the limit; they are slowed then, but a message at risk is always taken."""
        said = interpret(pressed(message, memory))
        if said.quick_exit or (message.kind == "text" and _watched(said.text, memory)):
            return Turn([hidden(message.channel)], None)  # who reads along must not find the safe words, either
        if message.kind == "edited" and said.text[:REMEMBERED] in memory.recent:
            return Turn([], memory)  # nothing that was read has changed
        self._learn_audience(said, memory)
        if message.media or not (said.text or said.to_rasa):
            return await self._without_words(message, said, sender, memory, key, repeated)
        asked, memory.asked = memory.asked, ""
        answer = answered(asked, said.text) if said.text and not memory.in_form else None
        assessment = answer.assessment if answer else None
        if assessment is None:
            assessment = await to_thread.run_sync(self._assess, said.text, memory, limiter=self._thinking)
        turn = Turn([], memory, risk=assessment.risk)
        safe = self._safe.needed(said, memory, assessment, answer, asked)
        if safe is not None:
            turn.replies.append(safe)
        elif over and not assessment.at_risk:
            if over == 1:  # said once; more answers would only be more noise
                turn.replies.append(say("slow_down", memory.audience))
            return turn
        if len(message.text) >= MAX_TEXT:
            turn.replies.append(say("too_long", memory.audience))
        said = replace(said, to_rasa=answer.payload) if answer and answer.payload else rephrased(said, memory)
        await self._ask_rasa(turn, said, message.channel, sender, key, repeated, assessment)
        self._introduce(turn)
        self._remember(turn, said.text, assessment)
        return turn

    def respond_without_rasa(self, message: IncomingMessage, memory: Memory) -> Turn:
        """The last resort after repeated failures: the safe words if needed, and that the machine is down."""
        said = interpret(message)
        assessment = self._assess(said.text, memory)
        replies = [say("system_down", memory.audience)]
        if assessment.at_risk:
            replies.insert(0, self._answers.answer(assessment, voice(memory)))
        return Turn(replies, memory, risk=assessment.risk, rasa_failed=True)

    def listen(self, message: IncomingMessage, memory: Memory) -> Turn:
        """An officer is answering: nothing is said but the safe words, and those only in immediate danger or when
        something graver is told than before."""
        said = interpret(message)
        assessment = self._assess(said.text, memory)
        turn = Turn([], memory, risk=assessment.risk, silent=True)
        graver = not memory.helped or RISKS.index(assessment.risk) > RISKS.index(memory.risk)
        if assessment.at_risk and (graver or assessment.risk == "immediate"):
            turn.replies.append(self._safe.answer(assessment, memory, text=said.text))
        self._remember(turn, said.text, assessment)
        return turn

    @staticmethod
    def while_waiting(message: IncomingMessage, memory: Memory, waits: bool) -> Turn | None:
        """What is said to somebody who waits for an officer and speaks of just that: that they wait no longer, or that
        it takes long. None when the message says something else."""
        said = interpret(message)
        words = said.text if waits else ""
        if words and follow.asks_how_long(words):
            return Turn([say("human_still_waiting", memory.audience)], memory)
        if said.to_rasa != "/stop_waiting" and not (words and follow.leaves(words, memory.in_form)):
            return None
        replies = [say("human_unasked", memory.audience)]
        if memory.in_form:
            replies.append(say("human_resume", memory.audience))
        return Turn(replies, memory, unasks=True)

    def _assess(self, text: str, memory: Memory) -> Assessment:
        if memory.in_form and is_plain_answer(text):
            return self._assessor.assess(text, Context(in_form=True))
        context = Context(earlier=memory.risk, in_form=memory.in_form, recent=tuple(memory.recent))
        return self._assessor.assess(text, context)

    @staticmethod
    def _learn_audience(said: Said, memory: Memory) -> None:
        if said.audience in AUDIENCES:
            memory.audience, memory.audience_chosen = said.audience, True
        elif keeps_voice(said.text, memory):
            return
        elif said.text and not memory.audience_chosen and not (memory.in_form and memory.audience):
            # In the middle of a report the voice stays, and with it who is asked what.
            # To a safe answer, whatever it asked, a bare number is one's age.
            asked = bool(memory.asked) and not memory.in_form
            memory.audience, memory.audience_stated = learn_audience(
                said.text, memory.audience, memory.audience_stated, asked
            )

    async def _without_words(
        self, message: IncomingMessage, said: Said, sender: str, memory: Memory, key: str, repeated: bool
    ) -> Turn:
        """A photo, voice message, sticker or nothing readable; a caption is answered as words."""
        if message.media == "withheld":
            # The platform keeps children's words from us: what they need in any case are the numbers.
            first = self._answers.emergency(voice(memory))
        elif message.media and message.media not in STICKERS:
            first = self._answers.special("voice" if message.media == "voice" else "photo", voice(memory))
        else:
            first = say("sticker" if message.media else "empty", memory.audience)
        if not said.text:
            turn = Turn([first], memory)
            self._introduce(turn)
            return turn
        words = IncomingMessage(**{**message.to_dict(), "media": ""})
        turn = await self.respond(words, sender, memory, key, repeated)
        turn.replies.insert(1 if turn.replies and turn.replies[0].kind == "safety" else 0, first)
        return turn

    async def _ask_rasa(
        self,
        turn: Turn,
        said: Said,
        channel: str,
        sender: str,
        key: str,
        repeated: bool,
        assessment: Assessment,
    ) -> None:
        memory = turn.memory
        assert memory is not None
        safe = bool(turn.replies) and turn.replies[0].kind == "safety"
        metadata = {
            "message_key": key,
            "channel": channel,
            "audience": memory.audience,
            "risk": assessment.risk,
            "kind": assessment.kind,
            "reasons": list(assessment.reasons),
            "codes": list(assessment.codes),
            "request": assessment.request,
            "in_danger": assessment.risk == "immediate" or in_danger(memory),
            "writes_only": memory.writes_only,
            "safety_shown": safe,
            "heard_out": fear_said(said.text, memory, assessment) is not None or (safe and heard(said.text, memory)),
        }
        try:
            to_rasa = with_audience(said.to_rasa[:RASA_TEXT], memory)
            result = await self._rasa.handle(sender, to_rasa, metadata, repeated)
        except RasaDown as error:
            log.warning("rasa.down", reason=str(error))
            turn.rasa_failed = True
            turn.replies.append(say("system_down", memory.audience))
            return
        turn.replies.extend(hidden(channel) if reply.kind == "hide" else reply for reply in result.replies)
        if "in_form" in result.wishes:
            memory.in_form = bool(result.wishes["in_form"])
        memory.draft = bool(result.wishes.get("draft", memory.draft))
        memory.awaits = str(result.wishes.get("awaits", ""))
        if result.wishes.get("audience") in AUDIENCES:
            memory.audience, memory.audience_chosen = result.wishes["audience"], True
        memory.asked = str(result.wishes.get("asks", "" if memory.in_form else memory.asked))
        turn.danger = bool(result.wishes.get("danger"))
        if result.wishes.get("calm"):
            memory.risk, memory.recent, memory.helped, memory.swallowed_at = "none", [], False, 0.0
            turn.calm = True
        if result.wishes.get("forget"):
            turn.memory = None
        if not turn.replies:
            log.warning("rasa.silent")
            turn.replies.append(say("system_down", memory.audience))

    @staticmethod
    def _introduce(turn: Turn) -> None:
        """At first contact say that this is a machine (after the safe words when there is danger), and ask once
        who is writing when nothing told it."""
        memory = turn.memory
        if memory is None or memory.introduced:
            return
        memory.introduced = True
        note = say("machine_note", memory.audience)
        if memory.writes_only:
            note = replace(note, text=in_writing(note.text))
        mark = load_yaml("phrases.yml")["machine_mark"]
        if turn.replies and turn.replies[0].kind == "safety":
            turn.replies.insert(1, note)
            return
        if not any(mark in reply.text for reply in turn.replies):
            turn.replies.insert(0, note)
        if memory.audience is None and not memory.in_form:
            turn.replies.append(say("who_are_you", None))

    @staticmethod
    def _remember(turn: Turn, text: str, assessment: Assessment) -> None:
        if turn.memory is None:
            return
        buttons = [button for reply in turn.replies for button in reply.buttons]
        turn.memory.offered = {_plain(button.title): button.payload for button in buttons}
        if text:
            turn.memory.recent = [*turn.memory.recent, text[:REMEMBERED]][-RECENT:]
        if RISKS.index(assessment.risk) > RISKS.index(turn.memory.risk):
            turn.memory.risk = assessment.risk


def _watched(text: str, memory: Memory) -> bool:
    """Whether somebody reads along, or whom the person fears is there now."""
    return (bool(last(memory)) and reads_now(text)) or feared_arrives(text, memory)


def pressed(message: IncomingMessage, memory: Memory) -> IncomingMessage:
    """A message whose words are the title of a button under the last answer is that button pressed. A word or two are
    somebody's own ("có", "bỏ qua")."""
    payload = memory.offered.get(_plain(message.text)) if message.kind == "text" and not message.media else None
    if payload is None or len(message.text.split()) < TITLE:
        return message
    return replace(message, kind="button", payload=payload)


def _plain(title: str) -> str:
    return strip_accents(clean(title).lower()).strip(" .!")


def hidden(channel: str) -> Reply:
    """The neutral words of the quick exit, with what is left to clear by hand on this channel."""
    return say(
        f"quick_exit_{channel}" if f"quick_exit_{channel}" in load_yaml("phrases.yml") else "quick_exit", None, "hide"
    )


def with_audience(to_rasa: str, memory: Memory) -> str:
    """Rasa does not run its pipeline on a payload, so the audience travels inside it."""
    if not to_rasa.startswith("/") or memory.audience is None:
        return to_rasa
    head, brace, rest = to_rasa.partition("{")
    entities = json.loads(brace + rest) if brace else {}
    entities.setdefault("audience", memory.audience)
    return head + json.dumps(entities)
