"""How far the sending of a reply has come, where that must survive a crash or an answer that never arrived.

No platform here takes an idempotency key. What is recorded lets a bridge settle an unknown send: go on after the
parts that were delivered, recognise a text that the platform shows back, or write once more into a message that is
already there. A reply of one part needs no record: if its outcome is unknown it is sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
import structlog
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from bot.bridges.base import Bounded
from bot.db import tables
from bot.db.engine import Store, insert_or, instead
from bot.db.sealing import SealError
from bot.db.together import Together

log = structlog.get_logger(__name__)
KEEP = 3 * 86400.0
CLOCKS = 2.0
"""Seconds by which a platform's clock may be behind ours. An older echo is of the same words, said before."""
NAMES = ("reply", "parts", "state", "digest", "ref", "at")
UPSERT = insert_or(tables.platform_sends, NAMES, ("reply",), instead(NAMES[1:]))
Shown = tuple[str, float]
"""The digest of a text that the platform shows us, and when it was delivered."""


@dataclass(frozen=True)
class Progress:
    """``parts`` were delivered; the next one is ``ready``, being tried with unknown outcome (``trying``, since
    ``at``), or was ``seen`` to have arrived. ``ref``: the message that the reply is written into."""

    parts: int = 0
    state: str = "ready"
    digest: str = ""
    ref: str = ""
    at: float = 0.0

    @property
    def delivered(self) -> int:
        """How many parts the person has."""
        return self.parts + (1 if self.state == "seen" else 0)


class SendLedger:
    """Reads and writes ``Progress`` by our id of the reply. Never raises: without a database, what this process
    remembers counts (a direct answer must go out just then)."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self.since = clock()
        """What was tried before this moment was tried by a program that is no more."""
        self._known: Bounded[str, Progress] = Bounded(1_000)
        self._echoes: Bounded[str, float] = Bounded(2_000)
        self._keep: Together[tuple[str, Progress | None], None] = Together(self._write)
        self._see: Together[Shown, None] = Together(self._settle)

    def digest(self, chat_id: str, text: str) -> str:
        """A keyed hash that recognises a text of a chat."""
        words = " ".join(text.split())
        raw = f"sent text\0{chat_id}\0{words}".encode("utf-8", "replace")
        return hmac.new(self._store.keys.pseudonym, raw, hashlib.sha256).hexdigest()[:32]

    async def get(self, reply_id: str) -> Progress:
        """How far the reply has come."""
        known = self._known.get(reply_id)
        if known is None or known.state == "trying":
            try:
                known = await to_thread.run_sync(self._read, reply_id) or known
            except (SQLAlchemyError, SealError) as error:
                log.error("sends.not_read", error=type(error).__name__)
        known = known or Progress()
        if known.state == "trying" and self._echoes.get(known.digest, 0.0) >= known.at - CLOCKS:
            known = replace(known, state="seen")
        return known

    async def put(self, reply_id: str, progress: Progress) -> None:
        """Record how far the reply has come."""
        progress = replace(progress, at=progress.at or self._clock())
        self._known[reply_id] = progress
        try:
            await self._keep((reply_id, progress))
        except SQLAlchemyError as error:
            log.error("sends.not_kept", error=type(error).__name__)

    async def done(self, reply_id: str, parts: int, careful: bool) -> None:
        """Everything is delivered. A ``careful`` one stays known: if the program is killed before the outbox notes
        that, a repeated call must find it done."""
        if careful:
            await self.put(reply_id, Progress(parts))
        else:
            await self.drop(reply_id)

    async def drop(self, reply_id: str) -> None:
        """Nothing has to be known of this reply any more."""
        if self._known.pop(reply_id, None) is None:
            return
        try:
            await self._keep((reply_id, None))
        except SQLAlchemyError as error:
            log.error("sends.not_dropped", error=type(error).__name__)

    async def arrived(self, digest: str, moment: float) -> None:
        """The platform has shown us a text that it delivered at that moment."""
        self._echoes[digest] = max(moment, self._echoes.get(digest, 0.0))
        try:
            await self._see((digest, moment))
        except SQLAlchemyError as error:
            log.error("sends.not_settled", error=type(error).__name__)

    async def forget_old(self) -> None:
        """Delete the records of replies that nobody tries any more."""
        await to_thread.run_sync(self._forget, self._clock() - KEEP)

    def _read(self, reply_id: str) -> Progress | None:
        table = tables.platform_sends
        with self._store.reader.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.reply == reply_id)).mappings().first()
        if row is None:
            return None
        ref = ""
        if row["ref"] is not None:
            ref = self._store.sealer.open(row["ref"], "platform_sends", "ref", reply_id).decode()
        return Progress(row["parts"], row["state"], row["digest"], ref, row["at"])

    def _write(self, changes: Sequence[tuple[str, Progress | None]]) -> list[None]:
        """Keep how far each reply has come; ``None``: nothing is kept of it any more."""
        table = tables.platform_sends
        last = dict(changes)
        gone = [reply_id for reply_id, progress in last.items() if progress is None]
        rows = [self._row(reply_id, progress) for reply_id, progress in last.items() if progress is not None]
        with self._store.engine.begin() as connection:
            if gone:
                connection.execute(table.delete().where(table.c.reply.in_(gone)))
            if rows:
                connection.execute(UPSERT, rows)
        return [None] * len(changes)

    def _row(self, reply_id: str, progress: Progress) -> dict[str, object]:
        ref = None
        if progress.ref:
            ref = self._store.sealer.seal(progress.ref.encode(), "platform_sends", "ref", reply_id)
        return {
            "reply": reply_id,
            "parts": progress.parts,
            "state": progress.state,
            "digest": progress.digest,
            "ref": ref,
            "at": progress.at,
        }

    def _settle(self, seen: Sequence[Shown]) -> list[None]:
        table = tables.platform_sends
        echoes = dict(sorted(seen, key=lambda one: one[1]))
        query = sa.select(table.c.reply, table.c.digest, table.c.at)
        query = query.where(table.c.digest.in_(list(echoes)), table.c.state == "trying")
        with self._store.reader.connect() as connection:
            found = connection.execute(query).all()
        replies = [row.reply for row in found if echoes[row.digest] >= row.at - CLOCKS]
        if replies:
            with self._store.engine.begin() as connection:
                still = sa.and_(table.c.reply.in_(replies), table.c.state == "trying")
                connection.execute(table.update().where(still).values(state="seen"))
        return [None] * len(seen)

    def _forget(self, before: float) -> None:
        table = tables.platform_sends
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.at < before))
