"""Wishes inside the form: to stop, skip, go back, put off, correct, send; and questions in between."""

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
    OUTCOME,
    PLACE,
    SEX,
    SKIPPED,
    STORY,
    STUCK,
    SUBJECT,
    TOLD,
    WAVERS,
    take,
)
from tests.unit.intake_world import answer, pressed, typed

QUESTIONS = intake.questions()
CARER, NOTE = "report_carer", "report_note"


@pytest.mark.parametrize(
    "text", ["dừng lại", "dung lai", "hủy", "Dừng lại!", "e đổi ý r, e k muốn báo nữa", "con hong mun ke nua dau"]
)
@pytest.mark.parametrize("question", QUESTIONS)
def test_stop_works_at_every_question(text: str, question: str) -> None:
    outcome = WAVERS if question == CONFIRM else "stopped"  # all is told: nothing is destroyed by one word
    assert answer(question, typed(text))[OUTCOME] == outcome
    assert answer(question, typed(text), **{STORY: "bị đánh"})[OUTCOME] == outcome


def test_a_bare_thoi_never_loses_what_was_told() -> None:
    assert answer(AGE, typed("thôi"))[OUTCOME] == "stopped", "nothing was told yet"
    assert answer(AGE, typed("thôi"), **{STORY: "bị đánh"}) == {AGE: SKIPPED, intake.MISSES: 0}
    assert answer(CONFIRM, typed("thôi"), **{STORY: "bị đánh"})[OUTCOME] == WAVERS, "here it says: do not send"


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


@pytest.mark.parametrize("text", ["dung gui", "đừng gửi", "dung gui nha", "không gửi nữa", "khoi gui", "thôi đừng gửi"])
def test_a_report_is_never_sent_by_the_words_not_to_send_it(text: str) -> None:
    assert answer(CONFIRM, typed(text, "affirm"), **{STORY: "bị đánh"})[OUTCOME] == WAVERS


@pytest.mark.parametrize("text", ["đúng", "đúng rồi", "dung roi", "dạ đúng rồi cô gửi đi", "đúng vậy ạ", "ok gửi luôn"])
def test_right_is_right_and_no_stop(text: str) -> None:
    assert answer(CONFIRM, typed(text, "affirm"), **{STORY: "bị đánh"}) == {OUTCOME: "send"}


@pytest.mark.parametrize("text", ["dung", "dung noi ba con", "chắc vậy đó mà con sợ"])
def test_a_word_that_may_mean_something_else_sends_nothing(text: str) -> None:
    assert answer(CONFIRM, typed(text, "affirm"), **{STORY: "bị đánh"}).get(OUTCOME) != "send"


def test_what_is_wished_before_sending_reaches_the_officers() -> None:
    updates = answer(CONFIRM, typed("dung goi cho ba con nha ba con binh cau"), **{STORY: "bị đánh"})
    assert updates[STORY].endswith("dung goi cho ba con nha ba con binh cau")
    assert updates[CONFIRM] is None, "read back again"


def test_a_tale_is_no_place_and_an_age_no_way_to_be_reached() -> None:
    tale = "thay hay nhan tin luc khuya, ru em di uong nuoc"
    assert answer(PLACE, typed(tale), **{STORY: "bị đánh"})[STORY] == f"bị đánh\n{tale}"
    assert answer(PLACE, typed("ấp Phú Mỹ xã Phú Tân"), **{STORY: "bị đánh"})[PLACE]["text"] == "ấp Phú Mỹ xã Phú Tân"
    assert answer(CONTACT, typed("15"), **{STORY: "bị đánh"})[CONTACT] is None


def test_what_cannot_be_skipped_says_so_and_ends_in_a_choice() -> None:
    first = intake.take(CONFIRM, {}, typed("bỏ qua"))
    assert (first.say, first.updates[CONFIRM]) == ("skip_at_end", None)
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


@pytest.mark.parametrize("text", ["để sau", "de sau", "mai kể tiếp", "tạm dừng"])
@pytest.mark.parametrize("question", [CONSENT, DANGER, STORY, AGE, CONFIRM])
def test_a_report_can_be_put_off_at_every_question(text: str, question: str) -> None:
    assert answer(question, typed(text)) == {OUTCOME: "paused"}


@pytest.mark.parametrize(
    ("question", "text", "intent", "confidence"),
    [
        (STORY, "ở nhà con hay bị la, con buồn lắm", "ask_wellbeing", 0.97),
        (NOTE, "nên gặp bà trước", "talk_to_human", 0.66),
        (CARER, "mẹ đi làm xa, bà ngoại nuôi", "ask_procedure", 0.95),
    ],
)
def test_a_statement_is_an_answer_whatever_it_could_also_be_about(
    question: str, text: str, intent: str, confidence: float
) -> None:
    assert answer(question, typed(text, intent=intent, confidence=confidence))[question] == text


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [
        ("cho con gặp cán bộ thiệt", "talk_to_human", 0.99),
        ("con muốn hỏi về hôn nhân cận huyết", "ask_law", 0.9),
        ("cho em hỏi chỗ trợ giúp pháp lý", "ask_procedure", 0.8),
        ("đánh trẻ em bị phạt bao nhiêu", "ask_law", 0.55),
    ],
)
@pytest.mark.parametrize("question", [PLACE, CARER, NOTE])
def test_a_wish_or_a_question_is_heard_at_every_question(
    question: str, text: str, intent: str, confidence: float
) -> None:
    assert intake.take(question, {}, typed(text, intent=intent, confidence=confidence)).interrupted


WHO_KNOWS = (
    "có ai biết con báo không", "co ai bit e bao hok", "cô có mách ba con hông", "họ có biết tôi báo không",
    "ba con có biết con kể không cô", "tin này ai đọc vậy", "có bị lộ tên không",
)  # fmt: skip


@pytest.mark.parametrize("text", WHO_KNOWS)
@pytest.mark.parametrize("question", [CONSENT, DANGER, PLACE, CONTACT])
def test_who_asks_who_will_know_is_told_and_nothing_is_taken_for_an_answer(text: str, question: str) -> None:
    for intent in ("affirm", "deny", "check_report", "ask_procedure", "chitchat"):
        step = take(question, {}, typed(text, intent))
        assert step.say == "utter_who_reads"
        assert step.updates == {question: None}


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("Hiện tại chưa nguy hiểm.", False),
        ("con an toàn rồi", False),
        ("không an toàn", True),
        ("chưa an toàn đâu", True),
        ("con đang nguy hiểm", True),
        ("hết nguy hiểm rồi", False),
        ("không nguy hiểm", False),
        ("con có an toàn không", None),
        ("không nữa", False),
        ("bé an toàn nhưng chiều ông ngoại đón", True),
        ("an toàn, tuy nhiên chiều nay em về nhà với bố", True),
    ],
)
def test_safe_until_the_afternoon_is_not_safe(text: str, danger: bool | None) -> None:
    step = take(DANGER, {}, typed(text, "feel_safe" if danger is not None else "ask_skill", 0.4))
    assert step.updates[DANGER] is danger
    assert not step.interrupted


def test_what_is_said_beside_the_answer_to_danger_is_kept() -> None:
    for text in ("bé an toàn nhưng chiều ông ngoại đón", "an toan nhung chieu ba ve"):
        step = take(DANGER, {STORY: "cháu bị phỏng"}, typed(text, "feel_safe"))
        assert step.updates[STORY] == f"cháu bị phỏng\n{text}"
        assert step.updates[DANGER] is True


@pytest.mark.parametrize("text", ["Tôi đồng ý trình báo.", "Tôi là cán bộ, không phải thầy cô. Đồng ý"])
def test_a_sentence_that_agrees_is_consent(text: str) -> None:
    assert take(CONSENT, {}, typed(text, "deny")).updates[CONSENT] is True
    assert take(CONSENT, {}, typed("tôi không đồng ý", "deny")).updates.get(OUTCOME) == "stopped"


def test_a_number_is_a_way_to_be_reached_whatever_is_said_beside_it() -> None:
    text = "so 0909 111 222 goi luc nao cung dc"
    assert take(CONTACT, {}, typed(text, "contact_hotlines")).updates[CONTACT] == text


def test_a_tale_is_no_way_to_be_reached() -> None:
    told = typed("chú hay qua lúc mẹ đi chợ", "disclose_self", risk="high")
    step = take(CONTACT, {STORY: "chú làm con đau"}, told)
    assert step.updates[STORY].endswith("chú hay qua lúc mẹ đi chợ")
    assert step.updates[CONTACT] is None


def test_nothing_more_to_a_corrected_story_loses_nothing() -> None:
    fixing = take(CONFIRM, {STORY: "ba đánh con"}, pressed("correct", field=STORY)).updates
    assert fixing[TOLD] == "ba đánh con"
    assert take(STORY, {FIXING: STORY}, typed("không có gì thêm")).updates[STORY] == SKIPPED


@pytest.mark.parametrize(
    "text",
    ["hong phải lời kể, ý tui la khoan gui. de sau nha", "khoan, de tui coi lai da", "trời ơi để sau", "chưa gửi đâu"],
)
def test_not_yet_puts_the_report_off(text: str) -> None:
    assert take(CONFIRM, {STORY: "ba đánh con"}, typed(text)).updates[OUTCOME] == "paused"


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("Sửa thời điểm thành chủ nhật", "report_time", "chủ nhật"),
        ("sua lien he thanh zalo cua di Ba", CONTACT, "zalo cua di Ba"),
        ("sửa chuyện nguy hiểm thành không", DANGER, False),
        ("sửa nguy hiểm thành có", DANGER, True),
        ("sửa chuyện nguy hiểm", DANGER, None),
    ],
)
def test_a_new_value_behind_thanh_is_taken(text: str, field: str, value: str | bool | None) -> None:
    updates = take(CONFIRM, {STORY: "ba đánh con"}, typed(text)).updates
    assert updates[field] == value
    assert updates.get(FIXING) == (field if value is None else None)


def test_a_tale_that_names_a_commune_is_no_address() -> None:
    told = typed(
        "thằng Tí ở xã An Biên bị cha nó đánh gãy tay rồi",
        "disclose_other",
        risk="high",
        entities={"commune": "xã An Biên"},
    )
    updates = take(PLACE, {STORY: "cháu bị đánh"}, told).updates
    assert updates[PLACE] == {"commune": "xã An Biên", "text": ""}
    assert "gãy tay" in updates[STORY]


def test_going_on_in_a_sentence_asks_again() -> None:
    assert take(CONTACT, {}, typed("con nè, ba ngủ rồi, con kể tiếp được hông")).updates == {CONTACT: None}


@pytest.mark.parametrize(
    "text",
    [
        "ba biết con báo rồi",
        "má con hay con kể với cô giáo",
        "hàng xóm biết nhưng không nói",
        "cô gọi ba con hông được",
    ],
)
def test_that_somebody_knows_is_told_and_no_question(text: str) -> None:
    assert take(STORY, {}, typed(text, "disclose_self", risk="high")).updates[STORY] == text
    assert take(DANGER, {}, typed(text, "disclose_self", risk="high")).say != "utter_who_reads"


def test_what_was_not_sent_to_another_puts_nothing_off() -> None:
    text = "nó đòi hình mà con chưa gửi"
    assert take(STORY, {}, typed(text, "disclose_self", risk="high")).updates[STORY] == text


def test_a_fear_is_no_way_to_be_reached() -> None:
    told = typed("con sợ ổng về lắm cô", "disclose_self", risk="high")
    assert take(CONTACT, {STORY: "chú làm con đau"}, told).updates[CONTACT] is None


def test_wait_let_me_correct_is_a_correction() -> None:
    updates = take(CONFIRM, {STORY: "ba đánh con"}, typed("khoan, cho tui sửa tuổi 12")).updates
    assert OUTCOME not in updates
    assert updates[AGE] == 12
