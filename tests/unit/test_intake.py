"""The intake logic: nobody gets stuck, nothing is asked more than twice, every way out works."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue import intake
from bot.dialogue.intake import (
    AGE,
    CHOICE,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    NEAR,
    OUTCOME,
    PLACE,
    SEX,
    SKIPPED,
    STORY,
    STUCK,
    SUBJECT,
    Message,
)

QUESTIONS = intake.questions()


def typed(text: str, intent: str = "nlu_fallback", confidence: float = 0.9, **more: Any) -> Message:
    return Message(text=text, intent=intent, confidence=confidence, **more)


def pressed(intent: str, **entities: Any) -> Message:
    return Message(text="", intent=intent, pressed=True, entities=entities)


def answer(requested: str, message: Message, **slots: Any) -> dict[str, Any]:
    step = intake.take(requested, slots, message)
    assert not step.interrupted
    return step.updates


def test_danger_asks_only_where_what_and_how_to_reach() -> None:
    assert intake.required({DANGER: True}) == [CONSENT, DANGER, PLACE, STORY, CONTACT, CONFIRM]


@pytest.mark.parametrize("text", ["có", "dạ có", "co", "ừ", "đồng ý", "ok", "dạ"])
def test_yes_in_many_words(text: str) -> None:
    assert answer(CONSENT, typed(text))[CONSENT] is True


@pytest.mark.parametrize("text", ["không", "hông", "khong", "chưa", "dạ không", "hổng"])
def test_no_to_consent_stops(text: str) -> None:
    assert answer(CONSENT, typed(text)) == {OUTCOME: "stopped"}


@pytest.mark.parametrize(
    "text", ["dừng lại", "dung lai", "hủy", "Dừng lại!", "e đổi ý r, e k muốn báo nữa", "con hong mun ke nua dau"]
)
@pytest.mark.parametrize("question", QUESTIONS)
def test_stop_works_at_every_question(text: str, question: str) -> None:
    assert answer(question, typed(text))[OUTCOME] == "stopped"
    assert answer(question, typed(text), **{STORY: "bị đánh"})[OUTCOME] == "stopped"


def test_a_bare_thoi_never_loses_what_was_told() -> None:
    assert answer(AGE, typed("thôi"))[OUTCOME] == "stopped", "nothing was told yet"
    assert answer(AGE, typed("thôi"), **{STORY: "bị đánh"}) == {AGE: SKIPPED, intake.MISSES: 0}
    assert answer(CONFIRM, typed("thôi"), **{STORY: "bị đánh"})[OUTCOME] == "stopped", "here it says: do not send"


@pytest.mark.parametrize(
    "text", ["thôi", "khỏi gọi", "không cần", "đừng gọi con", "k can dau", "không muốn ai gọi hết"]
)
def test_not_to_be_called_is_no_way_to_be_reached(text: str) -> None:
    assert answer(CONTACT, typed(text))[CONTACT] == SKIPPED


@pytest.mark.parametrize(
    "text", ["gửi đi", "gui lien di", "đúng rồi gửi luôn", "vậy thôi", "du roi", "hỏi hoài vậy", "đừng hỏi nữa"]
)
def test_who_has_said_enough_is_asked_nothing_more(text: str) -> None:
    slots = {intake.CONSENT: True, DANGER: False, STORY: "bị đánh", AGE: 8}
    updates = answer(PLACE, typed(text), **slots)
    assert {**slots, **updates}[CONTACT] == SKIPPED
    assert (updates[PLACE], AGE in updates) == (SKIPPED, False)
    assert (
        next(q for q in intake.required({**slots, **updates}, "teen") if {**slots, **updates}.get(q) is None) == CONFIRM
    )
    early = answer(STORY, typed(text), **{intake.CONSENT: True})
    assert DANGER not in early, "whether there is danger is still asked"
    assert answer(CONFIRM, typed("gửi liền đi")) == {OUTCOME: "send"}


@pytest.mark.parametrize(
    "text", ["hem bit", "con hổng biết", "k nho nua", "khong muon noi", "thôi khỏi nói xã đc k", "chịu", "không rõ lắm"]
)
def test_not_knowing_is_no_answer(text: str) -> None:
    assert answer(PLACE, typed(text), **{STORY: "bị đánh"})[PLACE] == SKIPPED


def test_what_cannot_be_skipped_says_so_and_ends_in_a_choice() -> None:
    first = intake.take(CONFIRM, {}, typed("bỏ qua"))
    assert (first.say, first.updates[CONFIRM]) == ("utter_report_press", None)
    assert intake.take(CONFIRM, first.updates, typed("bỏ qua")).updates[STUCK] == CONFIRM


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q not in (CONSENT, CONFIRM)])
@pytest.mark.parametrize("text", ["bỏ qua", "bo qua"])
def test_every_question_can_be_skipped(question: str, text: str) -> None:
    assert answer(question, typed(text, intent="skip"))[question] == SKIPPED


def test_stop_inside_a_story_is_only_a_word() -> None:
    text = "con nói dừng lại mà ổng vẫn đánh con hoài"
    assert answer(STORY, typed(text, intent="disclose_self"))[STORY] == text


def test_back_asks_the_question_before() -> None:
    updates = answer(AGE, typed("quay lại", intent="go_back"))
    assert updates[STORY] is None
    assert updates[AGE] is None


def test_a_question_in_the_middle_is_left_to_the_rules() -> None:
    step = intake.take(PLACE, {}, typed("đánh trẻ em bị phạt bao nhiêu tiền", intent="ask_law"))
    assert step.interrupted
    assert step.updates == {}


def test_a_story_at_risk_is_never_taken_for_a_question() -> None:
    message = typed("ba đánh con vậy có bị phạt không", intent="ask_law", confidence=0.6, risk="high")
    assert answer(STORY, message)[STORY] == message.text


def test_telling_at_once_is_kept_and_the_question_asked_again() -> None:
    message = typed("dượng con rờ con hoài", intent="disclose_self", risk="high")
    updates = answer(CONSENT, message)
    assert updates[STORY] == message.text
    assert updates[CONSENT] is None
    again = answer(CONSENT, typed("ổng vô phòng con", "disclose_self", risk="high"), **updates)
    assert again[STORY] == "dượng con rờ con hoài\nổng vô phòng con"


def test_immediate_danger_answers_the_danger_question() -> None:
    assert answer(DANGER, typed("ổng đang cầm dao ngoài cửa", intent="emergency", risk="immediate"))[DANGER] is True


@pytest.mark.parametrize(
    ("text", "entities", "age"),
    [("9", {}, 9), ("con 9 tuổi", {}, 9), ("lớp 3", {"age": "8"}, 8), ("chừng mười", {}, "chừng mười")],
)
def test_age(text: str, entities: dict[str, Any], age: Any) -> None:
    assert answer(AGE, typed(text, entities=entities))[AGE] == age


def test_place_keeps_the_commune_and_the_words() -> None:
    updates = answer(PLACE, typed("an minh, xã tân thạnh", entities={"commune": "Xã Tân Thạnh"}))
    assert updates[PLACE] == {"commune": "Xã Tân Thạnh", "text": "an minh, xã tân thạnh"}


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("là con", "self"),
        ("con nè", "self"),
        ("của con", "self"),
        ("con của tôi", "other"),
        ("bạn con", "other"),
        ("con hàng xóm", "other"),
        ("học sinh của tôi", "other"),
        ("thang nho ke ben", "other"),
    ],
)
def test_subject(text: str, subject: str) -> None:
    assert answer(SUBJECT, typed(text))[SUBJECT] == subject


@pytest.mark.parametrize("question", [CONSENT, DANGER, SUBJECT, SEX, CONFIRM])
def test_two_failed_answers_lead_to_a_choice_and_that_to_a_person(question: str) -> None:
    slots: dict[str, Any] = {}
    first = intake.take(question, slots, typed("abc xyz"), "parent")
    assert first.updates[question] is None
    assert first.say == "utter_not_caught"
    slots.update(first.updates)
    slots.update(intake.take(question, slots, typed("abc xyz"), "parent").updates)
    assert intake.required(slots, "parent") == [CHOICE]
    assert intake.take(CHOICE, slots, typed("abc xyz"), "parent").updates[OUTCOME] == "undecided"
    again = intake.take(CHOICE, slots, pressed("inform", field=CHOICE, value="again"), "parent").updates
    assert (again[STUCK], again[question], again[intake.MISSES]) == (None, None, 0)
    skipped = intake.take(CHOICE, slots, pressed("inform", field=CHOICE, value="skip"), "parent").updates
    assert skipped.get(question) == (SKIPPED if question not in (CONSENT, CONFIRM) else None)
    late = intake.take(CHOICE, slots, pressed("pause_report"), "parent").updates
    assert (late[OUTCOME], late[STUCK]) == ("paused", None)


def test_at_the_choice_the_answer_itself_is_taken() -> None:
    slots = {STUCK: DANGER, intake.MISSES: 2}
    updates = intake.take(CHOICE, slots, typed("dạ không")).updates
    assert (updates[DANGER], updates[STUCK]) == (False, None)


def test_correcting_one_line_of_the_summary() -> None:
    updates = answer(CONFIRM, pressed("correct", field=AGE))
    assert updates == {AGE: None, CONFIRM: None, intake.MISSES: 0, intake.FIXING: AGE}


@pytest.mark.parametrize(
    ("text", "entities", "field", "value"),
    [
        ("sửa tuổi", {}, AGE, None),
        ("sửa tuổi thành 12", {"age": "12"}, AGE, 12),
        ("em ấy 12 tuổi mới đúng", {"age": "12"}, AGE, 12),
        ("không, bé 7 tuổi", {"age": "7"}, AGE, 7),
        ("sua loi ke", {}, STORY, None),
        ("cho em sửa lại số điện thoại", {}, CONTACT, None),
        ("sửa giới tính", {}, SEX, None),
        ("sửa xã", {}, PLACE, None),
        ("sửa lại chuyện của ai", {}, SUBJECT, None),
        ("sửa người được nhắc tới", {}, intake.RELATION, None),
        ("khoan, sửa tuổi 12", {}, AGE, 12),
        ("cho con sửa lại cái tuổi", {}, AGE, None),
        ("tuổi sai rồi", {}, AGE, None),
        ("ghi sai tuổi rồi, 11 tuổi", {"age": "11"}, AGE, 11),
        ("sai xã rồi", {}, PLACE, None),
    ],
)
def test_any_field_is_corrected_from_the_summary_in_words(
    text: str, entities: dict[str, Any], field: str, value: Any
) -> None:
    step = intake.take(CONFIRM, {}, typed(text, entities=entities), "teacher")
    assert step.updates[field] == value
    assert step.updates[CONFIRM] is None
    assert OUTCOME not in step.updates
    fixing = {intake.CONSENT: True, **step.updates}
    assert field in intake.required(fixing, "child"), "it is asked, also of somebody who is not asked for it otherwise"


def test_a_corrected_place_is_only_the_place() -> None:
    commune = {"entity": "commune", "value": "Xã Tân Thạnh", "text": "xã tân thạnh"}
    message = typed("nơi ở là xã tân thạnh mới đúng", entities={"commune": "Xã Tân Thạnh"}, found=[commune])
    assert answer(CONFIRM, message)[PLACE] == {"commune": "Xã Tân Thạnh", "text": "xã tân thạnh"}


def test_milk_and_hunger_are_no_corrections() -> None:
    assert answer(CONFIRM, typed("đói quá"))[CONFIRM] is None
    assert intake.take(STORY, {}, typed("sữa của em con bị đổ")).updates[STORY] == "sữa của em con bị đổ"


def test_no_at_the_summary_asks_what_is_wrong() -> None:
    step = intake.take(CONFIRM, {}, typed("chưa đúng"))
    assert (step.updates[CONFIRM], step.say) == (None, "utter_report_what_is_wrong")


def test_a_forged_field_is_ignored() -> None:
    assert answer(CONFIRM, pressed("correct", field="report_draft")) == {CONFIRM: None}
    assert answer(CONFIRM, pressed("correct", field=CONSENT)) == {CONFIRM: None}


def test_near_accepts_yes_no_or_words() -> None:
    assert answer(NEAR, pressed("affirm"))[NEAR] is True
    assert answer(NEAR, typed("không"))[NEAR] is False
    assert answer(NEAR, typed("tối ổng mới về"))[NEAR] == "tối ổng mới về"


def test_confirm_sends() -> None:
    assert answer(CONFIRM, pressed("affirm")) == {OUTCOME: "send"}
    assert answer(CONTACT, pressed("skip"))[CONTACT] == SKIPPED


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.text(max_size=40), min_size=60, max_size=90), st.sampled_from(["child", "teen", "parent", "teacher"])
)
def test_any_person_reaches_an_end(texts: list[str], voice: str) -> None:
    """Whatever is typed, the form ends within sixty messages."""
    slots: dict[str, Any] = {}
    for text in texts:
        requested = next((q for q in intake.required(slots, voice) if slots.get(q) is None), None)
        if requested is None:
            break
        slots.update(intake.take(requested, slots, typed(text), voice).updates)
    assert slots.get(OUTCOME)


@pytest.mark.parametrize("text", ["dạ không", "bỏ qua", "quay lại", "có", "dạ có ạ", "không", "dừng lại"])
def test_plain_answers(text: str) -> None:
    assert intake.is_plain_answer(text)


@pytest.mark.parametrize("text", ["không ai cứu con", "có ổng ở ngoài cửa", "nó đang đứng ngoài cửa", "đang đánh con"])
def test_what_may_tell_of_danger_is_no_plain_answer(text: str) -> None:
    assert not intake.is_plain_answer(text)


def asked(voice: str, **slots: Any) -> list[str]:
    return [q for q in intake.required(slots, voice) if q not in (CONSENT, CONFIRM)]


def test_a_child_is_asked_five_things_at_most_an_adult_nine() -> None:
    assert len(asked("child")) <= 5
    assert len(asked("teen")) <= 5
    assert len(asked("parent")) <= 9
    assert len(asked("teacher")) <= 9
    assert len(asked("unknown")) <= 5, "who is not known is treated as a child"


def test_a_teacher_may_fill_every_field_of_the_form() -> None:
    from actions.report_draft import FORM_FIELDS
    from bot.reports.words import load

    filled = {
        **FORM_FIELDS,
        AGE: "ngay_sinh",
        SEX: "gioi_tinh",
        PLACE: "dia_diem_vu_viec",
        STORY: "tinh_trang_hien_tai",
    }
    reporter = {
        field["key"] for part in load("form01")["sections"] for field in part["fields"] if field["source"] == "reporter"
    }
    given_by_a_teacher = {filled[name] for name in asked("teacher", report_more=True) if name in filled}
    assert given_by_a_teacher == reporter
    assert len(asked("teacher", report_more=False)) <= 9


def test_what_the_story_says_is_not_asked_again() -> None:
    found = [
        {"entity": "age", "value": "50", "text": "50 tuổi"},
        {"entity": "age", "value": "5", "text": "5 tuổi"},
        {"entity": "commune", "value": "Xã Tân Thạnh", "text": "tân thạnh"},
        {"entity": "relation", "value": "hàng xóm", "text": "hàng xóm"},
        {"entity": "relation", "value": "cha dượng", "text": "dượng"},
        {"entity": "time", "value": "yesterday", "text": "tối qua"},
        {"entity": "sex", "value": "female", "text": "bé gái"},
    ]
    message = typed("…", intent="disclose_other", risk="high", found=found)
    step = intake.take(STORY, {CONSENT: True, DANGER: False}, message, "parent")
    told = {k: v for k, v in step.updates.items() if k not in (STORY, intake.MISSES)}
    assert told == {
        AGE: 5,
        PLACE: {"commune": "Xã Tân Thạnh", "text": ""},
        intake.RELATION: "hàng xóm, cha dượng",
        intake.TIME: "tối qua",
        SUBJECT: "other",
        SEX: "female",
    }
    assert step.say == "heard"
    child = intake.take(STORY, {}, message, "child").updates
    assert SEX not in child, "in a child's words it is mostly somebody else's"
    answered = intake.take(STORY, {AGE: 6}, message, "parent").updates
    assert AGE not in answered, "what was answered already stays"


def test_telling_on_is_no_answer_and_is_kept() -> None:
    message = typed("hôm nay dượng lại đánh con", "disclose_self", risk="high")
    first = intake.take(AGE, {STORY: "hôm qua"}, message)
    assert first.updates[STORY] == "hôm qua\nhôm nay dượng lại đánh con"
    assert first.updates[AGE] is None
    assert first.say == "utter_report_added"
    second = intake.take(AGE, first.updates, message)
    assert second.updates[AGE] == SKIPPED, "asked twice at most"
    with_age = typed(
        "con 9 tuổi, dượng đánh con", "disclose_self", risk="high", found=[{"entity": "age", "value": "9"}]
    )
    assert intake.take(AGE, {}, with_age).updates[AGE] == 9


def test_a_clear_short_answer_is_only_that_however_it_sounds() -> None:
    message = typed("con 9 tuổi", "disclose_self", risk="high", found=[{"entity": "age", "value": "9"}])
    updates = answer(AGE, message)
    assert updates[AGE] == 9
    assert STORY not in updates


def test_no_inside_a_tale_does_not_end_the_report() -> None:
    step = intake.take(CONSENT, {}, typed("không biết nữa, ba đánh con hoài luôn đó", "disclose_self", risk="high"))
    assert OUTCOME not in step.updates
    assert "ba đánh con" in step.updates[STORY]
    yes = intake.take(CONSENT, {}, typed("dạ có, ba con đánh con hoài luôn đó", "disclose_self", risk="high"))
    assert yes.updates[CONSENT] is True
    danger = intake.take(DANGER, {}, typed("có, ổng đang đập cửa phòng con nè", "emergency", risk="immediate"))
    assert danger.updates[DANGER] is True
    assert "đập cửa" in danger.updates[STORY]


def test_a_teacher_is_not_the_person_told_of() -> None:
    found = [{"entity": "relation", "value": "giáo viên"}, {"entity": "relation", "value": "cha"}]
    assert intake.found_in(typed("…", found=found), "teacher")[intake.RELATION] == "cha"
    assert intake.found_in(typed("…", found=found), "child")[intake.RELATION] == "giáo viên, cha"


@pytest.mark.parametrize("text", ["chào cô", "cảm ơn cô", "hello"])
def test_a_greeting_is_no_commune(text: str) -> None:
    step = intake.take(PLACE, {}, typed(text, intent="greet"))
    assert step.updates[PLACE] is None
    assert step.say == "utter_report_aside"


@pytest.mark.parametrize("text", ["để sau", "de sau", "mai kể tiếp", "tạm dừng"])
@pytest.mark.parametrize("question", [CONSENT, DANGER, STORY, AGE, CONFIRM])
def test_a_report_can_be_put_off_at_every_question(text: str, question: str) -> None:
    assert answer(question, typed(text)) == {OUTCOME: "paused"}


@pytest.mark.parametrize("question", [AGE, PLACE, STORY, CONTACT])
def test_a_bare_yes_is_no_answer_and_is_asked_for_once_more(question: str) -> None:
    first = intake.take(question, {}, typed("dạ"))
    assert (first.updates[question], first.say) == (None, "utter_not_caught")
    assert intake.take(question, first.updates, typed("dạ")).updates[question] == SKIPPED
    assert intake.take(question, {}, typed("dạ không")).updates[question] == SKIPPED


@pytest.mark.parametrize(
    ("text", "intent", "subject"),
    [
        ("em bị bạn em đánh", "disclose_other", "self"),
        ("bạn em bị ba dượng đánh", "disclose_self", "other"),
        ("cô ơi con 9 tuổi", "disclose_other", None),
        ("ba đánh con", "disclose_self", "self"),
    ],
)
def test_whom_a_child_tells_of(text: str, intent: str, subject: str | None) -> None:
    assert intake.found_in(typed(text, intent), "child").get(SUBJECT) == subject
    assert intake.found_in(typed("…", "disclose_other"), "parent")[SUBJECT] == "other"
