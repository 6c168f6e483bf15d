"""Zalo's tokens: the refresh token works once, so two processes must never spend the same one.

The pair lies sealed in the database. Whoever renews it holds a lock that every process shares (a file lock in the
data folder, on PostgreSQL also an advisory lock), looks again whether somebody else has just renewed it, notes that
the refresh token is being spent, and saves the new pair in one transaction before anybody uses it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from bot.bridges.zalo_client import NotSent, OutcomeUnknown, Pair, ask_for_pair
from bot.db import tables
from bot.db.engine import Store, one_at_a_time
from bot.db.sealing import SealError
from bot.settings import Settings

log = structlog.get_logger(__name__)
EARLY = 4 * 3600.0
"""The access token (25 hours) is renewed when it has less than this left."""
REFRESH_LIFE = 90 * 86400.0
ALARM = 14 * 86400.0
"""The operator is alarmed when the refresh token would die within this time."""
ASK_CONSENT = "an administrator of the account has to allow the app again: run 'python -m bot bridge zalo setup'"
_LOCK = 7_111_113_116  # any constant of our own, for pg_advisory_xact_lock


class TokenLost(Exception):
    """There is no token that works; only a person can get a new one. ``str`` is the remedy."""


class TokenLater(Exception):
    """A new token could not be fetched just now."""


@dataclass(frozen=True)
class Kept:
    """What is in the store. ``state``: ready, spending or lost."""

    access: str
    refresh: str
    state: str
    expires_at: float
    renewed_at: float

    @property
    def dies_at(self) -> float:
        """When the refresh token stops working."""
        return self.renewed_at + REFRESH_LIFE


class ZaloTokens:
    """The one place that reads, renews and saves the pair. Safe across threads and processes."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._name = f"zalo {settings.zalo_app_id}"
        self._cached: Kept | None = None

    async def access(self) -> str:
        """An access token that should work now. Raises ``TokenLost`` or ``TokenLater``."""
        kept = self._cached
        if kept is None or kept.expires_at - self._clock() < 60:
            kept = await self.look()
        if kept is None:
            raise TokenLost(ASK_CONSENT)
        if kept.expires_at - self._clock() > 60:
            return kept.access
        return await self.renew()

    async def renew(self, refused: str = "") -> str:
        """A new access token, unless another process has just fetched one that is not ``refused``.

        Raises ``TokenLost`` or ``TokenLater``.
        """
        return await to_thread.run_sync(self._renew, refused)

    async def look(self) -> Kept | None:
        """What is in the store; what was last seen when it cannot be read."""
        try:
            self._cached = await to_thread.run_sync(self.read)
        except SQLAlchemyError as error:
            log.error("zalo.token_not_read", error=type(error).__name__)
        return self._cached

    async def tend(self) -> Kept | None:
        """Renew early, and raise the alarm while there is still time. Never raises."""
        kept = await self.look()
        if kept is None:
            log.error("zalo.no_token", remedy=ASK_CONSENT)
            return None
        if kept.state != "lost" and kept.expires_at - self._clock() < EARLY:
            try:
                await self.renew()
            except (TokenLost, TokenLater, SQLAlchemyError) as error:
                log.error("zalo.token_not_renewed", error=type(error).__name__)
            kept = await self.look() or kept
        left = kept.dies_at - self._clock()
        if kept.state == "lost":
            log.error("zalo.token_lost", remedy=ASK_CONSENT, hours=round((kept.expires_at - self._clock()) / 3600, 1))
        elif left < ALARM:
            log.error("zalo.token_dies", remedy=ASK_CONSENT, days=round(left / 86400, 1))
        return kept

    def read(self) -> Kept | None:
        """What is in the store (blocking)."""
        table = tables.platform_tokens
        with self._store.reader.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.name == self._name)).mappings().first()
        if row is None:
            return None
        try:
            pair = self._store.sealer.open_json(row["body"], "platform_tokens", "body", self._name)
        except SealError:
            return None
        return Kept(pair["access"], pair["refresh"], row["state"], row["expires_at"], row["renewed_at"])

    def save(self, pair: Pair) -> Kept:
        """Save a new pair in one transaction (blocking); only then may it be used."""
        now = self._clock()
        body = {"access": pair.access, "refresh": pair.refresh}
        sealed = self._store.sealer.seal_json(body, "platform_tokens", "body", self._name)
        values = {"body": sealed, "state": "ready", "expires_at": now + pair.expires_in, "renewed_at": now}
        table = tables.platform_tokens
        with self._store.engine.begin() as connection:
            if not connection.execute(table.update().where(table.c.name == self._name).values(**values)).rowcount:
                connection.execute(table.insert().values(name=self._name, **values))
        self._cached = Kept(pair.access, pair.refresh, "ready", now + pair.expires_in, now)
        return self._cached

    def exchange(self, code: str, verifier: str) -> Kept:
        """Spend the code of the consent page (blocking). Raises ``TokenLost`` or ``TokenLater``."""
        form = {"code": code, "grant_type": "authorization_code", "code_verifier": verifier}
        with self._alone():
            return self.save(self._ask(form))

    def spend(self, refresh: str) -> Kept:
        """Start from a refresh token that a person has copied (blocking). Raises as ``exchange``."""
        with self._alone():
            return self.save(self._ask({"refresh_token": refresh, "grant_type": "refresh_token"}))

    # --- inside ---------------------------------------------------------------------------------------------
    def _renew(self, refused: str) -> str:
        with self._alone():
            kept = self.read()
            if kept is None or kept.state == "lost":
                raise TokenLost(ASK_CONSENT)
            left = kept.expires_at - self._clock()
            if (refused and kept.access != refused and left > 60) or (not refused and left > EARLY):
                self._cached = kept
                return kept.access  # somebody else was quicker
            if kept.state == "spending":
                log.warning("zalo.token_spent_before")  # and no answer was saved: it may be used up
            self._mark("spending")
            try:
                pair = self._ask({"refresh_token": kept.refresh, "grant_type": "refresh_token"})
            except NotSent as error:
                self._mark("ready")
                raise TokenLater(str(error)) from None
            except OutcomeUnknown as error:
                raise TokenLater(str(error)) from None
            except TokenLost:
                self._mark("lost")
                log.error("zalo.token_lost", remedy=ASK_CONSENT)
                raise
            except TokenLater:
                self._mark("ready")
                raise
            return self.save(pair).access

    def _ask(self, form: dict[str, str]) -> Pair:
        settings = self._settings
        secret = settings.zalo_app_secret.get_secret_value()
        result = ask_for_pair(settings.zalo_oauth_base, secret, {**form, "app_id": settings.zalo_app_id})
        if isinstance(result, Pair):
            return result
        if result == -32:
            raise TokenLater("too_many")
        log.error("zalo.token_refused", code=str(result))
        raise TokenLost(ASK_CONSENT)

    def _mark(self, state: str) -> None:
        table = tables.platform_tokens
        with self._store.engine.begin() as connection:
            connection.execute(table.update().where(table.c.name == self._name).values(state=state))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one thread of one process of one machine is in here."""
        with ExitStack() as stack:
            stack.enter_context(one_at_a_time(self._settings.data_dir / "zalo-token.lock"))
            if self._store.engine.dialect.name == "postgresql":
                connection = stack.enter_context(self._store.engine.begin())
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
            yield
