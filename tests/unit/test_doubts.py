"""Likely pranks are marked for the officer; they are never dropped and never rated lower."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.reports import ReportDraft, ReportService, triage
from bot.reports.content import open_report
from bot.reports.doubts import MANY, doubt

REAL = ReportDraft(story="chú hàng xóm hay rủ con vô nhà rồi ôm con, con sợ lắm", child_age=9, risk="high")


@pytest.mark.parametrize(
    "story",
    [
        "haha test thử máy thôi",
        "đùa thôi nha",
        "em giỡn chơi thôi",
        "kkkkk hehe",
        "thử bot coi sao",
    ],
)
def test_joking_words_are_marked(story: str) -> None:
    mark = doubt(ReportDraft(story=story, child_age=10), 1)
    assert mark is not None
    assert "Vẫn phải đọc" in mark
    assert story not in mark, "the mark repeats no word of the story"


@pytest.mark.parametrize(
    "story",
    [
        "chú hàng xóm hay rủ con vô nhà rồi ôm con",
        "con bị bạn đánh ở trường ngày nào cũng vậy",
        "ba nói đùa mà con thấy sợ, ba cầm dao dọa con",
        "thầy nói thử áo rồi đụng người con",
    ],
)
def test_earnest_words_are_not(story: str) -> None:
    assert doubt(ReportDraft(story=story, child_age=10), 1) is None


def test_nothing_answered_is_marked_unless_there_is_risk() -> None:
    assert doubt(ReportDraft(), 1) is not None
    assert doubt(ReportDraft(risk="high"), 1) is None
    assert doubt(ReportDraft(danger_now=True), 1) is None


def test_many_reports_of_one_chat_are_marked_and_all_taken(store: Store) -> None:
    service = ReportService(store, ["desk"], clock=lambda: 1_800_000_000.0)
    for number in range(MANY + 1):
        service.take(REAL, "web", "a" * 32, f"draft {number}")
    service.take(REAL, "web", "b" * 32, "somebody else's")
    with store.reader.connect() as connection:
        rows = connection.execute(sa.select(tables.reports).order_by(tables.reports.c.created_at)).mappings().all()
    marked = [any("Có thể là đùa" in reason for reason in open_report(store, row)["reasons"]) for row in rows]
    assert len(rows) == MANY + 2
    assert sum(marked) == 2, "from the third on"
    assert {row["risk"] for row in rows} == {triage(REAL).risk}, "never rated lower"
