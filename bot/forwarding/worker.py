"""The worker that empties the outbox: every target on its own, so that a slow one holds up no other."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import anyio.to_thread
import sqlalchemy as sa
import structlog

from bot.db import tables
from bot.db.engine import Store
from bot.db.sealing import SealError
from bot.forwarding import outbox, polling, stopping
from bot.forwarding.backoff import Breaker, delay
from bot.forwarding.targets import Checked, Message, Outcome, Polled, Target
from bot.reports.content import Shredded, open_report, open_update
from bot.settings import Settings

log = structlog.get_logger("forwarding")


class ForwardingWorker:
    """Sends what is due. Several may run at once on PostgreSQL; nothing breaks if they do on SQLite."""

    def __init__(
        self,
        store: Store,
        targets: Sequence[Target],
        settings: Settings,
        *,
        claim_timeout: float = 120.0,
        max_attempts: int = 100,
        at_once: int = 4,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        self._store = store
        self._targets = {target.name: target for target in targets}
        self._longest = settings.forward_max_backoff
        self._poll = settings.forward_poll
        self._ask_every = settings.primero_poll
        self._claim_timeout = claim_timeout
        self._max_attempts = max_attempts
        self._at_once = at_once
        self._clock = clock
        self._rng = rng or random.SystemRandom()
        self._breakers = {name: Breaker(min(60.0, self._longest)) for name in self._targets}

    def run_once(self) -> int:
        """Try everything that is due now, once; returns how many deliveries were tried."""
        return sum(self._drain(name) for name in self._targets)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set. No failure ends it; a target's trouble stays with that target."""
        polled = [target for target in self._targets.values() if isinstance(target, Polled)]
        await asyncio.gather(
            *(self._loop(name, stop) for name in self._targets),
            *(self._ask_loop(target, stop) for target in polled),
        )

    def ask_once(self) -> int:
        """Ask targets how their cases stand, where it is time; returns how many reports moved."""
        polled = [target for target in self._targets.values() if isinstance(target, Polled)]
        return sum(polling.ask(self._store, target, self._clock(), self._ask_every) for target in polled)

    def look_once(self, target: Any) -> bool:
        """Compare a target's configuration with ours; returns whether that is done (see ``polling.look``)."""
        return polling.look(self._store, target, self._clock(), self._ask_every)

    async def _ask_loop(self, target: Polled, stop: asyncio.Event) -> None:
        looked = not isinstance(target, Checked)
        while not stop.is_set():
            try:
                if not looked:
                    looked = await anyio.to_thread.run_sync(self.look_once, target)
                await anyio.to_thread.run_sync(polling.ask, self._store, target, self._clock(), self._ask_every)
            except Exception as error:  # the next round asks again
                log.error("status_round_failed", target=target.name, code=type(error).__name__)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), min(self._ask_every, 30.0))

    async def _loop(self, name: str, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            tried = 0
            try:
                tried = await anyio.to_thread.run_sync(self._drain, name)
                failures = 0
            except Exception as error:  # the database may be away for a while
                failures += 1
                log.error("forwarding_round_failed", target=name, code=type(error).__name__)
            if tried == 0:
                pause = self._poll if failures == 0 else delay(failures, 30.0, self._rng) + self._poll
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)

    def _drain(self, name: str) -> int:
        """One round for a target: batch after batch until nothing is due or it must be left alone."""
        tried, seen = 0, set[int]()
        target = self._targets[name]
        credentials, most = getattr(target, "credentials", ""), getattr(target, "most_at_once", None)
        while True:
            if credentials and stopping.stopped(self._store, name, credentials):
                return tried
            limit = min(self._at_once, self._breakers[name].allowed(self._clock()))
            if limit == 0:
                return tried
            claims = outbox.claim(self._store, name, limit, self._clock(), self._claim_timeout, most)
            if not claims:
                return tried
            if len(claims) == 1:
                self._deliver(name, claims[0])
            else:
                with ThreadPoolExecutor(len(claims)) as pool:
                    list(pool.map(lambda one: self._deliver(name, one), claims))
            tried += len(claims)
            if any(claim.id in seen for claim in claims):
                return tried  # with a tiny backoff the same ones are due again: leave them to the next round
            seen.update(claim.id for claim in claims)

    def _deliver(self, name: str, claim: outbox.Claim) -> None:
        outcome = self._attempt(name, claim)
        now = self._clock()
        # A refusal is an answer: the target works.
        self._breakers[name].note(outcome.state in ("delivered", "rejected"), now, outcome.retry_after)
        wait = max(delay(claim.attempts, self._longest, self._rng), outcome.retry_after or 0.0)
        credentials = getattr(self._targets[name], "credentials", "")
        state = outbox.settle(self._store, claim, outcome, now, now + wait, self._max_attempts, credentials)
        if state not in ("delivered", None):
            log.warning(
                "delivery_not_done",
                target=name,
                report_id=claim.report_id,
                state=state,
                code=outcome.code,
                attempts=claim.attempts,
            )

    def _attempt(self, name: str, claim: outbox.Claim) -> Outcome:
        try:
            message = self._message(claim)
            return self._targets[name].send(message)
        except Shredded:
            return Outcome("rejected", "shredded")
        except SealError:
            return Outcome("rejected", "unreadable")
        except Exception as error:  # a target may raise anything; whether it sent is not known
            return Outcome("unknown", type(error).__name__)

    def _message(self, claim: outbox.Claim) -> Message:
        table, key = (tables.report_updates, claim.ref) if claim.ref else (tables.reports, claim.report_id)
        with self._store.reader.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.id == key)).mappings().one()
        content = open_update(self._store, row) if claim.ref else open_report(self._store, row)
        identity = f"{claim.kind}_{key}"
        return Message(identity, claim.report_id, claim.kind, row["created_at"], content, claim.ref, claim.unsure)
