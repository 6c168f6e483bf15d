"""The embedded desk as a target: a copy of the report with a data key of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding.targets import DELIVERED, Message, Outcome
from bot.reports.content import seal_pair


class DeskTarget:
    """Copies a report to ``desk_cases``, once however often it is sent."""

    name = "desk"

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def send(self, message: Message) -> Outcome:
        """Make the case; one that is there already is left as it is (officers work on it)."""
        if message.kind != "report":
            return self._note(message)
        now = self._clock()
        case = {
            "id": message.report_id,
            "risk": message.content["risk"],
            "status": "new",
            "received_at": message.taken_at,
            "updated_at": now,
            **seal_pair(self._store.sealer, "desk_cases", message.report_id, message.content),
        }
        try:
            with self._store.engine.begin() as connection:
                connection.execute(tables.desk_cases.insert().values(**case))
        except sa.exc.IntegrityError:
            query = sa.select(tables.desk_cases.c.id).where(tables.desk_cases.c.id == message.report_id)
            with self._store.reader.connect() as connection:
                if connection.execute(query).first() is None:
                    return Outcome("pending", "database")
        return DELIVERED

    def _note(self, message: Message) -> Outcome:
        """Add what the reporter told later, once; a withdrawal also marks the case."""
        now = self._clock()
        note = {
            "id": message.ref,
            "case_id": message.report_id,
            "kind": message.kind,
            "created_at": message.taken_at,
            **seal_pair(self._store.sealer, "desk_notes", message.ref, message.content),
        }
        cases = tables.desk_cases.update().where(tables.desk_cases.c.id == message.report_id)
        values = {"updated_at": now, **({"withdrawn_at": now} if message.kind == "withdrawal" else {})}
        try:
            with self._store.engine.begin() as connection:
                connection.execute(tables.desk_notes.insert().values(**note))
                connection.execute(cases.values(**values))
        except sa.exc.IntegrityError:
            query = sa.select(tables.desk_notes.c.id).where(tables.desk_notes.c.id == message.ref)
            with self._store.reader.connect() as connection:
                if connection.execute(query).first() is None:
                    return Outcome("pending", "database")
        return DELIVERED
