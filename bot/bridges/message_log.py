"""Ids of a chat's messages on its platform, so that the quick hide can delete them: sealed, for 48 hours.

Ids are collected in memory and written together once a second, so that taking an update costs no write of its own;
a crash loses the ids of that last second.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from anyio import to_thread
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from bot.bridges.base import Bounded
from bot.db import tables
from bot.db.engine import Store
from bot.db.sealing import SealError

log = structlog.get_logger(__name__)
FLUSH_EVERY = 1.0
CLEAN_EVERY = 600.0
MOST = 2_000
"""Ids of one chat that are read back: more messages in 48 hours are nobody's conversation."""


@dataclass(frozen=True)
class Ref:
    """One message of a chat."""

    chat_id: str
    number: str
    at: float


class MessageLog:
    """Remembers and finds message ids of one channel. Never raises: without a database what this process has
    seen counts."""

    def __init__(
        self, store: Store, channel: str, keep: float = 48 * 3600.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._channel = channel
        self._keep = keep
        self._clock = clock
        self._unwritten: Bounded[tuple[str, str], Ref] = Bounded(20_000)
        self._cleaned_at = 0.0

    def remember(self, chat_id: str, number: str) -> None:
        """A message stands in a chat."""
        self._unwritten[(chat_id, number)] = Ref(chat_id, number, self._clock())

    async def recent(self, chat_id: str) -> list[str]:
        """Ids of the chat's messages that may still be deleted."""
        await self.flush()
        waiting = [ref.number for ref in self._unwritten.values() if ref.chat_id == chat_id]
        try:
            known = await to_thread.run_sync(self._read, chat_id)
        except (SQLAlchemyError, SealError) as error:
            log.error("message_log.not_read", error=type(error).__name__)
            known = []
        return list(dict.fromkeys([*known, *waiting]))

    async def forget(self, chat_id: str, numbers: Iterable[str]) -> None:
        """These messages are gone."""
        keys = [self._key(chat_id, number) for number in numbers]
        for number in numbers:
            self._unwritten.pop((chat_id, number), None)
        try:
            await to_thread.run_sync(self._delete, keys)
        except SQLAlchemyError as error:
            log.error("message_log.not_forgotten", error=type(error).__name__)

    async def flush(self) -> None:
        """Write what was collected."""
        refs = list(self._unwritten.values())
        if not refs:
            return
        try:
            await to_thread.run_sync(self._write, refs)
        except SQLAlchemyError as error:
            log.error("message_log.not_kept", error=type(error).__name__)
            return
        for ref in refs:
            self._unwritten.pop((ref.chat_id, ref.number), None)

    async def run(self) -> None:
        """Write once a second and clean up now and then, until cancelled; survives every error."""
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            try:
                await self.flush()
                if self._clock() - self._cleaned_at > CLEAN_EVERY:
                    self._cleaned_at = self._clock()
                    await to_thread.run_sync(self._clean)
            except Exception as error:
                log.error("message_log.failed", error=type(error).__name__)

    def _key(self, chat_id: str, number: str) -> str:
        raw = f"message\0{self._channel}\0{chat_id}\0{number}".encode()
        return hmac.new(self._store.keys.pseudonym, raw, hashlib.sha256).hexdigest()[:32]

    def _write(self, refs: list[Ref]) -> None:
        rows = []
        for ref in refs:
            key = self._key(ref.chat_id, ref.number)
            sealed = self._store.sealer.seal(ref.number.encode(), "platform_messages", "ref", key)
            sender = self._store.keys.pseudonymise(self._channel, ref.chat_id)
            rows.append({"key": key, "sender": sender, "ref": sealed, "at": ref.at})
        make = postgresql.insert if self._store.engine.dialect.name == "postgresql" else sqlite.insert
        with self._store.engine.begin() as connection:
            connection.execute(make(tables.platform_messages).on_conflict_do_nothing(), rows)

    def _read(self, chat_id: str) -> list[str]:
        table = tables.platform_messages
        query = (
            sa.select(table.c.key, table.c.ref)
            .where(table.c.sender == self._store.keys.pseudonymise(self._channel, chat_id))
            .where(table.c.at > self._clock() - self._keep)
            .order_by(table.c.at.desc())
            .limit(MOST)
        )
        with self._store.reader.connect() as connection:
            rows = connection.execute(query).all()
        open_ref = self._store.sealer.open
        return [open_ref(row.ref, "platform_messages", "ref", row.key).decode() for row in reversed(rows)]

    def _delete(self, keys: list[str]) -> None:
        table = tables.platform_messages
        with self._store.engine.begin() as connection:
            for start in range(0, len(keys), 500):
                connection.execute(table.delete().where(table.c.key.in_(keys[start : start + 500])))

    def _clean(self) -> None:
        table = tables.platform_messages
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.at < self._clock() - self._keep))
