"""Lines of the report that may not be written by mistake (danger now, the safe contact), and their mending."""

from __future__ import annotations

from typing import Any

import pytest

from actions.report_draft import intake_words
from bot.dialogue import intake
from bot.dialogue.intake import (
    CONFIRM,
    CONTACT,
    DANGER,
    FIXING,
    NEAR,
    OUTCOME,
    RELATION,
    SKIPPED,
    STORY,
    SUBJECT,
    is_a_place,
    is_now,
    take,
    without_questions,
)
from bot.dialogue.intake.contact import warns
from bot.dialogue.intake.danger import said_of_it
from bot.dialogue.intake.fields import CARER, NOTE, PHONE

from .intake_world import typed

READ: dict[str, Any] = {DANGER: True, STORY: "con tui bị đánh", RELATION: "bạn học, bà", SUBJECT: "other"}


@pytest.mark.parametrize(
    "text",
    [
        "ổng cầm dao ngoài cửa",
        "ổng đang đánh nó",
        "nó đang chảy máu nhiều quá",
        "nó bị bắt cóc lên xe rồi",
        "tối qua ổng đòi giết con, giờ ổng đang đập cửa",
        "hôm qua ổng cầm dao rượt con, giờ ổng còn ở nhà",
        "cứu con với ba đánh con",
        "em vừa uống thuốc ngủ",
    ],
)
def test_danger_that_goes_on_is_danger_now(text: str) -> None:
    assert is_now(text)
    assert take(DANGER, {}, typed(text, "emergency", risk="immediate")).updates[DANGER] is True


@pytest.mark.parametrize(
    "text",
    [
        "không phải vụ xe. chồng cũ tui giữ con tui không trả",
        "no giu con tui hong giao",
        "vợ cũ bắt con không cho tôi gặp",
        "ba nó rước con đi không trả, tòa giao tôi nuôi",
        "con tui bị đánh gãy tay thì ai phải chịu tiền thuốc?",
        "đánh gãy răng, giờ kiện ở đâu",
        "gãy tay tuần trước, đã bó bột xong",
        "thang truoc bi danh be dau khau 5 mui",
        "cháu bị đánh gãy chân, xuất viện rồi",
        "nó bị phỏng nặng đang ở bệnh viện",
        "hôm bữa bị đâm, bác sĩ khâu rồi",
    ],
)
def test_an_old_injury_or_a_quarrel_about_custody_is_asked_about(text: str) -> None:
    assert not is_now(text)
    assert take(DANGER, {}, typed(text, "disclose_other", risk="immediate")).updates.get(DANGER) is None


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("nó đâu còn nguy hiểm, giờ ở nhà rồi", False),
        ("nó đâu có nguy hiểm, nó giữ thôi chứ không đánh", False),
        ("không còn nguy hiểm", False),
        ("ko nguy hiem nua", False),
        ("hết nguy hiểm rồi", False),
        ("hông có nguy hiểm", False),
        ("có nguy hiểm gì đâu", False),
        ("giờ bé an toàn rồi", False),
        ("vẫn còn nguy hiểm", True),
        ("vẫn chưa hết nguy hiểm", True),
        ("không an toàn đâu", True),
        ("nó đang nguy hiểm mà sao ghi không", True),
        ("không biết có nguy hiểm không", None),
        ("có nguy hiểm không vậy", None),
        ("nó ở nhà với bà", None),
    ],
)
def test_what_is_said_against_the_line_about_danger(text: str, danger: bool | None) -> None:
    assert said_of_it(text) is danger
    step = take(CONFIRM, {**READ, DANGER: not danger}, typed(text))
    assert step.updates.get(DANGER) is danger
    assert (step.say == "utter_report_corrected") == (danger is not None)


def test_two_lines_are_mended_in_one_breath_and_the_complaint_is_no_part_of_the_account() -> None:
    text = "nó đâu còn nguy hiểm, giờ ở nhà rồi. mà ba đứa đánh nó đâu có ghi tên, sao ghi bà"
    updates = take(CONFIRM, READ, typed(text, "disclose_other", risk="high"), "parent").updates
    assert (updates[DANGER], updates[RELATION], updates[FIXING]) == (False, "bạn học", None)
    assert "sao ghi" not in updates[STORY]
    assert "ghi tên" not in updates[STORY]


def test_what_is_told_beside_a_correction_is_kept() -> None:
    text = "nó đâu có nguy hiểm, nó giữ thôi chứ không đánh"
    assert take(CONFIRM, READ, typed(text), "parent").updates[STORY].endswith("nó giữ thôi chứ không đánh")


def test_who_it_was_is_asked_when_nobody_is_left() -> None:
    updates = take(CONFIRM, {**READ, RELATION: "bà"}, typed("sao ghi bà vậy")).updates
    assert (updates[RELATION], updates[FIXING]) == (None, RELATION)
    assert take(CONFIRM, READ, typed("đâu phải bà, là ông hàng xóm")).updates.get(OUTCOME) is None


@pytest.mark.parametrize("text", ["dạ đúng rồi", "gửi đi"])
def test_sending_is_not_taken_for_a_correction(text: str) -> None:
    assert take(CONFIRM, READ, typed(text)).updates[OUTCOME] == "send"


WARNINGS = [
    "đừng gọi, ảnh coi máy chị",
    "đừng gọi, tôi không muốn ai biết. làm ơn",
    "dung goi chong toi giu dien thoai",
    "gọi là ổng đánh chết",
    "chồng tui kiểm tra điện thoại hoài",
    "không có số nào an toàn",
    "đừng liên lạc, nhà biết là chết",
    "không được gọi số nhà",
    "khỏi gọi, vợ tui nghe máy",
    "đừng nhắn tin, mẹ đọc tin nhắn của con",
]


@pytest.mark.parametrize("text", WARNINGS)
def test_a_warning_is_no_safe_contact(text: str) -> None:
    step = take(CONTACT, {STORY: "bị đánh"}, typed(text), "parent")
    assert step.updates[NOTE] == text
    assert step.updates[CONTACT] in (None, SKIPPED)
    again = take(CONTACT, {STORY: "bị đánh", **step.updates}, typed("gọi là ổng biết liền"), "parent")
    assert again.updates[CONTACT] == SKIPPED
    assert again.updates[NOTE] == f"{text}\ngọi là ổng biết liền"


def test_who_warns_is_told_that_nobody_can_call_then_and_asked_for_another_way() -> None:
    step = take(CONTACT, {STORY: "bị đánh"}, typed(WARNINGS[0]), "parent")
    assert (step.say, step.updates[CONTACT]) == ("no_safe_contact", None)
    later = take(CONTACT, {**step.updates}, typed("vậy gọi bà ngoại 0912345678"), "parent")
    assert later.updates[CONTACT] == "vậy gọi bà ngoại 0912345678"
    for words in intake_words()["no_safe_contact"].values():
        assert all(number in words for number in ("111", "113", "115"))


@pytest.mark.parametrize(
    "text",
    [
        "0912345678",
        "đừng gọi, nhắn zalo 0912345678",
        "gọi 0912 345 678 sau 17h, đừng gọi buổi tối chồng tui ở nhà",
        "gặp cô Lan ở trường",
        "nhắn qua cô giáo chủ nhiệm, đừng gọi cho mẹ",
        "zalo của dì Ba",
        "gọi giờ nào cũng được",
        "gọi số bà ngoại, đừng gọi ba",
        "nhắn ở đây thôi, đừng gọi",
        "không gọi buổi tối, sáng 8h gọi được",
    ],
)
def test_a_way_to_be_reached_is_kept_with_its_warning(text: str) -> None:
    assert not warns(text)
    assert take(CONTACT, {STORY: "bị đánh"}, typed(text)).updates[CONTACT] == text


@pytest.mark.parametrize("text", ["bà nội với tui", "bà ngoại với mẹ nó", "tui với ông nội", "ba noi voi tui"])
def test_who_minds_the_child_is_no_wish_for_a_person(text: str) -> None:
    assert take(CARER, READ, typed(text, "talk_to_human", 0.9), "parent").updates[CARER] == text
    assert take(CARER, READ, typed("cho tui gặp cán bộ đi", "talk_to_human", 0.9), "parent").interrupted


def test_no_danger_is_asked_again_of_a_child_afraid_of_home_with_that_person_near() -> None:
    afraid = {DANGER: False, STORY: "Em nói em sợ về nhà, dượng dí thuốc"}
    step = take(NEAR, afraid, typed("có"), "teacher")
    assert (step.updates[DANGER], step.say) == (None, "near_home")
    assert DANGER not in take(NEAR, {DANGER: False, STORY: "dượng đánh"}, typed("có"), "teacher").updates
    assert DANGER not in take(NEAR, afraid, typed("không"), "teacher").updates


def test_a_number_that_was_given_is_not_asked_again() -> None:
    more = {intake.DANGER: False, "report_more": True}
    assert PHONE in intake.required(more, "teacher")
    assert PHONE not in intake.required({**more, CONTACT: "0909111222, sau 17h"}, "teacher")
    assert PHONE not in intake.required({**more, "report_reporter_name": "Lê Thị Thu, 0909 111 222"}, "teacher")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("chị không dám. nếu ảnh làm thật thì ảnh ở tù mấy năm", "chị không dám."),
        ("con tui bị đánh gãy tay, ai phải chịu tiền thuốc", "con tui bị đánh gãy tay"),
        ("nó bị đánh, kiện ở đâu", "nó bị đánh"),
        ("ba nó đi tù mấy năm mới về, giờ đánh nó", "ba nó đi tù mấy năm mới về, giờ đánh nó"),
        ("nó bị bắt, anh nó đi tù 2 năm", "nó bị bắt, anh nó đi tù 2 năm"),
    ],
)
def test_what_is_asked_about_the_law_is_no_part_of_the_account(text: str, left: str) -> None:
    assert without_questions(text) == left


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Hà Tiên", True),
        ("ha tien", True),
        ("ở Hà Tiên", True),
        ("Rạch Giá nha", True),
        ("Cần Thơ", True),
        ("xã Bình An", True),
        ("ấp 3, xã Thạnh Hưng", True),
        ("Vĩnh Hiệp, Rạch Giá", True),
        ("tui o Chau Doc", True),
        ("bình an", False),
        ("ổng ở Hà Tiên", False),
        ("rạch tay", False),
        ("Hà Tiên có gì chơi", False),
        ("về Rạch Giá bị đánh", False),
        ("nhà em", False),
        ("ấp 3", False),
    ],
)
def test_a_message_that_is_only_a_place(text: str, place: bool) -> None:
    assert is_a_place(text) is place
