"""Forgetting: what a chat leaves behind is deleted when it has rested long enough.

Trackers and the conversation's memory: 24 hours after the last message; with a report begun and not sent: 7 days,
so that it can be resumed. Rows that only deduplicate updates hold no text and go after 3 days. How long reports are
kept: ``bot.reports.retention``. Every promise, with the test that proves it: ``docs/privacy.md``.
"""

from __future__ import annotations

import asyncio
import time

import sqlalchemy as sa
import structlog
from anyio import to_thread

from bot.db import audit, tables
from bot.db.engine import Store
from bot.dialogue.inbox import forget_lines
from bot.dialogue.safe_word import KEEP
from bot.dialogue.trackers import read_tracker
from bot.dialogue.worker import read_memory
from bot.reports.retention import Retention

log = structlog.get_logger(__name__)
DAY = 86400.0
REST = 1 * DAY
DRAFT = 7 * DAY
DEDUPE = 3 * DAY
HELD = 30 * DAY
"""A reply that waits for the person to write again is of no use to them after this."""
EVERY = 600.0


class Janitor:
    """Deletes what is past its time, audited by how many rows of which kind."""

    def __init__(self, store: Store, retention: Retention | None = None) -> None:
        self._store = store
        self._retention = retention

    async def run(self, stop: asyncio.Event) -> None:
        """Clean every ten minutes until ``stop``; survives every error."""
        while not stop.is_set():
            try:
                await to_thread.run_sync(self.clean, time.time())
            except Exception as error:
                log.error("janitor.failed", error=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), timeout=EVERY)
            except asyncio.TimeoutError:
                continue

    def clean(self, now: float) -> int:
        """Delete what has rested long enough at ``now`` (seconds since 1970). Returns the number of rows."""
        counts = self._forget_chats(now)
        if self._retention is not None:
            counts.update(self._retention.clean(now))
        deleted = sum(counts.values())
        if deleted:
            detail = " ".join(f"{kind}={n}" for kind, n in counts.items() if n)
            with self._store.engine.begin() as connection:
                audit.record(connection, audit.SYSTEM, "forgotten", "janitor", detail, at=now)
            log.info("janitor.deleted", rows=deleted)
        return deleted

    def _forget_chats(self, now: float) -> dict[str, int]:
        trackers, inbox, replies, counters = tables.trackers, tables.inbox, tables.replies, tables.counters
        conversations = tables.conversations
        with self._store.reader.connect() as connection:
            resting = connection.execute(
                sa.select(conversations.c.sender, conversations.c.updated_at).where(
                    conversations.c.updated_at < now - REST
                )
            ).all()
            lone = connection.execute(
                sa.select(trackers.c.sender, trackers.c.updated_at).where(trackers.c.updated_at < now - REST)
            ).all()
        last_seen = {row.sender: row.updated_at for row in [*lone, *resting]}
        ended = [sender for sender, at in last_seen.items() if self._ended(sender, at, now)]
        words = tables.safe_words
        counts = {"trackers": 0, "conversations": 0}
        with self._store.engine.begin() as connection:
            for sender in ended:
                forget_lines(connection, sender)
                mine = trackers.delete().where(trackers.c.sender == sender)
                counts["trackers"] += connection.execute(mine).rowcount
                chat = conversations.delete().where(conversations.c.sender == sender)
                counts["conversations"] += connection.execute(chat).rowcount
            answered = sa.and_(inbox.c.state != "new", inbox.c.received_at < now - DEDUPE)
            sent = sa.and_(replies.c.state.notin_(("pending", "held")), replies.c.created_at < now - DEDUPE)
            held = sa.and_(replies.c.state == "held", replies.c.created_at < now - HELD)
            for kind, table, old in (
                ("inbox", inbox, answered),
                ("replies", replies, sent),
                ("held", replies, held),
                ("floor_lines", tables.floor_lines, tables.floor_lines.c.created_at < now - REST),
                ("counters", counters, counters.c.expires_at < now),
                ("safe_words", words, words.c.used_at < now - KEEP),
            ):
                counts[kind] = connection.execute(table.delete().where(old)).rowcount
        return counts

    def _ended(self, sender: str, updated_at: float, now: float) -> bool:
        if updated_at < now - DRAFT:
            return True
        memory = read_memory(self._store, sender)
        if memory.in_form or memory.draft:
            return False
        dialogue = read_tracker(self._store, sender) or {"events": []}
        last_loop = next((e.get("name") for e in reversed(dialogue["events"]) if e["event"] == "active_loop"), None)
        return last_loop is None
