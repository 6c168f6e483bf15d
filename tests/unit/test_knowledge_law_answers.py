"""What the law and procedure items say of silence, penalties, duties of offices and reporting without a name."""

from __future__ import annotations

from datetime import date

import pytest

from bot.knowledge import Answerer, KnowledgeBase
from bot.settings import ROOT

ON = date(2026, 11, 24)


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    return Answerer(KnowledgeBase.load(ROOT / "knowledge"))


def first(answerer: Answerer, text: str, audience: str | None = "teacher", intent: str | None = "ask_law") -> str:
    answer = answerer.answer(text, audience, ON, intent)
    assert answer.status == "answered", (text, answer.status)
    return answer.items[0].id


@pytest.mark.parametrize("item", ["hs-390-khong-gom", "hs-390"])
@pytest.mark.parametrize("audience", ["teen", "parent", "teacher"])
def test_silence_is_never_comforted(answerer: Answerer, item: str, audience: str) -> None:
    said = answerer.show(item, audience, ON).text.lower()
    assert "không thành tội" not in said
    assert "không phạm tội" not in said
    assert "111" in said


@pytest.mark.parametrize("item", ["hs-390-khong-gom", "hs-390"])
def test_grown_ups_hear_which_silence_can_be_a_crime(answerer: Answerer, item: str) -> None:
    for audience in ("parent", "teacher"):
        said = answerer.show(item, audience, ON).text
        assert all(words in said for words in ("hiếp dâm", "nhiều lần", "dạy, chăm")), audience


@pytest.mark.parametrize(
    "text",
    ["đồng nghiệp dâm ô mấy em, tôi biết rõ mà im thì có phạm tội không", "khong to giac dam o nhieu tre co toi khong"],
)
def test_silence_about_molesting_is_answered_by_what_silence_is(answerer: Answerer, text: str) -> None:
    assert first(answerer, text) in ("hs-390-khong-gom", "hs-390")


@pytest.mark.parametrize(
    "text",
    ["em bị rờ mà em nín thinh thì em có tội không", "con bi hai ma con im, con co toi ko"],
)
def test_who_was_hurt_and_kept_silent_is_not_told_of_a_crime(answerer: Answerer, text: str) -> None:
    for audience in ("child", "teen"):
        answer = answerer.answer(text, audience, ON, "ask_law")
        assert "không có lỗi" in answer.text, (audience, answer.items[:1])


@pytest.mark.parametrize(
    ("item", "terms"),
    [
        ("hs-142-duoi-16", "7|chung thân|tử hình"), ("hs-144", "5 đến 10 năm|chung thân"),
        ("hs-145", "1 đến 5 năm|15 năm"),
        ("hs-146", "6 tháng đến 3 năm|3 đến 7 năm|12 năm"), ("hs-147", "6 tháng đến 3 năm|7 đến 12 năm"),
        ("hs-329", "1 đến 5 năm|3 đến 7 năm"), ("nd130-khong-bao-tin", "5 đến 10 triệu|10 đến 15 triệu"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("audience", ["teen", "parent", "teacher"])
def test_the_short_answer_names_the_penalty(answerer: Answerer, item: str, terms: str, audience: str) -> None:
    said = answerer.show(item, audience, ON).text
    assert all(term in said for term in terms.split("|")), said


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("Điều 28 Nghị định 130/2021 phạt mấy triệu", "nd130-khong-bao-tin"),
        ("tôi dạy lớp 6, nghi cha một em làm hại em, nếu không báo thì tôi bị phạt mức nào", "nd130-khong-bao-tin"),
        ("nhà trường ém vụ việc, không trình báo công an thì có bị gì không", "nd130-khong-bao-tin"),
        ("giáo viên chửi học sinh thì bị phạt bao nhiêu", "phat-giao-vien"),
        ("bị hại 17 tuổi thì xử theo điều nào, điều 146 có dùng được không", "xhtd-16-18"),
        ("điều 146 với bé 9 tuổi phạt mấy năm", "hs-146"),
        ("Sở Tư pháp có nhiệm vụ gì về phòng chống xâm hại trẻ em", "kh469-so-tu-phap"),
        ("ngành du lịch làm gì theo kế hoạch 469", "kh469-so-du-lich"),
        ("đơn vị nào chủ trì kế hoạch phòng, chống xâm hại trẻ em cấp tỉnh", "kh469-tong-quan"),
        ("hạn nộp báo cáo kế hoạch phòng chống xâm hại trẻ em", "kh469-bao-cao"),
        ("tiền đâu để làm công tác phòng chống xâm hại trẻ em ở xã", "kh469-kinh-phi"),
        ("nghị quyết 121 là nghị quyết gì", "nq121-la-gi"),
        ("mẫu số 7 trong nghị định 56 tên gì", "nd56-cac-mau"),
        ("tin báo nặc danh thì 111 có tiếp nhận không", "bao-tin-khong-ten"),
        ("báo vụ thầy kia xâm hại học sinh xong tôi bị cho nghỉ việc thì ai bảo vệ", "tc-bao-ve-viec-lam"),
    ],
)
def test_the_item_that_answers_comes_first(answerer: Answerer, text: str, item: str) -> None:
    assert first(answerer, text) == item


@pytest.mark.parametrize(
    "text",
    ["hỏi kỹ lại em học sinh cho chắc rồi mới báo được không", "tôi muốn quay lại lúc cháu kể để làm chứng cứ"],
)
@pytest.mark.parametrize("audience", ["parent", "teacher"])
def test_nobody_is_helped_to_question_or_film_a_child(answerer: Answerer, text: str, audience: str) -> None:
    assert first(answerer, text, audience, "ask_procedure") == "pr-khong-hoi-khong-quay"


@pytest.mark.parametrize("audience", [None, "parent", "teacher"])
def test_an_office_is_told_its_duty_and_who_has_it_now(answerer: Answerer, audience: str | None) -> None:
    said = answerer.answer("Trách nhiệm của Sở Tư pháp theo Nghị quyết 121", audience, ON, "ask_law").text
    assert "Sở Tư pháp" in said
    assert "trợ giúp pháp lý" in said
    assert "không phải làm thủ tục" not in said


@pytest.mark.parametrize(
    "text",
    ["Sở Tư pháp cấp phiếu lý lịch tư pháp mất mấy ngày", "kế hoạch tuyên truyền phòng cháy chữa cháy cần nội dung gì",
     "kinh phí sửa nhà lấy từ đâu", "thời hạn nộp báo cáo thuế"],
)  # fmt: skip
def test_other_business_of_offices_is_not_taken_for_the_plan(answerer: Answerer, text: str) -> None:
    answer = answerer.answer(text, "teacher", ON, "out_of_scope")
    assert not any(item.id.startswith("kh469") for item in answer.items[:1])
