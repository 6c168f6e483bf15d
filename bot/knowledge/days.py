"""The day in the past that a question is about: "hồi 2021", "năm ngoái", "trước 15/12/2025", "cách đây 3 năm"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.language import bare_form

_FULL_DATE = re.compile(r"(\btruoc (?:ngay )?)?(?<!\d)(\d{1,2})[/-](\d{1,2})[/-](20[0-2]\d)\b")
_MONTH = re.compile(r"(\btruoc )?\bthang (\d{1,2})(?:\s*[/-]\s*|\s+nam\s+|\s+)(20[0-2]\d)\b")
_YEAR = re.compile(
    r"\b(truoc nam|truoc|cuoi nam|dau nam|hoi nam|hoi dau nam|hoi cuoi nam|hoi|vao nam|nam|luc|vao)\s+(20[0-2]\d)\b"
)
_AGO = re.compile(
    r"\b(?:cach (?:day|nay) (?:\w+ )?(\d{1,2}|mot|hai|ba|bon|nam|sau|bay|tam|chin|muoi) nam"
    r"|(\d{1,2}|mot|hai|ba|bon|nam|sau|bay|tam|chin|muoi) nam (?:ve )?truoc)\b"
)
_LAST_YEAR = re.compile(r"\b(nam ngoai|nam kia|nam truoc)\b")
_DOCUMENT = re.compile(r"\b(?:luat|nghi dinh|thong tu|hien phap|nghi quyet|quyet dinh)(?: (?!nao\b)\w+){0,7}$")
"""Before "năm 2016": the year is part of a document's name."""
_SINCE = re.compile(r"(?:(?<!hoc )\bsinh(?: ngay)?|\btu)$")
"""Before a year: of a birth, or a beginning ("từ năm 2021")."""
_WORDS = {word: n for n, word in enumerate(("mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin", "muoi"), 1)}


def past_day(text: str, today: date) -> date | None:
    """The day in the past that a question is about, or None when it is about today.

    A bare year means its middle, so that laws of that year's beginning count; "trước" a day means the day before.
    """
    bare = bare_form(text)
    for found in (_dated(bare), _monthly(bare), _yearly(bare, today), _relative(bare, today)):
        if found and found < today:
            return found
    return None


def _dated(bare: str) -> date | None:
    for before, day, month, year in _FULL_DATE.findall(bare):
        try:
            found = date(int(year), int(month), int(day))
        except ValueError:
            continue
        return found - timedelta(days=1) if before else found
    return None


def _monthly(bare: str) -> date | None:
    for match in _MONTH.finditer(bare):
        before, month, year = match.group(1), int(match.group(2)), int(match.group(3))
        if 1 <= month <= 12 and not _SINCE.search(bare[: match.start()].rstrip()):
            return date(year, month, 1) - timedelta(days=1) if before else date(year, month, 15)
    return None


def _yearly(bare: str, today: date) -> date | None:
    for match in _YEAR.finditer(bare):
        said, year = match.group(1), int(match.group(2))
        earlier = bare[: match.start()].rstrip()
        if _SINCE.search(earlier) or (said == "nam" and _DOCUMENT.search(earlier)):
            continue
        if said.startswith("truoc"):
            return date(year - 1, 12, 31)
        if year >= today.year:
            continue
        return date(year, 12, 1) if "cuoi" in said else date(year, 2, 1) if "dau" in said else date(year, 7, 1)
    return None


def _relative(bare: str, today: date) -> date | None:
    if match := _AGO.search(bare):
        said = match.group(1) or match.group(2)
        years = int(said) if said.isdigit() else _WORDS[said]
        return date(today.year - years, today.month, min(today.day, 28))  # every month has a 28th
    if match := _LAST_YEAR.search(bare):
        return date(today.year - (2 if match.group(1) == "nam kia" else 1), 7, 1)
    return None
