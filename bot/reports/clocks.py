"""Legal clocks: what is due when after a report was taken, by the calendar with Vietnamese public holidays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import holidays

from bot.reports.draft import RISKS, ReportDraft
from bot.reports.form01 import VIETNAM
from bot.reports.triage import caregiver_involved
from bot.reports.words import load

HOUR = 3600.0


@dataclass(frozen=True)
class Clock:
    """One step. ``due_at`` is ``None`` where the law says "at once"; ``done_at`` when it has been taken."""

    key: str
    title: str
    basis: str
    due_at: float | None
    done_at: float | None

    def late(self, now: float) -> bool:
        """Whether the step is overdue, or was taken too late."""
        return self.due_at is not None and (now if self.done_at is None else self.done_at) > self.due_at


def is_emergency(content: Mapping[str, Any]) -> bool:
    """Whether a report's help is due within twelve hours (Decree 56/2017/ND-CP, articles 26.3 and 31.1): danger now, or
    harm by somebody who cares for the child."""
    if RISKS.index(content["risk"]) < RISKS.index("high"):
        return False
    return content["risk"] == "immediate" or caregiver_involved(ReportDraft.parse_obj(content["draft"]))


def clocks(emergency: bool, taken_at: float, done: Mapping[str, float | None]) -> list[Clock]:
    """The steps for a report. ``done``: when each was taken, by its key."""
    return [
        Clock(step["key"], step["title"], step["basis"], _due(step, taken_at), done.get(step["key"]))
        for step in load("clocks")["steps"]
        if step["when"] == "all" or (step["when"] == "emergency") is emergency
    ]


def _due(step: Mapping[str, Any], taken_at: float) -> float | None:
    if "hours" in step:
        return taken_at + float(step["hours"]) * HOUR
    if "working_days" in step:
        taken = datetime.fromtimestamp(taken_at, VIETNAM).date()
        last = add_working_days(taken, int(step["working_days"]))
        return datetime.combine(last, time(23, 59), VIETNAM).timestamp()
    return None


def is_working_day(day: date) -> bool:
    """Monday to Friday without public holidays and their substitutes."""
    if day in _dates("extra_working_days"):
        return True
    return day.weekday() < 5 and day not in _calendar() and day not in _dates("extra_days_off")


def add_working_days(start: date, days: int) -> date:
    """The last of so many working days, counted from the day after ``start``."""
    day = start
    while days:
        day += timedelta(days=1)
        if is_working_day(day):
            days -= 1
    return day


def after_working_days(start: float, days: int) -> float:
    """The same time of day after so many working days."""
    at = datetime.fromtimestamp(start, VIETNAM)
    return datetime.combine(add_working_days(at.date(), days), at.timetz()).timestamp()


@cache
def _calendar() -> holidays.HolidayBase:
    return holidays.country_holidays("VN")


@cache
def _dates(name: str) -> frozenset[date]:
    return frozenset(day if isinstance(day, date) else date.fromisoformat(str(day)) for day in load("clocks")[name])
