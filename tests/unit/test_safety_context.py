"""What was said before makes a message graver, never lighter."""

from __future__ import annotations

from typing import Any

import pytest

from bot.safety import Context, RiskAssessor
from bot.safety.lexicon import Lexicon

from .test_safety_assess import FakeModel


@pytest.fixture(scope="module")
def assessor() -> RiskAssessor:
    model: Any = FakeModel()
    return RiskAssessor(model, Lexicon.load())


def test_somebody_at_the_door_is_immediate_after_a_disclosure(assessor: RiskAssessor) -> None:
    for text in ("nó đang đứng ngoài cửa", "no dang dung ngoai cua", "ba về rồi", "ổng gõ cửa"):
        assert not assessor.assess(text).at_risk
        later = assessor.assess(text, Context(earlier="high", recent=("cậu đụng con",)))
        assert (later.risk, later.kind) == ("immediate", "emergency")
        assert assessor.assess(text, Context(earlier="high", in_form=True)).risk == "immediate"
        assert assessor.assess(text, Context(earlier="low")).risk != "immediate"


def test_doubt_after_a_disclosure_is_an_alarm(assessor: RiskAssessor) -> None:
    assert assessor.assess("đáng ngờ").risk == "low"
    assert assessor.assess("đáng ngờ lắm cô ơi", Context(earlier="medium")).risk == "medium"


def test_two_fragments_are_read_together(assessor: RiskAssessor) -> None:
    found = assessor.assess("ở chỗ kia", Context(recent=("cậu Ba",)))
    assert found.risk == "medium"
    assert "together" in found.codes
    assert assessor.assess("ở chỗ kia", Context(recent=("bạn An",))).risk == "none"


def test_one_word_counts_when_the_one_before_was_doubtful(assessor: RiskAssessor) -> None:
    assert "together" in assessor.assess("chỗ", Context(earlier="low", recent=("cậu Ba",))).codes
    assert assessor.assess("chỗ", Context(recent=("cậu Ba",))).risk == "none"


def test_after_an_alarm_one_word_counts_when_it_says_far_more_than_what_stood_before(assessor: RiskAssessor) -> None:
    after = Context(earlier="medium", recent=("chuyện nặng",))
    assert assessor.assess("dạ", after).risk == "none", "it was told already"
    after = Context(earlier="medium", recent=("cậu Ba",))
    assert "together" in assessor.assess("chỗ", after).codes
    assert assessor.assess("chỗ", Context(recent=("cậu Ba",))).risk == "none"
