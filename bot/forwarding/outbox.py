"""The outbox: deliveries and their states. Every change is one short transaction.

``pending`` → ``sending`` → ``delivered``, or back to ``pending`` (not taken) or ``unknown`` (perhaps taken),
or ``rejected``; after too many attempts ``dead``. A claim that was never settled (the process died) is
claimed again after a while. The time of the claim is its fence: a worker that was too slow cannot overwrite
what a later one recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.db import audit
from bot.db.engine import Store
from bot.db.tables import deliveries, reports, target_states
from bot.forwarding import stopping
from bot.forwarding.targets import Outcome
from bot.reports.alarm import end_alarm, raise_alarm
from bot.reports.service import advance

FAILED = ("rejected", "dead")
UNDER_WAY = ("pending", "sending", "unknown")


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker may send now. ``attempts`` counts this one; ``unsure``: an earlier one may have
    arrived (it timed out, or its worker died)."""

    id: int
    report_id: str
    kind: str
    attempts: int
    claimed_at: float
    ref: str = ""
    unsure: bool = False


def claim(store: Store, target: str, limit: int, now: float, timeout: float, most: int | None = None) -> list[Claim]:
    """Claim up to ``limit`` due deliveries of a target; any number of workers may do so at once.

    ``most``: how many may be under way in all workers together. What was added to a report waits until the
    target has the report and what was added before.
    """
    due = sa.and_(deliveries.c.state.in_(("pending", "unknown")), deliveries.c.due_at <= now)
    lost = sa.and_(deliveries.c.state == "sending", deliveries.c.claimed_at < now - timeout)
    first = deliveries.alias()
    here = sa.and_(first.c.report_id == deliveries.c.report_id, first.c.target == target)
    arrived = sa.exists().where(here, first.c.kind == "report", first.c.state == "delivered")
    # One after the other: a receiver merges notes, and two at once could overwrite each other.
    waiting = sa.exists().where(here, first.c.id < deliveries.c.id, first.c.state.in_(UNDER_WAY))
    columns = (
        deliveries.c.id,
        deliveries.c.report_id,
        deliveries.c.kind,
        deliveries.c.attempts,
        deliveries.c.ref,
        deliveries.c.state,
    )
    query = sa.select(*columns).where(deliveries.c.target == target, sa.or_(due, lost))
    query = query.where(sa.or_(deliveries.c.kind == "report", sa.and_(arrived, ~waiting)))
    query = query.order_by(deliveries.c.due_at, deliveries.c.id).limit(limit)
    with store.reader.connect() as connection:  # an idle worker takes no write lock
        if connection.execute(query.limit(1)).first() is None:
            return []
    with store.engine.begin() as connection:
        if most is not None:
            limit = min(limit, most - _under_way(connection, target, now - timeout))
            if limit <= 0:
                return []
        rows = connection.execute(query.limit(limit).with_for_update(skip_locked=True, of=deliveries)).all()
        ids = [row.id for row in rows]
        change = deliveries.update().where(deliveries.c.id.in_(ids))
        change = change.values(state="sending", claimed_at=now, attempts=deliveries.c.attempts + 1)
        if ids:
            connection.execute(change)
    return [
        Claim(row.id, row.report_id, row.kind, row.attempts + 1, now, row.ref, row.state != "pending") for row in rows
    ]


def _under_way(connection: Any, target: str, since: float) -> int:
    """How many deliveries are being sent; counted under a lock, so that two workers do not both see room."""
    stopping.ensure(connection, target)
    lock = sa.select(target_states.c.target).where(target_states.c.target == target).with_for_update()
    connection.execute(lock)
    count = (
        sa.select(sa.func.count())
        .select_from(deliveries)
        .where(deliveries.c.target == target, deliveries.c.state == "sending", deliveries.c.claimed_at >= since)
    )
    return int(connection.execute(count).scalar_one())


def settle(
    store: Store,
    claimed: Claim,
    outcome: Outcome,
    now: float,
    due_at: float,
    max_attempts: int,
    credentials: str = "",
) -> str | None:
    """Record what became of a claim. Returns the new state, ``None`` when the claim was no longer ours.

    A target that must be stopped is stopped in any case.
    """
    state: str = outcome.state
    if state in ("pending", "unknown") and claimed.attempts >= max_attempts:
        state = "dead"
    fields = ",".join(outcome.fields) or None
    values: dict[str, Any] = {"state": state, "due_at": due_at, "last_error": outcome.code or None, "fields": fields}
    if state == "delivered":
        values = {"state": state, "delivered_at": now, "last_error": None, "fields": fields}
    query = deliveries.update().where(
        deliveries.c.id == claimed.id,
        deliveries.c.state == "sending",
        deliveries.c.claimed_at == claimed.claimed_at,
    )
    with store.engine.begin() as connection:
        target = connection.execute(sa.select(deliveries.c.target).where(deliveries.c.id == claimed.id)).scalar_one()
        if outcome.stop:
            stopping.stop(connection, store, target, outcome.code, credentials, now)
        if connection.execute(query.values(**values)).rowcount != 1:
            return None
        if state not in ("pending", "unknown"):
            detail = f"{target} {outcome.code}".strip()
            audit.record(connection, audit.SYSTEM, f"delivery_{state}", claimed.report_id, detail, at=now)
        if state == "delivered" and claimed.kind == "report":
            advance(connection, claimed.report_id, "forwarded", audit.SYSTEM, now)
        if state in FAILED:
            detail = f"{target} {outcome.code} {fields or ''}".strip()
            raise_alarm(connection, store, "delivery_failed", claimed.report_id, now=now, detail=detail)
        if outcome.alarm:
            raise_alarm(connection, store, outcome.alarm, target, now=now, detail=fields or outcome.code)
    return state


def replay(store: Store, delivery_id: int, actor: str, now: float) -> bool:
    """Send a failed delivery again, from the first attempt. Returns whether there was one.

    Whether one that was given up has arrived is not known; one that was refused has not.
    """
    state = sa.case((deliveries.c.state == "dead", "unknown"), else_="pending")
    query = deliveries.update().where(deliveries.c.id == delivery_id, deliveries.c.state.in_(FAILED))
    with store.engine.begin() as connection:
        if connection.execute(query.values(state=state, attempts=0, due_at=now)).rowcount != 1:
            return False
        report_id = connection.execute(
            sa.select(deliveries.c.report_id).where(deliveries.c.id == delivery_id)
        ).scalar_one()
        end_alarm(connection, "delivery_failed", report_id, now)  # somebody is at it
        audit.record(connection, actor, "delivery_replay", report_id, f"delivery={delivery_id}", at=now)
    return True


def overview(store: Store, states: tuple[str, ...] | None = None, limit: int = 500) -> list[dict[str, Any]]:
    """Deliveries with their report's age and risk, oldest first."""
    query = sa.select(deliveries, reports.c.risk, reports.c.created_at)
    query = query.join(reports, reports.c.id == deliveries.c.report_id)
    if states is not None:
        query = query.where(deliveries.c.state.in_(states))
    query = query.order_by(reports.c.created_at, deliveries.c.id).limit(limit)
    with store.reader.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
