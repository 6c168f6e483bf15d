"""What the report's actions read from a conversation: this matter's messages, and only they."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.follow import ActionCheckReport
from actions.plea import asks_whether_told
from actions.report import ActionAskReportConsent, ActionFinishReport, ActionStartReport, ValidateReportForm
from actions.report_draft import draft_of, told_before, told_meanwhile
from bot.dialogue import intake


def said(
    text: str, risk: str = "none", kind: str = "none", intent: str = "x", code: str = "beaten", **entities: str
) -> dict[str, Any]:
    found = [{"entity": name, "value": value} for name, value in entities.items()]
    return {
        "event": "user",
        "text": text,
        "metadata": {
            "risk": risk,
            "kind": kind,
            "reasons": [f"vì {risk}"] if risk != "none" else [],
            "codes": [code] if risk != "none" else [],
        },
        "parse_data": {"intent": {"name": intent}, "entities": found},
    }


def slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


def tracker(events: list[dict[str, Any]], **slots: Any) -> Tracker:
    return Tracker("s", slots, {}, events, False, None, {}, "action_listen")


def test_what_was_told_is_not_asked_again() -> None:
    events = [
        said("chào cô"),
        said("ba đánh con", "high", "disclosure", "disclose_self", age="9", commune="Xã Tân Thạnh"),
    ]
    found = told_before(tracker(events))
    assert found == {
        intake.STORY: "ba đánh con",
        intake.AGE: 9,
        intake.PLACE: {"commune": "Xã Tân Thạnh", "text": ""},
        intake.SUBJECT: "self",
    }


def test_an_earlier_report_does_not_colour_the_next_one() -> None:
    events = [
        said("ổng cầm dao", "immediate", "emergency", "emergency", sex="male"),
        slot("report_draft", "one"),
        slot("report_draft", None),
        said("bạn con bị trêu", "medium", "disclosure", "disclose_other"),
        slot("report_draft", "two"),
    ]
    assert told_before(tracker(events))[intake.STORY] == "bạn con bị trêu"
    draft = draft_of(tracker(events))
    assert (draft.risk, draft.kind, draft.child_sex) == ("medium", "disclosure", None)
    assert draft.reasons == ["vì medium"]


def test_a_report_that_could_not_be_saved_keeps_its_risk() -> None:
    events = [
        said("em muốn chết", "high", "self_harm", "self_harm"),
        slot("report_draft", "one"),
        {"event": "action", "name": "action_finish_report"},
        slot(intake.OUTCOME, None),
        said("/start_report"),
    ]
    draft = draft_of(tracker(events, report_draft="one"))
    assert (draft.risk, draft.kind) == ("high", "self_harm")


def test_skipped_answers_are_left_out_and_words_are_kept() -> None:
    slots = {
        intake.AGE: "chừng mười",
        intake.NEAR: "tối ổng mới về",
        intake.CONTACT: intake.SKIPPED,
        intake.PLACE: {"commune": None, "text": "gần chợ"},
        intake.DANGER: False,
    }
    draft = draft_of(tracker([], **slots))
    assert (draft.child_age, draft.age_text, draft.near_text) == (None, "chừng mười", "tối ổng mới về")
    assert (draft.contact, draft.place_text, draft.danger_now, draft.risk) == (None, "gần chợ", False, "none")


def test_thin_words_are_kept_and_the_person_is_asked_on() -> None:
    events = [said("cô ơi con 9 tuổi", "high", "disclosure", "disclose_self", code="model_disclose_self", age="9")]
    found = told_before(tracker(events))
    assert intake.STORY not in found
    assert found[intake.TOLD] == "cô ơi con 9 tuổi"
    assert found[intake.AGE] == 9


def test_what_was_told_while_a_report_was_put_off_is_added() -> None:
    events = [
        said("ba đánh con", "high", "disclosure", "disclose_self", relation="cha"),
        {"event": "active_loop", "name": "report_form"},
        {"event": "active_loop", "name": None},
        said("hôm nay ba lại đánh con", "high", "disclosure", "disclose_self", relation="cha"),
    ]
    assert told_meanwhile(tracker(events, report_story="ba đánh con")) == {
        intake.STORY: "ba đánh con\nhôm nay ba lại đánh con"
    }
    assert told_meanwhile(tracker(events[:3], report_story="ba đánh con")) == {}


def test_assent_is_recorded_with_its_words() -> None:
    draft = draft_of(tracker([], report_assent={"at": 1_800_000_000.0, "voice": "child"}))
    assert (draft.assent_at, draft.assent_voice) == (1_800_000_000.0, "child")


async def test_a_refused_wish_opens_no_report() -> None:
    asked = said("làm sao biết ai đã tố cáo mình", intent="start_report")
    dispatcher = CollectingDispatcher()
    latest = {"text": asked["text"], "intent": {"name": "start_report"}, "metadata": asked["metadata"]}
    here = Tracker("s", {}, latest, [asked], False, None, {}, "action_listen")
    events = await ActionStartReport().run(dispatcher, here, {})
    assert events == [FollowupAction("action_listen")], "the form does not follow"
    assert "111" in str(dispatcher.messages)
    assert "in_form" not in str(dispatcher.messages)


async def test_who_says_only_that_they_are_afraid_is_not_told_that_they_were_not_understood() -> None:
    for text, response in (("con so lam", "utter_not_caught_afraid"), ("abc xyz", "utter_not_caught")):
        latest = {"text": text, "intent": {"name": "x"}, "entities": [], "metadata": {"audience": "child"}}
        where = Tracker("s", {"requested_slot": intake.CONSENT}, latest, [], False, None, {}, "action_listen")
        dispatcher = CollectingDispatcher()
        await ValidateReportForm().get_validation_events(dispatcher, where, {})
        assert [m["response"] for m in dispatcher.messages] == [response]


async def test_danger_now_is_answered_by_the_numbers_unless_the_safe_words_were_said() -> None:
    for shown, responses in ((False, ["utter_report_danger"]), (True, [])):
        latest = {
            "text": "có", "intent": {"name": "affirm"}, "entities": [],
            "metadata": {"audience": "child", "safety_shown": shown},
        }  # fmt: skip
        where = Tracker("s", {"requested_slot": intake.DANGER}, latest, [], False, None, {}, "action_listen")
        dispatcher = CollectingDispatcher()
        await ValidateReportForm().get_validation_events(dispatcher, where, {})
        assert [m["response"] for m in dispatcher.messages if m["response"]] == responses
        assert {"danger": True} in [m["custom"] for m in dispatcher.messages]


def test_fragments_that_make_a_disclosure_together_are_a_childs_own() -> None:
    events = [said("ba"), said("danh", "medium", "disclosure", code="together")]
    child = tracker(events)
    child.latest_message["metadata"] = {"audience": "child"}
    assert told_before(child)[intake.SUBJECT] == "self"
    child.latest_message["metadata"] = {"audience": "parent"}
    assert intake.SUBJECT not in told_before(child)


def test_what_is_at_risk_comes_first_and_is_never_dropped() -> None:
    grave = [said(f"nó đòi hình lần {n} đó cô", "high", "disclosure", "disclose_self") for n in range(9)]
    events = [
        said("máy có phải người thật không", intent="bot_challenge"),
        said("hình nude em gửi cho ny cũ", "high", "disclosure", "disclose_self"),
        said("nó nhắn em hoài luôn", intent="nlu_fallback"),
        said("bạn là ai vậy", intent="bot_challenge"),
        said("rồi em phải làm sao vậy", intent="nlu_fallback"),
        said("cảm ơn cô nhiều nha", intent="thank"),
        *grave,
    ]
    story = told_before(tracker(events))[intake.STORY].split("\n")
    assert story[0] == "hình nude em gửi cho ny cũ"
    assert story[1:10] == [event["text"] for event in grave]
    assert story[10:] == ["nó nhắn em hoài luôn"]


def test_danger_is_taken_from_an_immediate_message_of_this_talk_only() -> None:
    grave = said("ổng đang cầm dao", "immediate", "emergency", "emergency")
    later = said("con muốn báo", intent="start_report")
    assert told_before(tracker([grave, later]))[intake.DANGER] is True
    assert intake.DANGER not in told_before(tracker([{**grave, "timestamp": 1.0}, {**later, "timestamp": 90_000.0}]))
    assert intake.DANGER not in told_before(tracker([grave, said("con an toàn rồi", intent="feel_safe"), later]))
    assert intake.DANGER not in told_before(tracker([said("ba đánh con", "high", "disclosure", "disclose_self")]))


def latest(text: str, intent: str = "x", **more: Any) -> dict[str, Any]:
    return {"text": text, "intent": {"name": intent}, "entities": [], "metadata": {"audience": "teen"}, **more}


async def test_a_story_told_anew_is_not_joined_with_the_old_one() -> None:
    slots = {"requested_slot": intake.STORY, intake.STORY: None, intake.TOLD: "cũ", intake.FIXING: intake.STORY}
    where = Tracker("s", slots, latest("ông hàng xóm sờ con tôi"), [], False, None, {}, "action_listen")
    events = await ValidateReportForm().get_validation_events(CollectingDispatcher(), where, {})
    assert {e["name"]: e["value"] for e in events}[intake.STORY] == "ông hàng xóm sờ con tôi"
    where = Tracker("s", slots, latest("không có gì thêm"), [], False, None, {}, "action_listen")
    events = await ValidateReportForm().get_validation_events(CollectingDispatcher(), where, {})
    assert {e["name"]: e["value"] for e in events}[intake.STORY] == "cũ"


async def test_after_a_question_the_choice_is_put_again_in_a_sentence() -> None:
    begun = {"event": "active_loop", "name": "report_form"}
    asked = {"event": "action", "name": "action_ask_report_consent"}
    wrote = {"event": "user", "text": "dượng đánh em"}  # Rasa keeps no event of the asking itself
    told = ([begun, wrote], False)
    for events, long in (([wrote, begun], True), ([begun, asked], False), ([begun, asked, begun], True), told):
        dispatcher = CollectingDispatcher()
        here = Tracker("s", {}, latest("báo ẩn danh được không"), events, False, None, {}, "action_listen")
        await ActionAskReportConsent().act(dispatcher, here)
        (message,) = dispatcher.messages
        assert (message["response"] == "utter_report_choice") is long
        yes = '/inform{"field": "report_consent", "value": "yes"}'  # pressed twice it must not answer the next question
        assert long or {b["payload"] for b in message["buttons"]} >= {yes, "/deny", "/quick_exit"}


async def test_a_question_about_the_report_is_answered_in_words() -> None:
    where = Tracker(
        "s", {"requested_slot": intake.CONSENT}, latest("báo ẩn danh được không"), [], False, None, {}, "action_listen"
    )
    dispatcher = CollectingDispatcher()
    await ValidateReportForm().get_validation_events(dispatcher, where, {})
    (message,) = dispatcher.messages
    assert "không ghi tên cũng gửi được" in message["text"]
    assert "không hứa" in message["text"]


async def test_a_report_put_off_can_be_gone_on_with_or_dropped() -> None:
    dispatcher = CollectingDispatcher()
    where = Tracker("s", {intake.OUTCOME: "paused"}, latest("khoan đừng gửi"), [], False, None, {}, "action_listen")
    await ActionFinishReport().act(dispatcher, where)
    said_last = dispatcher.messages[-1]
    assert said_last["response"] == "utter_report_paused"
    assert [b["payload"] for b in said_last["buttons"]] == ["/start_report", "/quick_exit"]


SENT = [
    slot("report_draft", "one"),
    slot(intake.OUTCOME, "send"),
    slot(intake.OUTCOME, None),
    slot("report_draft", None),
]


async def check(events: list[dict[str, Any]], words: str = "gửi rồi ai gọi em", typed: str = "") -> dict[str, Any]:
    entities = [] if typed else [{"entity": "words", "value": words}]
    message = latest(typed or "/check_report", "check_report", entities=entities)
    dispatcher = CollectingDispatcher()
    await ActionCheckReport().act(dispatcher, Tracker("s", {}, message, events, False, None, {}, "action_listen"))
    (said_last,) = dispatcher.messages
    return dict(said_last)


async def test_after_sending_what_comes_next_is_told_and_the_code_only_offered() -> None:
    alone = (await check(SENT))["text"]
    assert "không có ai gọi lại" in alone
    called = (await check([slot(intake.CONTACT, "zalo 0909"), *SENT]))["text"]
    assert "theo cách đã dặn" in called
    for text in (alone, called, (await check(SENT, typed="tin của em tới đâu rồi"))["text"]):
        assert all(number in text for number in ("111", "113", "115"))
        assert "không có mã cũng không sao" in text


async def test_without_a_sent_report_the_code_is_asked_for() -> None:
    not_saved = [slot("report_draft", "one"), slot(intake.OUTCOME, "send"), slot(intake.OUTCOME, None)]
    stopped = [slot("report_draft", "one"), slot(intake.OUTCOME, "stopped"), slot("report_draft", None)]
    for events in ([], not_saved, stopped, [*SENT, {"event": "restart"}]):
        assert (await check(events))["response"] == "utter_ask_receipt"
    assert (await check([], "có ai trả lời em không"))["response"] == "utter_bot_challenge"


async def test_who_wavers_is_told_that_nothing_was_sent_and_offered_the_ways_on() -> None:
    for voice in ("child", "teen", "parent", "teacher"):
        dispatcher = CollectingDispatcher()
        heard = latest("thôi mình sợ mẹ biết lắm", metadata={"audience": voice})
        where = Tracker("s", {intake.OUTCOME: intake.WAVERS}, heard, [], False, None, {}, "action_listen")
        events = await ActionFinishReport().act(dispatcher, where)
        assert {event["name"] for event in events} == {intake.OUTCOME, intake.CONFIRM}, "the draft stays"
        said_last = dispatcher.messages[-1]
        assert "chưa gửi gì" in said_last["text"]
        assert "111" in said_last["text"]
        assert [b["title"] for b in said_last["buttons"]] == ["Tiếp tục", "Để sau", "Bỏ", "Gọi 111"]


@pytest.mark.parametrize(("wish", "forgets"), [("drop", True), ("later", False)])
async def test_the_ways_on_open_no_form(wish: str, forgets: bool) -> None:
    slots = {"report_draft": "one", intake.STORY: "CANARY"}
    message = latest("/start_report", "start_report", entities=[{"entity": "value", "value": wish}])
    dispatcher = CollectingDispatcher()
    where = Tracker("s", slots, message, [], False, None, {}, "action_listen")
    events = await ActionStartReport().run(dispatcher, where, {})
    assert events[-1] == FollowupAction("action_listen")
    assert ({"event": "slot", "timestamp": None, "name": intake.STORY, "value": None} in events) is forgets
    assert {"in_form": False, "draft": not forgets} in [m["custom"] for m in dispatcher.messages]


async def test_before_consent_it_is_said_that_nothing_is_written_down() -> None:
    for voice, words in (("child", "Cô đọc"), ("teen", "Máy đọc"), ("parent", "Anh chị"), ("teacher", "Thầy cô")):
        heard = latest("dượng đánh em hoài", "disclose_self", metadata={"audience": voice, "risk": "high"})
        where = Tracker("s", {"requested_slot": intake.CONSENT}, heard, [], False, None, {}, "action_listen")
        dispatcher = CollectingDispatcher()
        await ValidateReportForm().get_validation_events(dispatcher, where, {})
        (message,) = dispatcher.messages
        assert words in message["text"]
        assert "đã ghi" not in message["text"]


async def test_who_fears_the_family_gets_no_list_of_numbers() -> None:
    heard = latest("mà mẹ mình có bị biết ko", "contact_hotlines")
    where = Tracker("s", {"requested_slot": intake.CONSENT}, heard, [], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    await ValidateReportForm().get_validation_events(dispatcher, where, {})
    (message,) = dispatcher.messages
    assert "không hứa" in message["text"]
    assert "113" not in message["text"]


def test_questions_to_the_machine_stand_in_no_account() -> None:
    events = [
        said("tụi nó lấy dây nịt đánh em", "high", "disclosure", "disclose_self"),
        said("có nên đánh lại hong", "medium", "disclosure", "disclose_self"),
        said("giờ em phải làm s", "medium", "disclosure", "disclose_self"),
    ]
    assert told_before(tracker(events))[intake.STORY] == "tụi nó lấy dây nịt đánh em"


@pytest.mark.parametrize(
    "text", ["mà mẹ mình có bị biết ko", "máy có gọi cho mẹ mình ko vậy", "có gọi về nhà con hông"]
)
def test_outside_the_form_the_same_fear_is_known(text: str) -> None:
    assert asks_whether_told(text)
    assert not asks_whether_told("em có nên gọi cho mẹ không")
    assert not asks_whether_told("mẹ gọi cho con không")


def test_what_sounds_harmless_after_danger_was_told_stands_in_the_account() -> None:
    told = ["test 2 vach r do", "mẹ thì khóc k dám nói gì", "con khong chiu duoc khong", "còn có nửa tiếng hà"]
    events = [
        said("bạn trai ép em", "high", "disclosure", "disclose_self"),
        *(said(text, intent="out_of_scope") for text in told),
        said("máy là ai vậy", intent="bot_challenge"),
        said("giờ em phải làm sao", intent="ask_procedure"),
    ]
    assert told_before(tracker(events))[intake.STORY].split("\n")[1:] == told
