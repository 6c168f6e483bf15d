"""What people say inside a report besides an answer: tales, wishes to stop, fears, questions, places. Each rule is
shown on words other than those it was first heard in."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue import follow
from bot.dialogue.intake import (
    AGE,
    CONFIRM,
    CONSENT,
    DANGER,
    OUTCOME,
    PLACE,
    RELATION,
    STORY,
    STUCK,
    TOLD,
    WAVERS,
    Message,
    required,
    take,
)
from bot.dialogue.memory import Memory
from bot.dialogue.wishes import rephrased_wish
from bot.knowledge.places import Places
from bot.nlu.entities import EntityFinder
from bot.settings import ROOT
from tests.unit.intake_world import typed

FINDER = EntityFinder(Places.load(ROOT / "knowledge"))


def heard(text: str, intent: str = "nlu_fallback", **more: Any) -> Message:
    """A message with what the program itself finds in it."""
    found = [{"entity": one.entity, "value": one.value, "text": text[one.start : one.end]} for one in FINDER.find(text)]
    return typed(text, intent, found=found, entities={one["entity"]: one["value"] for one in found}, **more)


def kept(updates: dict[str, Any]) -> str:
    return f"{updates.get(TOLD) or ''} {updates.get(STORY) or ''}".strip()


@pytest.mark.parametrize("intent", ["nlu_fallback", "disclose_self", "affirm", "chitchat", "ask_procedure"])
@pytest.mark.parametrize(
    "text",
    [
        "dượng mình hay vô phòng mình lúc khuya",
        "tụi cùng phòng lấy dây nịt đánh em",
        "rồi ổng hàng xóm sờ em nữa",
        "có ông hàng xóm rờ đùi con",
        "không ai tin em hết, cậu đánh em hoài",
    ],
)
def test_telling_before_agreeing_is_no_answer_and_writes_nothing_down(text: str, intent: str) -> None:
    step = take(CONSENT, {}, heard(text, intent))
    assert step.updates[CONSENT] is None
    assert OUTCOME not in step.updates
    assert kept(step.updates) == text
    assert step.say == "read_before_consent"
    again = take(CONSENT, step.updates, heard("chú em đánh em nữa", "disclose_self", risk="high"))
    assert again.say == "read_more_before_consent"
    yes = take(CONSENT, {**step.updates, **again.updates}, heard("đồng ý", "affirm"))
    assert yes.updates[CONSENT] is True
    slots = {**step.updates, **again.updates, **yes.updates}
    assert slots.get(STORY), "it is not asked again"


def test_who_only_tells_and_never_agrees_is_offered_buttons_in_the_end() -> None:
    slots: dict[str, Any] = {}
    for _ in range(4):
        slots.update(take(CONSENT, slots, heard("dượng đánh em hoài", "disclose_self", risk="high")).updates)
    assert slots[STUCK] == CONSENT


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ừ mà thôi báo đi, dượng sờ người mình 3 lần rồi", "dượng sờ người mình 3 lần rồi"),
        ("dạ đồng ý, chú hàng xóm rờ con hôm qua", "chú hàng xóm rờ con hôm qua"),
        ("ok ghi giùm em. ba em xỉn là đánh em", "ba em xỉn là đánh em"),
    ],
)
@pytest.mark.parametrize("intent", ["start_report", "affirm", "disclose_self", "nlu_fallback"])
def test_a_yes_that_tells_is_both(text: str, told: str, intent: str) -> None:
    step = take(CONSENT, {}, heard(text, intent))
    assert step.updates[CONSENT] is True
    assert kept(step.updates) == told


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (CONSENT, "thôi mình sợ mẹ biết lắm"),
        (CONSENT, "dạ thôi, con sợ ba đánh"),
        (CONSENT, "không dám báo đâu"),
        (DANGER, "ko, dượng đi làm r. mà thôi hủy đi mình sợ"),
        (AGE, "thôi em không báo đâu em sợ"),
        (CONFIRM, "hay thôi đừng gửi"),
        (CONFIRM, "hay là thôi"),
        (STORY, "dượng sờ mình. thôi hủy đi mình sợ"),
    ],
)
def test_a_wish_to_stop_is_heard_at_once_and_is_no_part_of_the_account(question: str, text: str) -> None:
    step = take(question, {STORY: "bị đánh"} if question == CONFIRM else {}, heard(text, "disclose_self"))
    assert step.updates[OUTCOME] == WAVERS
    for word in ("thôi", "hủy", "sợ"):
        assert word not in kept(step.updates)
    assert required(step.updates) == [], "nothing more is asked"


def test_the_answer_before_the_wish_is_kept() -> None:
    step = take(DANGER, {}, heard("ko, dượng đi làm r. mà thôi hủy đi mình sợ"))
    assert step.updates[DANGER] is False
    told = take(STORY, {}, heard("dượng sờ mình. thôi hủy đi mình sợ"))
    assert told.updates[STORY] == "dượng sờ mình."


@pytest.mark.parametrize(
    "text",
    [
        "mẹ không tin, em không dám nói",
        "em nói thôi đừng mà ổng vẫn sờ",
        "em sợ ổng lắm",
        "nó hủy kết bạn rồi đăng hình em",
    ],
)
def test_fear_and_stopping_inside_the_account_are_the_account(text: str) -> None:
    assert take(STORY, {}, heard(text, "disclose_self", risk="high")).updates[STORY] == text


def test_in_danger_now_nothing_is_put_off() -> None:
    step = take(DANGER, {}, heard("ổng đập cửa, thôi em sợ", "emergency", risk="immediate"))
    assert step.updates[DANGER] is True
    assert OUTCOME not in step.updates


@pytest.mark.parametrize("text", ["à mà khoan, đừng hủy", "khoan đừng hủy", "dung huy nha", "đừng xóa"])
def test_do_not_cancel_goes_on(text: str) -> None:
    assert take(DANGER, {}, heard(text)).updates == {DANGER: None}
    assert follow.resumes(text)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("à mà khoan, đừng hủy", "/start_report"),
        ("tiếp tục", "/start_report"),
        ("bỏ", '/start_report{"value": "drop"}'),
        ("hủy luôn đi", '/start_report{"value": "drop"}'),
        ("để sau", '/start_report{"value": "later"}'),
        ("bo", None),
    ],
)
def test_the_ways_on_can_be_typed(text: str, payload: str | None) -> None:
    from bot.dialogue.commands import Said

    assert rephrased_wish(Said(text, text), Memory(draft=True)) == payload


@pytest.mark.parametrize("text", ["thôi em gửi nha", "gửi nha", "ok gửi đi", "thôi gửi luôn", "thoi gui luon di co"])
def test_to_send_after_all_is_a_yes(text: str) -> None:
    for intent in ("stop", "deny", "nlu_fallback"):
        assert take(CONFIRM, {STORY: "bị đánh"}, heard(text, intent, confidence=0.5)).updates == {OUTCOME: "send"}


@pytest.mark.parametrize(
    "text",
    [
        "mà mẹ mình có bị biết ko",
        "máy có gọi cho mẹ mình ko vậy",
        "có báo cho ba con không",
        "bên mình có gọi về nhà hong",
        "ko có, mà mẹ mình có bị biết ko",
    ],
)
def test_who_fears_that_the_family_is_told_is_answered(text: str) -> None:
    for intent in ("contact_hotlines", "ask_procedure", "affirm"):
        step = take(DANGER, {}, heard(text, intent))
        assert (step.say, step.interrupted) == ("utter_who_reads", False)
        assert STORY not in step.updates


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("thiếu chỗ dượng sờ mình 3 lần, người làm là dượng ko phải mẹ", "dượng"),
        ("là cậu chứ không phải mẹ", "cậu"),
        ("chú làm, không phải ba", "chú"),
        ("nguoi danh la ong hang xom khong phai me", "hàng xóm"),
    ],
)
def test_who_did_it_is_corrected_at_the_read_back(text: str, who: str) -> None:
    step = take(CONFIRM, {STORY: "bị đánh", RELATION: "mẹ"}, heard(text))
    assert step.updates[RELATION] == who
    assert step.updates[CONFIRM] is None
    assert ("3 lần" in step.updates.get(STORY, "")) is ("3 lần" in text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("mình 14t ở cà mau", "cà mau"),
        ("em 12 tuổi ở bac lieu", "bac lieu"),
    ],
)
def test_the_place_beside_the_age_is_kept_and_shown(text: str, place: str) -> None:
    step = take(AGE, {STORY: "bị đánh"}, heard(text))
    assert step.updates[PLACE] == {"commune": None, "text": place}
    assert step.say == "heard"


@pytest.mark.parametrize("text", ["14t ở với mẹ", "mình 14t ở nhà", "15t ở an giang"])
def test_what_names_no_other_place_leaves_it_open(text: str) -> None:
    assert PLACE not in take(AGE, {STORY: "bị đánh"}, heard(text)).updates


@pytest.mark.parametrize("text", ["xã gần chợ đó", "cà mau", "ở gần cầu cái bé", "ap phu my"])
def test_a_place_is_a_place_in_a_grave_talk_too(text: str) -> None:
    step = take(PLACE, {STORY: "bị đánh"}, heard(text, "disclose_self", risk="high"))
    assert step.updates[PLACE]["text"] == text


@pytest.mark.parametrize("text", ["có nên đánh lại hong", "giờ em phải làm s", "em co nen noi voi me khong"])
def test_a_question_to_the_machine_is_no_account(text: str) -> None:
    step = take(STORY, {}, heard(text, "disclose_self", risk="high"))
    assert (step.updates[STORY], step.say) == (None, "asked")
    beside = take(STORY, {}, heard(f"tụi nó đánh em, {text}", "disclose_self", risk="high"))
    assert beside.updates[STORY] == "tụi nó đánh em"


def test_what_somebody_else_asked_stays_in_the_account() -> None:
    text = "ổng hỏi em, có nên nói mẹ không, rồi sờ em"
    assert take(STORY, {}, heard(text, "disclose_self", risk="high")).updates[STORY] == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hong co nguy hiem, mai di hoc moi so", "mai di hoc moi so"),
        ("ko, mai đi học mới sợ", "mai đi học mới sợ"),
        ("không có, tối ba về mới sợ", "tối ba về mới sợ"),
    ],
)
@pytest.mark.parametrize("intent", ["feel_safe", "deny", "nlu_fallback"])
def test_no_danger_now_and_the_fear_of_later_are_both_kept(text: str, told: str, intent: str) -> None:
    updates = take(DANGER, {}, heard(text, intent)).updates
    assert updates[DANGER] is False
    assert kept(updates) == told


@pytest.mark.parametrize(
    "text", ["khong biet giờ sao, nhưng hôm qua còn nghe khóc", "không rõ nữa, tối qua thấy nó ngồi ngoài hè"]
)
@pytest.mark.parametrize("intent", ["ask_wellbeing", "disclose_other", "nlu_fallback"])
def test_who_does_not_know_of_danger_and_tells_on_is_not_answered_with_an_item(text: str, intent: str) -> None:
    step = take(DANGER, {STORY: "nó bị đánh"}, heard(text, intent))
    assert not step.interrupted
    assert text.split(", ")[1] in kept(step.updates)
