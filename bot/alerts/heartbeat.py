"""Dead notifications go unnoticed unless somebody looks: a test alert a day on every channel, and who watches."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from bot.alerts.channels import Channel
from bot.alerts.ladder import DAY
from bot.db.engine import Store
from bot.db.tables import alert_sends, alerts, desk_sessions, officers
from bot.forwarding.roster import Roster
from bot.reports.alarm import ABOUT_A_CHILD, HEARTBEAT, end_alarm, raise_alarm

GRACE = 3600.0


def beat(store: Store, roster: Roster, roster_error: str, channels: list[Channel], now: float) -> None:
    """Once a minute or so: test channels that were quiet for a day, and tell the operators of those that stay so."""
    for channel in channels:
        with store.engine.begin() as connection:
            _beat(connection, store, roster, channel, now)
    with store.engine.begin() as connection:
        _desk(connection, store, now)
        if roster_error:
            raise_alarm(connection, store, "roster_broken", "roster", now=now)
        else:
            end_alarm(connection, "roster_broken", "roster", now)
        # An alarm about the machine that was acknowledged a day ago may be raised again.
        old = alerts.update().where(alerts.c.state == "acknowledged", alerts.c.acknowledged_at < now - DAY)
        connection.execute(old.where(alerts.c.kind.notin_(ABOUT_A_CHILD), alerts.c.once.isnot(None)).values(once=None))


def _beat(connection: Any, store: Store, roster: Roster, channel: Channel, now: float) -> None:
    people = [*roster.operators, *roster.leads, *roster.everybody_on_duty(), *roster.people]
    reachable = [key for key in dict.fromkeys(people) if channel.address(roster.people[key]) is not None]
    if not reachable:
        raise_alarm(connection, store, "channel_nobody", channel.name, now=now)
        return
    end_alarm(connection, "channel_nobody", channel.name, now)
    here = alert_sends.c.channel == channel.name
    last = connection.execute(sa.select(sa.func.max(alert_sends.c.sent_at)).where(here)).scalar_one()
    tried = connection.execute(
        sa.select(sa.func.max(alerts.c.created_at), sa.func.min(alerts.c.created_at)).where(
            alerts.c.kind == HEARTBEAT, alerts.c.subject == channel.name
        )
    ).one()
    if max(last or 0.0, tried[0] or 0.0) <= now - DAY:
        _test(connection, store, channel.name, reachable[0], now)
    since = last if last is not None else tried[1]
    if since is not None and since < now - DAY - GRACE:
        raise_alarm(connection, store, "channel_silent", channel.name, now=now)


def _test(connection: Any, store: Store, channel: str, person: str, now: float) -> None:
    alert_id = str(uuid.uuid4())
    row = {
        "id": alert_id,
        "kind": HEARTBEAT,
        "subject": channel,
        "risk": "none",
        "place": store.sealer.seal_json({"commune": None}, "alerts", "place", alert_id),
        "detail": "",
        "state": "ended",
        "step": 1,
        "created_at": now,
        "due_at": now,
    }
    connection.execute(alerts.insert().values(**row))
    send = {"alert_id": alert_id, "step": 0, "channel": channel, "person": person, "state": "pending"}
    connection.execute(alert_sends.insert().values(**send, attempts=0, due_at=now))


def _desk(connection: Any, store: Store, now: float) -> None:
    """Whether any officer has looked at the desk within a day."""
    first = connection.execute(sa.select(sa.func.min(officers.c.created_at))).scalar_one()
    seen = connection.execute(sa.select(sa.func.max(desk_sessions.c.seen_at))).scalar_one()
    latest = max(first or now, seen or 0.0)
    if latest < now - DAY:
        raise_alarm(connection, store, "desk_unwatched", "desk", now=now)
    else:
        end_alarm(connection, "desk_unwatched", "desk", now)
