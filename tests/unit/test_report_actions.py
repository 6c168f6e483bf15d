"""What the report's actions read from a conversation: this matter's messages, and only they."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.report import ActionStartReport, ValidateReportForm
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
