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
)
from tests.unit.intake_world import answer, pressed, typed

QUESTIONS = intake.questions()


def test_danger_asks_only_where_what_and_how_to_reach() -> None:
    assert intake.required({DANGER: True}) == [CONSENT, DANGER, PLACE, STORY, CONTACT, CONFIRM]


@pytest.mark.parametrize("text", ["có", "dạ có", "co", "ừ", "đồng ý", "ok", "dạ"])
def test_yes_in_many_words(text: str) -> None:
    assert answer(CONSENT, typed(text))[CONSENT] is True


@pytest.mark.parametrize("text", ["không", "hông", "khong", "chưa", "dạ không", "hổng"])
def test_no_to_consent_stops(text: str) -> None:
    assert answer(CONSENT, typed(text)) == {OUTCOME: "stopped"}


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
