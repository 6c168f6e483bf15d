"""Payloads of Telegram buttons, which may hold 64 bytes.

Short payloads travel as they are. A longer one is replaced by ``~`` and a keyed HMAC of it, and kept sealed
in the database under that token: the same payload always has the same token, a button pressed months later
or after a restart still works, and the table holds no more rows than there are different long payloads.
When the mapping is gone all the same, the button's title is taken for the person's words.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import sqlalchemy as sa
import structlog
from anyio import to_thread
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.bridges.base import Bounded
from bot.db import tables
from bot.db.engine import Store
from bot.db.sealing import SealError

log = structlog.get_logger(__name__)
LIMIT = 64
MARK = "~"
KEEP = 180 * 86400.0
"""Seconds after its last use that a payload is forgotten."""


class ButtonStore:
    """Turns payloads into callback data and back."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: Bounded[str, str] = Bounded(2_000)

    async def data(self, payload: str) -> str:
        """The callback data for a payload. Never raises: without a database the token is known to this
        process only."""
        if len(payload.encode()) <= LIMIT and not payload.startswith(MARK):
            return payload
        token = self._token(payload)
        if token not in self._known:
            try:
                await to_thread.run_sync(self._keep, token, payload)
            except SQLAlchemyError as error:
                log.error("telegram.button_not_kept", error=type(error).__name__)
        self._known[token] = payload
        return token

    async def payload(self, data: str) -> str:
        """The payload behind callback data; empty when it is not known any more."""
        if not data.startswith(MARK):
            return data
        if data in self._known:
            return self._known[data]
        try:
            return await to_thread.run_sync(self._find, data)
        except (SQLAlchemyError, SealError) as error:
            log.error("telegram.button_not_found", error=type(error).__name__)
            return ""

    async def forget_unused(self) -> None:
        """Delete payloads that have not been sent for half a year."""
        await to_thread.run_sync(self._forget, time.time() - KEEP)

    def _token(self, payload: str) -> str:
        digest = hmac.new(self._store.keys.cookie, b"telegram button\0" + payload.encode(), hashlib.sha256)
        return MARK + base64.urlsafe_b64encode(digest.digest()[:18]).decode()

    def _keep(self, token: str, payload: str) -> None:
        table = tables.button_payloads
        with self._store.engine.begin() as connection:
            known = table.update().where(table.c.token == token).values(used_at=time.time())
            if connection.execute(known).rowcount:
                return
        sealed = self._store.sealer.seal(payload.encode(), "button_payloads", "payload", token)
        try:
            with self._store.engine.begin() as connection:
                connection.execute(table.insert().values(token=token, payload=sealed, used_at=time.time()))
        except IntegrityError:
            return  # another process kept the same payload meanwhile

    def _find(self, token: str) -> str:
        table = tables.button_payloads
        with self._store.reader.connect() as connection:
            query = sa.select(table.c.payload).where(table.c.token == token)
            sealed = connection.execute(query).scalar_one_or_none()
        if sealed is None:
            return ""
        return self._store.sealer.open(sealed, "button_payloads", "payload", token).decode()

    def _forget(self, before: float) -> None:
        table = tables.button_payloads
        with self._store.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.used_at < before))
