"""The ladder: who is told next while nobody has acknowledged. Each step is one audited transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts.channels import Channel
from bot.db import audit
from bot.db.engine import Store
from bot.db.sealing import SealError
from bot.db.tables import alert_sends, alerts, desk_cases, reports
from bot.forwarding.roster import Roster
from bot.forwarding.routing import Router
from bot.forwarding.targets import TargetError
from bot.reports.alarm import ABOUT_A_CHILD, REPORT, WAITING

MINUTE, DAY = 60.0, 86_400.0
TAKEN_ON = ("acknowledged", "in_progress", "closed")
BATCH = 20


@dataclass(frozen=True)
class Steps:
    """Seconds after which the next step is due, by risk; the last interval is repeated until somebody comes."""

    immediate: tuple[float, ...]
    high: tuple[float, ...]

    def after(self, kind: str, risk: str, step: int) -> float:
        """How long after its creation an alert's next step is due, once ``step`` was taken."""
        chosen = {"immediate": self.immediate, "high": self.high}.get(risk, (DAY,))
        if kind == WAITING:
            chosen = self.immediate  # somebody is sitting there
        if kind not in ABOUT_A_CHILD:
            chosen = (DAY,)
        if step < len(chosen):
            return chosen[step]
        return chosen[-1] * (step - len(chosen) + 2)


def parse_steps(text: str, setting: str) -> tuple[float, ...]:
    """``2,5,10`` minutes as seconds. Raises ``TargetError``."""
    try:
        found = tuple(float(part) * MINUTE for part in text.split(","))
    except ValueError:
        found = ()
    if not found or found[0] <= 0 or any(one >= other for one, other in zip(found, found[1:], strict=False)):
        raise TargetError(f"{setting} must be growing numbers of minutes, for example 2,5,10")
    return found


class Ladder:
    """Takes the steps that are due."""

    def __init__(
        self, store: Store, router: Router, roster: Callable[[], Roster], channels: list[Channel], steps: Steps
    ) -> None:
        self._store, self._router, self._roster = store, router, roster
        self._channels, self._steps = channels, steps

    def place(self, row: Any) -> str | None:
        """What may be said of an alert's place: a commune of today, never words that somebody told."""
        return self._router.commune(commune_of(self._store, row))

    def climb(self, now: float) -> int:
        """Take every step that is due; returns how many. Several workers may do so at once."""
        due = sa.select(alerts.c.id).where(alerts.c.state == "open", alerts.c.due_at <= now)
        with self._store.reader.connect() as connection:
            found = connection.execute(due.order_by(alerts.c.due_at).limit(BATCH)).scalars().all()
        return sum(self._step(alert_id, now) for alert_id in found)

    def _step(self, alert_id: str, now: float) -> bool:
        query = sa.select(alerts).where(alerts.c.id == alert_id, alerts.c.state == "open", alerts.c.due_at <= now)
        with self._store.engine.begin() as connection:
            row = connection.execute(query.with_for_update(skip_locked=True)).mappings().first()
            if row is None:
                return False
            if row["kind"] == REPORT and taken_on(connection, row["subject"]):
                close(connection, row, audit.SYSTEM, now)
                return False
            told = self._told(row, now)
            for channel, person in told:
                send = {"alert_id": alert_id, "step": row["step"], "channel": channel, "person": person}
                connection.execute(alert_sends.insert().values(**send, **_new(now, channel)))
            due_at = row["created_at"] + self._steps.after(row["kind"], row["risk"], row["step"])
            change = alerts.update().where(alerts.c.id == alert_id)
            connection.execute(change.values(step=row["step"] + 1, due_at=max(due_at, now + MINUTE / 4)))
            detail = f"step={row['step']} told={len(told)}"
            audit.record(connection, audit.SYSTEM, "alert_step", row["subject"], detail, at=now)
        return True

    def _told(self, row: Any, now: float) -> list[tuple[str, str]]:
        """Channel and person for everybody of this step; the desk always shows it."""
        roster = self._roster()
        people = self._people(row, roster, now)
        channels = self._channels
        if row["kind"].startswith("channel_") and len(channels) > 1:
            channels = [channel for channel in channels if channel.name != row["subject"]]
        found = [("desk", "")]
        for key in people:
            found += [(c.name, key) for c in channels if c.address(roster.people[key]) is not None]
        return found

    def _people(self, row: Any, roster: Roster, now: float) -> list[str]:
        if row["kind"] not in ABOUT_A_CHILD:
            return roster.operators or roster.leads or roster.on_duty(now)
        people = list(self._router.route(self.place(row), row["risk"], "none", roster, now).people)
        if row["step"] >= 1:
            people += [*roster.on_duty(now), *roster.everybody_on_duty()]
        if row["step"] >= 2:
            people += roster.leads
        if row["step"] >= 3:
            people += list(roster.people)
        return list(dict.fromkeys(people))


def commune_of(store: Store, row: Any) -> str | None:
    """The commune of an alert; ``None`` when unknown or not readable with this key file."""
    try:
        place: dict[str, Any] = store.sealer.open_json(row["place"], "alerts", "place", row["id"])
    except SealError:
        return None
    commune: str | None = place.get("commune")
    return commune


def taken_on(connection: Any, report_id: str) -> bool:
    """Whether a person has taken the report on. A withdrawal alone ends nothing: it may have been forced."""
    status = connection.execute(sa.select(reports.c.status).where(reports.c.id == report_id)).scalar_one_or_none()
    if status in TAKEN_ON:
        return True
    query = sa.select(desk_cases.c.acknowledged_at).where(desk_cases.c.id == report_id)
    return connection.execute(query).scalar_one_or_none() is not None


def close(connection: Any, row: Any, actor: str, now: float) -> None:
    """End an alert in the caller's transaction: nobody is told any more. About a child, it may be raised anew."""
    once = None if row["kind"] in ABOUT_A_CHILD else row["once"]
    values = {"state": "acknowledged", "acknowledged_by": actor, "acknowledged_at": now, "once": once}
    connection.execute(alerts.update().where(alerts.c.id == row["id"]).values(**values))
    waiting = alert_sends.update().where(alert_sends.c.alert_id == row["id"], alert_sends.c.state == "pending")
    connection.execute(waiting.values(state="ended"))
    audit.record(connection, actor, "alert_acknowledged", row["subject"], row["kind"], at=now)


def close_for(connection: Any, report_id: str, actor: str, now: float) -> None:
    """An officer has taken a report on: its alerts end, in the caller's transaction."""
    query = sa.select(alerts).where(
        alerts.c.subject == report_id, alerts.c.state == "open", alerts.c.kind.in_(ABOUT_A_CHILD)
    )
    for row in connection.execute(query).mappings().all():
        close(connection, row, actor, now)


def acknowledge(store: Store, alert_id: str, actor: str, now: float) -> bool:
    """An officer has seen an alert about the machine. Returns whether it was open."""
    query = sa.select(alerts).where(alerts.c.id == alert_id, alerts.c.state == "open")
    with store.engine.begin() as connection:
        row = connection.execute(query.with_for_update()).mappings().first()
        if row is None or row["kind"] == REPORT:
            return False  # a report is taken on by opening it
        close(connection, row, actor, now)
    return True


def open_alerts(store: Store) -> list[dict[str, Any]]:
    """What is open, the gravest and oldest first, with its commune."""
    query = sa.select(alerts).where(alerts.c.state == "open").order_by(alerts.c.created_at)
    with store.reader.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    order = ("immediate", "high", "medium", "low", "none")
    rows.sort(key=lambda row: order.index(row["risk"]))
    return [{**row, "commune": commune_of(store, row)} for row in rows]


def count_open(store: Store) -> int:
    """How many alerts nobody has acknowledged."""
    query = sa.select(sa.func.count()).select_from(alerts).where(alerts.c.state == "open")
    with store.reader.connect() as connection:
        return int(connection.execute(query).scalar_one())


def _new(now: float, channel: str) -> dict[str, Any]:
    if channel == "desk":
        return {"state": "sent", "attempts": 1, "due_at": now, "sent_at": now}
    return {"state": "pending", "attempts": 0, "due_at": now}
