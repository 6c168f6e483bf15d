"""What is stored in a field of the report, and what is not: questions put to us, words that cannot be that field."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue import intake
from bot.dialogue.intake import (
    AGE,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    FIXING,
    NEAR,
    OUTCOME,
    PLACE,
    RELATION,
    SKIPPED,
    STORY,
    TOLD,
    take,
)
from tests.unit.intake_world import answer, pressed, typed

TOLD_BEFORE = {STORY: "bị đánh"}


@pytest.mark.parametrize(
    "text", ["sóc trăng", "binh duong", "Ba Hòn", "quận 7", "tân quới nhỏ", "nhà em gần cầu cái bé"]
)
def test_what_looks_like_a_place_is_one(text: str) -> None:
    assert take(PLACE, TOLD_BEFORE, typed(text)).updates[PLACE]["text"] == text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (PLACE, "toi nao khoang 9 10h"),
        (PLACE, "nó mới về hồi nãy"),
        (AGE, "ba em đánh em hoài"),
        (CONTACT, "mai cậu về"),
        (CONTACT, "mai cau ve"),
    ],
)
def test_what_cannot_be_the_field_is_told_and_asked_once_more(question: str, text: str) -> None:
    first = take(question, TOLD_BEFORE, typed(text))
    assert first.updates[question] is None
    assert first.updates[STORY] == f"bị đánh\n{text}"
    again = take(question, {**TOLD_BEFORE, **first.updates}, typed(text))
    assert again.updates[question] == SKIPPED


@pytest.mark.parametrize("text", ["ga", "hihi"])
def test_a_word_that_is_no_age_is_asked_once_more(text: str) -> None:
    assert answer(AGE, typed(text))[AGE] is None


@pytest.mark.parametrize("text", ["chừng mười", "mười ba", "hoc tieu hoc", "9 hay 10 gì đó", "mẫu giáo"])
def test_an_age_in_words_is_kept(text: str) -> None:
    assert answer(AGE, typed(text))[AGE] is not None


@pytest.mark.parametrize(
    "text", ["sau 7h tối", "gặp ở trường", "nhắn qua cô giáo", "gọi số của ngoại", "zalo 0909123456"]
)
def test_a_way_to_be_reached(text: str) -> None:
    assert take(CONTACT, TOLD_BEFORE, typed(text)).updates[CONTACT] == text


@pytest.mark.parametrize(
    ("question", "text", "say"),
    [
        (PLACE, "me minh co biet ko neu minh ghi xa", "utter_who_reads"),
        (PLACE, "sao phải ghi xã vậy", "why_asked"),
        (NEAR, "sdt e de lai lam gi, chong e biet la chet", "why_asked"),
        (CONTACT, "để lại số làm gì", "why_asked"),
        (NEAR, "rồi sao vậy", "asked"),
        (CONSENT, "nguoi ta biet tui bao roi tra thu sao", "protected"),
        (CONSENT, "lỡ nó tìm tới em thì sao", "protected"),
        (CONSENT, "bao an danh dc k", "anonymous"),
        (CONSENT, "có cần ghi tên không", "anonymous"),
        (CONSENT, "tụi nó biết em báo hông", "utter_who_reads"),
    ],
)
def test_a_question_put_to_us_is_answered_and_never_stored(question: str, text: str, say: str) -> None:
    for intent in ("check_report", "ask_procedure", "nlu_fallback"):
        step = take(question, TOLD_BEFORE, typed(text, intent))
        if say == "asked" and step.interrupted:
            continue
        assert (step.say, step.updates[question]) == (say, None)


def test_what_is_told_with_a_question_is_kept() -> None:
    text = "sdt e de lai lam gi, chong e biet la chet"
    assert take(NEAR, TOLD_BEFORE, typed(text)).updates[STORY] == f"bị đánh\n{text}"
    assert take(CONSENT, {}, typed(text)).updates[TOLD] == text, "no story yet: it is still asked for"
    assert STORY not in take(CONTACT, TOLD_BEFORE, typed("để lại số làm gì")).updates


@pytest.mark.parametrize("text", ["nó kêu em giữ bí mật, không thôi nó đánh", "ổng dọa trả thù cả nhà, em làm sao"])
def test_the_same_words_in_a_story_are_the_story(text: str) -> None:
    assert take(STORY, {}, typed(text, "disclose_self", risk="high")).updates[STORY] == text


@pytest.mark.parametrize(
    "text",
    [
        "đang đi biển",
        "không biết nó ở đâu nữa",
        "tối ổng mới về",
        "ổng ở đâu em không biết",
        "ở chung nhà",
        "nó bị công an phạt rồi",
    ],
)
def test_where_somebody_is_is_no_question(text: str) -> None:
    assert take(NEAR, TOLD_BEFORE, typed(text), "parent").updates[NEAR] == text


@pytest.mark.parametrize(
    "text",
    ["dạ con kể chuyện này lâu rồi", "đang ngồi học", "gửi rồi ai gọi em", "có ai biết đâu", "không biết nữa", "rồi"],
)
def test_danger_is_never_written_down_for_what_only_begins_like_a_yes(text: str) -> None:
    assert take(DANGER, {}, typed(text)).updates.get(DANGER) in (None, SKIPPED)


@pytest.mark.parametrize(
    "text", ["có", "dạ có", "ừ", "chắc là có", "đang nguy hiểm", "có, nó đứng ngoài cửa nhà em nè"]
)
def test_danger_that_is_said(text: str) -> None:
    assert take(DANGER, {}, typed(text)).updates[DANGER] is True


@pytest.mark.parametrize("text", ["không", "dạ không", "không sao", "không, ổng đi làm rồi tối mới về"])
def test_no_danger_that_is_said(text: str) -> None:
    assert take(DANGER, {}, typed(text)).updates[DANGER] is False


@pytest.mark.parametrize(
    "text",
    [
        "khoan đừng gửi",
        "khoan, đừng",
        "khoan dung gui em so qua",
        "chưa gửi nha",
        "đừng gửi vội",
        "khoan đừng gửi, con sợ",
    ],
)
@pytest.mark.parametrize("question", [CONSENT, CONFIRM])
def test_wait_do_not_send_sends_nothing_and_keeps_it(text: str, question: str) -> None:
    assert answer(question, typed(text, "quick_exit", 0.6), **TOLD_BEFORE) == {OUTCOME: "paused"}


@pytest.mark.parametrize("text", ["nó nói khoan đừng gửi hình", "khoan đừng gửi hình cho nó"])
def test_what_was_not_to_be_sent_to_another_is_the_story(text: str) -> None:
    assert take(STORY, {}, typed(text, "disclose_self", risk="high")).updates[STORY] == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sai roi, chong e dau co lam gi, sua nguoi duoc nhac toi thanh ong hang xom", "ong hang xom"),
        ("chồng em không có làm, sửa lại người được nhắc tới thành ông hàng xóm", "ông hàng xóm"),
        ("đâu phải chồng em, là ông hàng xóm", "ông hàng xóm"),
    ],
)
def test_who_did_it_is_corrected_in_a_sentence(text: str, value: str) -> None:
    found = [{"entity": "relation", "value": "chồng", "text": "chồng em"}]
    step = take(CONFIRM, {**TOLD_BEFORE, RELATION: "chồng"}, typed(text, found=found))
    assert step.updates == {RELATION: value, CONFIRM: None, intake.MISSES: 0, FIXING: None}
    assert step.say == "utter_report_corrected"


def test_mending_something_else_corrects_nothing() -> None:
    text = "con làm đổ nước, sửa cái ghe xong là ba đánh con"
    assert take(CONFIRM, TOLD_BEFORE, typed(text)).updates[STORY] == f"bị đánh\n{text}"


def fixing(text: str, **more: Any) -> intake.Step:
    slots: dict[str, Any] = {STORY: "chồng đánh con", RELATION: "chồng", AGE: 7}
    slots.update(take(CONFIRM, slots, pressed("correct", field=STORY)).updates)
    return take(STORY, slots, typed(text, **more))


def test_the_story_told_anew_takes_the_old_ones_place() -> None:
    found = [{"entity": "relation", "value": "hàng xóm"}, {"entity": "age", "value": "9"}]
    step = fixing("ông hàng xóm sờ con tôi", found=found)
    assert (step.updates[STORY], step.updates[TOLD]) == ("ông hàng xóm sờ con tôi", None)
    assert step.updates[RELATION] == "hàng xóm", "who did it is of the new words"
    assert AGE not in step.updates, "what was answered stays"
    assert step.say == "story_replaced"


def test_more_is_added_and_nothing_more_keeps_the_story() -> None:
    assert fixing("thêm là hôm qua cũng vậy").updates[STORY] == "chồng đánh con\nthêm là hôm qua cũng vậy"
    assert fixing("không có gì thêm").updates[STORY] == SKIPPED
    asked = take(CONFIRM, TOLD_BEFORE, typed("sửa lời kể"))
    assert (asked.say, asked.updates[TOLD]) == ("story_fix", "bị đánh")


def test_the_new_story_behind_the_wish_is_taken() -> None:
    step = take(CONFIRM, TOLD_BEFORE, typed("sửa lời kể thành ông hàng xóm sờ con tôi"))
    assert step.updates[STORY] == "ông hàng xóm sờ con tôi"
    assert TOLD not in step.updates
