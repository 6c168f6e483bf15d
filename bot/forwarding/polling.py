"""Asking a target how its cases stand, and telling ``reports`` so; at the start, whether its configuration fits ours.

One worker asks at a time: refused credentials must not be tried by all of them at once.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import structlog

from bot.db.engine import Store
from bot.db.tables import deliveries, reports
from bot.forwarding import stopping
from bot.forwarding.calling import CallFailed
from bot.forwarding.targets import Checked, Polled
from bot.reports.alarm import end_alarm, raise_alarm
from bot.reports.service import from_outside

log = structlog.get_logger("forwarding")
BATCH = 50
LEASE = 30.0
MISFIT = "mapping_incomplete"


def look(store: Store, target: Checked, now: float, every: float) -> bool:
    """Whether the target's own configuration fits ours; operators are told before the first report is.

    Returns whether that is known: not while the target does not answer or another worker is asking.
    """
    credentials = getattr(target, "credentials", "")
    if credentials and stopping.stopped(store, target.name, credentials):
        return True
    if not stopping.lease(store, target.name, now, min(every, LEASE)):
        return False
    try:
        gaps = target.gaps()
    except CallFailed as failed:
        outcome = failed.outcome
        log.warning("target_not_checked", target=target.name, code=outcome.code)
        if outcome.stop:
            with store.engine.begin() as connection:
                stopping.stop(connection, store, target.name, outcome.code, credentials, now)
        return outcome.stop
    with store.engine.begin() as connection:
        if gaps:
            raise_alarm(connection, store, MISFIT, target.name, now=now, detail=",".join(gaps))
        else:
            end_alarm(connection, MISFIT, target.name, now)
    return True


def ask_soon(connection: Any, target: str, report_id: str) -> bool:
    """The target says that something happened to a case: it is asked next. Returns whether it has the case."""
    query = deliveries.update().where(
        deliveries.c.target == target,
        deliveries.c.report_id == report_id,
        deliveries.c.kind == "report",
        deliveries.c.state == "delivered",
    )
    return bool(connection.execute(query.values(checked_at=None)).rowcount == 1)


def ask(store: Store, target: Polled, now: float, every: float) -> int:
    """Ask about the open reports that were not asked about for ``every`` seconds, one after the other."""
    credentials = getattr(target, "credentials", "")
    moved = 0
    due = _due(store, target.name, now - every)
    if not due or not stopping.lease(store, target.name, now, min(every, LEASE)):
        return 0
    for delivery_id, report_id in due:
        if credentials and stopping.stopped(store, target.name, credentials):
            return moved
        if not _claim(store, delivery_id, now, every):
            continue
        try:
            found = target.case_status(report_id)
        except Exception as error:
            log.warning("status_not_known", target=target.name, report_id=report_id, code=type(error).__name__)
            return moved
        with store.engine.begin() as connection:
            if found.stop:
                stopping.stop(connection, store, target.name, found.code, credentials, now)
                return moved
            if found.status:
                moved += from_outside(connection, report_id, found.status, target.name, now)
    return moved


def _due(store: Store, target: str, before: float) -> list[Any]:
    query = (
        sa.select(deliveries.c.id, deliveries.c.report_id)
        .join(reports, reports.c.id == deliveries.c.report_id)
        .where(
            deliveries.c.target == target,
            deliveries.c.kind == "report",
            deliveries.c.state == "delivered",
            reports.c.status.notin_(("closed", "withdrawn")),
            sa.or_(deliveries.c.checked_at.is_(None), deliveries.c.checked_at <= before),
        )
        .order_by(sa.func.coalesce(deliveries.c.checked_at, 0.0), deliveries.c.id)
        .limit(BATCH)
    )
    with store.reader.connect() as connection:
        return list(connection.execute(query))


def _claim(store: Store, delivery_id: int, now: float, every: float) -> bool:
    """Only one worker asks about a case at a time."""
    fresh = sa.or_(deliveries.c.checked_at.is_(None), deliveries.c.checked_at <= now - every)
    query = deliveries.update().where(deliveries.c.id == delivery_id, fresh)
    with store.engine.begin() as connection:
        return bool(connection.execute(query.values(checked_at=now)).rowcount == 1)
