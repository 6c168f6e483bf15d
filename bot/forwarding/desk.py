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
