"""Messages that lean on the last answer, and the clarifying question."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.knowledge import Answerer, KnowledgeBase, talk
from bot.knowledge.asking import Asker
from bot.knowledge.followup import Thread, in_context, read
from bot.language import strip_accents
from bot.safety import Assessment
from bot.settings import ROOT
from tests.unit.test_knowledge_answers import ON, item
from tests.unit.test_knowledge_check import DOCUMENTS, write

THREAD = Thread(("mot", "hai"), "short", None, "18 tuổi quan hệ với bạn gái có bị đi tù không")
LEANING = {
    "simpler": ["giải thích dễ hơn", "nói đơn giản hơn đi", "mình chưa hiểu lắm", "khó hiểu quá", "nói ngắn gọn thôi",
                "tóm lại là sao", "nói lại cho dễ hiểu giùm em", "dài quá bạn ơi", "diễn giải bình dân hơn được không"],
    "source": ["nguồn ở đâu", "căn cứ nào vậy", "luật nào nói vậy", "có thật không", "điều mấy", "lấy ở đâu ra vậy",
               "cho xin nguồn", "theo luật nào", "chắc không đó", "ai nói vậy"],
    "more": ["xem thêm", "chi tiết hơn", "kể thêm đi bạn", "cụ thể hơn được không", "còn gì nữa không", "tiếp đi"],
    "ellipsis": ["thế còn 15 tuổi thì sao?", "phạt bao nhiêu?", "vậy báo ở đâu", "còn với người dưới 13 thì sao",
                 "ở tù mấy năm", "vậy gọi số nào", "thế nếu là con trai thì sao", "còn cha dượng thì sao",
                 "nếu tự nguyện thì sao", "rồi phải làm gì", "vậy có bị phạt không", "còn bạn cùng lớp thì sao",
                 "thế còn ở trường thì sao", "nếu không có bằng chứng thì sao", "tội gì", "cần giấy tờ gì"],
}  # fmt: skip
VOICES = {
    "child": ["nói như nói với con nít", "giải thích cho bé 7 tuổi", "em học lớp 4", "nói như với trẻ con đi"],
    "teen": ["nói cho học sinh lớp 7 nghe", "em học lớp 8"],
    "parent": ["nghe cho người lớn", "trả lời cho phụ huynh đi", "tôi là mẹ"],
    "teacher": ["tôi là giáo viên", "viết trang trọng cho giáo viên", "trả lời cho cán bộ"],
}
ALONE = [
    "nguồn nước ở đâu sạch", "trẻ em mấy tuổi được đi làm", "làm sao nói chuyện với con nít về giới tính",
    "đánh con bị phạt bao nhiêu", "con bị bắt nạt ở trường thì sao", "em buồn quá", "báo tin xâm hại ở đâu",
    "giải thích điều 142 bộ luật hình sự", "xin chào", "cảm ơn bạn", "con tôi học lớp 4 bị bạn đánh",
    "luật trẻ em là gì", "em không hiểu sao em buồn hoài", "", "?!", "x" * 200,
]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["tiktok thì sao", "còn zalo", "bên youtube sao", "tiktok", "vậy telegram thì làm sao"]
)
def test_another_site_takes_the_place_of_the_one_asked_about(text: str) -> None:
    thread = Thread(("mot",), "short", None, "làm sao gỡ hình trên facebook")
    for said in (text, strip_accents(text)):
        found = read(said, thread)
        assert found is not None, said
        assert found.kind == "ellipsis"
        assert "facebook" not in found.text
        assert not found.same_case


def test_a_site_alone_leans_on_nothing_that_named_none() -> None:
    assert read("tiktok", THREAD) is None


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in LEANING.items() for text in texts])
def test_leaning_messages_are_recognised_with_and_without_diacritics(kind: str, text: str) -> None:
    for said in (text, strip_accents(text)):
        found = read(said, THREAD)
        assert found is not None, said
        assert found.kind == kind, said


@pytest.mark.parametrize(("audience", "text"), [(who, text) for who, texts in VOICES.items() for text in texts])
def test_a_change_of_voice_is_recognised(audience: str, text: str) -> None:
    found = read(text, THREAD)
    assert found is not None
    assert (found.kind, found.audience) == ("voice", audience)


@pytest.mark.parametrize("text", ALONE)
def test_what_stands_alone_leans_on_nothing(text: str) -> None:
    assert read(text, THREAD) is None


def test_nothing_leans_on_nothing() -> None:
    assert read("phạt bao nhiêu?", Thread()) is None


def test_an_age_takes_the_place_of_the_age() -> None:
    assert in_context("thế còn 15 tuổi thì sao?", THREAD.asked) == "15 tuổi quan hệ với bạn gái có bị đi tù không"
    two = "18 tuổi quan hệ với bạn gái 15 tuổi"
    assert in_context("còn với người dưới 13 thì sao", two) == "18 tuổi quan hệ với bạn gái dưới 13 tuổi"
    assert in_context("tiktok thì sao", "gỡ hình trên Facebook ở đâu") == "gỡ hình trên tiktok ở đâu"
    assert in_context("con zalo", "go hinh tren facebook") == "go hinh tren zalo"
    assert in_context("vậy báo ở đâu", "bị tung hình") == "bị tung hình vậy báo ở đâu"


def test_a_thread_survives_json_and_refuses_nonsense() -> None:
    assert Thread.from_json(json.loads(json.dumps(THREAD.to_json()))) == THREAD
    assert Thread.from_json(None) == Thread.from_json(["a"]) == Thread()


VARIANTS = {
    "child": "Người lớn không được đánh con. Con kể với cô giáo. Con gọi 111 nghen.",
    "teen": "Người nhà đánh bạn có thể bị phạt tiền.",
    "parent": "Đánh con bị phạt 5 đến 10 triệu đồng.",
    "teacher": "Mức phạt tiền từ 5 đến 10 triệu đồng.",
}
BLOW = {
    **item("phat-danh", "Phạt đánh con", "", ["đánh con bị phạt bao nhiêu tiền", "danh con phat sao"],
           related=["bao-tin"], citations=[{"document": "bo-luat", "locator": "Điều 38"}],
           details="Tái phạm bị phạt gấp đôi."),
    "audiences": list(VARIANTS), "variants": VARIANTS,
}  # fmt: skip
TELL = {
    **item("bao-tin", "Báo tin ở đâu", "Báo 111, công an xã hoặc UBND xã.", ["báo tin đánh con ở đâu", "bao o dau"]),
    "kind": "procedure", "citations": [{"document": "bo-luat", "locator": "Điều 5"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    folder = write(tmp_path_factory.mktemp("kb"), [BLOW, TELL], DOCUMENTS)
    for name in ("synonyms.yml", "phrases.yml"):
        (folder / name).write_text((ROOT / "knowledge" / name).read_text(encoding="utf-8"), encoding="utf-8")
    return Answerer(KnowledgeBase.load(folder))


def conversation(answerer: Answerer, audience: str | None, *texts: str) -> list[talk.Turn]:
    """What is answered to one message after the other."""
    thread, turns = Thread(), []
    for text in texts:
        turns.append(talk.ask(answerer, text, audience, ON, thread, "ask_law"))
        thread, audience = turns[-1].thread, turns[-1].audience or audience
    return turns


def test_easier_and_easier_until_there_are_no_easier_words(answerer: Answerer) -> None:
    said = [t.answer.text for t in conversation(
        answerer, "teacher", "đánh con bị phạt bao nhiêu tiền", "giải thích dễ hơn", "vẫn chưa hiểu", "khó hiểu quá",
        "dễ hơn nữa đi")]  # fmt: skip
    assert said[0].startswith("Căn cứ: Bộ luật Hình sự, Điều 38")
    for text, who in zip(said[1:4], ("parent", "teen", "child"), strict=True):
        assert VARIANTS[who] in text
    assert "chưa có cách nói dễ hơn" in said[4]


def test_source_details_and_then_what_is_near(answerer: Answerer) -> None:
    turns = conversation(
        answerer, "parent", "đánh con bị phạt bao nhiêu tiền", "nguồn ở đâu", "xem thêm", "còn gì nữa không"
    )
    assert "https://example.org/luat" in turns[1].answer.text
    assert "Tái phạm bị phạt gấp đôi" in turns[2].answer.text
    assert [b.title for b in turns[3].answer.buttons] == ["Báo tin ở đâu"]


def test_another_voice_at_any_time_and_it_stays(answerer: Answerer) -> None:
    turns = conversation(
        answerer, "parent", "đánh con bị phạt bao nhiêu tiền", "nói như nói với con nít", "đánh con bị phạt bao nhiêu"
    )
    assert VARIANTS["child"] in turns[1].answer.text
    assert turns[1].audience == "child"
    assert VARIANTS["child"] in turns[2].answer.text


def test_a_question_with_something_left_out_is_asked_in_context(answerer: Answerer) -> None:
    turns = conversation(answerer, "parent", "đánh con bị phạt bao nhiêu tiền", "vậy báo ở đâu")
    assert turns[1].answer.items[0].id == "bao-tin"


def test_the_same_short_words_are_not_said_twice(answerer: Answerer) -> None:
    turns = conversation(answerer, "teen", "đánh con bị phạt bao nhiêu tiền", "phạt bao nhiêu?")
    assert "Tái phạm bị phạt gấp đôi" in turns[1].answer.text


def test_safety_and_refusal_come_before_the_thread(answerer: Answerer) -> None:
    danger = Assessment("high", "disclosure", 0.9, [])
    assert talk.follow(answerer, "giải thích dễ hơn", "teen", ON, THREAD, danger) is None
    assert talk.ask(answerer, "đánh sao cho không để lại vết", "parent", ON, THREAD).answer.status == "refused"
    half = Thread(("phat-danh",), asked="làm sao nói chuyện với bé")
    turn = talk.ask(answerer, "thế 8 tuổi để nó tin mình thì sao", "parent", ON, half)
    assert (turn.answer.status, turn.thread) == ("refused", half)


def test_sessions_of_the_command_are_conversations_and_other_lines_are_not(answerer: Answerer) -> None:
    asker = Asker(answerer, None, None, ON)

    def said(text: str, **more: Any) -> dict[str, Any]:
        return dict(json.loads(asker.json_line(json.dumps({"text": text, "audience": "parent", **more}), None)))

    assert said("đánh con bị phạt bao nhiêu tiền", session="a")["status"] == "answered"
    assert "Tái phạm" in said("xem thêm", session="a")["answer"]
    assert "Tái phạm" not in said("xem thêm", session="b")["answer"]
    assert "Tái phạm" not in said("xem thêm")["answer"]
    assert "error" in said("xem thêm", session=5)


@pytest.mark.parametrize("text", ["quy trình các bước", "gồm mấy bước", "quy trinh ra sao vay", "từng bước làm sao"])
def test_the_steps_are_those_of_the_case_asked_about(text: str) -> None:
    found = read(text, Thread(("sk-037-gv-nghe-ke",), asked="giáo viên phải báo ai"))
    assert found is not None
    assert (found.kind, found.intent, found.same_case) == ("ellipsis", "ask_procedure", True)
    assert found.text.startswith("giáo viên phải báo ai")
