"""Rasa's tracker, sealed: one row for each pseudonym, opened only in memory.

Named in ``endpoints.yml`` as ``bot.dialogue.tracker_store.SealedTrackerStore``. Interface and serialisation are
Rasa's (``rasa.core.tracker_store``, 3.6.21).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.db import tables
from bot.db.engine import Store, open_store
from bot.dialogue.trackers import read_tracker, shorten, without_receipts, write_tracker
from bot.settings import get_settings


class SealedTrackerStore(TrackerStore, SerializedTrackerAsText):  # type: ignore[misc]
    """Keeps every tracker as one sealed value in the program's own database."""

    def __init__(
        self,
        domain: Domain,
        host: str | None = None,  # noqa: ARG002 - Rasa passes the endpoint's url
        event_broker: EventBroker | None = None,
        store: Store | None = None,
        **kwargs: Any,
    ) -> None:
        self._store = store or open_store(get_settings())
        super().__init__(domain, event_broker, **kwargs)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Seal and store the tracker. A broken event broker is Rasa's business and is not configured here."""
        dialogue = without_receipts(json.loads(self.serialise_tracker(tracker)), time.time())
        body = self._store.sealer.seal(json.dumps(dialogue).encode(), "trackers", "body", tracker.sender_id)
        await asyncio.get_running_loop().run_in_executor(None, write_tracker, self._store, tracker.sender_id, body)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of a pseudonym, or None."""
        serialised = await asyncio.get_running_loop().run_in_executor(None, read_tracker, self._store, sender_id)
        if serialised is None:
            return None
        return self.deserialise_tracker(sender_id, json.dumps(shorten(serialised)))

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The same as ``retrieve``: there is one session for each pseudonym."""
        return await self.retrieve(conversation_id)

    async def keys(self) -> Iterable[str]:
        """All pseudonyms with a tracker."""
        with self._store.reader.connect() as connection:
            return list(connection.execute(sa.select(tables.trackers.c.sender)).scalars())
