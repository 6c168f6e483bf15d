"""Which safe words follow which in a talk, with an assessor that finds what it is told to."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from bot.dialogue.conversation import Conversation
from bot.dialogue.memory import Memory
from bot.dialogue.messages import IncomingMessage
from bot.safety import Assessment, SafetyAnswers, in_writing
from bot.safety.answers import AUDIENCES

from .test_safety_asked import Fixed, Rasa

ANSWERS = SafetyAnswers.load()
DYING = Assessment("high", "self_harm", 0.99, codes=("model_self_harm",))
TOLD = Assessment("high", "disclosure", 0.99, codes=("model_disclose_self",))
NOW = Assessment("immediate", "emergency", 0.99, codes=("model_emergency",))
BEATEN = Assessment("high", "disclosure", 0.99, codes=("model_disclose_self", "beaten"))
WOUND = Assessment("immediate", "emergency", 0.99, codes=("model_disclose_other", "injury", "own_hand"))


async def said(memory: Memory, text: str, found: Assessment) -> str:
    """The name of the safe words that a message gets; empty when it gets none."""
    conversation = Conversation(Fixed(**{text.replace(" ", "_"): found}), ANSWERS, Rasa())  # type: ignore[arg-type]
    turn = await conversation.respond(IncomingMessage("web", "1", text, text=text), "s", memory, text)
    if not turn.replies or turn.replies[0].kind != "safety":
        return ""
    first = in_writing(turn.replies[0].text) if memory.writes_only else turn.replies[0].text
    forms = ANSWERS.forms[memory.safe_form]
    assert first.startswith(tuple(in_writing(t) if memory.writes_only else t for t in forms.values()))
    return memory.safe_form


def talk(voice: str = "teen", **more: Any) -> Memory:
    return Memory(introduced=True, audience=voice, **more)


def told(form: str, voice: str = "teen", **more: Any) -> Memory:
    values = {"risk": "high", "helped": True, "safe_form": form, "safe_at": time.time(), **more}
    return Memory(introduced=True, audience=voice, **values)


@pytest.mark.parametrize("voice", AUDIENCES)
async def test_a_wound_gets_first_aid_for_wounds_and_not_for_poison(voice: str) -> None:
    memory = talk(voice)
    assert await said(memory, "tui quất nó chảy máu đầu", WOUND) == "own_hand_injury"
    assert await said(memory, "nó ói rồi", Assessment()) == "still_injured"
    assert await said(memory, "máu vẫn ra", TOLD) == "injured_again"
    for form in ("emergency_injury", "own_hand_injury", "still_injured", "injured_again"):
        text = ANSWERS.forms[form][voice]
        assert re.search("ép chặt|giữ yên", text)
        assert not re.search("vỏ thuốc|cho ói|ăn uống", text)
    assert "lỗi" not in ANSWERS.forms["own_hand_injury"][voice], "neither absolved nor told off"


async def test_poison_keeps_the_words_for_poison() -> None:
    memory = talk("teen")
    swallowed = Assessment("immediate", "emergency", 0.9, codes=("poisoning", "injury"))
    assert await said(memory, "nó uống thuốc sâu sùi bọt mép", swallowed) == "emergency_medical"
    assert await said(memory, "nó ói rồi", Assessment()) == "still_poisoned"


@pytest.mark.parametrize("voice", ["child", "teen"])
async def test_who_does_not_want_to_die_is_believed_and_not_asked_again(voice: str) -> None:
    memory = talk(voice)
    assert await said(memory, "em rạch tay", DYING) == "self_harm"
    assert await said(memory, "ko phải muốn chết đâu, chỉ cho đỡ thôi", DYING) == "urge"
    assert memory.asked == ""
    assert await said(memory, "có cách nào khác ngoài rạch tay", DYING) == "self_harm_still"
    assert await said(memory, "em hay buồn vậy đó", DYING) == "not_dying"
    assert await said(memory, "em hay vậy lắm", DYING) == "self_harm_still"
    assert await said(memory, "em muốn chết", DYING) in ("self_harm", "short_self_harm"), "unless they say so"


async def test_whoever_denies_it_and_has_swallowed_something_goes_to_the_hospital() -> None:
    memory = told("self_harm", asked="dying")
    pills = Assessment("immediate", "self_harm", 0.9, codes=("model_self_harm", "poisoning"))
    assert await said(memory, "không muốn chết mà lỡ uống hết vỉ", pills) == "self_harm_now"


async def test_who_asks_for_something_else_first_hears_it_and_one_question() -> None:
    memory = talk()
    assert await said(memory, "có cách nào khác ngoài rạch tay", DYING) == "urge_first"
    assert memory.asked == "dying"
    assert await said(memory, "ko", Assessment()) == "not_dying"


@pytest.mark.parametrize("voice", AUDIENCES)
async def test_of_somebody_elses_wish_to_die_the_question_is_about_them(voice: str) -> None:
    memory = talk(voice)
    assert await said(memory, "nó nói lấy đt là nó chết", DYING) == "other_dying"
    assert "bạn có đang nghĩ" not in ANSWERS.forms["other_dying"][voice]
    doubted = "friend_joke" if voice in ("child", "teen") else "other_dying_still"
    assert await said(memory, "chac no hu doa thoi, ma tui so", TOLD) == doubted
    assert await said(memory, "có mẹ nó ở nhà", NOW) in ("beside_other", "beside")
    assert await said(memory, "nó leo lên lan can rồi", Assessment("immediate", "self_harm", 0.9)) == "other_dying_now"


async def test_who_wants_to_die_too_is_asked_themselves() -> None:
    memory = talk()
    assert await said(memory, "bạn em nói muốn chết", DYING) == "other_dying"
    assert await said(memory, "em cũng muốn chết", DYING) == "self_harm"


async def test_who_cannot_hear_is_not_told_later_to_call_or_shout() -> None:
    memory = talk("child")
    await said(memory, "con bị điếc", TOLD)
    assert memory.writes_only
    assert await said(memory, "ba đập cửa", NOW) == "emergency"
    for forms in ANSWERS.forms.values():
        for voice in ("child", "teen"):
            text = in_writing(forms[voice])
            assert not re.search(r"la (?:thật )?lớn|nói nhỏ|gọi 111", text, re.IGNORECASE)
            assert all(number in text for number in ("111", "113", "115"))


async def test_a_grown_up_who_speaks_of_a_deaf_child_can_call() -> None:
    memory = talk("parent")
    await said(memory, "con tôi bị điếc", TOLD)
    assert not memory.writes_only


async def test_who_only_says_that_they_cannot_call_is_not_told_to() -> None:
    unsure = Assessment("high", "disclosure", 0.3, codes=("model_emergency",))
    assert await said(talk("child"), "con khong goi duoc", unsure) == "cannot_call"


@pytest.mark.parametrize("voice", AUDIENCES)
async def test_whoever_fears_that_somebody_comes_back_gets_a_plan(voice: str) -> None:
    memory = told("disclosure", voice)
    near = Assessment("immediate", "emergency", 0.7, codes=("model_emergency", "perpetrator_near"))
    assert await said(memory, "mai cậu về", TOLD) == "comes_back"
    assert await said(memory, "tối nay sợ ngủ trong phòng đó", TOLD) == "comes_back_again"
    assert await said(memory, "ba về tới cửa rồi", near) in ("emergency", "repeated_emergency")
    assert await said(told("disclosure", voice), "mai mẹ về", Assessment()) == ""


async def test_who_is_blackmailed_and_goes_on_hears_about_that() -> None:
    memory = talk()
    assert await said(memory, "nó dọa tung ảnh nóng của em", TOLD) == "disclosure"
    assert await said(memory, "e k có tiền", TOLD) == "blackmail"
    misread = Assessment("immediate", "self_harm", 0.9, codes=("model_self_harm",))
    assert await said(memory, "nó nói 8h tối nay đăng hình", misread) == "pictures_deadline"
    assert await said(memory, "em muốn chết", DYING) == "self_harm"
    assert await said(told("disclosure", recent=["ba đánh con"]), "e k có tiền", TOLD) == "again"


@pytest.mark.parametrize("voice", AUDIENCES)
async def test_whoever_tells_on_hears_the_offer_twice_and_then_what_helps(voice: str) -> None:
    memory = told("disclosure", voice)
    heard = [await said(memory, f"rồi ổng la nữa, lần {n}", TOLD) for n in range(5)]
    assert heard == ["again", "still", "listens", "line_listens", "again"]
    for form in ("listens", "line_listens"):
        text = ANSWERS.forms[form][voice]
        assert "?" not in text  # no offer once more, and no question
        assert all(number in text for number in ("111", "113", "115"))


@pytest.mark.parametrize("text", ["chac no hu doa thoi", "co cach nao khac khong", "dung noi voi ai", "phai lam sao"])
def test_what_only_begins_like_a_yes_is_none(text: str) -> None:
    from bot.safety import answered

    assert answered("dying", text) is None
    assert answered("beside", text) is None


@pytest.mark.parametrize(
    ("text", "found", "form"),
    [
        ("toi chua lam gi be het", TOLD, "offender_still"),
        ("toi khong muon song nua", DYING, "self_harm"),
        ("ba con danh con", BEATEN, "disclosure"),
    ],
)
async def test_who_told_of_a_wish_to_harm_is_not_comforted_next_but_a_child_who_is_harmed_is_heard(
    text: str, found: Assessment, form: str
) -> None:
    assert await said(talk("parent", safe_form="offender", safe_at=time.time()), text, found) == form


async def test_who_was_shown_how_to_care_for_a_cut_and_still_bleeds_is_told_about_the_wound() -> None:
    memory = talk(safe_form="urge", safe_at=time.time(), recent=["em rach tay"])
    assert await said(memory, "con ri mau", DYING) == "still_injured"


@pytest.mark.parametrize(
    ("before", "text", "form"),
    [
        ("disclosure", "mai cau ve", "comes_back"),
        ("again", "toi nay con so ngu trong phong do", "comes_back"),
        ("disclosure", "mai con ve", ""),
        ("disclosure", "mai me ve", ""),
        ("", "mai cau ve", ""),
        ("offender", "mai ba no ve", ""),
    ],
)
async def test_who_told_of_danger_and_says_that_he_comes_back_is_not_told_goodbye(
    before: str, text: str, form: str
) -> None:
    memory = talk("child", safe_form=before, safe_at=time.time() if before else 0.0, helped=bool(before))
    memory.recent = ["cậu ba hay sờ con, ba nó biết"]
    assert await said(memory, text, Assessment()) == form


@pytest.mark.parametrize("voice", AUDIENCES)
async def test_who_hides_is_told_to_stay_and_be_quiet_and_not_to_run_and_shout(voice: str) -> None:
    memory = talk(voice)
    assert await said(memory, "ba dang dap cua phong", NOW) == "hiding"
    assert await said(memory, "con tron duoi gam giuong", NOW) == "hiding_still"
    assert await said(memory, "me con di lam chua ve", TOLD) == "hiding"
    assert await said(memory, "lam sao bay gio", Assessment()) == "hiding_still"
    for form in ("hiding", "hiding_still"):
        text = ANSWERS.forms[form][voice]
        assert text.startswith("113")
        assert "ở yên" in text
        assert not re.search(r"\bla (?:thật )?lớn|chỗ đông người", text)
        assert not re.search(r"nói nhỏ|\bgọi vào máy", in_writing(text))


async def test_who_hid_and_got_out_is_not_told_to_stay() -> None:
    memory = told("hiding", "child", risk="immediate")
    assert await said(memory, "con chay qua nha ngoai roi", TOLD) not in ("hiding", "hiding_still", "")


async def test_hiding_from_school_or_in_a_game_is_no_hiding() -> None:
    assert await said(told("disclosure", "teen"), "em trốn trong phòng học bài", TOLD) not in ("hiding", "hiding_still")
    assert await said(talk("child"), "con núp trong tủ, chơi năm mười", Assessment()) == ""


@pytest.mark.parametrize("before", ["emergency", "still_poisoned", "still_injured", "at_the_door"])
async def test_who_asks_what_to_do_in_danger_hears_again_what_to_do_about_that_danger(before: str) -> None:
    form = await said(told(before, "child", risk="immediate"), "con làm sao", Assessment())
    same = {"emergency": "repeated_emergency", "still_poisoned": "poisoned_again", "still_injured": "injured_again"}
    assert form == same.get(before, "still_inside")


FIRE = Assessment("immediate", "emergency", 0.99, codes=("fire",))
CAR = Assessment("immediate", "emergency", 0.99, codes=("in_vehicle",))
LOST = Assessment("immediate", "emergency", 0.99, codes=("model_emergency", "lost_child"))
LURED = Assessment("high", "disclosure", 0.99, codes=("model_disclose_self", "lured"))


@pytest.mark.parametrize("voice", AUDIENCES)
@pytest.mark.parametrize(
    ("found", "form", "there", "never"),
    [
        (FIRE, "fire", r"\b114\b", r"khóa cửa|trốn ở"),
        (CAR, "in_vehicle", r"vị trí|chỗ con đang ở", r"hàng xóm|chốt cửa"),
        (LOST, "lost", r"người lạ|gọi loa", r"chạy tới chỗ đông"),
        (LURED, "lured", r"giấy tờ", r"chạy tới chỗ đông"),
    ],
)
async def test_where_the_danger_is_decides_what_to_do(
    voice: str, found: Assessment, form: str, there: str, never: str
) -> None:
    memory = talk(voice)
    assert await said(memory, "chuyện là vậy đó", found) == form
    again = await said(memory, "roi sao nua", Assessment())
    assert again == f"{form}_again", "asked what to do, it is said again and not a menu"
    cannot = "lost_phone" if form == "lost" and voice in ("child", "teen") else form
    assert await said(memory, "k gọi dc", NOW) == cannot, "who cannot call hears of the place, not of neighbours"
    for name in (form, f"{form}_again"):
        text = ANSWERS.forms[name][voice]
        assert re.search(there, text) or name.endswith("_again")
        assert not re.search(never, text)


@pytest.mark.parametrize("voice", AUDIENCES)
async def test_who_says_that_it_is_over_is_not_alarmed_again(voice: str) -> None:
    for before in ("emergency", "hiding", "fire", "in_vehicle", "lost", "lured", "disclosure"):
        memory = told(before, voice, risk="immediate")
        assert await said(memory, "chú công an tới rồi", TOLD) == ("found" if before == "lost" else "got_away")
    assert await said(told("still_poisoned", voice), "hết sợ rồi", TOLD) != "got_away", "a poison is not over by itself"
    assert await said(told("still_poisoned", voice), "mẹ đưa đi bệnh viện rồi", TOLD) == "help_poison"


async def test_while_somebody_reads_along_nothing_more_is_said() -> None:
    memory = told("emergency", "child", risk="immediate")
    conversation = Conversation(Fixed(), ANSWERS, Rasa())  # type: ignore[arg-type]
    turn = await conversation.respond(IncomingMessage("zalo", "1", "x", text="ba dang doc"), "s", memory, "x")
    assert turn.memory is None, "forgotten"
    assert [reply.kind for reply in turn.replies] == ["hide"]


async def test_whose_phone_is_wanted_hears_one_line_and_how_to_hide() -> None:
    memory = told("emergency", "child", risk="immediate")
    assert await said(memory, "ổng đòi coi điện thoại con", NOW) == "hide_screen"
    assert all(len(text) < 200 for text in ANSWERS.forms["hide_screen"].values())


@pytest.mark.parametrize("voice", AUDIENCES)
async def test_who_hides_beside_a_wounded_mother_is_not_sent_to_bandage_her(voice: str) -> None:
    memory = talk(voice)
    hurt = Assessment("immediate", "emergency", 0.99, codes=("model_emergency", "injury"))
    assert await said(memory, "duong danh me nam im, con tron trong tu", hurt) == "hiding"
    assert await said(memory, "me con chay mau dau", hurt) == "hiding_still"


async def test_who_cannot_reach_somebody_who_wants_to_die_is_told_to_get_help_now() -> None:
    memory = talk("teen")
    assert await said(memory, "thằng bạn thân t nó nhắn là mai nó không còn nữa", DYING) == "other_dying"
    assert await said(memory, "t gọi nó ko bắt máy", TOLD) == "other_dying_now"


async def test_what_was_told_long_ago_hides_no_screen() -> None:
    memory = talk("teen", risk="immediate", safe_form="emergency", safe_at=time.time() - 86400)
    assert await said(memory, "mẹ đòi coi điện thoại con", Assessment()) == ""
