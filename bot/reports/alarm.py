"""Raising an alarm in the caller's transaction: who is told, and how, is the business of ``bot.alerts``."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from bot.db import audit, tables
from bot.db.engine import Store

REPORT, PRESSURE, HEARTBEAT = "report", "pressure", "heartbeat"
SILENT, DANGER, WAITING = "silent", "danger", "waiting"
ABOUT_A_CHAT = (SILENT, DANGER, WAITING)
"""Somebody in danger has stopped writing; tells of danger just now; waits for an officer."""
ABOUT_A_CHILD = (REPORT, PRESSURE, *ABOUT_A_CHAT)
"""Kinds whose subject is a report or a chat; every other kind is about the machine and goes to its operators."""


def raise_alarm(
    connection: Any,
    store: Store,
    kind: str,
    subject: str,
    *,
    now: float,
    risk: str = "none",
    commune: str | None = None,
    detail: str = "",
) -> bool:
    """Raise an alarm unless one of this kind and subject is still open. Returns whether it is new.

    ``detail`` holds codes and names of fields, never a word of a report; the commune is kept sealed.
    """
    alert_id = str(uuid.uuid4())
    row = {
        "id": alert_id,
        "kind": kind,
        "subject": subject,
        "risk": risk,
        "place": store.sealer.seal_json({"commune": commune}, "alerts", "place", alert_id),
        "detail": detail[:500],
        "state": "open",
        "once": f"{kind}:{subject}",
        "step": 0,
        "created_at": now,
        "due_at": now,
    }
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = make(tables.alerts).values(**row).on_conflict_do_nothing(index_elements=["once"])
    new = bool(connection.execute(query).rowcount == 1)
    if new and kind not in ABOUT_A_CHILD:
        audit.record(connection, audit.SYSTEM, "alert_raised", subject, kind, at=now)
    return new


def end_alarm(connection: Any, kind: str, subject: str, now: float) -> None:
    """What was wrong is right again."""
    query = tables.alerts.update().where(tables.alerts.c.once == f"{kind}:{subject}")
    connection.execute(query.values(state="ended", once=None, due_at=now))
