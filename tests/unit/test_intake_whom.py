"""Whom a report is about, who did it, and when: what somebody's own words say."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue import intake
from bot.dialogue.intake import AGE, CONSENT, DANGER, RELATION, SEX, STORY, SUBJECT, TIME, found_in, take
from bot.dialogue.intake.who import not_meant
from bot.dialogue.intake.whom import childs_sex, subject_words

from .intake_world import typed


def of(kind: str, value: str, text: str = "") -> dict[str, Any]:
    return {"entity": kind, "value": value, "text": text or value}


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("con gái chị 9 tuổi", "teen"),
        ("con gai chi 9t bi duong so", "teen"),
        ("con tôi bị bạn đánh", "teen"),
        ("con tui bi danh", "child"),
        ("con chị bị bạn đánh", "teen"),
        ("con gái của em bị thầy sờ", "teen"),
        ("con toi bi thay danh", "teen"),
        ("cháu nội tui bị chú nó đánh", "teen"),
        ("cháu ngoại chị 4 tuổi", "teen"),
        ("bé nhà em bị cô đánh", "teen"),
        ("thằng con nhà tui bị trấn lột", "teen"),
        ("học sinh lớp tôi bị bạo hành", "teen"),
        ("học trò em bị dượng đánh", "teacher"),
        ("em bị đánh bầm tím", "teacher"),
        ("con bị bạn đánh ở trường", "parent"),
        ("chính tôi thấy con bé bị đánh", "parent"),
    ],
)
def test_a_grown_up_tells_of_another(text: str, audience: str) -> None:
    assert subject_words(text, audience) == "other"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("con là con gái 10 tuổi bị cậu sờ", "self"),
        ("em con gái 12t bị chú rờ", "self"),
        ("em bị ba đánh, em là con gái", "self"),
        ("con bị con gái lớp trên đánh", "self"),
        ("con chỉ sợ ba đánh", None),
        ("con chi so ba danh", None),
        ("chú kêu con tới nhà", None),
        ("con toi nha thay bi thay so", None),
        ("con có bị đánh", None),
        ("con chị hai đánh con", None),
        ("mẹ nói con gái thì phải chịu", None),
    ],
)
def test_a_childs_own_words_name_no_other_child(text: str, subject: str | None) -> None:
    assert subject_words(text, "child") == subject


@pytest.mark.parametrize("text", ["chị sợ quá, ảnh hay rình", "chị không dám. nếu ảnh làm thật thì ảnh ở tù mấy năm"])
def test_a_grown_ups_fear_says_nothing_of_whom_she_tells(text: str) -> None:
    for audience in ("parent", "teen"):
        assert SUBJECT not in found_in(typed(text, "disclose_self"), audience)
    assert found_in(typed("ổng đánh hoài", "disclose_self"), "child")[SUBJECT] == "self"


def test_clear_words_outweigh_an_earlier_guess() -> None:
    story = typed("dượng nó hay vô phòng con gái chị 10 tuổi ban đêm", "disclose_other", risk="high")
    slots = {CONSENT: True, DANGER: False, SUBJECT: "self"}
    assert take(STORY, slots, story, "teen").updates[SUBJECT] == "other"
    aside = take(intake.CONTACT, {**slots, STORY: "chị sợ"}, story, "parent")
    assert aside.updates[SUBJECT] == "other"
    own = typed("bạn em cũng bị thầy đánh", "disclose_other", risk="high")
    assert SUBJECT not in take(STORY, slots, own, "teen").updates, "a child may name a friend in its own tale"


def test_the_answer_of_a_parent_to_whom_it_is_about() -> None:
    for text, subject in (("con tui", "other"), ("cháu ngoại", "other"), ("của chính tôi", "self")):
        assert take(SUBJECT, {}, typed(text), "parent").updates[SUBJECT] == subject


@pytest.mark.parametrize(
    ("text", "found", "sex"),
    [
        ("đứa nhỏ cỡ 5 tuổi con trai, cha nó đánh", [("male", "con trai")], "male"),
        ("bị thằng nhỏ hàng xóm sờ con gái tôi", [("male", "thằng nhỏ"), ("female", "con gái")], "female"),
        ("con bé bị mấy đứa nam sinh đánh", [("female", "con bé"), ("male", "nam sinh")], "female"),
        ("thằng nhỏ nhà kế bên bị cha nó đánh", [("male", "thằng nhỏ")], "male"),
        ("con gái và con trai của họ hay khóc", [("female", "con gái"), ("male", "con trai")], None),
    ],
)
def test_the_sex_is_that_of_whoever_suffers(text: str, found: list[tuple[str, str]], sex: str | None) -> None:
    assert childs_sex(typed(text, found=[of("sex", value, said) for value, said in found])) == sex


def test_a_neighbour_without_a_role_tells_the_childs_sex_and_a_child_does_not() -> None:
    neighbour = typed("đứa nhỏ 6 tuổi con trai, bị cha nó đánh", found=[of("sex", "male", "con trai")])
    assert found_in(neighbour, "teen")[SEX] == "male"
    own = typed("em bị thằng nhỏ lớp bên đánh", "disclose_self", found=[of("sex", "male", "thằng nhỏ")])
    assert SEX not in found_in(own, "teen")


def test_names_of_suspected_persons_stay_in_the_account_only() -> None:
    found = [of("relation", "bạn học", "bạn học")]
    told = typed("bị bạn học là thằng Khang với thằng Bi đánh", "disclose_other", risk="high", found=found)
    updates = take(STORY, {}, told, "parent").updates
    assert updates[RELATION] == "bạn học"
    assert "Khang" in updates[STORY]
    assert RELATION not in take(STORY, {}, typed("thằng Khang, Phúc, Bi đánh con tui"), "parent").updates


def test_a_former_husband_is_no_husband() -> None:
    found = [of("relation", "chồng", "chong cu")]
    assert found_in(typed("chong cu toi danh con", found=found), "parent")[RELATION] == "chồng cũ"
    found = [of("relation", "chồng", "chồng tôi")]
    assert found_in(typed("chồng tôi đánh con", found=found), "parent")[RELATION] == "chồng"


def test_a_boyfriend_whom_no_relation_names() -> None:
    text = "con gái tôi 13 tuổi quen thằng 19 tuổi, hai đứa đã quan hệ"
    assert found_in(typed(text), "parent")[RELATION] == "người yêu"
    assert RELATION not in found_in(typed("con tôi quen thằng đó trên mạng"), "parent")


@pytest.mark.parametrize(
    ("named", "text", "left_out"),
    [
        ("bạn học, bà", "mà ba đứa đánh nó đâu có ghi tên, sao ghi bà", ["bà"]),
        ("bạn học, bà", "sao lại ghi là bà nội vậy", ["bà"]),
        ("bạn học, bà", "bà nội đâu có làm gì", ["bà"]),
        ("bạn học, bà", "xóa bà đi", ["bà"]),
        ("cha, dượng", "không phải ba nó", ["cha"]),
        ("chồng", "đâu phải chồng", ["chồng"]),
        ("cha, bà", "hong phai ba", []),
        ("bà", "bà đánh nó thiệt mà", []),
        ("bạn học", "đúng rồi, bà giữ nó", []),
        ("", "bỏ qua", []),
    ],
)
def test_who_was_not_meant(named: str, text: str, left_out: list[str]) -> None:
    assert not_meant(named, text) == left_out


def test_a_time_is_not_cut_in_the_middle_of_a_phrase() -> None:
    found = [of("time", "đêm nào cũng")]
    assert found_in(typed("đêm nào cũng nghe nó khóc", found=found), "teen")[TIME] == "đêm nào cũng có"


def test_a_parent_who_died_is_written_down() -> None:
    assert found_in(typed("Em ở với mẹ. Cha ruột mất."), "teacher")["report_father"] == "đã mất"
    assert "report_father" not in found_in(typed("ba em mất việc nên hay nhậu"), "teacher")


def test_a_child_of_whom_an_age_is_told_is_read_back() -> None:
    told = typed("con gái chị 9 tuổi", found=[of("age", "9", "9 tuổi"), of("sex", "female", "con gái")])
    assert found_in(told, "parent") == {AGE: 9, SUBJECT: "other", SEX: "female"}
