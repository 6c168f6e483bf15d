"""The intake logic: nobody gets stuck, nothing is asked more than twice, every way out works."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue import intake
from bot.dialogue.intake import (
    AGE,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    NEAR,
    OUTCOME,
    PLACE,
    QUESTIONS,
    SKIPPED,
    STORY,
    SUBJECT,
    Message,
)


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
    assert len([q for q in QUESTIONS if q not in (CONSENT, CONFIRM)]) <= 7


@pytest.mark.parametrize("text", ["có", "dạ có", "co", "ừ", "đồng ý", "ok", "dạ"])
def test_yes_in_many_words(text: str) -> None:
    assert answer(CONSENT, typed(text))[CONSENT] is True


@pytest.mark.parametrize("text", ["không", "hông", "khong", "chưa", "dạ không", "hổng"])
def test_no_to_consent_stops(text: str) -> None:
    assert answer(CONSENT, typed(text)) == {OUTCOME: "stopped"}


@pytest.mark.parametrize("text", ["dừng lại", "dung lai", "thôi", "hủy", "Dừng lại!"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_stop_works_at_every_question(text: str, question: str) -> None:
    assert answer(question, typed(text, intent="stop"))[OUTCOME] == "stopped"


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


def test_immediate_danger_answers_the_danger_question() -> None:
    assert (
        answer(DANGER, typed("ổng đang cầm dao ngoài cửa", intent="emergency", risk="immediate"))[DANGER]
        is True
    )


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


@pytest.mark.parametrize("question", [DANGER, SUBJECT])
def test_a_question_not_understood_twice_is_left_out(question: str) -> None:
    first = answer(question, typed("abc xyz"))
    assert first[question] is None
    second = answer(question, typed("abc xyz"), **{intake.MISSES: first[intake.MISSES]})
    assert second[question] == SKIPPED


@pytest.mark.parametrize("question", [CONSENT, CONFIRM])
def test_an_undecided_person_is_led_to_a_person(question: str) -> None:
    assert answer(question, typed("abc xyz"), **{intake.MISSES: 1})[OUTCOME] == "undecided"


def test_correcting_one_line_of_the_summary() -> None:
    assert answer(CONFIRM, pressed("correct", field=AGE)) == {AGE: None, CONFIRM: None, intake.MISSES: 0}


def test_a_forged_field_is_ignored() -> None:
    assert answer(CONFIRM, pressed("correct", field="report_draft")) == {CONFIRM: None}


def test_near_accepts_yes_no_or_words() -> None:
    assert answer(NEAR, pressed("affirm"))[NEAR] is True
    assert answer(NEAR, typed("không"))[NEAR] is False
    assert answer(NEAR, typed("tối ổng mới về"))[NEAR] == "tối ổng mới về"


def test_confirm_sends() -> None:
    assert answer(CONFIRM, pressed("affirm")) == {OUTCOME: "send"}
    assert answer(CONTACT, pressed("skip"))[CONTACT] == SKIPPED


@given(st.lists(st.text(max_size=40), min_size=30, max_size=60))
def test_any_person_reaches_an_end(texts: list[str]) -> None:
    """Whatever is typed, the form ends within thirty messages."""
    slots: dict[str, Any] = {}
    for text in texts:
        requested = next((q for q in intake.required(slots) if slots.get(q) is None), None)
        if requested is None:
            break
        slots.update(intake.take(requested, slots, typed(text)).updates)
    assert slots.get(OUTCOME)


@pytest.mark.parametrize("text", ["dạ không", "bỏ qua", "quay lại", "có", "dạ có ạ", "không", "dừng lại"])
def test_plain_answers(text: str) -> None:
    assert intake.is_plain_answer(text)


@pytest.mark.parametrize("text", ["không ai cứu con", "có ổng ở ngoài cửa", "nó đang đứng ngoài cửa", "đang đánh con"])
def test_what_may_tell_of_danger_is_no_plain_answer(text: str) -> None:
    assert not intake.is_plain_answer(text)
