"""Whether a question is any of our business: foreign examples, the signs, what is learned of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.knowledge import Answerer, KnowledgeBase
from bot.knowledge.check import check
from bot.knowledge.concepts import Concepts
from bot.knowledge.index import Analyser, Examples
from bot.knowledge.scope import INTENT_SIGNS, intent_signs
from bot.settings import ROOT
from tests.unit.test_knowledge_check import ITEM, write

ON = date(2026, 11, 24)
TOPICS = {
    "nha-dat": ["làm sổ đỏ hết bao nhiêu tiền", "tách thửa đất ở xã", "thuê trọ bị tăng giá"],
    "nau-an": ["kho cá cho mềm", "nấu chè đậu xanh"],
}


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    return Answerer(KnowledgeBase.load(ROOT / "knowledge"))


def examples(topics: dict[str, list[str]]) -> tuple[Examples, Analyser]:
    analyse = Analyser(Concepts({}))
    return Examples(topics, analyse), analyse


def test_a_question_is_near_the_examples_of_its_topic() -> None:
    near, analyse = examples(TOPICS)
    land = near.likeness(analyse("sổ đỏ làm hết mấy tiền"))
    assert (land > near.likeness(analyse("con bị bạn đánh"))).all()
    assert (land > near.likeness(analyse("sổ đỏ làm hết mấy tiền"), without="nha-dat")).all()


def test_without_examples_nothing_is_like_them() -> None:
    near, analyse = examples({})
    assert not near.likeness(analyse("sổ đỏ")).any()


def test_the_intents_are_read_in_groups() -> None:
    signs = dict(zip(INTENT_SIGNS, intent_signs({"ask_skill": 0.6, "disclose_self": 0.3}), strict=True))
    assert signs["asking"] > signs["telling"] > signs["out_of_scope"]
    assert signs["rather_personal"] == 1
    assert signs["law"] == 0
    assert np.isfinite(intent_signs({"ask_law": 1.0})).all()


@pytest.mark.parametrize(
    "text",
    ["bằng lái hạng C thi lại mất bao nhiêu", "bán đất phải nộp thuế mấy phần trăm", "nợ thẻ tín dụng bị kiện không"],
)
def test_what_is_foreign_is_declined_though_it_may_be_law(answerer: Answerer, text: str) -> None:
    answer = answerer.answer(text, "parent", ON, "ask_law", shares={"ask_law": 0.55, "out_of_scope": 0.4})
    assert answer.status == "out_of_scope"
    assert not answer.items


@pytest.mark.parametrize("text", ["đánh con bị phạt bao nhiêu tiền", "mấy tuổi được đi làm phụ quán"])
def test_what_is_ours_is_answered_though_it_may_be_foreign(answerer: Answerer, text: str) -> None:
    doubtful = {"out_of_scope": 0.5, "ask_law": 0.45}
    assert answerer.answer(text, "parent", ON, "out_of_scope", shares=doubtful).status == "answered"


def test_nobody_needs_understanding_to_be_declined(answerer: Answerer) -> None:
    assert answerer.answer("thủ tục tách thửa đất vườn", "parent", ON).status == "out_of_scope"
    assert answerer.answer("dâm ô trẻ em bị phạt tù mấy năm", "parent", ON).status == "answered"


def test_who_wants_another_houses_number_gets_no_list_of_ours(answerer: Answerer) -> None:
    likely = {"contact_hotlines": 0.8, "out_of_scope": 0.15}
    declined = answerer.answer("số điện thoại nhà xe đi Rạch Giá", "parent", ON, "contact_hotlines", shares=likely)
    assert declined.status == "out_of_scope"
    assert any("hotlines" in button.payload for button in declined.buttons)
    assert answerer.answer("", "parent", ON, "contact_hotlines").status == "answered", "a button"


@pytest.mark.parametrize(
    ("foreign", "said"),
    [
        ({"nha-dat": "sổ đỏ"}, "danh sách câu hỏi"),
        ({"nha-dat": ["sổ đỏ"]}, "chỉ có 1 câu"),
    ],
)
def test_a_slip_in_the_foreign_questions_is_found(tmp_path: Path, foreign: dict[str, Any], said: str) -> None:
    import yaml

    folder = write(tmp_path, [ITEM])
    (folder / "foreign.yml").write_text(yaml.safe_dump(foreign, allow_unicode=True), encoding="utf-8")
    _, problems = check(folder, ON)
    assert any("foreign.yml:1" in str(p) and said in str(p) for p in problems), problems
