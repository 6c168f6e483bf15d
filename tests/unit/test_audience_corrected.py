"""Who writes is corrected by clear words of their own, and not by words that only sound like it."""

from __future__ import annotations

import pytest

from bot.language.audience import guess_audience, learn_audience


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("em là mẹ mà, em qua đón bé về luôn đc ko", "parent"),
        ("chồng cũ em giữ con", "parent"),
        ("minh nam 29t", "parent"),
        ("Tôi là cán bộ xã, không phải giáo viên", "teacher"),
    ],
)
def test_what_only_a_grown_up_says_corrects_a_stated_voice(text: str, audience: str) -> None:
    assert learn_audience(text, "teen", stated=True) == (audience, False)


@pytest.mark.parametrize(
    "text",
    [
        "ê m tưởng tui là phụ huynh hả",
        "e là hs chứ k phải phụ huynh",
        "em không phải phụ huynh",
        "tui đâu phải phụ huynh",
    ],
)
def test_who_is_no_parent_says_so_and_is_believed(text: str) -> None:
    assert learn_audience(text, "parent", False)[0] == "teen"


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("con tôi là học sinh lớp 5", "parent"),
        ("tôi không phải phụ huynh mà là giáo viên", "teacher"),
        ("con 9 tuổi", "child"),
        ("con 1 tieng nua no dang", None),
        ("con 2 trieu thoi", None),
    ],
)
def test_a_pupil_in_the_family_and_what_is_left_over_say_nothing_of_who_writes(text: str, audience: str | None) -> None:
    assert guess_audience(text) == audience
