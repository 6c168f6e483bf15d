"""How far the sending of a reply has come, where that must survive a crash or an answer that never arrived.

No platform here takes an idempotency key. What is recorded lets a bridge settle an unknown send: go on after the
parts that were delivered, recognise a text that the platform shows back, or write once more into a message that is
already there. A reply of one part needs no record: if its outcome is unknown it is sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import sqlalchemy as sa
import structlog
from anyio import to_thread
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.bridges.base import Bounded
from bot.db import tables
from bot.db.engine import Store
from bot.db.sealing import SealError

log = structlog.get_logger(__name__)
KEEP = 3 * 86400.0


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
        self._known: Bounded[str, Progress] = Bounded(1_000)
        self._echoes: Bounded[str, float] = Bounded(2_000)

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
        if known.state == "trying" and self._echoes.get(known.digest, 0.0) >= known.at:
            known = replace(known, state="seen")
        return known

    async def put(self, reply_id: str, progress: Progress) -> None:
        """Record how far the reply has come."""
        progress = replace(progress, at=progress.at or self._clock())
        self._known[reply_id] = progress
        try:
            await to_thread.run_sync(self._write, reply_id, progress)
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
            await to_thread.run_sync(self._delete, reply_id)
        except SQLAlchemyError as error:
            log.error("sends.not_dropped", error=type(error).__name__)

    async def arrived(self, digest: str) -> None:
        """The platform has shown us a text that it delivered."""
        self._echoes[digest] = self._clock()
        try:
            await to_thread.run_sync(self._settle, digest)
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

    def _write(self, reply_id: str, progress: Progress) -> None:
        table = tables.platform_sends
        ref = None
        if progress.ref:
            ref = self._store.sealer.seal(progress.ref.encode(), "platform_sends", "ref", reply_id)
        values = {
            "parts": progress.parts,
            "state": progress.state,
            "digest": progress.digest,
            "ref": ref,
            "at": progress.at,
        }
        with self._store.engine.begin() as connection:
            if connection.execute(table.update().where(table.c.reply == reply_id).values(**values)).rowcount:
                return
        try:
            with self._store.engine.begin() as connection:
                connection.execute(table.insert().values(reply=reply_id, **values))
        except IntegrityError:
            return

    def _delete(self, reply_id: str) -> None:
        table = tables.platform_sends
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.reply == reply_id))

    def _settle(self, digest: str) -> None:
        table = tables.platform_sends
        waiting = sa.and_(table.c.digest == digest, table.c.state == "trying")
        with self._store.reader.connect() as connection:
            if connection.execute(sa.select(table.c.reply).where(waiting)).first() is None:
                return
        with self._store.engine.begin() as connection:
            connection.execute(table.update().where(waiting).values(state="seen"))

    def _forget(self, before: float) -> None:
        table = tables.platform_sends
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.at < before))
