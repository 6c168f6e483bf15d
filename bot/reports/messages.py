"""Officers' quiet messages to whoever holds a report's receipt.

They are read behind the receipt, on any channel. Nothing is sent to anybody unless the reporter chose it, and then
only that there is something new. What a reporter answers is an addition to the report (``ReportService.add``), so
that every target gets it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.db import audit
from bot.db.engine import Store
from bot.db.sealing import DataSealer, SealError
from bot.db.tables import conversations, report_messages, reports
from bot.reports.content import Shredded, open_pair, seal_pair

LONGEST = 2_000
"""Characters of one officer's message."""


@dataclass(frozen=True)
class OfficerMessage:
    """One message. ``read_at``: when the receipt's holder was first shown it (seconds since 1970), or ``None``."""

    id: str
    text: str
    at: float
    read_at: float | None

    def __repr__(self) -> str:
        """Without its words."""
        return f"OfficerMessage(id={self.id!r})"


@dataclass(frozen=True)
class Notice:
    """Where the reporter wants to be told that there is something new."""

    channel: str
    chat_id: str
    sender: str

    def __repr__(self) -> str:
        """Without the address."""
        return f"Notice(channel={self.channel!r})"


def write_as_officer(
    connection: Any, store: Store, report_id: str, officer: str, text: str, now: float, key: str = ""
) -> bool:
    """Leave a message for the receipt's holder, in the caller's transaction, audited. False: nothing was left (no
    such report, no words, or the same ``key`` left it before)."""
    text = text.strip()[:LONGEST]
    found = sa.select(reports.c.id).where(reports.c.id == report_id)  # also when its content was shredded here
    if not text or connection.execute(found.with_for_update()).first() is None:
        return False
    message_id = str(uuid.uuid5(uuid.UUID(report_id), f"message {key}") if key else uuid.uuid4())
    known = sa.select(report_messages.c.id).where(report_messages.c.id == message_id)
    if connection.execute(known).first() is not None:
        return False
    sealed = seal_pair(store.sealer, "report_messages", message_id, {"text": text})
    row = {"id": message_id, "report_id": report_id, "created_at": now, **sealed}
    connection.execute(report_messages.insert().values(**row))
    audit.record(connection, officer, "message_written", report_id, at=now)
    return True


def messages_of(connection: Any, store: Store, report_id: str) -> list[OfficerMessage]:
    """The messages of a report, oldest first; one that cannot be opened any more is left out."""
    query = sa.select(report_messages).where(report_messages.c.report_id == report_id)
    found = []
    for row in connection.execute(query.order_by(report_messages.c.created_at)).mappings():
        try:
            text = open_pair(store.sealer, "report_messages", row["id"], row["data_key"], row["content"])["text"]
        except (SealError, Shredded):
            continue
        found.append(OfficerMessage(row["id"], text, row["created_at"], row["read_at"]))
    return found


def mark_read(connection: Any, report_id: str, now: float) -> int:
    """The receipt's holder is shown every message; returns how many were new."""
    query = report_messages.update().where(
        report_messages.c.report_id == report_id, report_messages.c.read_at.is_(None)
    )
    return int(connection.execute(query.values(read_at=now)).rowcount)


def count_unread(connection: Any, report_id: str) -> int:
    """How many messages the receipt's holder has not been shown."""
    query = sa.select(sa.func.count()).select_from(report_messages)
    unread = query.where(report_messages.c.report_id == report_id, report_messages.c.read_at.is_(None))
    return int(connection.execute(unread).scalar_one())


def set_notice(connection: Any, store: Store, report_id: str, sender: str, wanted: bool, now: float) -> bool:
    """Tell the reporter in this chat (``sender``: its pseudonym) of new messages, or nobody. Audited without either.

    False: the chat's address is not known (it was forgotten).
    """
    values: dict[str, Any] = {"notice_sender": None, "notice_address": None}
    if wanted:
        known = sa.select(conversations.c.channel, conversations.c.address).where(conversations.c.sender == sender)
        row = connection.execute(known).first()
        if row is None:
            return False
        chat_id = store.sealer.open_json(row.address, "conversations", "address", sender)["chat_id"]
        address = {"channel": row.channel, "chat_id": chat_id}
        try:
            sealer = _sealer(connection, store, report_id)
        except Shredded:
            return False
        values = {
            "notice_sender": sender,
            "notice_address": sealer.seal_json(address, "reports", "notice_address", report_id),
        }
    connection.execute(reports.update().where(reports.c.id == report_id).values(**values))
    audit.record(connection, audit.SYSTEM, "notice_on" if wanted else "notice_off", report_id, at=now)
    return True


def notice_of(connection: Any, store: Store, report_id: str) -> Notice | None:
    """Where the reporter wants to be told, if they chose it."""
    query = sa.select(reports.c.notice_sender, reports.c.notice_address).where(reports.c.id == report_id)
    row = connection.execute(query).first()
    if row is None or row.notice_address is None:
        return None
    try:
        sealer = _sealer(connection, store, report_id)
    except Shredded:
        return None
    address = sealer.open_json(row.notice_address, "reports", "notice_address", report_id)
    return Notice(address["channel"], address["chat_id"], row.notice_sender)


def _sealer(connection: Any, store: Store, report_id: str) -> DataSealer:
    """The report's own key seals the address too: shredding the report shreds both."""
    query = sa.select(reports.c.data_key).where(reports.c.id == report_id)
    data_key = connection.execute(query).scalar_one_or_none()
    if data_key is None:
        raise Shredded
    return store.sealer.with_key(store.sealer.open(data_key, "reports", "data_key", report_id))


def drop_notices(connection: Any, sender: str) -> None:
    """This chat was left in haste or forgotten: nothing of a report may appear in it any more."""
    query = reports.update().where(reports.c.notice_sender == sender)
    connection.execute(query.values(notice_sender=None, notice_address=None))
