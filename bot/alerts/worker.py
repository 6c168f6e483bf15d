"""The alert worker: climbs the ladder, sends what is due, keeps the channels tested."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from anyio import to_thread

from bot.alerts import heartbeat, sending
from bot.alerts.channels import Channel, Sent, build_channels
from bot.alerts.ladder import Ladder, Steps, parse_steps
from bot.db.engine import Store
from bot.forwarding.roster import RosterFile
from bot.forwarding.routing import router_of
from bot.settings import Settings

log = structlog.get_logger("alerts")
BEAT_EVERY = 60.0


class AlertWorker:
    """Tells people. Raises ``TargetError`` at construction for settings that can never work.

    Several may run at once; a message is sent again only when a worker died between sending and recording.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        channels: Sequence[Channel] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._clock = store, clock
        self._base_url, self._poll = settings.base_url, max(settings.forward_poll, 0.02)
        found = list(build_channels(settings) if channels is None else channels)
        self._channels = {channel.name: channel for channel in found}
        self._roster = RosterFile(settings.roster_file)
        steps = Steps(
            parse_steps(settings.alert_steps, "HOTLINE_ALERT_STEPS"),
            parse_steps(settings.alert_steps_high, "HOTLINE_ALERT_STEPS_HIGH"),
        )
        router = router_of(settings.knowledge_dir)
        self._ladder = Ladder(store, router, self._roster.current, found, steps)
        self._beat_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; no failure ends it."""
        while not stop.is_set():
            try:
                await self.run_once()
            except Exception as error:  # the database may be away for a while
                log.error("alerts_round_failed", code=type(error).__name__)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), self._poll)

    async def run_once(self) -> int:
        """Take the steps that are due and send what is due; returns how many messages were tried."""
        now = self._clock()
        if now - self._beat_at >= BEAT_EVERY:
            self._beat_at = now
            await to_thread.run_sync(self._beat, now)
        await to_thread.run_sync(self._ladder.climb, now)
        due = await to_thread.run_sync(self._claim, now)
        await asyncio.gather(*(self._send(one) for one in due))
        return len(due)

    def _beat(self, now: float) -> None:
        roster = self._roster.current()
        heartbeat.beat(self._store, roster, self._roster.error, list(self._channels.values()), now)

    def _claim(self, now: float) -> list[sending.Due]:
        return sending.claim(self._store, list(self._channels), self._ladder.place, self._base_url, now)

    async def _send(self, due: sending.Due) -> None:
        channel, person = self._channels[due.channel], self._roster.current().people.get(due.person)
        address = None if person is None else channel.address(person)
        if address is None:
            sent = Sent("not_in_roster", final=True)
        else:
            try:
                sent = await channel.send(address, due.notice, due.identity)
            except Exception as error:
                sent = Sent(type(error).__name__)
        state = await to_thread.run_sync(sending.settle, self._store, due, sent, self._clock())
        if state != "sent":
            log.warning("alert_not_sent", channel=due.channel, state=state, code=sent.code, attempts=due.attempts)
