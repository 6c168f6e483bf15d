"""Sending what the ladder decided: claimed, tried again, given up with an alarm on the other channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts.channels import Sent
from bot.alerts.words import Notice, notice
from bot.db.engine import Store
from bot.db.tables import alert_sends, alerts
from bot.reports.alarm import end_alarm, raise_alarm

MOST_ATTEMPTS = 6
CLAIM_TIMEOUT = 90.0
BATCH = 20


@dataclass(frozen=True)
class Due:
    """One message to one person."""

    id: int
    channel: str
    person: str
    attempts: int
    claimed_at: float
    identity: str
    notice: Notice


def claim(
    store: Store, channels: list[str], place: Callable[[Any], str | None], base_url: str, now: float
) -> list[Due]:
    """Claim what is due on these channels. ``place``: what may be said of an alert's place."""
    sends = alert_sends
    due = sa.and_(sends.c.state == "pending", sends.c.due_at <= now)
    lost = sa.and_(sends.c.state == "sending", sends.c.claimed_at < now - CLAIM_TIMEOUT)
    query = sa.select(sends).where(sends.c.channel.in_(channels), sa.or_(due, lost)).order_by(sends.c.due_at)
    with store.reader.connect() as connection:
        if connection.execute(query.limit(1)).first() is None:
            return []
    with store.engine.begin() as connection:
        rows = connection.execute(query.limit(BATCH).with_for_update(skip_locked=True)).mappings().all()
        change = sends.update().where(sends.c.id.in_([row["id"] for row in rows]))
        connection.execute(change.values(state="sending", claimed_at=now, attempts=sends.c.attempts + 1))
        about = sa.select(alerts).where(alerts.c.id.in_({row["alert_id"] for row in rows}))
        by_id = {row["id"]: row for row in connection.execute(about).mappings()}
    return [_due(row, by_id[row["alert_id"]], place(by_id[row["alert_id"]]), base_url, now) for row in rows]


def _due(row: Any, alert: Any, place: str | None, base_url: str, now: float) -> Due:
    words = notice(
        alert["kind"],
        alert["subject"],
        alert["risk"],
        place,
        alert["detail"],
        row["step"],
        base_url,
    )
    identity = f"{alert['id']}.{row['step']}.{row['person']}"
    return Due(row["id"], row["channel"], row["person"], row["attempts"] + 1, now, identity, words)


def settle(store: Store, due: Due, sent: Sent, now: float) -> str:
    """Record what became of a message; a channel that fails is told on the others. Returns the new state."""
    state = "sent" if not sent.code else "failed" if sent.final or due.attempts >= MOST_ATTEMPTS else "pending"
    wait = sent.wait if sent.wait is not None else min(60.0, 2.0 * 2.0**due.attempts)
    values: dict[str, Any] = {"state": state, "last_error": sent.code or None, "due_at": now + wait}
    if state == "sent":
        values["sent_at"] = now
    mine = alert_sends.update().where(
        alert_sends.c.id == due.id, alert_sends.c.state == "sending", alert_sends.c.claimed_at == due.claimed_at
    )
    with store.engine.begin() as connection:
        if connection.execute(mine.values(**values)).rowcount != 1:
            return "lost"
        if state == "failed":
            detail = f"{due.person} {sent.code}"
            raise_alarm(connection, store, "channel_failed", due.channel, now=now, detail=detail)
        if state == "sent":
            end_alarm(connection, "channel_silent", due.channel, now)
    return state
