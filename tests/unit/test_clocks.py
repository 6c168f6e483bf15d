"""Legal clocks by the Vietnamese calendar, and what the desk shows of them."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.db import tables
from bot.db.engine import Store
from bot.desk.words import clock_words, due_at
from bot.forwarding import DeskTarget, ForwardingWorker
from bot.reports import ReportDraft, ReportService, triage
from bot.reports.clocks import add_working_days, after_working_days, clocks, is_emergency, is_working_day
from bot.reports.form01 import VIETNAM
from tests.conftest import make_settings
from tests.unit.test_desk import Officer, add, file, quick_passwords  # noqa: F401 - a fixture
from tests.unit.test_reports import rows


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
    found = {clock.key: clock for clock in clocks(True, taken, {})}
    assert list(found) == ["passed", "assessed", "emergency"]
    assert found["emergency"].due_at == taken + 12 * 3600
    assert "Điều 26 khoản 3" in found["emergency"].basis
    assert found["passed"].due_at is None
    assert not found["emergency"].late(taken + 12 * 3600)
    assert found["emergency"].late(taken + 12 * 3600 + 1)


def test_others_have_five_and_two_working_days() -> None:
    found = {clock.key: clock for clock in clocks(False, at(2026, 11, 24, 9), {})}
    assert list(found) == ["passed", "assessed", "plan", "approval"]
    assert found["plan"].due_at == at(2026, 12, 1, 23, 59)
    assert found["approval"].due_at == at(2026, 12, 3, 23, 59)
    assert "Điều 28 khoản 1" in found["plan"].basis
    assert "Điều 28 khoản 4" in found["approval"].basis


def test_a_step_taken_too_late_stays_late() -> None:
    taken = at(2026, 11, 24, 9)
    (clock,) = [c for c in clocks(True, taken, {"emergency": taken + 13 * 3600}) if c.key == "emergency"]
    assert clock.late(taken)
    assert clock_words(clock, taken)["text"].startswith("xong ")
    (open_one,) = [c for c in clocks(True, taken, {}) if c.key == "emergency"]
    assert clock_words(open_one, taken + 3600)["text"] == "còn 11 giờ 00 phút"
    assert clock_words(open_one, taken + 14 * 3600)["text"] == "quá hạn 2 giờ 00 phút"


CARER = {"caregiver_involved": "true"}


@pytest.mark.parametrize(
    ("draft", "emergency"),
    [
        ({"risk": "immediate"}, True),
        ({"danger_now": True}, True),
        ({"risk": "medium", "relation": "dượng", "reporter_role": "child"}, True),
        ({"risk": "low", "extra": CARER}, True),
        ({"risk": "high", "relation": "bạn cùng lớp", "reporter_role": "child"}, False),
        ({"risk": "high", "relation": "mẹ", "reporter_role": "parent"}, False),  # who tells it, not who did it
        ({"risk": "low", "relation": "dượng"}, False),
    ],
)
def test_harm_by_a_caregiver_is_an_emergency_as_danger_now_is(draft: dict[str, Any], emergency: bool) -> None:
    """Decree 56/2017, articles 26.3 and 31.1."""
    whole = ReportDraft.parse_obj(draft)
    assert is_emergency({"risk": triage(whole).risk, "draft": whole.dict()}) is emergency


def test_the_desk_counts_twelve_hours_for_harm_by_a_caregiver(store: Store) -> None:
    add(store)
    now = at(2026, 11, 24, 9)
    clock = lambda: now  # noqa: E731
    made = {}
    for key, hours, risk, relation in (("friend", 9, "high", "bạn"), ("carer", 1, "medium", "dượng")):
        service = ReportService(store, ["desk"], clock=lambda hours=hours: now - hours * 3600)  # type: ignore[misc]
        draft = ReportDraft(risk=risk, relation=relation, reporter_role="child")
        made[key] = service.take(draft, "web", "ab" * 16, key).report_id
    assert {row["risk"] for row in rows(store, tables.reports)} == {"high"}, "only the caregiver differs"
    ForwardingWorker(store, [DeskTarget(store)], make_settings(Path("unused"))).run_once()
    officer = Officer(store, clock)
    officer.login()
    page = officer.get(f"/desk/cases/{made['carer']}").text
    assert "còn 11 giờ 00 phút" in page
    assert "Can thiệp khẩn cấp" in page
    assert "Lập kế hoạch" not in page
    assert "Can thiệp khẩn cấp" not in officer.get(f"/desk/cases/{made['friend']}").text
    order = re.findall(r'class="code" href="/desk/cases/([0-9a-f-]{36})"', officer.get("/desk/?sort=due").text)
    assert order == [made["carer"], made["friend"]]  # due in 11 hours, and in 15


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
