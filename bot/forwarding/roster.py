"""The operator's roster: who looks after which commune, who is on duty when, and how they are reached."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ValidationError, root_validator, validator

from bot.forwarding.targets import TargetError
from bot.reports.form01 import VIETNAM

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")


class RosterError(TargetError):
    """The roster file is wrong; the text says where (one line, no address)."""


class Person(BaseModel):
    """Somebody who is told: a Telegram chat, an e-mail address."""

    telegram: str | None = None
    email: str | None = None

    class Config:
        extra = "forbid"

    @validator("telegram", pre=True)
    def _chat(cls, value: Any) -> Any:  # noqa: N805
        text = str(value) if isinstance(value, int) else value
        if text is not None and not (isinstance(text, str) and re.fullmatch(r"-?\d{1,20}", text)):
            raise ValueError("a chat id is a number")
        return text

    @validator("email")
    def _address(cls, value: str | None) -> str | None:  # noqa: N805
        if value is not None and not _EMAIL.fullmatch(value):
            raise ValueError("not an e-mail address")
        return value

    def __repr__(self) -> str:
        """Without addresses."""
        return "Person()"


class Shift(BaseModel):
    """Who is on duty on these days between two times; one that ends earlier than it begins goes past midnight."""

    people: list[str]
    days: list[Day] = list(DAYS)  # type: ignore[arg-type]
    start: str = "00:00"
    end: str = "24:00"

    class Config:
        extra = "forbid"

    @validator("start", "end")
    def _clock(cls, value: str) -> str:  # noqa: N805
        if not _CLOCK.fullmatch(value):
            raise ValueError("a time is written '07:00' (in quotes)")
        return value

    def covers(self, at: datetime) -> bool:
        """Whether the shift is on at a moment in Vietnam."""
        clock, today = at.strftime("%H:%M"), at.weekday()
        if self.start < self.end:
            return DAYS[today] in self.days and self.start <= clock < self.end
        return (DAYS[today] in self.days and clock >= self.start) or (DAYS[today - 1] in self.days and clock < self.end)


class Roster(BaseModel):
    """The whole file. Without one, alerts are shown at the desk only."""

    people: dict[str, Person] = {}
    communes: dict[str, list[str]] = {}
    duty: list[Shift] = []
    leads: list[str] = []
    operators: list[str] = []

    class Config:
        extra = "forbid"

    @root_validator(skip_on_failure=True)
    def _known(cls, values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805
        named = {*values["leads"], *values["operators"]}
        named |= {key for keys in values["communes"].values() for key in keys}
        named |= {key for shift in values["duty"] for key in shift.people}
        missing = sorted(named - set(values["people"]))
        if missing:
            raise ValueError(f"'{missing[0]}' is not under people")
        return values

    @validator("people")
    def _keys(cls, value: dict[str, Person]) -> dict[str, Person]:  # noqa: N805
        for key in value:
            if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,31}", key):
                raise ValueError("a person's key has the characters a-z, 0-9, '.', '_' and '-'")
        return value

    def on_duty(self, at: float) -> list[str]:
        """The keys of those on duty; when a gap leaves nobody, everybody who ever is."""
        here = datetime.fromtimestamp(at, VIETNAM)
        found = [key for shift in self.duty if shift.covers(here) for key in shift.people]
        return list(dict.fromkeys(found)) or self.everybody_on_duty()

    def covered(self, at: float) -> bool:
        """Whether somebody has a shift at this moment (what a waiting person may be told)."""
        here = datetime.fromtimestamp(at, VIETNAM)
        return any(shift.people and shift.covers(here) for shift in self.duty)

    def next_shift(self, at: float) -> float | None:
        """When the next shift begins, within a week after ``at``; ``None`` when there is none."""
        here = datetime.fromtimestamp(at, VIETNAM)
        starts = []
        for shift in self.duty:
            for days in range(8):
                day = here.date() + timedelta(days=days)
                begin = datetime.combine(day, time.fromisoformat(shift.start), VIETNAM)
                if shift.people and begin > here and DAYS[day.weekday()] in shift.days:
                    starts.append(begin.timestamp())
                    break
        return min(starts, default=None)

    def everybody_on_duty(self) -> list[str]:
        """Everybody who has a shift."""
        return list(dict.fromkeys(key for shift in self.duty for key in shift.people))


def load_roster(path: Path) -> Roster:
    """Read a roster; a file that is not there is an empty one. Raises ``RosterError`` with a one-line remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Roster()
    except (OSError, UnicodeDecodeError):
        raise RosterError(f"HOTLINE_ROSTER: {path} cannot be read") from None
    try:
        return Roster.parse_obj(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise RosterError(f"HOTLINE_ROSTER: {path} line {line} is not YAML") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "__root__") or "file"
        raise RosterError(f"HOTLINE_ROSTER: {path}: {where}: {first['msg']}") from None


class RosterFile:
    """A roster that is read again when its file changes; a broken change leaves the last good one in force."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: Any = None
        self._roster = Roster()
        self.error = ""

    def current(self) -> Roster:
        """The roster in force."""
        try:
            found = self._path.stat()
            version: Any = (found.st_ino, found.st_mtime_ns)
        except OSError:
            version = "missing"
        if version != self._version:
            self._version = version
            try:
                self._roster, self.error = load_roster(self._path), ""
            except RosterError as error:
                self.error = str(error)
        return self._roster
