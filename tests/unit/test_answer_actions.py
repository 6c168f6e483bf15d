"""The actions around answers: one clarifying question, then a person; messages that lean on the last answer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import clarify
from actions.answers import ActionAnswer, ActionBotChallenge, ActionShowItem
from actions.clarify import ActionHint
from actions.follow import ActionCheckReport
from actions.safety import ActionCalm, ActionQuickExit, ActionSafety, ActionSmallTalk
from actions.service import ActionDeleteMyData, ActionTalkToHuman
from actions.shared import THREAD
from bot.dialogue.phrases import load_yaml
from bot.knowledge.followup import Thread
from bot.knowledge.models import AUDIENCES
from bot.settings import ROOT

RANKING = [
    {"name": "nlu_fallback", "confidence": 0.6}, {"name": "ask_law", "confidence": 0.3},
    {"name": "disclose_other", "confidence": 0.2}, {"name": "start_report", "confidence": 0.15},
    {"name": "chitchat", "confidence": 0.1}, {"name": "ask_procedure", "confidence": 0.08},
    {"name": "ask_skill", "confidence": 0.01},
]  # fmt: skip


def user(text: str, intent: str, **more: Any) -> dict[str, Any]:
    return {"event": "user", "text": text, "parse_data": {}, "intent": intent, **more}


def tracker(
    text: str, intent: str, slots: dict[str, Any] | None = None, events: list[dict[str, Any]] | None = None,
    entities: list[dict[str, Any]] | None = None, metadata: dict[str, Any] | None = None,
) -> Tracker:  # fmt: skip
    latest = {
        "text": text, "intent": {"name": intent}, "intent_ranking": RANKING, "entities": entities or [],
        "metadata": {"audience": "parent", **(metadata or {})},
    }  # fmt: skip
    return Tracker("p", slots or {}, latest, [*(events or []), user(text, intent)], False, None, {}, "action_listen")


async def run(action: Any, where: Tracker) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, where, {})
    return dispatcher.messages, events


async def test_what_is_not_understood_is_asked_about_once_with_the_likeliest_intents() -> None:
    said, events = await run(ActionAnswer(), tracker("asdf qwer zxcv", "nlu_fallback"))
    assert [b["payload"] for b in said[0]["buttons"]] == [
        '/hint{"part": "law"}',
        "/start_report",
        '/hint{"part": "procedure"}',
    ]
    assert "111" in said[0]["text"]
    assert {"event": "slot", "timestamp": None, "name": "unclear", "value": 1} in events


async def test_the_second_time_in_a_row_offers_a_person_and_no_third_question() -> None:
    asked = [user("asdf", "nlu_fallback"), {"event": "slot", "name": "unclear", "value": 1}]
    for level in (1, 2):
        asked[-1]["value"] = level
        said, events = await run(ActionAnswer(), tracker("asdf qwer zxcv", "nlu_fallback", events=asked))
        assert said[0]["text"] == clarify.words()["again"]["parent"]
        assert said[1]["response"] == "utter_talk_to_human"
        assert not said[0]["buttons"]
        assert events[0]["value"] == level + 1


async def test_anything_understood_in_between_begins_anew() -> None:
    earlier = [user("asdf", "nlu_fallback"), {"event": "slot", "name": "unclear", "value": 1}, user("chào", "greet")]
    said, events = await run(ActionAnswer(), tracker("asdf qwer zxcv", "nlu_fallback", events=earlier))
    assert said[0]["text"] == clarify.words()["ask"]["parent"]
    assert events[0]["value"] == 1


async def test_what_only_the_model_takes_for_a_request_to_refuse_is_refused_by_what_talks() -> None:
    note = {"request": "evade"}
    for action, intent in ((ActionAnswer(), "ask_law"), (ActionSmallTalk(), "chitchat")):
        said, _ = await run(action, tracker("mai họ xuống, tính sao cho êm", intent, metadata=note))
        assert "không chỉ cách giấu" in said[0]["text"]


async def test_it_keeps_nobody_from_deleting_their_data_and_says_nothing_beside_the_safe_words() -> None:
    said, _ = await run(
        ActionDeleteMyData(), tracker("xóa hết, đừng để ai thấy", "delete_my_data", metadata={"request": "secrecy"})
    )
    assert "hứa giữ bí mật" not in str(said)
    shown = {"request": "evade", "safety_shown": True, "risk": "high", "kind": "disclosure"}
    said, _ = await run(ActionAnswer(), tracker("ổng kêu giấu, tính sao", "ask_law", metadata=shown))
    assert said == []


VICTIM = "e 15t, ny doa tung clip, bat dua 2tr, e muon chet wa"
"""Looks to the patterns like somebody who wants a minor's pictures."""


@pytest.mark.parametrize("kind", ["self_harm", "disclosure"])
async def test_nobody_at_risk_is_told_off_for_what_their_words_look_like(kind: str) -> None:
    shown = {"request": "", "safety_shown": True, "risk": "high", "kind": kind, "audience": "teen"}
    for action in (ActionAnswer(), ActionSafety(), ActionSmallTalk()):
        said, _ = await run(action, tracker(VICTIM, "ask_online_safety", metadata=shown))
        assert "không giúp việc này" not in str(said)
        assert "gây hại cho trẻ" not in str(said)


async def test_a_refusal_shows_what_can_be_done_instead_but_leads_nobody_out_of_a_report() -> None:
    asked = tracker("đánh con sao cho không thấy dấu", "ask_skill")
    said, _ = await run(ActionAnswer(), asked)
    assert [b["payload"] for b in said[0]["buttons"]][:2] == [
        '/show_item{"item_id": "wb-104-sap-danh-con"}',
        '/show_item{"item_id": "sk-042-ky-luat-tich-cuc"}',
    ]
    asked.active_loop = {"name": "report_form"}
    said, _ = await run(ActionAnswer(), asked)
    assert [b["payload"] for b in said[0]["buttons"]] == ["/talk_to_human", "/contact_hotlines"]


@pytest.mark.parametrize("asked", ["vậy có cách nào khác", "khong vay thi lam sao", "vậy phải dạy sao"])
async def test_who_was_refused_and_asks_for_another_way_is_shown_it(asked: str) -> None:
    refused = user("đánh con sao cho không thấy dấu", "ask_skill", metadata={"request": ""})
    said, events = await run(ActionSmallTalk(), tracker(asked, "help", events=[refused]))
    assert events[0]["value"]["items"][0] == "wb-104-sap-danh-con"
    assert said[0]["text"]
    harmless = user("cảm ơn bot", "thank", metadata={"request": ""})
    said, _ = await run(ActionSmallTalk(), tracker(asked, "help", events=[harmless]))
    assert said[0]["response"] == "utter_help"


async def test_where_the_model_is_sure_that_nothing_is_wanted_patterns_do_not_refuse() -> None:
    said, _ = await run(ActionAnswer(), tracker(VICTIM, "ask_online_safety", metadata={"request": None}))
    assert "không giúp việc này" not in str(said)
    unsure, _ = await run(ActionAnswer(), tracker(VICTIM, "ask_online_safety", metadata={"request": ""}))
    assert "không giúp việc này" in str(unsure)


async def test_a_child_who_wants_a_secret_kept_hears_honestly_that_it_cannot_be() -> None:
    shown = {"request": "", "safety_shown": True, "risk": "medium", "kind": "disclosure", "audience": "child"}
    for action in (ActionSafety(), ActionSmallTalk()):
        said, _ = await run(action, tracker("đừng nói với ai nha cô", "chitchat", metadata=shown))
        assert "không hứa giữ bí mật được" in str(said)


async def test_a_name_for_somebody_alone_forgets_nothing() -> None:
    unsure = tracker("ba", "quick_exit", metadata={"safety_shown": True})
    unsure.latest_message["intent"]["confidence"] = 0.6
    assert await run(ActionQuickExit(), unsure) == ([], [])
    for text, confidence in (("ba vô", 0.95), ("ngoại dòm", 0.5), ("/quick_exit", 1.0)):
        sure = tracker(text, "quick_exit")
        sure.latest_message["intent"]["confidence"] = confidence
        said, events = await run(ActionQuickExit(), sure)
        assert said[0]["response"] == "utter_quick_exit"
        assert events


async def test_a_payload_is_no_request() -> None:
    said, _ = await run(ActionSmallTalk(), tracker("/greet", "greet", metadata={"request": "reporter"}))
    assert said[0]["response"] == "utter_greet"


async def test_what_is_said_beside_the_safe_words_can_be_asked_on() -> None:
    told = {"safety_shown": True, "risk": "high", "kind": "disclosure", "audience": "teacher"}
    text = "học trò kể bị dượng đánh, giáo viên có bắt buộc phải báo không"
    said, events = await run(ActionSafety(), tracker(text, "disclose_other", metadata=told))
    assert said
    (kept,) = [event["value"] for event in events if event.get("name") == THREAD]
    assert Thread.from_json(kept).items, "so that the source can be asked for"


async def test_beside_the_safe_words_nothing_is_asked() -> None:
    where = tracker("asdf qwer", "nlu_fallback", metadata={"safety_shown": True, "kind": "disclosure"})
    assert await run(ActionAnswer(), where) == ([], [])


@pytest.mark.parametrize("part", ["law", "procedure", "skill", "online", "wellbeing"])
@pytest.mark.parametrize("audience", AUDIENCES)
async def test_a_hint_says_what_to_write(part: str, audience: str) -> None:
    where = tracker("/hint", "hint", entities=[{"entity": "part", "value": part}], metadata={"audience": audience})
    said, _ = await run(ActionHint(), where)
    assert said[0]["text"] == clarify.words()["hints"][part][audience]


def test_every_button_may_be_pressed_and_every_intent_exists() -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    intents = {next(iter(i)) if isinstance(i, dict) else i for i in domain["intents"]}
    allowed = load_yaml("commands.yml")["allowed_payloads"]
    for name, entry in clarify.words()["intents"].items():
        assert name in intents
        assert entry["payload"].lstrip("/").partition("{")[0] in allowed
        assert entry["default"]
    for sentence in (clarify.words()["ask"], clarify.words()["again"]):
        assert set(sentence) == set(AUDIENCES)
    assert {"action_hint"} <= set(domain["actions"])
    assert {THREAD, clarify.UNCLEAR} <= set(domain["slots"])


async def test_a_message_leans_on_the_item_shown_whatever_its_intent() -> None:
    pressed = tracker("/show_item", "show_item", entities=[{"entity": "item_id", "value": "phat-danh-dap"}])
    said, events = await run(ActionShowItem(), pressed)
    thread = next(e["value"] for e in events if e["name"] == THREAD)
    assert thread["items"] == ["phat-danh-dap"]
    said, events = await run(ActionSmallTalk(), tracker("nguồn ở đâu vậy bạn", "chitchat", {THREAD: thread}))
    assert "vietnamnet.vn" in said[0]["text"]
    said, events = await run(ActionAnswer(), tracker("nghe như thầy cô", "nlu_fallback", {THREAD: thread}))
    assert said[0]["text"].startswith("Căn cứ")
    assert {"audience": "teacher"} in [m.get("custom") for m in said]
    assert {"name": "audience", "value": "teacher"}.items() <= events[-1].items()


async def test_small_talk_stays_small_talk() -> None:
    said, _ = await run(ActionSmallTalk(), tracker("cảm ơn bạn", "thank", {THREAD: {"items": ["phat-danh-dap"]}}))
    assert said[0]["response"] == "utter_thank"


@pytest.mark.parametrize(
    "text", ["máy này lưu gì của mình", "bot co luu tin nhan cua em khong", "ai đọc được lời mình"]
)
async def test_who_asks_what_the_machine_keeps_is_told(text: str) -> None:
    said, events = await run(ActionBotChallenge(), tracker(text, "bot_challenge"))
    assert "24 giờ" in said[0]["text"]
    assert "111" in said[0]["text"]
    assert [e["name"] for e in events] == [THREAD], "whoever asks on must find it"


@pytest.mark.parametrize("text", ["bạn là người hay máy", "may la robot ha", "bot cù lần"])
async def test_who_asks_what_it_is_hears_that_it_is_a_machine(text: str) -> None:
    said, events = await run(ActionBotChallenge(), tracker(text, "bot_challenge"))
    assert [m["response"] for m in said] == ["utter_bot_challenge"]
    assert events == []


def told(text: str, risk: str = "high", kind: str = "disclosure") -> dict[str, Any]:
    return user(text, "disclose_self", metadata={"risk": risk, "kind": kind, "safety_shown": True})


BLACKMAIL = told("ng yeu doi hinh nude, k gui thi chia tay")


@pytest.mark.parametrize(
    "plea", ["lam sao bay gio", "giờ sao cô", "em phải làm gì", "biết tính sao đây", "vay con lam sao"]
)
async def test_who_told_of_danger_and_asks_what_to_do_is_answered_about_that(plea: str) -> None:
    for action, intent in ((ActionSmallTalk(), "help"), (ActionAnswer(), "ask_procedure")):
        said, _ = await run(action, tracker(plea, intent, events=[BLACKMAIL], metadata={"audience": "teen"}))
        assert "113" in said[0]["text"], "the safe words again"
        assert "Mình tin bạn" not in said[0]["text"], "but not the same"
        assert said[1]["custom"] == {"asks": "tell"}, "a bare yes to them is understood"
        assert {"Kể để được giúp"} <= {b["title"] for b in said[0]["buttons"]}


async def test_beside_a_plea_there_is_what_surely_fits() -> None:
    before = told("con tôi bị người lạ trên mạng rủ gặp, nó định đi")
    said, events = await run(ActionSmallTalk(), tracker("giờ làm sao", "help", events=[before]))
    assert "gặp" in said[2]["text"]
    (kept,) = events
    assert kept["name"] == THREAD
    said, events = await run(ActionSmallTalk(), tracker("giờ làm sao", "help", {THREAD: kept["value"]}, [before]))
    assert [m["text"] is None for m in said] == [False, True], "the same is not said twice"
    assert events == []


async def test_who_thinks_of_dying_and_asks_what_to_do_hears_the_safe_words_alone() -> None:
    before = told("em hong muon song nua", "high", "self_harm")
    said, events = await run(ActionSmallTalk(), tracker("giờ sao đây", "help", events=[before]))
    assert "111" in said[0]["text"]
    assert [m["custom"] for m in said[1:]] == [{"asks": "beside"}], "nothing else"
    assert events == []


@pytest.mark.parametrize(
    "earlier",
    [
        [],
        [user("đánh con bị phạt bao nhiêu", "ask_law", metadata={"risk": "none", "kind": "none"})],
        [BLACKMAIL, user("cảm ơn", "thank"), user("mấy tuổi được chạy xe", "ask_law")],
        [told("tôi muốn gần bé gái", "high", "offender")],
    ],
)
async def test_without_danger_told_just_before_a_plea_is_like_any_question(earlier: list[dict[str, Any]]) -> None:
    said, _ = await run(ActionSmallTalk(), tracker("lam sao bay gio", "help", events=earlier))
    assert said[0]["response"] == "utter_help"


async def test_who_told_111_is_not_asked_for_a_code_of_ours() -> None:
    said, events = await run(ActionCheckReport(), tracker("báo 111 rồi mà chưa ai tới, giờ sao", "check_report"))
    assert said[0]["response"] is None
    assert "111" in said[0]["text"]
    assert events
    said, _ = await run(ActionCheckReport(), tracker("tin con gửi tới đâu rồi", "check_report"))
    assert said[0]["response"] == "utter_ask_receipt"


async def test_a_short_question_is_read_in_the_light_of_the_danger_told_before_it() -> None:
    before = told("e lo gui hinh nude cho 1 ng tren fb, gio no doi 5tr k thi no gui het cho ban be")
    asked = tracker("co nen chuyen tien k", "ask_online_safety", events=[before], metadata={"audience": "teen"})
    _, events = await run(ActionAnswer(), asked)
    assert "sextortion" in events[0]["value"]["items"][0]
    alone = tracker("co nen chuyen tien k", "ask_online_safety", metadata={"audience": "teen"})
    _, events = await run(ActionAnswer(), alone)
    assert not events or "sextortion" not in events[0]["value"]["items"][0]


async def test_a_question_of_its_own_is_not_bent_to_what_was_told_before() -> None:
    asked = tracker("facebook mấy tuổi được xài", "ask_online_safety", events=[BLACKMAIL])
    _, events = await run(ActionAnswer(), asked)
    assert events[0]["value"]["items"][0] in ("nd147-tai-khoan-16", "on-007-tuoi-tai-khoan")


async def test_beside_the_safe_words_nobody_hears_a_guess() -> None:
    shown = {"request": "", "safety_shown": True, "risk": "medium", "kind": "disclosure", "audience": "teen"}
    said, _ = await run(ActionAnswer(), tracker("em sợ ba má biết", "ask_wellbeing", metadata=shown))
    assert said == []


@pytest.mark.parametrize("intent", ["goodbye", "deny", "chitchat"])
async def test_nobody_who_thinks_of_dying_is_let_go_with_a_goodbye(intent: str) -> None:
    dying = told("em muốn chết cho rồi", "high", "self_harm")
    said, _ = await run(ActionSmallTalk(), tracker("thôi kệ em đi", intent, events=[dying]))
    assert [m["response"] for m in said] == [None]
    assert all(number in said[0]["text"] for number in ("111", "113", "115"))
    said, _ = await run(ActionSmallTalk(), tracker("thôi kệ em đi", intent))
    assert said[0]["response"] == f"utter_{intent}"


@pytest.mark.parametrize("text", ["ma nay", "mà nè", "à mà"])
async def test_by_the_way_hides_nothing(text: str) -> None:
    said, events = await run(ActionQuickExit(), tracker(text, "quick_exit"))
    assert [m["response"] for m in said] == ["utter_affirm"]
    assert events == []


async def test_words_of_danger_are_no_all_clear() -> None:
    shown = {"safety_shown": True, "risk": "immediate", "kind": "emergency"}
    assert await run(ActionCalm(), tracker("giờ thầy về rồi", "feel_safe", metadata=shown)) == ([], [])
    said, _ = await run(ActionCalm(), tracker("con an toàn rồi", "feel_safe"))
    assert said[0]["response"] == "utter_feel_safe"


async def test_who_wants_to_see_more_of_an_answer_is_not_asked_for_a_receipt() -> None:
    thread = Thread().shown(["phat-danh-dap"], "đánh con bị phạt bao nhiêu").to_json()
    said, _ = await run(ActionCheckReport(), tracker("xem thêm đi", "check_report", {THREAD: thread}))
    assert "Điều 37" in said[0]["text"]
    said, _ = await run(ActionCheckReport(), tracker("xem tin con gửi", "check_report", {THREAD: thread}))
    assert said[0]["response"] == "utter_ask_receipt"


@pytest.mark.parametrize(
    "text",
    [
        "ba di roi",
        "me di cho",
        "ba đi biển",
        "me dien r",
        "thoat khoi nha bang cach nao",
        "ông nội đi rồi, chiều về",
        "khoan",
    ],
)
async def test_a_sentence_that_only_sounds_like_leaving_forgets_nothing(text: str) -> None:
    said, events = await run(ActionQuickExit(), tracker(text, "quick_exit"))
    assert [m["response"] for m in said] == ["utter_affirm"], "the button to leave is with it"
    assert events == []


@pytest.mark.parametrize("text", ["đừng mách mẹ nha", "dung mach ba ma t nha"])
async def test_a_plea_for_silence_is_no_leaving(text: str) -> None:
    said, events = await run(ActionQuickExit(), tracker(text, "quick_exit"))
    assert events == []
    assert "utter_quick_exit" not in [m["response"] for m in said]


@pytest.mark.parametrize("text", ["má vô", "tắt lẹ", "cho con ra", "ong noi ve gap, toi an di", "dấu đi", "suỵt"])
async def test_who_must_leave_is_let_go_at_once(text: str) -> None:
    said, events = await run(ActionQuickExit(), tracker(text, "quick_exit"))
    assert said[0]["response"] == "utter_quick_exit"
    assert events


async def test_a_wish_about_the_last_answer_is_not_sent_to_a_person() -> None:
    shown, events = await run(ActionAnswer(), tracker("đánh con bị phạt bao nhiêu", "ask_law"))
    assert shown
    thread = next(e["value"] for e in events if e["name"] == THREAD)
    leaning = tracker("nói dễ hơn được không", "talk_to_human", slots={THREAD: thread})
    said, _ = await run(ActionTalkToHuman(), leaning)
    assert "utter_talk_to_human" not in [m["response"] for m in said]
    said, _ = await run(ActionTalkToHuman(), tracker("cho gặp người thật", "talk_to_human"))
    assert [m["response"] for m in said] == ["utter_talk_to_human"]
