"""The conversation with the real risk model and a Rasa that answers, is silent or is down."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.dialogue.conversation import Conversation, Turn, with_audience
from bot.dialogue.memory import Memory
from bot.dialogue.messages import MAX_TEXT, IncomingMessage
from bot.dialogue.rasa_client import RasaDown, RasaTurn
from bot.dialogue.safe_forms import HOLDS, POISON_HOLDS
from bot.safety import RiskAssessor, SafetyAnswers
from bot.settings import ROOT

NUMBERS = ("111", "113", "115")
DISCLOSURE = "duong con so vao nguoi con hoai, con so lam"


class Rasa:
    """Stands in for Rasa's HTTP side only: says what it is told to say."""

    def __init__(self, *messages: dict[str, Any], down: bool = False) -> None:
        self.messages = [dict(m) for m in messages]
        self.down = down
        self.heard: list[tuple[str, dict[str, Any], bool]] = []

    async def handle(self, sender: str, text: str, metadata: dict[str, Any], repeated: bool) -> RasaTurn:
        self.heard.append((text, metadata, repeated))
        if self.down:
            raise RasaDown("timeout")
        return RasaTurn([dict(m) for m in self.messages])


@pytest.fixture(scope="module")
def assessor() -> RiskAssessor:
    return RiskAssessor.load(ROOT / "models")


def safe_talk(form: str, **more: Any) -> Memory:
    """A talk in which safe words have just been said."""
    told = {"audience": "teen", "risk": "high", "helped": True, "safe_form": form, "safe_at": time.time()}
    return Memory(introduced=True, **{**told, **more})


async def answer(assessor: RiskAssessor, rasa: Rasa, text: str, memory: Memory | None = None, **more: Any) -> Turn:
    conversation = Conversation(assessor, SafetyAnswers.load(), rasa)
    message = IncomingMessage("web", "c", "u", text=text, **more)
    return await conversation.respond(message, "s", memory or Memory(introduced=True), "key")


def with_numbers(turn: Turn) -> bool:
    return any(all(n in reply.text for n in NUMBERS) for reply in turn.replies)


async def test_risk_is_answered_first_and_in_the_same_turn(assessor: RiskAssessor) -> None:
    turn = await answer(assessor, Rasa({"text": "Điều 142 …"}), DISCLOSURE)
    assert turn.replies[0].kind == "safety"
    assert with_numbers(turn)
    assert turn.replies[-1].text == "Điều 142 …"


async def test_risk_is_answered_when_rasa_is_down(assessor: RiskAssessor) -> None:
    turn = await answer(assessor, Rasa(down=True), DISCLOSURE)
    assert turn.replies[0].kind == "safety"
    assert turn.rasa_failed


async def test_an_ordinary_message_gets_the_numbers_when_rasa_is_down(assessor: RiskAssessor) -> None:
    turn = await answer(assessor, Rasa(down=True), "chào buổi sáng")
    assert with_numbers(turn)


async def test_a_silent_rasa_still_gives_an_answer(assessor: RiskAssessor) -> None:
    assert (await answer(assessor, Rasa(), "chào buổi sáng")).replies


async def test_the_machine_says_at_first_contact_that_it_is_one(assessor: RiskAssessor) -> None:
    memory = Memory()
    first = await answer(assessor, Rasa({"text": "dạ"}), "chào buổi sáng", memory)
    assert any("máy trả lời tự động" in r.text for r in first.replies)
    second = await answer(assessor, Rasa({"text": "dạ"}), "cảm ơn", memory)
    assert not any("máy trả lời tự động" in r.text for r in second.replies)


async def test_in_danger_the_safe_answer_comes_before_the_introduction(assessor: RiskAssessor) -> None:
    turn = await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, Memory())
    assert turn.replies[0].kind == "safety"
    assert "máy trả lời tự động" in turn.replies[1].text


async def test_rasa_hears_risk_reasons_and_audience(assessor: RiskAssessor) -> None:
    rasa = Rasa({"text": "dạ"})
    await answer(assessor, rasa, "con 8 tuổi, " + DISCLOSURE)
    _text, metadata, _repeated = rasa.heard[0]
    assert metadata["safety_shown"] is True
    assert metadata["audience"] == "child"
    assert metadata["risk"] in ("medium", "high", "immediate")
    assert metadata["reasons"]


async def test_rasa_hears_of_a_request_to_refuse(assessor: RiskAssessor) -> None:
    rasa = Rasa({"text": "dạ"})
    await answer(assessor, rasa, "mai thanh tra xuống quán, mấy đứa nhỏ đang làm cho tôi thì giấu đâu cho êm")
    assert rasa.heard[0][1]["request"] == "evade"


async def test_quick_exit_forgets_without_rasa(assessor: RiskAssessor) -> None:
    rasa = Rasa(down=True)
    turn = await answer(assessor, rasa, "thoát")
    assert turn.memory is None
    assert turn.replies[0].kind == "hide"
    assert not rasa.heard


async def test_later_messages_are_read_in_the_light_of_earlier_ones(assessor: RiskAssessor) -> None:
    memory = Memory(introduced=True)
    await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory)
    turn = await answer(assessor, Rasa({"text": "dạ"}), "nó đang đứng ngoài cửa", memory)
    assert turn.risk in ("high", "immediate")


@pytest.mark.parametrize("media", ["photo", "voice", "video", "document", "location", "sticker"])
async def test_files_are_answered_kindly(assessor: RiskAssessor, media: str) -> None:
    turn = await answer(assessor, Rasa({"text": "không"}), "", media=media, kind="media")
    assert "111" in turn.replies[0].text


async def test_a_caption_at_risk_is_heard(assessor: RiskAssessor) -> None:
    turn = await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, media="photo", kind="media")
    assert turn.replies[0].kind == "safety"


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u202e", "\x00\x01"])
async def test_nothing_readable_gets_a_way_forward(assessor: RiskAssessor, text: str) -> None:
    turn = await answer(assessor, Rasa({"text": "không"}), text)
    assert "111" in turn.replies[0].text


async def test_a_very_long_message_is_said_to_be_cut(assessor: RiskAssessor) -> None:
    rasa = Rasa({"text": "dạ"})
    turn = await answer(assessor, rasa, "xin chào " * (MAX_TEXT // 5))
    assert any("dài quá" in reply.text for reply in turn.replies)
    assert len(rasa.heard[0][0]) <= 2000


async def test_the_last_resort_has_the_safe_answer(assessor: RiskAssessor) -> None:
    conversation = Conversation(assessor, SafetyAnswers.load(), Rasa())
    turn = conversation.respond_without_rasa(IncomingMessage("web", "c", "u", text=DISCLOSURE), Memory())
    assert turn.replies[0].kind == "safety"


def test_the_audience_travels_inside_a_payload() -> None:
    assert with_audience("/affirm", Memory(audience="child")) == '/affirm{"audience": "child"}'
    assert with_audience("xin chào", Memory(audience="child")) == "xin chào"
    assert "teacher" in with_audience('/set_audience{"audience": "teacher"}', Memory(audience="child"))


def test_wishes_and_kinds_of_a_rasa_turn() -> None:
    turn = RasaTurn(
        [
            {"text": "Mã tin báo: 1"},
            {"custom": {"kind": "receipt"}},
            {"custom": {"in_form": False}},
            {"text": "hết", "buttons": [{"title": "Có", "payload": "/affirm"}]},
        ]
    )
    assert [r.kind for r in turn.replies] == ["receipt", "text"]
    assert turn.wishes == {"in_form": False}


async def test_an_edit_that_changes_no_words_is_not_answered_again(assessor: RiskAssessor) -> None:
    memory = Memory(introduced=True)
    await answer(assessor, Rasa({"text": "dạ"}), "con chào cô", memory)
    assert not (await answer(assessor, Rasa({"text": "dạ"}), "con chào cô", memory, kind="edited")).replies
    assert (await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory, kind="edited")).replies


async def test_the_title_of_a_button_that_is_typed_is_the_button(assessor: RiskAssessor) -> None:
    memory = Memory(introduced=True)
    shown = {"title": "Kể để được giúp", "payload": "/start_report"}
    await answer(assessor, Rasa({"text": "…", "buttons": [shown]}), "co nguoi hay doa minh", memory)
    rasa = Rasa({"text": "…"})
    await answer(assessor, rasa, "ke de duoc giup", memory)
    await answer(assessor, rasa, "ke de duoc giup", memory)  # other buttons stand there by now
    assert [heard.split("{")[0] for heard, *_ in rasa.heard] == ["/start_report", "ke de duoc giup"]


async def test_a_word_that_is_a_title_too_stays_a_word(assessor: RiskAssessor) -> None:
    rasa = Rasa({"text": "…"})
    await answer(assessor, rasa, "bỏ qua", Memory(introduced=True, offered={"bo qua": "/skip"}))
    assert rasa.heard[0][0] == "bỏ qua"


async def test_the_long_safe_answer_is_not_repeated(assessor: RiskAssessor) -> None:
    memory = Memory(introduced=True)
    first = await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory)
    second = await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory)
    assert len(second.replies[0].text) < len(first.replies[0].text)
    assert with_numbers(second)


async def test_graver_news_get_the_long_answer_again(assessor: RiskAssessor) -> None:
    memory = Memory(introduced=True)
    await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory)
    turn = await answer(assessor, Rasa({"text": "dạ"}), "ổng đang cầm dao rượt con, cứu con", memory)
    assert turn.risk == "immediate"
    assert turn.replies[0].text.startswith(("113:", "115:"))
    assert "chạy tới chỗ đông người" in turn.replies[0].text


async def test_who_thinks_of_dying_and_goes_on_is_not_left_with_the_words_for_other_dangers(
    assessor: RiskAssessor,
) -> None:
    memory = safe_talk("self_harm_now", risk="immediate")
    turn = await answer(assessor, Rasa({"text": "dạ"}), "nó dọa tung clip của em", memory)
    assert "đừng ở một mình" in turn.replies[0].text
    again = await answer(assessor, Rasa({"text": "dạ"}), "nó dọa tung clip của em", memory)
    assert again.replies[0].text != turn.replies[0].text
    assert "ở một mình" in again.replies[0].text or "ngồi cạnh" in again.replies[0].text


@pytest.mark.parametrize(("before", "voice"), [("harmed", "child"), ("own_hand", "parent")])
async def test_who_has_hurt_another_and_goes_on_keeps_the_words_for_that(
    assessor: RiskAssessor, before: str, voice: str
) -> None:
    memory = safe_talk(before, audience=voice, risk="immediate")
    turn = await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory)
    assert turn.replies[0].text == SafetyAnswers.load().forms[before][voice]


async def test_with_a_stranger_at_the_door_the_words_change_and_nobody_is_sent_out(assessor: RiskAssessor) -> None:
    memory = safe_talk("at_the_door", audience="child", risk="immediate")
    said = [(await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory)).replies[0].text for _ in range(3)]
    forms = SafetyAnswers.load().forms
    assert said == [forms[name]["child"] for name in ("still_inside", "at_the_door", "still_inside")]
    assert not any("chạy" in text for text in said)


async def test_who_speaks_of_dying_for_the_first_time_is_asked_in_full(assessor: RiskAssessor) -> None:
    memory = safe_talk("disclosure")
    turn = await answer(assessor, Rasa({"text": "dạ"}), "em muốn chết cho rồi", memory)
    assert turn.replies[0].text in (
        SafetyAnswers.load().forms["self_harm"]["teen"],
        SafetyAnswers.load().forms["self_harm_now"]["teen"],
    )


async def test_who_is_writing_is_asked_once_and_only_when_nothing_tells(assessor: RiskAssessor) -> None:
    memory = Memory()
    first = await answer(assessor, Rasa({"text": "Chào. Đây là máy trả lời tự động."}), "xin chào", memory)
    assert [len(r.buttons) for r in first.replies] == [0, 4], "said once that it is a machine, then asked"
    second = await answer(assessor, Rasa({"text": "dạ"}), "điều 5 là gì", memory)
    assert len(second.replies) == 1
    known = await answer(assessor, Rasa({"text": "dạ"}), "con 8 tuổi, con chào cô", Memory())
    assert not any(len(r.buttons) == 4 for r in known.replies)


async def test_beside_an_officer_only_what_keeps_somebody_safe_is_said(assessor: RiskAssessor) -> None:
    conversation = Conversation(assessor, SafetyAnswers.load(), Rasa({"text": "không bao giờ"}))

    def listen(text: str) -> Turn:
        return conversation.listen(IncomingMessage("web", "c", "u", text=text), memory)

    memory = Memory(introduced=True)
    assert listen("dạ con chào cô").replies == []
    first = listen(DISCLOSURE)
    assert [reply.kind for reply in first.replies] == ["safety"]
    assert with_numbers(first)
    assert listen(DISCLOSURE).replies == []  # the officer has read it; the numbers are there
    for _ in range(2):  # in immediate danger they are repeated: nobody knows whether the officer still looks
        urgent = listen("ổng đang đập cửa phòng con, ổng cầm dao")
        assert urgent.risk == "immediate"
        assert with_numbers(urgent)
    assert urgent.silent
    assert memory.risk == "immediate"


async def test_what_rasa_wishes_about_people_and_danger_is_heard(assessor: RiskAssessor) -> None:
    rasa = Rasa({"text": "chưa có ai"}, {"custom": {"kind": "human"}}, {"custom": {"danger": True}})
    turn = await answer(assessor, rasa, "cho gặp cán bộ")
    assert [reply.kind for reply in turn.replies] == ["human"]
    assert turn.danger
    assert not turn.calm
    assert (await answer(assessor, Rasa({"text": "dạ"}, {"custom": {"calm": True}}), "không phải vậy")).calm


async def test_who_has_swallowed_something_is_sent_to_the_hospital_as_long_as_it_hurts(assessor: RiskAssessor) -> None:
    memory = Memory(introduced=True, audience="teen")
    first = await answer(assessor, Rasa({"text": "dạ"}), "em lỡ uống thuốc sâu rồi", memory)
    assert first.replies[0].text.startswith("115")
    said = []
    for text in ("đau bụng quá", "met buon ngu", "chong mat"):
        reply = (await answer(assessor, Rasa({"text": "dạ"}), text, memory)).replies[0]
        assert reply.kind == "safety"
        assert reply.text.startswith("115")
        said.append(reply.text)
    assert said[0] != said[1]


async def test_the_same_pains_are_nothing_grave_by_themselves(assessor: RiskAssessor) -> None:
    turn = await answer(assessor, Rasa({"text": "dạ"}), "đau bụng quá", Memory(introduced=True, audience="teen"))
    assert [reply.kind for reply in turn.replies] == ["text"]


async def test_a_message_in_khmer_gets_the_numbers_and_a_way(assessor: RiskAssessor) -> None:
    turn = await answer(assessor, Rasa({"text": "dạ"}), "ខ្ញុំចង់ស្លាប់", Memory(introduced=True))
    assert turn.replies[0].text == SafetyAnswers.load().forms["khmer"]["teen"]


async def test_more_than_a_yes_to_whether_one_thinks_of_dying_is_not_asked_again(assessor: RiskAssessor) -> None:
    for text in ("thiet ra co. em giau thuoc ngu trong cap", "em muốn chết cho rồi, em viết thư rồi"):
        memory = safe_talk("self_harm", asked="dying")
        turn = await answer(assessor, Rasa({"text": "dạ"}), text, memory)
        assert turn.replies[0].text == SafetyAnswers.load().forms["self_harm_now"]["teen"]


@pytest.mark.parametrize("text", ["nguồn ở đâu", "noi de hon", "phạt bao nhiêu"])
async def test_a_question_about_the_last_answer_is_answered_in_a_talk_of_danger_too(
    assessor: RiskAssessor, text: str
) -> None:
    memory = safe_talk("disclosure", recent=[DISCLOSURE])
    turn = await answer(assessor, Rasa({"text": "theo luật"}), text, memory)
    assert [reply.kind for reply in turn.replies] == ["text"]


async def test_another_day_is_another_danger(assessor: RiskAssessor) -> None:
    long_ago = time.time() - 3 * HOLDS
    memory = safe_talk("at_the_door", audience="child", risk="immediate", safe_at=long_ago)
    turn = await answer(assessor, Rasa({"text": "dạ"}), DISCLOSURE, memory)
    forms = SafetyAnswers.load().forms
    assert turn.replies[0].text not in [forms[name]["child"] for name in ("at_the_door", "still_inside")]
    memory = Memory(introduced=True, audience="teen", swallowed_at=time.time() - 2 * POISON_HOLDS)
    turn = await answer(assessor, Rasa({"text": "dạ"}), "đau bụng quá", memory)
    assert [reply.kind for reply in turn.replies] == ["text"]


@pytest.mark.parametrize(
    ("told", "voices"),
    [
        (["t 13t", "con lam sao"], ["teen", "teen"]),
        (["em dang hoc lop 9", "con lam sao"], ["teen", "teen"]),
        (["con 7 tuoi", "con lam sao", "em con khoc hoai so duong nghe"], ["child", "child", "child"]),
        (["con 9 tuổi", "bạn em 15 tuổi", "nó lớp 9"], ["child", "child", "child"]),
        (["t 15t r", "ba t biết là ổng đập chết", "t chặn nó r"], ["teen", "teen", "teen"]),
        (["tôi muốn hỏi", "dm t 15t r con cái gì", "tôi muốn hỏi"], ["parent", "teen", "teen"]),
        (["con 9 tuổi", "nhầm, con 12 tuổi", "con buồn"], ["child", "teen", "teen"]),
        (["con 9 tuổi", "con gái tôi bị bạn chọc", "con 9 tuổi"], ["child", "parent", "parent"]),
        (["em lớp 8", "tôi là giáo viên", "em buồn"], ["teen", "teacher", "teacher"]),
    ],
)
async def test_a_stated_age_keeps_the_voice(assessor: RiskAssessor, told: list[str], voices: list[str]) -> None:
    rasa, memory = Rasa({"text": "dạ"}), Memory(introduced=True)
    for text in told:
        turn = await answer(assessor, rasa, text, memory)
        assert turn.memory is not None
        memory = Memory.from_json(turn.memory.to_json())
    assert [metadata["audience"] for _text, metadata, _repeated in rasa.heard] == voices


async def test_a_choice_outweighs_a_stated_age(assessor: RiskAssessor) -> None:
    memory = Memory(introduced=True, audience="teen", audience_stated=True)
    chosen = await answer(
        assessor, Rasa({"text": "dạ"}), "", memory, kind="button", payload='/set_audience{"audience": "parent"}'
    )
    assert chosen.memory is not None
    turn = await answer(assessor, Rasa({"text": "dạ"}), "em 13 tuổi", chosen.memory)
    assert turn.memory is not None
    assert turn.memory.audience == "parent"
