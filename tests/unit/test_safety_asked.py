"""What a bare answer to a safe answer's question means, and that a chat understands it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue.conversation import Conversation
from bot.dialogue.memory import Memory
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.rasa_client import RasaTurn
from bot.language import normalise
from bot.safety import Assessment, RiskAssessor, SafetyAnswers, answered, cannot_call, cannot_speak, introduces
from bot.safety.assess import _own
from bot.settings import ROOT

ANSWERS = SafetyAnswers.load()


@pytest.mark.parametrize("text", ["co", "có", "dạ có", "ừ", "thỉnh thoảng", "có, hoài luôn á cô", "u", "con co nghi"])
def test_yes_to_dying_is_the_gravest_answer(text: str) -> None:
    found = answered("dying", text)
    assert found is not None
    assert found.form == "self_harm_now"
    assert found.assessment is not None
    assert (found.assessment.risk, found.assessment.kind) == ("immediate", "self_harm")


@pytest.mark.parametrize("text", ["không", "ko", "dạ không", "hổng có", "con khong biet"])
def test_no_to_dying_is_not_left_alone(text: str) -> None:
    found = answered("dying", text)
    assert found is not None
    assert (found.form, found.assessment) == ("not_dying", None)


@pytest.mark.parametrize("text", ["không", "ko an toan", "hong", "dạ không ạ", "k"])
def test_no_to_safe_means_danger(text: str) -> None:
    found = answered("safe", text)
    assert found is not None
    assert found.form == "unsafe"
    assert found.assessment is not None
    assert found.assessment.risk == "immediate"


@pytest.mark.parametrize("text", ["dong y", "đồng ý ạ", "dạ", "có", "muốn", "u kể", "ok", "dạ muốn ạ"])
def test_yes_to_telling_begins_the_report(text: str) -> None:
    found = answered("tell", text)
    assert found is not None
    assert found.payload == "/start_report"


@pytest.mark.parametrize("text", ["thôi", "chưa", "không dám", "con sợ", "de sau"])
def test_no_to_telling_presses_nobody(text: str) -> None:
    found = answered("tell", text)
    assert found is not None
    assert (found.form, found.payload) == ("not_now", "/deny")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("dying", "không biết nữa, con muốn chết"),
        ("safe", "ba con sắp về"),
        ("tell", "luật phạt bao nhiêu"),
        ("safe", "không ai giúp con hết"),
        ("", "có"),
    ],
)
def test_more_than_a_bare_answer_is_read_as_any_message(asked: str, text: str) -> None:
    assert answered(asked, text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("9", "con 9 tuổi", "cô ơi con 9t", "em là nữ lớp 7", "em ấy 11 tuổi chứ không phải 9"),
        *("Tôi là giáo viên chủ nhiệm lớp 7", "da toi la can bo xa", "tui là phụ huynh nè"),
    ],
)
def test_who_only_says_who_they_are_tells_no_danger(text: str) -> None:
    assert introduces(text)


@pytest.mark.parametrize(
    "text",
    [
        "em 13 tuổi có bầu",
        "con 9 tuổi ba đánh",
        "0912345678",
        "con 5t bị",
        "con chào cô",
        "12 tuổi ở một mình",
        "giáo viên",
        "em là con bị",
    ],
)
def test_other_words_are_more_than_that(text: str) -> None:
    assert not introduces(text)


class Fixed:
    """An assessor that finds danger in what it is told to."""

    def __init__(self, **risks: Any) -> None:
        self.risks = risks

    def assess(self, text: str, context: Any = None) -> Assessment:
        return self.risks.get(text.replace(" ", "_"), Assessment())


class Rasa:
    """Keeps what it was given; answers nothing useful, as an affirm or a deny beside the safe words does."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []

    async def handle(self, sender: str, text: str, metadata: dict[str, Any], repeated: bool) -> RasaTurn:
        self.given.append((text.partition("{")[0], metadata["risk"]))
        return RasaTurn([] if metadata["safety_shown"] else [{"text": "mẫu"}])


async def talk(assessor: Any, *texts: str) -> tuple[list[Reply], Memory, Rasa, list[Any]]:
    rasa, memory, turns = Rasa(), Memory(introduced=True, audience="child"), []
    conversation = Conversation(assessor, ANSWERS, rasa)
    for number, text in enumerate(texts):
        turn = await conversation.respond(IncomingMessage("web", "1", str(number), text=text), "s", memory, str(number))
        assert turn.memory is not None
        memory = turn.memory
        turns.append(turn)
    return turns[-1].replies, memory, rasa, turns


DYING = Assessment("high", "self_harm", codes=("model_self_harm",))


async def test_a_child_who_answers_co_is_heard() -> None:
    replies, _, rasa, turns = await talk(Fixed(con_muon_chet=DYING), "con muon chet", "co")
    assert replies[0].text == ANSWERS.forms["self_harm_now"]["child"]
    assert len(replies) == 1
    assert turns[-1].risk == "immediate", "officers are told"
    assert rasa.given[-1] == ("/affirm", "immediate"), "and the report will know"


async def test_the_question_is_put_again_when_something_else_is_said_and_then_forgotten() -> None:
    replies, memory, _, _ = await talk(Fixed(con_muon_chet=DYING), "con muon chet", "9")
    assert replies[0].text == ANSWERS.forms["short_self_harm"]["child"]
    assert memory.asked == "dying"
    replies, memory, _, _ = await talk(Fixed(con_muon_chet=DYING), "con muon chet", "luật phạt bao nhiêu", "có")
    assert (replies[0].text, memory.asked) == ("mẫu", ""), "an old question is not answered by a later yes"


@pytest.mark.parametrize(
    ("first", "text", "then"),
    [("so wa", "9", "child"), ("so wa", "dạ 12 tuổi", "teen"), ("bé nhà tôi bị đánh", "9", "parent")],
)
async def test_a_bare_number_after_a_safe_answer_is_ones_age(first: str, text: str, then: str) -> None:
    memory = Memory(introduced=True)
    conversation = Conversation(Fixed(**{first.replace(" ", "_"): DYING}), ANSWERS, Rasa())  # type: ignore[arg-type]
    for number, words in enumerate((first, text)):
        await conversation.respond(IncomingMessage("web", "1", str(number), text=words), "s", memory, str(number))
    assert memory.audience == then


async def test_after_no_the_offer_stands() -> None:
    replies, memory, rasa, _ = await talk(Fixed(con_muon_chet=DYING), "con muon chet", "khong", "da muon")
    assert rasa.given[-1][0] == "/start_report"
    assert memory.asked == ""


async def test_who_tells_word_by_word_does_not_hear_the_same_words_each_time() -> None:
    told = Assessment("high", "disclosure")
    heard = []
    for words in (("ba", "danh", "con"), ("ba", "danh", "con", "dau"), ("ba", "danh", "con", "dau", "lam")):
        replies, memory, _, _ = await talk(Fixed(**dict.fromkeys(words, told)), *words)
        heard.append(replies[0].text)
        assert memory.asked == "tell", "and whatever is said, a yes begins the report"
    assert heard[0] != heard[1] != heard[2]
    assert all(number in text for text in heard for number in ("111", "113", "115"))


async def test_in_a_report_context_alone_does_not_repeat_the_safe_words() -> None:
    class ByContext:
        def assess(self, text: str, context: Any = None) -> Assessment:
            early = bool(context and context.earlier != "none")
            return Assessment("high", "disclosure") if text == "ba đánh" or early else Assessment()

    rasa, memory = Rasa(), Memory(introduced=True, audience="teen", in_form=True)
    conversation = Conversation(ByContext(), ANSWERS, rasa)  # type: ignore[arg-type]
    kinds = []
    for text in ("ba đánh", "nơi ở là xã Tân Thạnh", "ba đánh"):
        turn = await conversation.respond(IncomingMessage("web", "1", text, text=text), "s", memory, text)
        kinds.append([reply.kind for reply in turn.replies])
    assert kinds == [["safety"], ["text"], ["safety"]]


async def test_who_is_made_to_withdraw_hears_neutral_words_unless_the_words_are_of_danger_now() -> None:
    words = "rút tin, ổng đứng kế bên"
    near = Assessment("immediate", "emergency", codes=("model_disclose_self", "perpetrator_near"))
    knife = Assessment("immediate", "emergency", codes=("model_emergency", "weapon"))
    for found, loud in ((near, False), (knife, True)):
        replies, _, _, turns = await talk(Fixed(**{words.replace(" ", "_"): found}), words)
        assert turns[-1].risk == "immediate", "officers are told either way"
        assert (replies[0].kind == "safety") is loud


@pytest.mark.parametrize(
    "text", ["con khong co dt goi", "goi hoai ma k ai bat may", "dt em het tien roi", "con không dám gọi"]
)
async def test_whoever_is_told_to_call_and_cannot_hears_another_way(text: str) -> None:
    danger = Assessment("immediate", "emergency", codes=("model_emergency",))
    replies, *_ = await talk(Fixed(ba_dap_cua=danger), "ba dap cua", text)
    assert replies[0].text == ANSWERS.forms["cannot_call"]["child"]
    replies, *_ = await talk(Fixed(), text)
    assert replies[0].text == "mẫu", "only who was told to call"


@pytest.mark.parametrize("text", ["em không gọi ai hết", "trường không cho dùng điện thoại", "mình gọi bạn ra chơi"])
def test_calling_nobody_is_not_being_unable_to(text: str) -> None:
    assert not cannot_call(text)


@pytest.mark.parametrize(
    "text", ["con bi cam diec", "em khiếm thính", "con k noi dc", "không dám nói lớn", "gọi là ổng nghe liền"]
)
async def test_whoever_cannot_be_heard_on_a_telephone_is_told_what_they_can_write(text: str) -> None:
    danger = Assessment("immediate", "emergency", codes=("model_emergency",))
    replies, *_ = await talk(Fixed(ba_dap_cua=danger), "ba dap cua", text)
    assert replies[0].text == ANSWERS.forms["cannot_speak"]["child"]
    both = Fixed(**{text.replace(" ", "_"): danger})
    replies, *_ = await talk(both, text)
    assert replies[0].text.startswith("113"), "in an emergency the numbers stand first"
    assert replies[0].text.endswith(ANSWERS.forms["cannot_speak"]["child"])


@pytest.mark.parametrize("text", ["con không nói được với ai", "nói không được nó còn cãi", "cả lớp câm nín"])
def test_having_nobody_to_tell_is_not_being_mute(text: str) -> None:
    assert not cannot_speak(text)


def test_who_calls_says_no_yes() -> None:
    for asked in ("tell", "dying", "safe", "beside"):
        assert answered(asked, "co oi") is None
        assert answered(asked, "co") is not None


@pytest.mark.parametrize(
    ("text", "form"), [("có chồng chị ở nhà với bé", "beside"), ("khong co ai, no nam trong phong 1 minh", "alone")]
)
def test_who_says_whether_somebody_is_there_is_understood(text: str, form: str) -> None:
    found = answered("beside", text)
    assert found is not None
    assert found.form == form


@pytest.mark.model
def test_age_alone_is_no_danger_for_the_trained_model() -> None:
    assessor = RiskAssessor.load(ROOT / "models")
    for text in ("cô ơi con 9 tuổi", "em 12t", "con 9 tuổi"):
        assert assessor.assess(text).risk == "none"
    assert assessor.assess("con 9 tuổi, ba đánh con").at_risk


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("con bị bạn đánh", True),
        ("cô ơi em hay bị chặn đường", True),
        ("bạn con bị đánh", False),
        ("em tôi bị đánh", False),
        ("con tôi bị bạn đánh", False),
    ],
)
def test_ones_own_tale(text: str, own: bool) -> None:
    assert _own(normalise(text)) is own
