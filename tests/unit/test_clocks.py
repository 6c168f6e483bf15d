"""Legal clocks by the Vietnamese calendar, and what the desk shows of them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from bot.db.engine import Store
from bot.desk.words import clock_words, due_at
from bot.reports.clocks import add_working_days, after_working_days, clocks, is_working_day
from bot.reports.form01 import VIETNAM
from tests.unit.test_desk import Officer, add, file, quick_passwords  # noqa: F401 - a fixture


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=VIETNAM).timestamp()  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 9, 2), False),  # National Day
        (date(2026, 4, 27), False),  # Hùng Kings' day fell on a Sunday
        (date(2027, 2, 8), False),  # Tết
        (date(2027, 5, 3), False),  # 1 May 2027 is a Saturday
        (date(2027, 2, 12), True),
    ],
)
def test_working_days(day: date, works: bool) -> None:
    assert is_working_day(day) is works


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),  # Friday to Monday
        (date(2026, 11, 28), 5, date(2026, 12, 4)),  # taken on a Saturday
        (date(2027, 2, 3), 5, date(2027, 2, 17)),  # over Tết: 4 to 10 February are off
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
    ],
)
def test_counting_from_the_day_after(start: date, days: int, end: date) -> None:
    assert add_working_days(start, days) == end


def test_an_emergency_has_twelve_hours() -> None:
    taken = at(2026, 11, 27, 22)
    found = {clock.key: clock for clock in clocks("immediate", taken, {})}
    assert list(found) == ["passed", "assessed", "emergency"]
    assert found["emergency"].due_at == taken + 12 * 3600
    assert "Điều 26 khoản 3" in found["emergency"].basis
    assert found["passed"].due_at is None
    assert not found["emergency"].late(taken + 12 * 3600)
    assert found["emergency"].late(taken + 12 * 3600 + 1)


def test_others_have_five_and_two_working_days() -> None:
    found = {clock.key: clock for clock in clocks("high", at(2026, 11, 24, 9), {})}
    assert list(found) == ["passed", "assessed", "plan", "approval"]
    assert found["plan"].due_at == at(2026, 12, 1, 23, 59)
    assert found["approval"].due_at == at(2026, 12, 3, 23, 59)
    assert "Điều 28 khoản 1" in found["plan"].basis
    assert "Điều 28 khoản 4" in found["approval"].basis


def test_a_step_taken_too_late_stays_late() -> None:
    taken = at(2026, 11, 24, 9)
    (clock,) = [c for c in clocks("immediate", taken, {"emergency": taken + 13 * 3600}) if c.key == "emergency"]
    assert clock.late(taken)
    assert clock_words(clock, taken)["text"].startswith("xong ")
    (open_one,) = [c for c in clocks("immediate", taken, {}) if c.key == "emergency"]
    assert clock_words(open_one, taken + 3600)["text"] == "còn 11 giờ 00 phút"
    assert clock_words(open_one, taken + 14 * 3600)["text"] == "quá hạn 2 giờ 00 phút"


def test_our_own_aims_follow_the_calendar_too() -> None:
    assert due_at("medium", at(2027, 2, 3, 15)) == at(2027, 2, 15, 15)
    assert after_working_days(at(2026, 11, 27, 8), 1) == at(2026, 11, 30, 8)


def test_the_desk_shows_due_times_with_their_provision(store: Store) -> None:
    add(store)
    _, urgent = file(store, "k1", danger_now=True)
    _, other = file(store, "k2", risk="high")
    officer = Officer(store)
    officer.login()
    page = officer.get(f"/desk/cases/{urgent.report_id}").text
    assert "Can thiệp khẩn cấp" in page
    assert "Nghị định 56/2017/NĐ-CP, Điều 26 khoản 3 và Điều 31" in page
    page = officer.get(f"/desk/cases/{other.report_id}").text
    assert "Điều 28 khoản 4" in page
    assert "Điều 31" not in page
    officer.post(f"/desk/cases/{urgent.report_id}/status", status="in_progress")
    page = officer.get(f"/desk/cases/{urgent.report_id}").text
    assert page.count("xong ") >= 3  # passed on, assessed, help begun
