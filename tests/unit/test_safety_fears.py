"""Fears of who has told of harm are answered by their own words, not by an article, and never where danger is now."""

from __future__ import annotations

import re
import time

import pytest

from bot.dialogue.memory import Memory
from bot.dialogue.safe_forms import fear_said
from bot.safety import Assessment
from bot.safety.fears import fear_in, fears

from .test_safety_answers import FORBIDDEN

CALM = Assessment()
STYLE = Assessment("medium", "disclosure", 0.6, [], ("model_disclose_self",))
FEARS = [
    ("con so me la", "scolded"),
    ("sợ ba má biết lắm", "scolded"),
    ("noi co danh con hong", "scolded"),
    ("vay con noi me hay hong noi", "whom_to_tell"),
    ("e k biết nói với ai", "whom_to_tell"),
    ("mở lời sao với mẹ", "whom_to_tell"),
    ("mẹ k tin e đâu", "not_believed"),
    ("ba noi con xao", "not_believed"),
    ("tại con hư", "own_fault"),
    ("em đâu dám chống cự", "own_fault"),
    ("em có tội không", "own_fault"),
    ("em là con trai mà", "body_answered"),
    ("cơ thể em phản ứng nữa", "body_answered"),
    ("con mac co", "ashamed"),
    ("em thấy mình dơ lắm", "ashamed"),
    ("con ghet chu", "hates"),
    ("em mất ngủ mấy đêm", "cannot_sleep"),
    ("chu cho con keo", "gifts"),
    ("con lỡ hứa không kể", "told_to_hide"),
    ("cậu dặn không được nói", "told_to_hide"),
    ("em hổng muốn ba bị bắt", "what_becomes_of_them"),
    ("con thuong ba lam", "what_becomes_of_them"),
    ("e sợ có bầu", "worried_about_body"),
    ("biết mấy số đó rồi", "only_listen"),
    ("đừng hỏi nữa", "only_listen"),
]
OTHERS = [
    "con so kim", "con sợ bài toán này", "mẹ la con vì làm bể ly", "em ghét môn văn", "ba mua cho con điện thoại mới",
    "chú cho con đi chơi", "con ở Rạch Giá", "tối nay con ngủ đâu", "nó đăng rồi", "dượng sờ con", "em muốn chết",
    "cậu cho con kẹo rồi sờ con", "ba đánh con", "em có bầu rồi", "em bị bệnh sốt", "mẹ bị ba đánh",
]  # fmt: skip


def told(form: str = "disclosure", audience: str = "child", **more: object) -> Memory:
    return Memory(audience=audience, helped=True, risk="high", safe_form=form, safe_at=time.time(), **more)


@pytest.mark.parametrize(("text", "fear"), FEARS)
def test_a_fear_after_telling_is_known(text: str, fear: str) -> None:
    found = fear_said(text, told(), CALM)
    assert found is not None
    assert found.id == fear
    assert fear_said(text, told(), STYLE) is not None, "however grave its style makes it"


@pytest.mark.parametrize("text", OTHERS)
def test_what_tells_of_more_or_of_other_things_is_no_fear(text: str) -> None:
    assert fear_in(text) is None


def test_a_fear_is_answered_only_after_harm_was_told_and_never_in_danger_now() -> None:
    text = "con so me la"
    assert fear_said(text, Memory(audience="child"), CALM) is None
    for form in ("emergency", "at_the_door", "hiding", "fire", "emergency_medical", "offender", "other_dying"):
        assert fear_said(text, told(form), CALM) is None, form
    assert fear_said(text, told(in_form=True), CALM) is None
    assert fear_said("cho em hủy phiếu đi, người ta cho em tiền", told(), CALM) is None, "a wish about the report"
    assert fear_said(text, told(audience="parent"), CALM) is None
    now = Assessment("immediate", "emergency", 0.9, [], ("perpetrator_near",))
    assert fear_said(text, told(), now) is None
    named = Assessment("high", "disclosure", 0.9, [], ("model_disclose_self", "sexual_touch"))
    assert fear_said(text, told(), named) is None


def test_who_thinks_of_dying_is_only_listened_to_and_helped_to_tell() -> None:
    memory = told("self_harm", "teen")
    dying = Assessment("high", "self_harm", 0.7, [], ("model_self_harm",))
    assert fear_said("nghe em nói thôi được không", memory, dying) is not None
    assert fear_said("tại em hết", memory, CALM) is None
    assert fear_said("đừng gửi số nữa, em muốn chết", memory, dying) is None
    assert fear_said("đừng hỏi nữa", told(), dying) is None, "who has not spoken of dying before is taken at their word"


@pytest.mark.parametrize(("name", "audience", "text"), [(f.id, a, t) for f in fears() for a, t in f.say.items()])
def test_every_answer_to_a_fear_names_the_numbers_and_keeps_the_rules(name: str, audience: str, text: str) -> None:
    assert audience in ("child", "teen")
    assert all(re.search(rf"\b{number}\b", text) for number in ("111", "113", "115")), name
    assert not FORBIDDEN.search(text)
    assert "?" not in text, "who is afraid is not asked"
    assert len(text) < 500
    if audience == "child":
        sentences = [s for s in re.split(r"[.!?:]+", text) if s.strip()]
        assert sum(len(s.split()) for s in sentences) / len(sentences) <= 12
        assert "bạn có" not in text
