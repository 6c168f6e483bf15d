"""Whether an officer can be expected in a chat now: what a person who asks for one is told must be true."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from bot.db.engine import Store
from bot.db.tables import desk_sessions
from bot.dialogue.phrases import load_yaml
from bot.forwarding.roster import RosterFile
from bot.reports.form01 import VIETNAM

PRESENT = 10 * 60.0
"""An officer who used the desk within this time (seconds) counts as there, with or without a shift."""


class Duty:
    """By the roster's shifts, and by who is at the desk."""

    def __init__(self, store: Store, roster_file: Path) -> None:
        self._store = store
        self._roster = RosterFile(roster_file)

    def now(self, at: float) -> bool:
        """Whether somebody has a shift at this moment or is at the desk."""
        if self._roster.current().covered(at):
            return True
        query = sa.select(sa.func.max(desk_sessions.c.seen_at))
        with self._store.reader.connect() as connection:
            seen = connection.execute(query).scalar_one()
        return seen is not None and at - PRESENT < float(seen) <= at + PRESENT

    def next_words(self, at: float) -> str:
        """When the next shift begins, as a phrase that follows "nobody is on duty"; empty when it is not known."""
        start = self._roster.current().next_shift(at)
        if start is None:
            return ""
        words, begin = load_yaml("phrases.yml")["duty"], datetime.fromtimestamp(start, VIETNAM)
        days = (begin.date() - datetime.fromtimestamp(at, VIETNAM).date()).days
        day = words["days"][days] if days < len(words["days"]) else words["weekdays"][begin.weekday()]
        return str(words["next"].format(clock=begin.strftime("%H:%M"), day=day))
