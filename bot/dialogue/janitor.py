"""Forgetting: what a chat leaves behind is deleted when it has rested long enough.

Trackers and the conversation's memory: 24 hours after the last message; with a report begun and not sent: 7 days,
so that it can be resumed. Rows that only deduplicate updates hold no text and go after 3 days.
"""

from __future__ import annotations

import asyncio
import time

import sqlalchemy as sa
import structlog
from anyio import to_thread

from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.inbox import forget_lines
from bot.dialogue.tracker_store import read_tracker
from bot.dialogue.worker import read_memory

log = structlog.get_logger(__name__)
DAY = 86400.0
REST = 1 * DAY
DRAFT = 7 * DAY
DEDUPE = 3 * DAY
HELD = 30 * DAY
"""A reply that waits for the person to write again is of no use to them after this."""
EVERY = 600.0


class Janitor:
    """Deletes what is past its time; says only how many."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
        deleted = 0
        with self._store.engine.begin() as connection:
            for sender in ended:
                forget_lines(connection, sender)
                deleted += connection.execute(trackers.delete().where(trackers.c.sender == sender)).rowcount
                deleted += connection.execute(conversations.delete().where(conversations.c.sender == sender)).rowcount
            for statement in (
                inbox.delete().where(inbox.c.state != "new", inbox.c.received_at < now - DEDUPE),
                tables.floor_lines.delete().where(tables.floor_lines.c.created_at < now - REST),
                replies.delete().where(
                    replies.c.state.notin_(("pending", "held")), replies.c.created_at < now - DEDUPE
                ),
                replies.delete().where(replies.c.state == "held", replies.c.created_at < now - HELD),
                counters.delete().where(counters.c.expires_at < now),
            ):
                deleted += connection.execute(statement).rowcount
        if deleted:
            log.info("janitor.deleted", rows=deleted)
        return deleted

    def _ended(self, sender: str, updated_at: float, now: float) -> bool:
        if updated_at < now - DRAFT:
            return True
        in_form = read_memory(self._store, sender).in_form
        if in_form:
            return False
        dialogue = read_tracker(self._store, sender) or {"events": []}
        last_loop = next((e.get("name") for e in reversed(dialogue["events"]) if e["event"] == "active_loop"), None)
        return last_loop is None
