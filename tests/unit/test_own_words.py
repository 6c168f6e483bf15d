"""What actions say of the machine itself: who reads the phone, and whom it tells."""

from __future__ import annotations

import pytest

from actions import said as own
from actions.answers import ActionAnswer, ActionBotChallenge
from actions.leaving import is_leaving, is_watched
from actions.plea import asks_whether_told, keeps_evidence
from actions.safety import ActionQuickExit, ActionSmallTalk
from bot.knowledge.models import AUDIENCES
from bot.safety import SafetyAnswers
from bot.safety.told import asks_what_to_do

from .test_answer_actions import BLACKMAIL, run, told, tracker, user

HABITS = [
    "ba con đọc điện thoại của con",
    "ba hay coi máy con",
    "mẹ em kiểm tra zalo mỗi tối",
    "má hay mượn máy con coi",
]


@pytest.mark.parametrize("text", HABITS)
async def test_who_is_read_now_and_then_keeps_what_was_told_and_learns_to_leave_no_trace(text: str) -> None:
    assert is_watched(text)
    said, events = await run(ActionQuickExit(), tracker(text, "quick_exit", metadata={"audience": "child"}))
    assert events == []
    assert said[0]["text"] == own.words()["watched"]["child"]
    assert "/quick_exit" in [b["payload"] for b in said[0]["buttons"]]


@pytest.mark.parametrize(
    "text",
    ["ba đang đọc điện thoại con", "mẹ coi máy kìa", "ba đòi coi máy", "mẹ coi máy", "trả máy cho ba",
     "ba hay coi máy, xóa giùm con", "ẩn đi mẹ con coi điện thoại của con", "mẹ lấy máy giờ"],
)  # fmt: skip
def test_who_is_looked_at_now_or_says_hide_is_let_go(text: str) -> None:
    assert is_leaving(text)


@pytest.mark.parametrize(
    "text",
    ["co mach cau hong", "bạn có nói cho mẹ mình biết ko", "mình kể thì mẹ có biết ko", "bot có báo công an không",
     "em nhắn ở đây ba mẹ em có biết không", "có nói với ai không"],
)  # fmt: skip
async def test_whether_it_tells_on_somebody_is_answered_honestly(text: str) -> None:
    for action in (ActionBotChallenge(), ActionSmallTalk(), ActionAnswer()):
        said, _ = await run(action, tracker(text, "bot_challenge", metadata={"audience": "teen"}))
        assert [m["text"] for m in said] == [own.words()["tells"]["teen"]]
    beside = {"safety_shown": True, "risk": "medium", "kind": "disclosure", "audience": "teen"}
    said, _ = await run(ActionAnswer(), tracker(text, "ask_skill", metadata=beside))
    assert said[0]["text"] == own.words()["tells"]["teen"]


@pytest.mark.parametrize(
    "text",
    ["con có nên nói với mẹ không", "cô giáo có nói với mẹ không cô", "bạn báo công an giúp em được không",
     "mẹ có biết luật không", "bạn là người hay máy", "mình phải nói với ai"],
)  # fmt: skip
def test_whether_to_tell_is_another_question(text: str) -> None:
    assert not asks_whether_told(text)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_nothing_is_kept_secret_by_promise(audience: str) -> None:
    text = own.words()["tells"][audience]
    assert "cán bộ bảo vệ trẻ em" in text
    assert "111" in text
    assert "hứa" not in text


@pytest.mark.parametrize("plea", ["e lm j h", "h e lm j", "lm sao h", "chi em cach voi"])
async def test_a_plea_in_shorthand_after_blackmail_is_answered_about_that(plea: str) -> None:
    forms, voice = SafetyAnswers.load().forms, {"audience": "teen"}
    said, _ = await run(ActionSmallTalk(), tracker(plea, "help", events=[BLACKMAIL], metadata=voice))
    assert said[0]["text"] == forms["blackmail"]["teen"]
    more = [BLACKMAIL, told("nó đòi thêm"), user("e lm j h", "help"), user("lam sao gio", "help")]
    said, _ = await run(ActionSmallTalk(), tracker(plea, "help", events=more, metadata=voice))
    assert said[0]["text"] == forms["blackmail_again"]["teen"], "who asks again has not left the matter"


@pytest.mark.parametrize("text", ["em làm gì sai đâu", "ba làm gì con cũng sợ", "mẹ em làm giáo viên"])
def test_what_somebody_does_is_no_plea(text: str) -> None:
    assert not asks_what_to_do(text)


async def test_who_denied_a_wish_to_die_is_not_asked_again_by_a_plea() -> None:
    before = [told("em rạch tay", kind="self_harm"), told("k muon chet dau", kind="self_harm")]
    said, _ = await run(ActionSmallTalk(), tracker("giờ sao", "help", events=before, metadata={"audience": "teen"}))
    assert said[0]["text"] == SafetyAnswers.load().forms["urge"]["teen"]


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("vay lam sao giu bang chung, tui lỡ xóa mấy tin rồi", True),
        ("em lỡ tay xóa đoạn chat của nó", True),
        ("khôi phục tin nhắn đã xóa sao", True),
        ("xóa hết những gì con nhắn", False),
        ("xóa dữ liệu của tôi đi", False),
    ],
)
def test_who_lost_evidence_does_not_want_us_to_delete(text: str, keeps: bool) -> None:
    assert keeps_evidence(text) is keeps
