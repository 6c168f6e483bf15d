"""Times are found whole, and whoever looks after the child is not taken for who harms it."""

from __future__ import annotations

import pytest

from bot.nlu.entities import EntityFinder


@pytest.fixture(scope="module")
def finder() -> EntityFinder:
    return EntityFinder()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("Thứ hai 23/11 ra chơi bị đánh", "Thứ hai 23/11"),
        ("thu hai 23/11 bi danh", "thu hai 23/11"),
        ("lần cuối là tối thứ bảy 21/11", "tối thứ bảy 21/11"),
        ("toi thu bay 21/11 bi danh", "toi thu bay 21/11"),
        ("Thứ hai, ngày 23/11 bị đánh", "Thứ hai, ngày 23/11"),
        ("chiều thứ sáu (20/11) bị đánh", "chiều thứ sáu (20/11)"),
        ("chủ nhật 22-11-2026 bị nhốt", "chủ nhật 22-11-2026"),
        ("Thứ 2, 23/11 bị đánh", "Thứ 2, 23/11"),
        ("thứ hai 2 đứa đánh nó", "thứ hai"),
        ("Sáng 26/11/2026 lúc 7h15 tôi thấy em", "Sáng 26/11/2026 lúc 7h15"),
        ("7h15 toi thay em bi danh", "7h15"),
        ("khoảng 6h tôi nghe tiếng khóc", "khoảng 6h"),
        ("7h tối nó bị đánh", "7h tối"),
        ("lúc 20h toi bi danh", "lúc 20h toi"),
    ],
)
def test_a_date_is_kept_with_its_day_and_the_writer_is_no_evening(finder: EntityFinder, text: str, span: str) -> None:
    times = [text[e.start : e.end] for e in finder.find(text) if e.entity == "time"]
    assert times[0] == span


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("giờ nó ở nhà với bà nội, ba nó đánh", ["cha"]),
        ("bà nội giữ nó, ba nó đánh", ["cha"]),
        ("ba noi giu no, cau hay danh no", ["cậu"]),
        ("do bà ngoại nuôi, cậu hay đánh", ["cậu"]),
        ("nó gửi bà ngoại nuôi, ba nó đánh nó", ["cha"]),
        ("bà nội nuôi nó mà bà hay đánh nó", ["bà"]),
        ("ông nội giữ em mà ông hay sờ em", ["ông"]),
        ("bà nội giữ con tui không cho gặp", ["bà"]),
        ("mẹ nuôi đánh con", ["mẹ kế"]),
        ("bà giữ trẻ đánh bé", ["bảo mẫu"]),
    ],
)
def test_who_looks_after_the_child_harms_nobody_unless_it_is_said(
    finder: EntityFinder, text: str, who: list[str]
) -> None:
    assert [e.value for e in finder.find(text) if e.entity == "relation"] == who
