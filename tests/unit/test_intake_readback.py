"""The read-back: corrections take what is affirmed, an age is only an age, and what is told there is never lost."""

from __future__ import annotations

from typing import Any

import pytest

from actions.report_draft import lines_of, shown, summary_words
from bot.dialogue import follow
from bot.dialogue.intake import (
    AGE,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    OUTCOME,
    PLACE,
    RELATION,
    SKIPPED,
    STORY,
    SUBJECT,
    TIME,
    WAVERS,
    childs_age,
    found_in,
    subject_words,
    take,
)
from bot.dialogue.intake.ages import age_alone
from bot.dialogue.intake.fields import NOTE
from tests.unit.intake_world import pressed, typed
from tests.unit.test_intake_heard import heard

READ: dict[str, Any] = {
    CONSENT: True,
    DANGER: False,
    SUBJECT: "other",
    STORY: "bạn em bị đánh",
    AGE: 13,
    RELATION: "cha",
    PLACE: {"commune": "Xã Định Hòa", "text": ""},
    CONTACT: "0912345678",
}
OWN: dict[str, Any] = {**READ, SUBJECT: "self", AGE: 14, STORY: "nó ép em"}


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("sửa tuổi bạn em 12 chứ k phải 13", AGE, 12),
        ("tuổi 12 chứ không phải 13", AGE, 12),
        ("k phải 13 mà 12", AGE, 12),
        ("không phải 13, là 12", AGE, 12),
        ("13 là sai, 12 mới đúng", AGE, 12),
        ("13 sai roi 12 moi dung", AGE, 12),
        ("bạn em 12 tuổi lận, nãy em ghi lộn 13", AGE, 12),
        ("sửa tuổi thành 12", AGE, 12),
        ("sđt em 0901234567 chứ k phải 0912345678", CONTACT, "0901234567"),
        ("ghi lộn r, là mẹ nó đánh", RELATION, "mẹ"),
        ("mẹ chứ không phải ba", RELATION, "mẹ"),
    ],
)
def test_of_two_values_the_affirmed_one_is_taken(text: str, field: str, value: Any) -> None:
    step = take(CONFIRM, READ, heard(text))
    assert (step.updates[field], step.say) == (value, "utter_report_corrected")


def test_a_place_set_against_another_is_the_affirmed_one() -> None:
    for text in ("xã Gò Quao chứ k phải xã Định Hòa", "ko phai xa Dinh Hoa ma la xa Go Quao"):
        assert take(CONFIRM, READ, heard(text)).updates[PLACE]["commune"] == "Xã Gò Quao"


def test_corrected_is_said_of_a_change_only() -> None:
    assert take(CONFIRM, READ, heard("sửa tuổi 13")).say == "unchanged"


@pytest.mark.parametrize(
    "text",
    [
        "e test 2 vach r",
        "nó đánh em 3 cái",
        "e bị nó ép 2 lần",
        "thêm: 2 lần r",
        "nó đòi em 2tr",
        "bạn trai em 17",
        "bạn trai em 19 tuổi chứ k phải 17",
        "nó đánh em từ hồi 8 tuổi",
        "mấy đứa lớp 9 bắt nạt em",
        "thêm bị ép",
        "thêm: e bị ép",
    ],
)
def test_what_is_no_age_is_added_to_the_account(text: str) -> None:
    updates = take(CONFIRM, OWN, heard(text)).updates
    assert updates.get(AGE, 14) == 14
    assert updates[STORY].startswith("nó ép em\n")


@pytest.mark.parametrize(
    ("text", "subject", "age"),
    [
        ("em trễ kinh 2 tháng rồi, bạn trai em 17", "self", None),
        ("em có bầu với bạn trai 17 tuổi", "self", None),
        ("e 14t, bạn trai e 17", "self", 14),
        ("bị ba đánh từ lúc con 5 tuổi", "self", None),
        ("may dua lop 8 chan duong danh con", "self", None),
        ("anh họ 17t sờ mó em", "self", None),
        ("em là hs lớp 8", "self", 13),
        ("em 15 tuổi, bạn em 12 tuổi bị dượng sờ", "other", 12),
        ("con 9 tuổi, bạn con nói muốn chết", "other", None),
        ("em gái con 6 tuổi bị sờ", "other", 6),
    ],
)
def test_an_age_belongs_to_whoever_it_is_said_of(text: str, subject: str, age: int | None) -> None:
    assert childs_age(heard(text), "teen", subject) == age


def test_a_grown_up_tells_the_childs_age_and_not_the_attackers() -> None:
    assert childs_age(heard("con gái tôi 9 tuổi bị thằng hàng xóm 16 tuổi sờ"), "parent") == 9
    assert childs_age(heard("con tui bị 3 thằng lớp 8 đánh"), "parent") is None


def test_only_an_age_alone_is_one() -> None:
    assert [age_alone(text) for text in ("12", "dạ con 9 thôi", "14t")] == [12, 9, 14]
    assert [age_alone(text) for text in ("test 2 vach", "1 tieng", "2tr", "3 cái", "2 lần r", "8h")] == [None] * 6


@pytest.mark.parametrize(
    "text",
    [
        "em đang nguy hiểm",
        "có nguy hiểm",
        "đang nguy hiểm thiệt",
        "hồi nãy em bấm lộn, đang nguy hiểm",
        "em muốn chết",
        "em mới uống thuốc",
        "giờ nó đang ở trước nhà",
        "con hết muốn sống rồi",
    ],
)
def test_danger_said_at_the_read_back_sets_its_line_and_keeps_the_words(text: str) -> None:
    step = take(CONFIRM, OWN, heard(text, "feel_safe"))
    assert not step.interrupted
    assert step.updates[DANGER] is True
    assert text in step.updates[STORY]


@pytest.mark.parametrize(
    "text", ["có nguy hiểm không vậy", "nó hết nguy hiểm rồi", "em không muốn chết", "em sợ muốn chết"]
)
def test_what_only_sounds_like_danger_sets_nothing(text: str) -> None:
    assert take(CONFIRM, OWN, heard(text)).updates.get(DANGER) is not True


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("là chuyện của chính em", "self"),
        ("chuyện của em mà", "self"),
        ("sai rồi, là chuyện của chính em", "self"),
        ("của em", "self"),
        ("chuyện của bạn cùng lớp em chứ k phải của em", "other"),
        ("chuyen cua ban em", "other"),
    ],
)
def test_whose_story_it_is_can_be_put_right_in_words(text: str, subject: str) -> None:
    before = {**READ, SUBJECT: "other" if subject == "self" else "self"}
    assert take(CONFIRM, before, heard(text)).updates[SUBJECT] == subject


@pytest.mark.parametrize(
    "text",
    [
        "bạn lớp em bị ba đánh hoài",
        "ban cua em bi thay so",
        "nhỏ bạn thân em bị ba nó đánh",
        "bạn học của mình bị mẹ kế bỏ đói",
        "em của em bị mẹ đánh",
        "em con bị ba đánh",
        "con bé hàng xóm bị đánh",
    ],
)
def test_a_friends_story_is_anothers(text: str) -> None:
    assert subject_words(text) == "other"


@pytest.mark.parametrize(
    "text",
    [
        "e con 2tr",
        "em con di hoc",
        "khong co con be de",
        "chú em sờ em",
        "mẹ em còn bênh chú",
        "bác ba hàng xóm đánh con",
        "bạn em đánh em",
        "ba đánh em từ bé",
        "em là học sinh lớp 8 bị đánh",
        "con ở Rạch Giá bị ba đánh",
    ],
)
def test_ones_own_story_is_not_anothers(text: str) -> None:
    assert subject_words(text) != "other"


def test_times_that_are_none_of_the_event_are_left_out() -> None:
    for text in ("8h nó đăng hình em", "noi gi voi no bay gio", "ba danh con ma bay gio het roi"):
        assert TIME not in found_in(heard(text), "teen")
    assert found_in(heard("nó đánh em từ hồi 8 tuổi"), "teen")[TIME] == "từ hồi 8 tuổi"
    assert found_in(heard("8h sáng nó đánh em"), "teen")[TIME] == "8h sáng"


def test_a_wavering_destroys_nothing_and_the_draft_is_taken_up_again() -> None:
    for text in ("thôi đừng gửi", "thôi con sợ lắm", "thoi con so lam dung noi voi ba con nha"):
        assert take(CONFIRM, OWN, heard(text)).updates[OUTCOME] == WAVERS
    assert follow.resumes("mà thôi gửi đi")
    assert follow.resumes("ma thoi gui di")
    assert not follow.resumes("thôi đừng gửi")


def test_taking_it_back_keeps_both_versions() -> None:
    text = "con noi xao do ba con hong danh con dau con te xe thoi"
    step = take(CONFIRM, OWN, heard(text))
    assert (step.say, step.updates[STORY]) == ("recanted", f"nó ép em\n{text}")
    told = take(CONFIRM, OWN, heard("mẹ nói con nói xạo hoài, mẹ không tin con"))
    assert told.say != "recanted"


def test_i_am_back_is_not_back() -> None:
    updates = take(CONFIRM, OWN, heard("con quay lại rồi nè")).updates
    assert CONTACT not in updates
    assert CONTACT in take(CONFIRM, OWN, typed("quay lại")).updates


def test_right_values_at_another_question_are_kept() -> None:
    assert take(CONTACT, {STORY: "bị đánh"}, heard("con 11 tuoi")).updates[AGE] == 11
    assert take(PLACE, {STORY: "bị đánh"}, heard("cậu Hai đánh con")).updates[RELATION] == "cậu"


def test_the_number_alone_is_taken_out() -> None:
    step = take(CONFIRM, OWN, heard("bỏ số đt của em đi", "delete_my_data"))
    assert (step.interrupted, step.updates[CONTACT]) == (False, SKIPPED)


def test_a_warning_against_calls_reaches_the_officers() -> None:
    assert "đừng gọi nhà con" in take(CONFIRM, OWN, heard("đừng gọi nhà con")).updates[NOTE]


def test_an_old_button_of_another_step_is_ignored() -> None:
    old = pressed("inform", field="report_consent", value="yes")
    assert take(DANGER, {CONSENT: True}, old).updates == {DANGER: None}


def test_the_read_back_says_who_is_meant_and_no_place_twice() -> None:
    for voice in ("child", "teen"):
        (line,) = lines_of({SUBJECT: "self"}, voice)
        assert "chính" in line[2]
    values = summary_words()["values"]["default"]
    assert shown({"text": "Định Hòa", "commune": "Xã Định Hòa"}, values) == "Xã Định Hòa"
    for typed_place in ("xã Tân Thạnh, huyện An Minh", "xa tan thanh, huyện An Minh"):
        said = shown({"text": typed_place, "commune": "Xã Tân Thạnh"}, values)
        assert said == "Xã Tân Thạnh, huyện An Minh", "as it is spelt"
    assert shown({"text": "xã Bình An bên Kiên Giang cũ", "commune": "Xã Bình An"}, values).count("Bình An") == 1
    assert shown({"text": "ấp 3", "commune": "Xã Bình An"}, values) == "ấp 3, Xã Bình An"


def test_who_wants_to_mend_a_report_that_was_sent_may_add_to_it() -> None:
    for text in ("e muốn sửa lại, bạn e 12 tuổi", "em muon sua lai loi ke", "cho con sửa lại tin hồi nãy"):
        assert (follow.wish(text) or "").startswith("/add_information")
    assert follow.wish("sửa lại giấy khai sinh ở đâu") is None


def test_a_hamlet_alone_is_a_detail_and_the_commune_is_asked() -> None:
    updates = take(AGE, {STORY: "bị đánh"}, heard("con 9 tuổi, ở ấp Đá Biên")).updates
    assert PLACE not in updates
    assert updates[STORY] == "bị đánh\nấp Đá Biên"


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("bà con ai cũng sợ ba", None),
        ("chan con dau qua ba danh", "cha"),
        ("tui no don duong danh con", None),
        ("thang Duong danh con", None),
        ("cau hai noi noi ai la danh", None),
        ("khách sờ đùi em", "khách"),
        ("cau hai so cho kin cua con", "cậu"),
        ("thầy dạy đá banh sờ em", "huấn luyện viên"),
    ],
)
def test_only_persons_stand_among_those_named(text: str, who: str | None) -> None:
    assert found_in(heard(text), "child").get(RELATION) == who
