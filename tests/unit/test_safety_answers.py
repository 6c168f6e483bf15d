"""Every safe answer, word by word: numbers, tone, length, choice."""

from __future__ import annotations

import re

import pytest

from bot.safety import Assessment, RiskModelError, SafetyAnswers, question
from bot.safety.answers import ACCIDENTS, AUDIENCES

ANSWERS = SafetyAnswers.load()
ALL = [(form, audience, text) for form, voices in ANSWERS.forms.items() for audience, text in voices.items()]
FORBIDDEN = re.compile(
    r"tại sao|vì sao|sao con không|sao bạn không|sao em không|giữ bí mật"
    r"|giữ kín|không nói với ai|không kể (?:cho|với) ai"
    r"|con có chắc|bạn có chắc|chứng minh|tại con|do con|lỗi tại|lẽ ra|đáng lẽ|nạn nhân|thủ phạm|đi tù|chi tiết"
    r"|đừng khóc|đừng nghĩ bậy|có gì đâu|yên tâm|hứa|đang có người|người trực|gửi hình|phải kể|kể hết|mất trinh|hiếp",
    re.IGNORECASE,
)
EMERGENCIES = (
    "emergency",
    "emergency_medical",
    "emergency_injury",
    "own_hand_injury",
    "other_dying_now",
    "short_emergency",
    "repeated_emergency",
    "self_harm_now",
    "unsafe",
    "fallback",
    "khmer",
    "shaken",
    *(form for code in ACCIDENTS for form in (ACCIDENTS[code], f"{ACCIDENTS[code]}_again")),
)


@pytest.mark.parametrize(("form", "audience", "text"), ALL)
def test_every_answer_names_the_numbers_and_keeps_the_rules(form: str, audience: str, text: str) -> None:
    for number in ("111", "113", "115"):
        assert re.search(rf"\b{number}\b", text), f"{form}/{audience} lacks {number}"
    assert not FORBIDDEN.search(text), f"{form}/{audience}: {FORBIDDEN.search(text)}"
    assert text.count("?") <= 2, "one question, and at most an offer"
    if form.startswith("emergency") or form in (
        "short_emergency",
        "repeated_emergency",
        "self_harm_now",
        "fallback",
        "unsafe",
    ):
        assert "?" not in text
    assert len(text) < 900


@pytest.mark.parametrize(("form", "text"), [(f, t) for f, a, t in ALL if a == "child"])
def test_a_child_reads_short_sentences(form: str, text: str) -> None:
    sentences = [s for s in re.split(r"[.!?\n]+", text) if s.strip()]
    assert sum(len(s.split()) for s in sentences) / len(sentences) <= 12, form
    assert not re.search(r"\b(?:bạn có|anh chị|thầy cô)\b", text), "a child is 'con'"


@pytest.mark.parametrize("form", EMERGENCIES)
def test_in_an_emergency_the_numbers_stand_first(form: str) -> None:
    for voice, text in ANSWERS.forms[form].items():
        shouts = form.removesuffix("_again") in ACCIDENTS.values() and voice == "child"  # a grown-up first, then 115
        assert re.match(r"Con (?:la|kêu|nói)\b[^\n]*\b115\b|Con kêu[^\n]*\n?[^\n]*115" if shouts else r"11[135]:", text)


def test_pronouns_fit_the_audience() -> None:
    for form, audience, text in ALL:
        if form == "khmer":
            continue
        word = {"child": "con", "teen": "bạn", "parent": "anh chị", "teacher": "thầy cô"}[audience]
        assert re.search(rf"\b{word}\b", text, re.IGNORECASE), f"{form}/{audience}"


@pytest.mark.parametrize(
    ("assessment", "in_form", "form"),
    [
        (Assessment("medium", "disclosure"), False, "disclosure"),
        (Assessment("high", "disclosure", 0.9, codes=("about_other",)), False, "disclosure_other"),
        (Assessment("high", "disclosure", 0.4, codes=("about_other",)), False, "worry"),
        (Assessment("high", "disclosure", 0.4, codes=("beaten",)), False, "disclosure"),
        (Assessment("high", "disclosure"), True, "short"),
        (Assessment("immediate", "emergency"), False, "emergency"),
        (Assessment("immediate", "emergency"), True, "short_emergency"),
        (Assessment("immediate", "emergency", codes=("poisoning",)), True, "emergency_medical"),
        (Assessment("immediate", "emergency", codes=("injury",)), True, "emergency_injury"),
        (Assessment("immediate", "emergency", codes=("injury", "poisoning")), False, "emergency_medical"),
        (Assessment("high", "self_harm"), False, "self_harm"),
        (Assessment("high", "self_harm"), True, "form_self_harm"),
        (Assessment("immediate", "self_harm"), True, "self_harm_now"),
        (Assessment("low", "worry"), False, "worry"),
        (Assessment("low", "worry", codes=("khmer",)), False, "khmer"),
        (Assessment("low", "offender"), False, "offender"),
        (Assessment("high", "offender"), True, "offender"),
    ],
)
def test_the_form_fits_the_assessment(assessment: Assessment, in_form: bool, form: str) -> None:
    for audience in AUDIENCES:
        assert ANSWERS.answer(assessment, audience, in_form).text == ANSWERS.forms[form][audience]


def test_a_child_who_tells_their_own_tale_is_not_praised_for_helping_another() -> None:
    own = Assessment("high", "disclosure", 0.9, codes=("model_disclose_other", "about_other", "own_words"))
    assert ANSWERS.answer(own, "child").text == ANSWERS.forms["disclosure"]["child"]
    assert ANSWERS.answer(own, "parent").text == ANSWERS.forms["disclosure_other"]["parent"], "their child's"


def test_in_a_form_whose_question_follows_nothing_is_asked() -> None:
    for form in ("short", "short_emergency", "form_self_harm"):
        for text in ANSWERS.forms[form].values():
            assert "?" not in text, form


@pytest.mark.parametrize(("form", "audience", "text"), ALL)
def test_what_an_answer_asks_last_is_understood(form: str, audience: str, text: str) -> None:
    """A question at the end of a safe answer that nobody reads the answer to would leave a child alone with it."""
    asks = question(form, audience)
    if asks:
        assert "?" in text or '"Kể để được giúp"' in text, "asks, or names the button"
    elif "?" in text:
        assert form in ("offender", "khmer"), f"{form}/{audience} asks and does not listen"


def test_a_young_person_who_did_harm_hears_how_to_stop_it_and_is_not_called_a_victim() -> None:
    told = Assessment("high", "offender", 0.99, codes=("admits_harm",))
    for audience in ("child", "teen"):
        said = ANSWERS.answer(told, audience).text
        assert said == ANSWERS.forms["harmed"][audience]
        assert "không phải lỗi" not in said
        assert "đừng ở riêng" in said
    assert ANSWERS.answer(told, "parent").text == ANSWERS.forms["admitted"]["parent"]


def test_a_child_with_a_stranger_at_the_door_is_not_sent_out() -> None:
    told = Assessment("immediate", "emergency", 0.9, codes=("model_emergency", "at_door"))
    for audience in ("child", "teen"):
        said = ANSWERS.answer(told, audience).text
        assert "đừng mở cửa" in said
        assert "chạy tới chỗ đông người" not in said


def test_who_hit_a_child_is_neither_absolved_nor_told_off() -> None:
    told = Assessment("high", "disclosure", 0.96, codes=("model_disclose_other", "beaten", "own_hand", "about_other"))
    for audience in ("child", "teen", "parent", "teacher"):
        said = ANSWERS.answer(told, audience).text
        assert said == ANSWERS.forms["own_hand"][audience]
        assert "không có lỗi" not in said.replace("bé không có lỗi", "")
        assert all(number in said for number in ("111", "113", "115"))


def test_of_a_small_child_an_unsure_guess_asks_gently_too() -> None:
    told = Assessment("high", "disclosure", 0.65, codes=("model_disclose_self", "young_child"))
    assert ANSWERS.answer(told, "parent").text == ANSWERS.forms["worry"]["parent"]


def test_grown_ups_whose_child_is_gone_hear_whom_to_tell_and_not_that_it_is_no_fault_of_theirs() -> None:
    told = Assessment("high", "disclosure", 0.9, codes=("model_disclose_other", "missing", "about_other"))
    for audience in ("parent", "teacher"):
        assert ANSWERS.answer(told, audience).text == ANSWERS.forms["missing"][audience]
    assert ANSWERS.answer(told, "teen").text != ANSWERS.forms["missing"]["teen"], "may be the one who is gone"


def test_who_clearly_tells_of_danger_is_believed_and_an_unsure_guess_asks_gently() -> None:
    for score, form in ((0.99, "disclosure"), (0.6, "worry")):
        told = Assessment("medium", "disclosure", score, codes=("model_disclose_self",))
        assert ANSWERS.answer(told, "child").text == ANSWERS.forms[form]["child"]


def test_a_repeated_alarm_is_short() -> None:
    said = ANSWERS.answer(Assessment("high", "disclosure"), "teen", repeated=True)
    assert said.text == ANSWERS.forms["again"]["teen"]
    assert [b.payload for b in said.buttons][0] == "/start_report"
    now = ANSWERS.answer(Assessment("immediate", "emergency"), "teen", repeated=True)
    assert now.text == ANSWERS.forms["repeated_emergency"]["teen"]
    assert "đang điền" not in now.text, "there is no form"


def test_the_person_can_choose() -> None:
    reply = ANSWERS.answer(Assessment("high", "disclosure"), "child")
    assert reply.kind == "safety"
    assert [b.payload for b in reply.buttons] == [
        "/start_report",
        "/contact_hotlines",
        "/feel_safe",
        "/quick_exit",
    ]
    within = ANSWERS.answer(Assessment("high", "disclosure"), "child", in_form=True)
    assert "/start_report" not in [b.payload for b in within.buttons]
    assert "/quick_exit" in [b.payload for b in within.buttons]


def test_an_unknown_audience_is_spoken_to_as_a_teen() -> None:
    assert ANSWERS.emergency("citizen").text == ANSWERS.forms["fallback"]["teen"]


def test_missing_answers_are_named_with_a_remedy(tmp_path) -> None:  # type: ignore[no-untyped-def]
    broken = tmp_path / "answers.yml"
    with pytest.raises(RiskModelError, match="restore"):
        SafetyAnswers.load(broken)
    broken.write_text("forms: {worry: {child: một}}\nbuttons: {}", encoding="utf-8")
    with pytest.raises(RiskModelError, match="restore"):
        SafetyAnswers.load(broken)
