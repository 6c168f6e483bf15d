"""Who has the floor in a chat: the bot, a person who waits for an officer, or an officer.

``bot → waiting → officer → bot``. Every change is one transaction on the locked row of the conversation, so a
take-over, a hand-back, a deadline and a message that is being answered cannot cross: whoever comes second sees what the
first has done. While an officer has the floor the bot says nothing but what keeps somebody safe, and the officer sees
that too.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.alerts import close_for
from bot.db import audit
from bot.db.engine import Store
from bot.db.tables import conversations, floor_lines, replies
from bot.dialogue.duty import Duty
from bot.dialogue.inbox import Pending, say_in
from bot.dialogue.messages import Reply
from bot.dialogue.phrases import say
from bot.dialogue.so_far import commune
from bot.reports.alarm import DANGER, SILENT, WAITING, end_alarm, raise_alarm
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.dialogue.conversation import Turn

BOT, WAITS, OFFICER = "bot", "waiting", "officer"
KEPT = ("safety", "receipt", "hide")
"""Kinds of the bot's replies that go out whoever has the floor."""
LONGEST = 2_000
"""Characters of one line of an officer."""


class FloorChanged(Exception):  # noqa: N818 - a state, not a mishap
    """The officer, for whose sake nothing was answered, has handed the chat back meanwhile: answer it after all."""


@dataclass(frozen=True)
class Limits:
    """Seconds. ``wait``: for an officer to come; ``answer``: of a person's message to an officer; ``silence``: of an
    officer; ``quiet``: of a person in danger."""

    wait: float = 600.0
    answer: float = 300.0
    silence: float = 1800.0
    quiet: float = 300.0

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """From the settings, which are in minutes."""
        minutes = (settings.floor_wait, settings.floor_answer, settings.floor_silence, settings.silent_after)
        return cls(*(60.0 * number for number in minutes))


class Floor:
    """The state machine. ``duty`` says whether an officer can be expected."""

    def __init__(
        self, store: Store, duty: Duty, limits: Limits | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._duty, self._clock = store, duty, clock
        self._limits = limits or Limits()

    # --- a message of the person ----------------------------------------------------------------------------
    def who_has(self, sender: str) -> str:
        """Who has the floor just now: ``bot``, ``waiting`` or ``officer``."""
        query = sa.select(conversations.c.floor).where(conversations.c.sender == sender)
        with self._store.reader.connect() as connection:
            return str(connection.execute(query).scalar_one_or_none() or BOT)

    def settle(self, connection: Any, pending: Pending, turn: Turn) -> list[Reply]:
        """What really is said to a message, in the transaction that ends it; what an officer shall see is kept.

        Raises ``FloorChanged`` when the turn is silent for an officer who is not there any more.
        """
        now = self._clock()
        row = self._locked(connection, conversations.c.sender == pending.sender)
        if turn.silent and (row is None or row["floor"] != OFFICER):
            raise FloorChanged
        if row is None:
            return [_plain(reply) for reply in turn.replies]
        said = turn.replies
        if row["floor"] == OFFICER:
            said = [reply for reply in said if reply.kind in KEPT]
            heard_at = now if row["heard_at"] is None else row["heard_at"]
            self._set(connection, row, heard_at=heard_at)
        elif turn.unasks:
            self._unask(connection, row, now)
        elif any(reply.kind == "human" for reply in said):
            here = self._ask(connection, row, turn, now)
            said = [here if reply.kind == "human" else reply for reply in said]
        self._keep_lines(connection, row, pending, said, now)
        self._watch(connection, row, turn, now)
        return said

    def _ask(self, connection: Any, row: Any, turn: Turn, now: float) -> Reply:
        """The person wants an officer: what they are told is what is true now."""
        audience = turn.memory.audience if turn.memory else None
        if row["floor"] == WAITS:
            return say("human_still_waiting", audience)
        if not self._duty.now(now):
            return say("human_off_duty", audience, next=self._duty.next_words(now))
        self._set(connection, row, floor=WAITS, floor_since=now)
        row.update(floor=WAITS)
        self._raise(connection, WAITING, row, turn.memory.risk if turn.memory else "none", now)
        audit.record(connection, audit.SYSTEM, "chat_waits", row["chat"], at=now)
        return say("human_waiting", audience, minutes=int(self._limits.wait // 60))

    def _unask(self, connection: Any, row: Any, now: float) -> None:
        """The person waits no longer: nobody is called for them any more. What is told of danger stays."""
        if row["floor"] != WAITS:
            return
        self._set(connection, row, floor=BOT, floor_since=now)
        row.update(floor=BOT)
        end_alarm(connection, WAITING, row["chat"], now)
        audit.record(connection, audit.SYSTEM, "chat_given_back", row["chat"], "unasked", at=now)

    def _keep_lines(self, connection: Any, row: Any, pending: Pending, said: list[Reply], now: float) -> None:
        """From the moment that a person asks for an officer, what they write is for the officer too."""
        at_the_desk = row["floor"] == WAITS or (row["floor"] == OFFICER and row["floor_officer"] is not None)
        if not at_the_desk:
            return
        message = pending.message
        body = {"text": message.text, "media": message.media, "button": message.kind == "button"}
        add_line(connection, self._store, row["chat"], "person", body, now)
        for reply in said:
            if reply.kind == "safety":
                add_line(connection, self._store, row["chat"], "safety", {"text": reply.text}, now)

    def _watch(self, connection: Any, row: Any, turn: Turn, now: float) -> None:
        """In immediate danger officers are told at once, and once more when the person falls silent."""
        due = row["silent_due_at"]
        if any(reply.kind == "receipt" for reply in turn.replies):
            due = None  # the report's own alert has begun
            for kind in (DANGER, SILENT):
                end_alarm(connection, kind, row["chat"], now)
        elif row["floor"] == OFFICER or turn.calm:
            due = None
        elif turn.danger or turn.risk == "immediate":
            self._raise(connection, DANGER, row, "immediate", now)
            due = now + self._limits.quiet
        elif due is not None:
            due = now + self._limits.quiet
        if due != row["silent_due_at"]:
            self._set(connection, row, silent_due_at=due)

    # --- officers -------------------------------------------------------------------------------------------
    def take(self, chat: str, officer: str) -> str:
        """Take a chat over: ``taken``, ``mine`` (it was), ``other`` (somebody else has it) or ``gone``."""
        with self._store.engine.begin() as connection:
            row = self._locked(connection, conversations.c.chat == chat)
            return "gone" if row is None else self._take(connection, row, officer, self._clock())

    def write(self, chat: str, officer: str, text: str, key: str) -> str:
        """Say something, taking the chat over if nobody has it: ``written``, ``twice`` (the ``key`` is known),
        ``empty``, ``other`` or ``gone``."""
        text, now = text.strip()[:LONGEST], self._clock()
        line = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{chat} {key}"))
        with self._store.engine.begin() as connection:
            row = self._locked(connection, conversations.c.chat == chat)
            if row is None:
                return "gone"
            if not text:
                return "empty"
            if connection.execute(sa.select(floor_lines.c.id).where(floor_lines.c.id == line)).first():
                return "twice"
            if self._take(connection, row, officer, now) == "other":
                return "other"
            if not self._introduced(connection, row):
                self._say(connection, row, "human_here_quietly", now)
            add_line(connection, self._store, chat, "officer", {"text": text}, now, line)
            self._send(connection, row, Reply(text), now, line)
            self._set(connection, row, floor_at=now, heard_at=None)
        return "written"

    def give_back(self, chat: str, officer: str) -> bool:
        """The officer is done: the bot says so and answers again. False: they did not have the floor (any more)."""
        with self._store.engine.begin() as connection:
            row = self._locked(connection, conversations.c.chat == chat)
            if row is None or row["floor"] != OFFICER or row["floor_officer"] != officer:
                return False
            self._back(connection, row, officer, "human_done", self._clock())
        return True

    def console_wrote(self, channel: str, chat_id: str) -> None:
        """A person of ours has written by the platform's own means: they have the floor, the desk does not.

        An officer who has it at the desk keeps it.
        """
        now, sender = self._clock(), self._store.keys.pseudonymise(channel, chat_id)
        with self._store.engine.begin() as connection:
            row = self._locked(connection, conversations.c.sender == sender)
            if row is None:
                row = self._meet(connection, sender, channel, chat_id, now)
            if row["floor"] == OFFICER:
                self._set(connection, row, floor_at=now, heard_at=None)
                return
            self._set(connection, row, floor=OFFICER, floor_officer=None, floor_since=now, floor_at=now)
            self._quieten(connection, row, None, now)

    def _take(self, connection: Any, row: Any, officer: str, now: float) -> str:
        if row["floor"] == OFFICER:
            return "mine" if row["floor_officer"] == officer else "other"
        waited = row["floor"] == WAITS
        values = {"floor": OFFICER, "floor_officer": officer, "floor_since": now, "floor_at": now}
        self._set(connection, row, **values, heard_at=now if waited else None)
        row.update(values)
        self._quieten(connection, row, officer, now)
        audit.record(connection, officer, "chat_taken", row["chat"], at=now)
        if waited:
            self._say(connection, row, "human_here", now)
        return "taken"

    def _quieten(self, connection: Any, row: Any, officer: str | None, now: float) -> None:
        """What the bot was still going to say is not said, but for what keeps somebody safe; alerts have ended."""
        answers = sa.and_(replies.c.sender == row["sender"], replies.c.inbox_id.isnot(None))
        query = sa.select(replies).where(answers, replies.c.state.in_(("pending", "held")))
        for one in connection.execute(query).mappings().all():
            place = ("replies", "body", f"{one['inbox_id']}/{one['seq']}")
            if self._store.sealer.open_json(one["body"], *place)["reply"].get("kind") not in KEPT:
                stop = replies.update().where(replies.c.id == one["id"])
                connection.execute(stop.values(state="failed", body=None))
        self._set(connection, row, silent_due_at=None)
        close_for(connection, row["chat"], officer or audit.SYSTEM, now)

    def _back(self, connection: Any, row: Any, actor: str, words: str, now: float) -> None:
        """Give the floor to the bot. Nothing is said where the person never knew that somebody was there."""
        known = row["floor_officer"] is None or self._introduced(connection, row)
        values = {"floor": BOT, "floor_officer": None, "floor_since": now, "floor_at": None, "heard_at": None}
        self._set(connection, row, **values)
        audit.record(connection, actor, "chat_given_back", row["chat"], words.removeprefix("human_"), at=now)
        if known:
            self._say(connection, row, words, now)
            if self._memory(row).get("in_form"):
                self._say(connection, row, "human_resume", now)

    def _introduced(self, connection: Any, row: Any) -> bool:
        """Whether the person was told that this officer is here."""
        lines = sa.select(floor_lines.c.id).where(
            floor_lines.c.chat == row["chat"],
            floor_lines.c.author.in_(("note", "officer")),
            floor_lines.c.created_at >= row["floor_since"],
        )
        return connection.execute(lines.limit(1)).first() is not None

    # --- deadlines ------------------------------------------------------------------------------------------
    def expire(self) -> int:
        """Act on every deadline that has passed; returns on how many. Several processes may do so at once."""
        now, limits, table = self._clock(), self._limits, conversations.c
        late = sa.or_(
            table.floor == WAITS,
            sa.and_(
                table.floor == OFFICER,
                sa.or_(table.heard_at <= now - limits.answer, table.floor_at <= now - limits.silence),
            ),
            table.silent_due_at <= now,
        )
        with self._store.reader.connect() as connection:
            senders = connection.execute(sa.select(table.sender).where(late)).scalars().all()
        duty = self._duty.now(now) if senders else True
        return sum(self._expire(sender, now, duty) for sender in senders)

    def _expire(self, sender: str, now: float, duty: bool) -> bool:
        limits = self._limits
        with self._store.engine.begin() as connection:
            row = self._locked(connection, conversations.c.sender == sender)
            if row is None:
                return False
            acted = False
            if row["silent_due_at"] is not None and row["silent_due_at"] <= now:
                self._set(connection, row, silent_due_at=None)
                acted = self._raise(connection, SILENT, row, "immediate", now)
            if row["floor"] == WAITS and not duty:
                self._give_up(connection, row, "human_shift_over", now, next=self._duty.next_words(now))
            elif row["floor"] == WAITS and row["floor_since"] <= now - limits.wait:
                self._give_up(connection, row, "human_not_now", now)
            elif row["floor"] == OFFICER and row["heard_at"] is not None and row["heard_at"] <= now - limits.answer:
                self._back(connection, row, audit.SYSTEM, "human_left", now)
                self._raise(connection, WAITING, row, self._memory(row).get("risk", "none"), now)
            elif row["floor"] == OFFICER and row["floor_at"] <= now - limits.silence:
                self._back(connection, row, audit.SYSTEM, "human_silent", now)
            else:
                return acted
        return True

    def _give_up(self, connection: Any, row: Any, words: str, now: float, **values: str) -> None:
        """Nobody came: the person is told so. The alert stays open, an officer may still take the chat over."""
        self._set(connection, row, floor=BOT, floor_since=now)
        self._say(connection, row, words, now, **values)
        audit.record(connection, audit.SYSTEM, "chat_given_back", row["chat"], words.removeprefix("human_"), at=now)

    # --- rows -----------------------------------------------------------------------------------------------
    def _locked(self, connection: Any, where: Any) -> dict[str, Any] | None:
        """The conversation's row, locked, with a name for the desk."""
        row = connection.execute(sa.select(conversations).where(where).with_for_update()).mappings().first()
        if row is None:
            return None
        found = dict(row)
        if found["chat"] is None:
            found["chat"] = str(uuid.uuid4())
            self._set(connection, found, chat=found["chat"])
        return found

    def _set(self, connection: Any, row: Any, **values: Any) -> None:
        connection.execute(conversations.update().where(conversations.c.sender == row["sender"]).values(**values))

    def _meet(self, connection: Any, sender: str, channel: str, chat_id: str, now: float) -> dict[str, Any]:
        """A person to whom a colleague has written before they ever wrote to the bot."""
        seal = self._store.sealer.seal_json
        address = seal({"chat_id": chat_id}, "conversations", "address", sender)
        context = seal({}, "conversations", "context", sender)
        row = {"sender": sender, "channel": channel, "address": address, "context": context, "updated_at": now}
        connection.execute(conversations.insert().values(**row, floor=BOT, chat=str(uuid.uuid4())))
        found = self._locked(connection, conversations.c.sender == sender)
        assert found is not None
        return found

    def _memory(self, row: Any) -> dict[str, Any]:
        memory: dict[str, Any] = self._store.sealer.open_json(row["context"], "conversations", "context", row["sender"])
        return memory

    def _raise(self, connection: Any, kind: str, row: Any, risk: str, now: float) -> bool:
        place = commune(self._store, row["sender"])
        return raise_alarm(connection, self._store, kind, row["chat"], now=now, risk=risk, commune=place)

    def _say(self, connection: Any, row: Any, words: str, now: float, **values: str) -> None:
        """A sentence of the bot about the floor; the officer sees it too."""
        reply = say(words, self._memory(row).get("audience"), **values)
        add_line(connection, self._store, row["chat"], "note", {"text": reply.text}, now)
        self._send(connection, row, reply, now)

    def _send(self, connection: Any, row: Any, reply: Reply, now: float, line: str | None = None) -> None:
        address = self._store.sealer.open_json(row["address"], "conversations", "address", row["sender"])
        say_in(connection, self._store, row["channel"], address["chat_id"], row["sender"], reply, now, line)


def add_line(
    connection: Any, store: Store, chat: str, author: str, body: dict[str, Any], now: float, line: str = ""
) -> None:
    """Keep one line for the officer; the conversation's row is locked by the caller."""
    line = line or str(uuid.uuid4())
    last = sa.select(sa.func.max(floor_lines.c.seq)).where(floor_lines.c.chat == chat)
    seq = (connection.execute(last).scalar_one() or 0) + 1
    sealed = store.sealer.seal_json(body, "floor_lines", "body", line)
    connection.execute(
        floor_lines.insert().values(id=line, chat=chat, seq=seq, author=author, body=sealed, created_at=now)
    )


def _plain(reply: Reply) -> Reply:
    return Reply(reply.text, reply.buttons) if reply.kind == "human" else reply
