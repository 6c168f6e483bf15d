"""What was taken for a wish of another kind: a person, one's report, or nothing that is ours."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.follow import ActionCheckReport
from actions.report_draft import told_before
from actions.safety import ActionCalm
from actions.service import ActionTalkToHuman
from bot.dialogue import follow, intake

RULES = [
    "cái mẫu số 01 là cái gì, tui là cha nó chứ có phải cán bộ đâu",
    "cái mẫu số 01 là cái gì",
    "mau so 02 la gi",
    "mẫu 07 là giấy gì",
    "còn thời hạn bao nhiêu ngày em chưa trả lời cô",
    "thời hạn bao nhiêu ngày",
    "thoi han giai quyet la may ngay",
    "trong bao nhiêu giờ phải báo",
    "thủ tục bao nhiêu ngày",
    "quy trình xử lý ra sao",
]
OWN_REPORT = [
    "tin báo của tôi tới đâu rồi",
    "tôi báo hôm qua giờ chưa thấy ai trả lời, thời hạn bao lâu",
    "đơn của tôi mấy ngày mới giải quyết, thời hạn mấy ngày",
    "tôi gửi tin báo 5 ngày rồi, thời hạn bao lâu",
    "vụ em báo hôm bữa sao rồi",
    "mã tin báo là gì",
    "kiem tra tin bao",
    "hồ sơ làm tới đâu",
]
FAMILY = [
    "tôi muốn gặp riêng con nói chuyện mà ngoại cản",
    "muốn gặp con mà bên nội không cho",
    "muon noi chuyen rieng voi con ma kho qua",
    "cần gặp vợ cũ để rước con",
    "anh muốn tâm sự chuyện vợ chồng",
]
PERSON = [
    "cho gặp cán bộ đi",
    "em muốn nói chuyện với người thật",
    "có ai ở đó không cho nói chuyện với",
    "tôi cần gặp nhân viên tư vấn",
    "cho nói chuyện với con người đi",
    "em muốn có ai đó nghe em nói",
    "em cần người để tâm sự",
    "muon gap can bo tre em",
    "không muốn nói với máy nữa",
    "em không biết nói với ai, cho em gặp người tư vấn",
    "muốn hỏi chuyện con cái với chuyên gia",
]


def tracker(text: str, intent: str, before: list[dict[str, Any]] | None = None) -> Tracker:
    latest = {"text": text, "intent": {"name": intent}, "entities": [], "metadata": {"audience": "parent"}}
    events = [*(before or []), {"event": "user", "text": text, "metadata": latest["metadata"]}]
    return Tracker("s", {}, latest, events, False, None, {}, "action_listen")


async def said(action: Any, where: Tracker) -> list[dict[str, Any]]:
    dispatcher = CollectingDispatcher()
    await action.run(dispatcher, where, {})
    return [m for m in dispatcher.messages if m.get("text") or m.get("response")]


@pytest.mark.parametrize("text", RULES)
async def test_a_question_about_forms_and_terms_wants_no_code(text: str) -> None:
    assert follow.is_of_rules(text)
    replies = await said(ActionCheckReport(), tracker(text, "check_report"))
    assert replies
    assert all(reply.get("response") != "utter_ask_receipt" for reply in replies)


@pytest.mark.parametrize("text", OWN_REPORT)
async def test_whoever_asks_for_their_own_report_is_asked_for_its_code(text: str) -> None:
    assert not follow.is_of_rules(text)
    (reply,) = await said(ActionCheckReport(), tracker(text, "check_report"))
    assert reply["response"] == "utter_ask_receipt"


@pytest.mark.parametrize("text", FAMILY)
async def test_who_wants_to_see_their_own_is_answered_about_that(text: str) -> None:
    replies = await said(ActionTalkToHuman(), tracker(text, "talk_to_human"))
    assert replies
    assert all(reply.get("response") != "utter_talk_to_human" for reply in replies)


@pytest.mark.parametrize(
    "text",
    [
        "chị muốn hỏi chút chuyện gia đình",
        "tui muon hoi chut chuyen nha",
        "tôi muốn hỏi chuyện con cái",
        "cho tui hỏi chút",
    ],
)
async def test_who_only_wishes_to_ask_is_asked_what(text: str) -> None:
    (reply,) = await said(ActionTalkToHuman(), tracker(text, "talk_to_human"))
    assert reply["response"] == "utter_affirm"


@pytest.mark.parametrize(
    "text",
    ["tui không dám kể với ai hết", "khong dam noi voi ai het", "con không dám kể ai nghe", "tui hổng dám nói ai biết"],
)
async def test_who_dares_not_tell_is_asked_what_happened_with_the_numbers(text: str) -> None:
    (reply,) = await said(ActionTalkToHuman(), tracker(text, "talk_to_human"))
    assert all(number in reply["text"] for number in ("111", "113", "115"))


@pytest.mark.parametrize("text", PERSON)
async def test_who_wants_a_person_is_told_how_to_reach_one(text: str) -> None:
    assert follow.wants_person(text)
    (reply,) = await said(ActionTalkToHuman(), tracker(text, "talk_to_human"))
    assert reply["response"] == "utter_talk_to_human"


TOLD = {
    "event": "user",
    "text": "con gái chị 8 tuổi nói dượng sờ con",
    "metadata": {"risk": "high", "kind": "disclosure", "codes": ["touched"], "reasons": []},
    "parse_data": {"intent": {"name": "disclose_other"}, "entities": []},
}


async def test_a_place_right_after_danger_was_told_is_heard_as_where_it_happens() -> None:
    for text in ("Hà Tiên", "ở Rạch Giá nha", "Cần Thơ"):
        (reply,) = await said(ActionCalm(), tracker(text, "feel_safe", [TOLD]))
        assert "chuyện ở chỗ đó" in reply["text"]
        assert "/start_report" in [button["payload"] for button in reply["buttons"]]
        assert all(number in reply["text"] for number in ("111", "113", "115"))


async def test_a_place_without_danger_and_a_sentence_about_one_are_answered_as_ever() -> None:
    (reply,) = await said(ActionCalm(), tracker("Hà Tiên", "feel_safe"))
    assert reply["response"] == "utter_feel_safe"
    (reply,) = await said(ActionCalm(), tracker("về Hà Tiên rồi", "feel_safe", [TOLD]))
    assert reply["response"] == "utter_feel_safe"


def test_that_place_is_not_asked_again_in_the_report() -> None:
    place = {
        "event": "user",
        "text": "Hà Tiên",
        "metadata": {"risk": "none"},
        "parse_data": {
            "intent": {"name": "out_of_scope"},
            "entities": [{"entity": "commune", "value": "Phường Hà Tiên", "start": 0, "end": 7}],
        },
    }
    found = told_before(tracker("kể", "start_report", [TOLD, place]))
    assert found[intake.PLACE] == {"commune": "Phường Hà Tiên", "text": "Hà Tiên"}


def test_a_guess_by_sound_does_not_outweigh_words_that_were_clear() -> None:
    fear = {**TOLD, "text": "sợ ảnh bỏ lắm", "parse_data": {"intent": {"name": "disclose_self"}, "entities": []}}
    for audience in ("parent", "teen"):
        where = tracker("kể", "start_report", [TOLD, fear])
        where.latest_message["metadata"]["audience"] = audience
        assert told_before(where)[intake.SUBJECT] == "other"


def test_an_old_injury_told_before_is_no_danger_now() -> None:
    grave = {**TOLD["metadata"], "risk": "immediate", "kind": "emergency"}
    old = {**TOLD, "text": "chồng cũ tui giữ con tui không trả", "metadata": grave}
    now = {**TOLD, "text": "ổng đang đánh con tui", "metadata": grave}
    assert intake.DANGER not in told_before(tracker("kể", "start_report", [old]))
    assert told_before(tracker("kể", "start_report", [now]))[intake.DANGER] is True
