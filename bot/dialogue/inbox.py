"""The inbox and the replies: what a person wrote and what goes back, sealed and durable.

A message is stored under a unique (channel, update id) before its platform is told that it arrived, so a crash,
a retry or a duplicate delivery neither loses nor repeats it. Its text is deleted in the same transaction that
stores the replies; a reply's text is deleted once the platform has taken it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store, insert_or
from bot.dialogue.messages import IncomingMessage, Reply
from bot.reports.alarm import WAITING, end_alarm
from bot.reports.messages import drop_notices

MAX_ATTEMPTS = 5
"""A message that fails this often is answered with the system-down words and set aside as ``failed``."""

NAMES = ("channel", "update_key", "sender", "body", "state", "attempts", "received_at")
INSERT = insert_or(tables.inbox, NAMES, NAMES[:2], "NOTHING")


@dataclass(frozen=True)
class Pending:
    """A stored message that waits for its answer. ``attempts`` counts the tries before this one."""

    id: int
    key: str
    sender: str
    attempts: int
    message: IncomingMessage


@dataclass(frozen=True)
class DueReply:
    """A reply that waits to be sent."""

    id: int
    sender: str
    channel: str
    chat_id: str
    attempts: int
    created_at: float
    reply: Reply


class Inbox:
    """Keeps incoming messages until they are answered."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(self, message: IncomingMessage) -> bool:
        """Persist a message. True: new; False: this update was stored before (nothing changes)."""
        return self.accept_all([message])[0]

    def accept_all(self, messages: Sequence[IncomingMessage]) -> list[bool]:
        """Persist messages in one transaction; for each whether it is new. Many at once cost hardly more than one."""
        keys, now = self._store.keys, time.time()
        rows = []
        for message in messages:
            raw = f"{message.channel}\0{message.update_id}".encode()
            key = hmac.new(keys.pseudonym, raw, hashlib.sha256).hexdigest()
            rows.append(
                {
                    "channel": message.channel,
                    "update_key": key,
                    "sender": keys.pseudonymise(message.channel, message.chat_id),
                    "body": self._store.sealer.seal_json(message.to_dict(), "inbox", "body", key),
                    "state": "new",
                    "attempts": 0,
                    "received_at": now,
                }
            )
        with self._store.engine.begin() as connection:
            news = [connection.execute(INSERT, row).rowcount == 1 for row in rows]
            release(connection, {str(row["sender"]) for row, new in zip(rows, news, strict=True) if new}, now)
        return news

    def waiting_senders(self) -> list[str]:
        """Pseudonyms with unanswered messages, the longest waiting first."""
        inbox = tables.inbox.c
        query = (
            sa.select(inbox.sender).where(inbox.state == "new").group_by(inbox.sender).order_by(sa.func.min(inbox.id))
        )
        with self._store.reader.connect() as connection:
            return list(connection.execute(query).scalars())

    def claim(self, sender: str) -> Pending | None:
        """The sender's oldest unanswered message, its attempt counted, or None."""
        inbox = tables.inbox
        with self._store.engine.begin() as connection:
            query = (
                sa.select(inbox).where(inbox.c.sender == sender, inbox.c.state == "new").order_by(inbox.c.id).limit(1)
            )
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            connection.execute(inbox.update().where(inbox.c.id == row["id"]).values(attempts=row["attempts"] + 1))
        body = self._store.sealer.open_json(row["body"], "inbox", "body", row["update_key"])
        return Pending(row["id"], row["update_key"], sender, row["attempts"], IncomingMessage.from_dict(body))

    def finish(
        self,
        pending: Pending,
        replies: list[Reply],
        context: bytes | None,
        failed: bool = False,
        settle: Callable[[Any], list[Reply]] | None = None,
    ) -> None:
        """Store the replies, the conversation's context and the end of the message in one transaction.

        ``settle`` may say in that transaction what is said instead; what it raises leaves everything as it was.
        """
        now = time.time()
        message = pending.message
        with self._store.engine.begin() as connection:
            if context is not None:
                save_context(connection, self._store, pending.sender, message, context, now)
            for seq, reply in enumerate(replies if settle is None else settle(connection)):
                where = (message.channel, message.chat_id, pending.sender)
                _insert_reply(connection, self._store, where, reply, now, inbox_id=pending.id, seq=seq)
            connection.execute(
                tables.inbox.update()
                .where(tables.inbox.c.id == pending.id)
                .values(state="failed" if failed else "done", handled_at=now, body=None)
            )

    def forget(self, sender: str, wholly: bool = False) -> None:
        """Empty everything kept of one person's chat here (not reports, which live elsewhere).

        ``wholly``: also what outlives the quick exit: the safe word (it must work again), the ids of messages that
        the bridge is about to delete, the time of the last contact.
        """
        with self._store.engine.begin() as connection:
            connection.execute(
                tables.inbox.update()
                .where(tables.inbox.c.sender == sender, tables.inbox.c.state != "new")
                .values(body=None)
            )
            connection.execute(
                tables.replies.update()
                .where(tables.replies.c.sender == sender, tables.replies.c.state.in_(("pending", "held")))
                .values(body=None, state="failed")
            )
            forget_lines(connection, sender)
            connection.execute(tables.conversations.delete().where(tables.conversations.c.sender == sender))
            connection.execute(tables.trackers.delete().where(tables.trackers.c.sender == sender))
            drop_notices(connection, sender)
            if wholly:
                for table in (tables.safe_words, tables.platform_messages, tables.platform_contacts):
                    connection.execute(table.delete().where(table.c.sender == sender))


def save_context(
    connection: sa.engine.Connection,
    store: Store,
    sender: str,
    message: IncomingMessage,
    context: bytes,
    now: float,
) -> None:
    """Insert or replace a conversation's sealed context inside a transaction."""
    table = tables.conversations
    values = {"context": context, "updated_at": now}
    changed = connection.execute(table.update().where(table.c.sender == sender).values(**values))
    if changed.rowcount == 0:
        address = store.sealer.seal_json({"chat_id": message.chat_id}, "conversations", "address", sender)
        connection.execute(
            table.insert().values(
                sender=sender,
                channel=message.channel,
                address=address,
                chat=str(uuid.uuid4()),
                floor="bot",
                **values,
            )
        )


def say_in(
    connection: sa.engine.Connection,
    store: Store,
    channel: str,
    chat_id: str,
    sender: str,
    reply: Reply,
    now: float,
    line: str | None = None,
) -> None:
    """Say something that answers no message, in the caller's transaction. ``line``: the officer's line it brings."""
    where = (channel, chat_id, sender)
    _insert_reply(connection, store, where, reply, now, inbox_id=None, seq=secrets.randbelow(2**31), line=line)


def _insert_reply(
    connection: sa.engine.Connection,
    store: Store,
    where: tuple[str, str, str],
    reply: Reply,
    now: float,
    *,
    inbox_id: int | None,
    seq: int,
    line: str | None = None,
) -> None:
    channel, chat_id, sender = where
    body = store.sealer.seal_json(
        {"chat_id": chat_id, "reply": reply.to_dict()}, "replies", "body", f"{inbox_id}/{seq}"
    )
    connection.execute(
        tables.replies.insert().values(
            inbox_id=inbox_id,
            seq=seq,
            channel=channel,
            sender=sender,
            body=body,
            state="pending",
            attempts=0,
            created_at=now,
            due_at=now,
            line=line,
        )
    )


def forget_lines(connection: sa.engine.Connection, sender: str) -> None:
    """Delete what officers were shown of this person's chat; nobody waits for them there any more."""
    here = tables.conversations.c.sender == sender
    for chat in connection.execute(sa.select(tables.conversations.c.chat).where(here)).scalars().all():
        connection.execute(tables.floor_lines.delete().where(tables.floor_lines.c.chat == chat))
        end_alarm(connection, WAITING, str(chat), time.time())


def release(connection: sa.engine.Connection, senders: Collection[str], now: float) -> None:
    """These people have written again: what was held for them goes out first, inside the caller's transaction."""
    table = tables.replies
    connection.execute(
        table.update()
        .where(table.c.sender.in_(senders), table.c.state == "held")
        .values(state="pending", due_at=now, created_at=now)
    )


class Outgoing:
    """The replies that wait to be sent, each person's in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, limit: int = 50) -> list[DueReply]:
        """For every sender the oldest pending reply, if it is due."""
        found = (self.take(reply_id) for reply_id, _ in self.waiting(limit))
        return [reply for reply in found if reply is not None]

    def waiting(self, limit: int = 50, busy: Collection[str] = ()) -> list[tuple[int, str]]:
        """Id and sender of every sender's oldest pending reply that is due; without ``busy`` senders."""
        table = tables.replies
        first = sa.select(sa.func.min(table.c.id)).where(table.c.state == "pending").group_by(table.c.sender)
        query = (
            sa.select(table.c.id, table.c.sender)
            .where(table.c.id.in_(first), table.c.due_at <= time.time())
            .order_by(table.c.id)
            .limit(limit + len(busy))
        )
        with self._store.reader.connect() as connection:
            rows = connection.execute(query).all()
        return [(row.id, row.sender) for row in rows if row.sender not in busy][:limit]

    def take(self, reply_id: int) -> DueReply | None:
        """The reply, if it still waits to be sent now (``waiting`` may have been read before its last sending)."""
        table = tables.replies
        query = sa.select(table).where(
            table.c.id == reply_id, table.c.state == "pending", table.c.due_at <= time.time()
        )
        with self._store.reader.connect() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        body = self._store.sealer.open_json(row["body"], "replies", "body", f"{row['inbox_id']}/{row['seq']}")
        return DueReply(
            row["id"],
            row["sender"],
            row["channel"],
            body["chat_id"],
            row["attempts"],
            row["created_at"],
            Reply.from_dict(body["reply"]),
        )

    def sent(self, reply_id: int) -> None:
        """The platform has taken the reply: forget its text."""
        self._close(reply_id, "sent")

    def refused(self, reply_id: int) -> None:
        """The platform will never take it (blocked, chat gone): forget its text."""
        self._close(reply_id, "failed")

    def hold(self, reply_id: int) -> None:
        """The platform takes nothing for this person until they write again: keep the reply for then."""
        table = tables.replies
        with self._store.engine.begin() as connection:
            connection.execute(table.update().where(table.c.id == reply_id).values(state="held"))

    def held(self, sender: str) -> int:
        """How many replies wait until this person writes again (for the officer who wrote them)."""
        table = tables.replies
        query = sa.select(sa.func.count()).where(table.c.sender == sender, table.c.state == "held")
        with self._store.reader.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def later(self, reply_id: int, seconds: float) -> None:
        """Try again after ``seconds``."""
        table = tables.replies
        with self._store.engine.begin() as connection:
            connection.execute(
                table.update()
                .where(table.c.id == reply_id)
                .values(due_at=time.time() + seconds, attempts=table.c.attempts + 1)
            )

    def hurry(self, sender: str) -> None:
        """Make a sender's waiting replies due now (their page has reconnected)."""
        table = tables.replies
        with self._store.engine.begin() as connection:
            connection.execute(
                table.update().where(table.c.sender == sender, table.c.state == "pending").values(due_at=time.time())
            )

    def _close(self, reply_id: int, state: str) -> None:
        table = tables.replies
        with self._store.engine.begin() as connection:
            connection.execute(
                table.update().where(table.c.id == reply_id).values(state=state, sent_at=time.time(), body=None)
            )
