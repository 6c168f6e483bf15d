"""How long reports are kept, and forgetting them: the promises of ``docs/privacy.md``.

A delivered report's content is shredded by deleting its data key; only its status stays behind the receipt. The
embedded desk keeps its own copy until the case was closed for long enough; then every row of the report goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot.db import audit, tables
from bot.db.engine import Store

DAY = 86400.0
ENDED = ("closed", "withdrawn")
NOTICE_AFTER = 7 * DAY
"""So long after its end a report may still ring in the reporter's chat, if they chose it."""
ALERTS = 90 * DAY
FORGOTTEN = "0" * 32
"""In place of the pseudonym of a sender who asked to be forgotten."""
EMPTY = {"data_key": None, "content": b""}


class Retention:
    """``keep_days``: how long the content stays after every target has confirmed; ``desk_days``: how long the desk
    keeps a closed case."""

    def __init__(self, store: Store, keep_days: float, desk_days: float) -> None:
        self._store = store
        self._keep, self._desk = keep_days * DAY, desk_days * DAY

    def clean(self, now: float) -> dict[str, int]:
        """Forget what is past its time at ``now`` (seconds since 1970). Returns what was forgotten, by kind."""
        return {
            "reports_shredded": self._shred(now),
            "notices": self._drop_notices(now),
            "cases": self._end_cases(now),
            "alerts": self._drop_alerts(now),
        }

    def _shred(self, now: float) -> int:
        reports = tables.reports
        with self._store.reader.connect() as connection:
            found = delivered(connection, now - self._keep)
            asked = delivered(connection, now, reports.c.sender == FORGOTTEN)
        ids = list(dict.fromkeys([*found, *asked]))
        with self._store.engine.begin() as connection:
            return shred(connection, ids, now)

    def _drop_notices(self, now: float) -> int:
        table = tables.reports
        old = sa.and_(table.c.status.in_(ENDED), table.c.updated_at < now - NOTICE_AFTER)
        query = table.update().where(old, table.c.notice_sender.isnot(None))
        with self._store.engine.begin() as connection:
            return int(connection.execute(query.values(notice_sender=None, notice_address=None)).rowcount)

    def _end_cases(self, now: float) -> int:
        cases, notes, reports = tables.desk_cases, tables.desk_notes, tables.reports
        before = now - self._desk
        here = cases.c.status == "closed"
        elsewhere = sa.and_(reports.c.status == "closed", reports.c.updated_at < before)  # another case system said so
        query = sa.select(cases.c.id).select_from(cases.outerjoin(reports, reports.c.id == cases.c.id))
        query = query.where(cases.c.updated_at < before, sa.or_(here, elsewhere))
        with self._store.reader.connect() as connection:
            closed = connection.execute(query).scalars().all()
            ids = [case for case in closed if not _under_way(connection, case)]
        if not ids:
            return 0
        with self._store.engine.begin() as connection:
            connection.execute(notes.delete().where(notes.c.case_id.in_(ids)))
            connection.execute(cases.delete().where(cases.c.id.in_(ids)))
            for table in (tables.report_updates, tables.report_messages, tables.deliveries):
                connection.execute(table.delete().where(table.c.report_id.in_(ids)))
            connection.execute(reports.delete().where(reports.c.id.in_(ids)))
            for case in ids:
                audit.record(connection, audit.SYSTEM, "report_deleted", case, at=now)
        return len(ids)

    def _drop_alerts(self, now: float) -> int:
        alerts, sends = tables.alerts, tables.alert_sends
        query = sa.select(alerts.c.id).where(alerts.c.state != "open", alerts.c.created_at < now - ALERTS)
        with self._store.engine.begin() as connection:
            ids = connection.execute(query.limit(1000)).scalars().all()
            connection.execute(sends.delete().where(sends.c.alert_id.in_(ids)))
            connection.execute(alerts.delete().where(alerts.c.id.in_(ids)))
        return len(ids)


def delivered(connection: Any, before: float, *more: Any) -> list[str]:
    """Reports with content whose every delivery, also of what was added later, was confirmed before a time."""
    reports, deliveries = tables.reports, tables.deliveries
    mine = deliveries.c.report_id == reports.c.id
    open_one = sa.exists().where(mine, sa.or_(deliveries.c.state != "delivered", deliveries.c.delivered_at > before))
    any_one = sa.exists().where(mine)
    query = sa.select(reports.c.id).where(reports.c.data_key.isnot(None), any_one, ~open_one, *more)
    return list(connection.execute(query).scalars())


def shred(connection: Any, ids: Sequence[str], now: float) -> int:
    """Delete the data keys of reports and of what was added to them, in the caller's transaction, audited."""
    updates, reports = tables.report_updates, tables.reports
    for start in range(0, len(ids), 200):
        part = list(ids[start : start + 200])
        connection.execute(updates.update().where(updates.c.report_id.in_(part)).values(**EMPTY))
        connection.execute(reports.update().where(reports.c.id.in_(part)).values(**EMPTY))
    for report_id in ids:
        audit.record(connection, audit.SYSTEM, "report_shredded", report_id, at=now)
    return len(ids)


def forget_reporter(store: Store, sender: str, now: float) -> int:
    """Cut the tie between a chat and its reports; what every target has is shredded here at once, the rest as soon
    as it has arrived. Returns how many reports it was."""
    table = tables.reports
    values = {"sender": FORGOTTEN, "notice_sender": None, "notice_address": None}
    with store.engine.begin() as connection:
        ids = connection.execute(sa.select(table.c.id).where(table.c.sender == sender)).scalars().all()
        connection.execute(table.update().where(table.c.sender == sender).values(**values))
        shred(connection, delivered(connection, now, table.c.id.in_(ids)), now)
        for report_id in ids:
            audit.record(connection, audit.SYSTEM, "reporter_forgotten", report_id, at=now)
    return len(ids)


def _under_way(connection: Any, report_id: str) -> bool:
    table = tables.deliveries
    query = sa.select(table.c.id).where(
        table.c.report_id == report_id, table.c.state.in_(("pending", "sending", "unknown"))
    )
    return connection.execute(query.limit(1)).first() is not None
