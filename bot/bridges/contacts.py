"""When a person last acted on a platform: from that moment the platform counts how long we may write to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa
import structlog
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from bot.bridges.base import Bounded
from bot.db import tables
from bot.db.engine import Store, insert_or, instead
from bot.db.together import Together

log = structlog.get_logger(__name__)
GRAIN = 60.0
"""Actions within a minute are written once: the window then ends a minute early, never late."""
FRESH = 3600.0
"""What this process has seen itself within this time needs no look at the database."""
NAMES = ("sender", "channel", "acted_at")
UPSERT = insert_or(tables.platform_contacts, NAMES, ("sender",), instead(NAMES[1:]))


class Contacts:
    """The last action of everybody on one channel, by pseudonym. Never raises: without a database what this
    process has seen counts."""

    def __init__(self, store: Store, channel: str, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._known: Bounded[str, float] = Bounded(20_000)
        self._keep: Together[tuple[str, float], None] = Together(self._write)

    async def acted(self, chat_id: str) -> None:
        """The person has just done something."""
        sender, now = self._store.keys.pseudonymise(self._channel, chat_id), self._clock()
        if now - self._known.get(sender, 0.0) < GRAIN:
            return
        try:
            await self._keep((sender, now))
        except SQLAlchemyError as error:
            log.error("contacts.not_kept", error=type(error).__name__)
            return
        self._known[sender] = now

    async def gone(self, chat_id: str) -> None:
        """The person has left the channel: nothing is known of them any more."""
        sender = self._store.keys.pseudonymise(self._channel, chat_id)
        self._known.pop(sender, None)
        try:
            await to_thread.run_sync(self._delete, sender)
        except SQLAlchemyError as error:
            log.error("contacts.not_forgotten", error=type(error).__name__)

    async def silent_for(self, chat_id: str) -> float | None:
        """Seconds since the person's last action; ``None`` when it is not known."""
        sender = self._store.keys.pseudonymise(self._channel, chat_id)
        at = self._known.get(sender)
        if at is None or self._clock() - at > FRESH:
            try:
                at = await to_thread.run_sync(self._read, sender)
            except SQLAlchemyError:
                log.error("contacts.not_read")
        return None if at is None else self._clock() - at

    async def forget_before(self, moment: float) -> None:
        """Delete whoever has not been here since ``moment``."""
        await to_thread.run_sync(self._forget, moment)

    def _write(self, who: Sequence[tuple[str, float]]) -> list[None]:
        rows = {sender: {"sender": sender, "channel": self._channel, "acted_at": now} for sender, now in who}
        with self._store.engine.begin() as connection:
            connection.execute(UPSERT, [rows[sender] for sender in sorted(rows)])
        return [None] * len(who)

    def _read(self, sender: str) -> float | None:
        table = tables.platform_contacts
        with self._store.reader.connect() as connection:
            query = sa.select(table.c.acted_at).where(table.c.sender == sender)
            found: float | None = connection.execute(query).scalar_one_or_none()
        return found

    def _delete(self, sender: str) -> None:
        table = tables.platform_contacts
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.sender == sender))

    def _forget(self, moment: float) -> None:
        table = tables.platform_contacts
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.channel == self._channel, table.c.acted_at < moment))
