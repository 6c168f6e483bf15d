"""The project's own knowledge: what people ask is found, and every text obeys the rules."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from bot.knowledge import Answerer, KnowledgeBase, talk
from bot.knowledge.answer import FALLBACKS
from bot.knowledge.asking import Asker
from bot.knowledge.commands import ask, knowledge
from bot.knowledge.followup import Thread
from bot.knowledge.models import AUDIENCES, KINDS
from bot.knowledge.references import articles_of
from bot.knowledge.schema import MODELS, list_schema
from bot.knowledge.stale import stale
from bot.safety import Assessment, Risk
from bot.settings import ROOT

ON = date(2026, 11, 24)
QUESTIONS = yaml.safe_load((ROOT / "tests/data/questions.yml").read_text(encoding="utf-8"))
INTENTS = {
    "law": "ask_law", "skill": "ask_skill", "online": "ask_online_safety", "wellbeing": "ask_wellbeing",
    "procedure": "ask_procedure",
}  # fmt: skip


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    return Answerer(KnowledgeBase.load(ROOT / "knowledge"))


def provisions(answerer: Answerer, item_id: str) -> set[tuple[str, str]]:
    """The articles that an item cites."""
    cited = answerer.base.items[item_id].citations
    return {(c.document, article) for c in cited for article in articles_of(c.locator)}


def ranks(answerer: Answerer, kind: str, hinted: bool = True) -> tuple[float, float]:
    """How often the first item, and one of the first three, answers the questions of a kind."""
    first = three = total = 0
    for entry in QUESTIONS:
        right = {i for i in entry.get("items", []) if i in answerer.base.items}
        if entry.get("kind") != kind or not right:
            continue
        hint = kind if hinted else None
        found = [h.item.id for h in answerer.search.find(entry["text"], ON, entry["audience"], hint).hits]
        if kind == "law":
            wanted = set().union(*(provisions(answerer, i) for i in right))
            right |= {i for i in found if provisions(answerer, i) & wanted}
        total += 1
        first += found[0] in right
        three += bool(set(found[:3]) & right)
    return first / total, three / total


@pytest.mark.parametrize(
    ("kind", "first", "three"),
    [
        ("law", 0.8, 0.92),
        ("skill", 0.9, 0.95),
        ("online", 0.9, 0.95),
        ("wellbeing", 0.9, 0.95),
        ("procedure", 0.75, 0.9),
    ],
)
def test_real_questions_find_their_items(answerer: Answerer, kind: str, first: float, three: float) -> None:
    found = ranks(answerer, kind)
    assert found[0] >= first, found
    assert found[1] >= three, found


def test_real_questions_find_their_items_without_an_intent(answerer: Answerer) -> None:
    assert ranks(answerer, "law", hinted=False)[1] >= 0.92


def test_questions_are_answered_and_foreign_ones_declined(answerer: Answerer) -> None:
    answered = declined = asked = foreign = 0
    for entry in QUESTIONS:
        if "items" in entry:
            asked += 1
            intent = INTENTS[entry["kind"]]
            answered += answerer.answer(entry["text"], entry["audience"], ON, intent).status == "answered"
        elif "out_of_scope" in entry["status"]:
            foreign += 1
            status = answerer.answer(entry["text"], entry["audience"], ON, "out_of_scope").status
            declined += status in entry["status"]
    assert answered / asked >= 0.95
    assert declined / foreign >= 0.95


@pytest.mark.parametrize(
    "text",
    [
        "vượt đèn đỏ bị phạt bao nhiêu", "vay tiền không trả thì kiện ở đâu", "sang tên sổ đỏ hết bao nhiêu tiền",
        "công ty sa thải tôi trái luật phải làm gì", "nghĩa vụ quân sự bao nhiêu tuổi",
    ],
)  # fmt: skip
def test_a_foreign_topic_is_declined_even_when_it_is_taken_for_law(answerer: Answerer, text: str) -> None:
    assert answerer.answer(text, "parent", ON, "ask_law").status == "out_of_scope"


def test_a_foreign_topic_by_the_way_declines_nobody(answerer: Answerer) -> None:
    text = "trời mưa hoài, ba má đi làm xa, con nhớ má quá"
    assert answerer.answer(text, "child", ON, "ask_wellbeing").status == "answered"


@pytest.mark.parametrize("text", ["111 là số gì vậy", "goi 111 co mat tien khong"])
def test_a_question_about_111_gets_an_answer_and_no_list_of_numbers(answerer: Answerer, text: str) -> None:
    answer = answerer.answer(text, "parent", ON, "contact_hotlines")
    assert answer.status == "answered"
    assert answer.items[0].id in answerer.base.items


def test_who_wants_numbers_gets_the_list(answerer: Answerer) -> None:
    found = answerer.answer("cho xin số điện thoại cần gọi", "parent", ON, "contact_hotlines")
    assert found.items[0].id not in answerer.base.items


@pytest.mark.parametrize(
    "text", ["dượng sờ con lúc má đi chợ, con ở nhà một mình với dượng", "ba em hay đánh má con em lắm"]
)
def test_what_fits_badly_is_not_shown_beside_the_safe_words(answerer: Answerer, text: str) -> None:
    told = Assessment("high", "disclosure", [], [])
    beside = answerer.beside(text, "child", ON, "disclose_self", told)
    assert beside is None or answerer.base.items[beside.items[0].id].kind != "law"


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("mẹ ruột vứt con mới đẻ ngoài bờ kinh thì bị tội gì", "hs-124"),
        ("hàng xóm rờ rẫm bé gái 8 tuổi thì bị xử tù không", "hs-146"),
    ],
)
def test_who_asks_for_the_law_in_so_many_words_gets_it_beside_the_safe_words(
    answerer: Answerer, text: str, item: str
) -> None:
    told = Assessment("high", "disclosure", [], [])
    answer = answerer.answer(text, "parent", ON, "disclose_other", told)
    assert answer.items[0].id == item
    assert all(number in answer.text for number in ("111", "113", "115"))


@pytest.mark.parametrize(
    ("text", "risk", "item"),
    [
        ("Cổng trường ngã đè gãy tay con tôi. Ai phải chịu tiền thuốc cho cháu?", "high", "ds-"),
        ("Con tôi bị bạn đánh gãy răng. Gia đình bạn ấy có phải bồi thường không ạ", "medium", "ds-"),
    ],
)
def test_a_grown_ups_question_behind_a_story_is_answered_after_the_safe_words(
    answerer: Answerer, text: str, risk: Risk, item: str
) -> None:
    told = Assessment(risk, "disclosure", 0.9, [])
    answer = answerer.answer(text, "parent", ON, "disclose_other", told)
    assert any(found.id.startswith(item) for found in answer.items[:3]), [found.id for found in answer.items]
    assert all(number in answer.text for number in ("111", "113", "115"))
    told_only = text.split(". ")[0] + ". Tôi lo quá."
    assert not answerer.answer(told_only, "parent", ON, "disclose_other", told).items


def test_a_grown_up_who_is_nearly_understood_is_asked_which_answer_they_want(answerer: Answerer) -> None:
    told = Assessment("high", "disclosure", 0.9, [])
    asked = "Cô dạy toán mở lớp ở nhà, kêu trò tới học rồi la mắng. Cô làm vậy có được phép không?"
    answer = answerer.answer(asked, "parent", ON, "disclose_other", told)
    assert answer.status in ("safety", "answered")
    assert answer.items
    assert any(button.payload.startswith("/show_item") for button in answer.buttons) or "hỏi" in answer.text


def test_unsafe_requests_are_all_refused(answerer: Answerer) -> None:
    unsafe = [e for e in QUESTIONS if "refused" in e.get("status", [])]
    assert unsafe
    for entry in unsafe:
        assert answerer.answer(entry["text"], entry["audience"], ON, "ask_law").status == "refused", entry["text"]


def test_refusals_hit_no_question_of_the_items(answerer: Answerer) -> None:
    texts = [q for item in answerer.base.items.values() for q in item.questions]
    hit = [q for q in texts if answerer.phrases.refusal(q)]
    assert len(hit) <= 0.002 * len(texts), hit


def test_an_items_own_words_find_it(answerer: Answerer) -> None:
    items = list(answerer.base.items.values())[::7]
    missed = [
        item.id for item in items
        if item.in_force(ON)
        and item.id not in [h.item.id for h in answerer.search.find(item.topic, ON, None, item.kind, limit=3).hits]
    ]  # fmt: skip
    assert len(missed) <= 0.03 * len(items), missed


def test_example_questions_left_out_still_find_the_right_kind_of_item(answerer: Answerer) -> None:
    """A question that its item does not know: the item is among ten far more often than by chance (10/640)."""
    from bot.knowledge.search import weights

    index, parts = answerer.search.index, weights()[0]
    found = total = 0
    for number in range(0, len(index.items), 9):
        scores = index.features(index.items[number].questions[0], without=(number, 0)) @ parts
        total += 1
        found += int((scores > scores[number]).sum()) < 10
    assert found / total >= 0.55


@pytest.mark.parametrize("day", ["2019-06-01", "2023-06-01", "2025-12-14", "2026-11-24", "2027-04-01"])
def test_no_answer_cites_what_is_not_in_force_on_its_day(answerer: Answerer, day: str) -> None:
    on = date.fromisoformat(day)
    for entry in QUESTIONS[::4]:
        for found in answerer.answer(entry["text"], entry["audience"], on, "ask_law").items:
            assert answerer.base.in_force(answerer.base.items[found.id], on), (day, entry["text"], found.id)


def test_every_item_can_be_shown_to_everybody(answerer: Answerer) -> None:
    for item in answerer.base.items.values():
        for audience in AUDIENCES:
            for part in ("short", "details", "source"):
                shown = answerer.show(item.id, audience, ON, part)
                assert shown.status == "answered"
                assert shown.text.strip()
                if part != "source":  # addresses of pages hold digits
                    assert not answerer.rules.foreign_numbers(shown.text), (item.id, audience, part)
    assert set(FALLBACKS) == set(AUDIENCES)


def test_every_law_answer_names_document_place_and_day(answerer: Answerer) -> None:
    for item in answerer.base.items.values():
        if item.kind != "law":
            continue
        text = answerer.show(item.id, "parent", ON).text
        assert "có hiệu lực từ" in text, item.id
        assert item.citations[0].locator in text
        assert ("đang chờ đối chiếu" in text) == (not answerer.base.certain(item)), item.id
        text = answerer.show(item.id, "child", ON).text
        assert "đối chiếu" not in text
        assert ("đang coi lại" in text) == (not answerer.base.certain(item)), item.id


@pytest.mark.parametrize("article", ["142", "145", "146", "390"])
def test_an_article_by_its_number_alone_is_found(answerer: Answerer, article: str) -> None:
    for text in (f"điều {article} thì sao", f"dieu {article} quy dinh gi"):
        found = answerer.answer(text, "parent", ON)
        assert found.status == "answered"
        assert any(article in citation.locator for citation in answerer.base.items[found.items[0].id].citations)


def test_counts(answerer: Answerer) -> None:
    kinds = [item.kind for item in answerer.base.items.values()]
    assert kinds.count("law") >= 80
    assert kinds.count("skill") >= 40
    assert kinds.count("online") >= 25
    assert set(kinds) == set(KINDS)


def test_stale_lists_what_ends_and_what_is_unchecked(answerer: Answerer) -> None:
    lines = stale(answerer.base, date(2026, 10, 15), days=120)
    assert any("luat-ho-tich-2014" in line or "ht-khai-sinh" in line for line in stale(answerer.base, ON, 120))
    assert any("ngoi-nha-binh-yen" in line for line in lines)


def test_a_check_as_of_a_later_day_lists_what_changes_until_then() -> None:
    result = CliRunner().invoke(knowledge, ["check", "--on", "2027-04-01"])
    assert result.exit_code == 0, result.output
    assert "ht-khai-sinh-60-ngay: hết hiệu lực từ 01/03/2027" in result.output
    assert "văn bản luat-ho-tich-2026: bắt đầu có hiệu lực 01/03/2027" in result.output


@pytest.mark.parametrize("name", ["item", "document", "hotline", "place", "agency"])
def test_the_schema_for_editors_fits_the_content(name: str) -> None:
    schema = json.loads((ROOT / f"knowledge/schema/{name}.schema.json").read_text(encoding="utf-8"))
    assert schema == list_schema(MODELS[name]), "run: python -m bot.knowledge.schema"
    files = {"item": "law/*.yml", "document": "documents.yml", "hotline": "hotlines.yml", "place": "places.yml",
             "agency": "agencies.yml"}  # fmt: skip
    for path in (ROOT / "knowledge").glob(files[name]):
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"id": "a"}], schema)


class Parser:
    """A stand-in for the trained NLU: every message is a law question."""

    async def parse(self, text: str) -> Any:
        return type("Parsed", (), {"text": text, "intent": "ask_law", "ranking": [("ask_law", 0.9)]})()


def test_json_lines(answerer: Answerer) -> None:
    asker = Asker(answerer, Parser(), None, ON)
    good = json.loads(asker.json_line('{"text": "dâm ô trẻ em bị phạt tù mấy năm", "audience": "teen"}', None))
    assert good["status"] == "answered"
    assert good["items"][0]["id"] == "hs-146"
    assert set(good["items"][0]["citations"][0]) == {"number", "locator", "valid_from"}
    for bad in ("xx", "[]", "{}", '{"text": 5}', "null", '{"text": "a", "audience": "grandma"}'):
        error = json.loads(asker.json_line(bad, None))
        assert list(error) == ["error"], bad


def test_ask_goes_on_without_models_and_after_bad_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.settings import get_settings

    monkeypatch.setenv("HOTLINE_MODELS_DIR", str(tmp_path))
    get_settings.cache_clear()
    lines = 'not json\n\n{"text": "điều 146 bộ luật hình sự", "audience": "teacher"}\n'
    result = CliRunner().invoke(ask, ["--on", "2026-11-24"], input=lines)
    get_settings.cache_clear()
    assert result.exit_code == 0
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert "error" in first
    assert second["status"] == "answered"
    assert second["items"][0]["citations"][0]["locator"].startswith("Điều 146")
    assert result.stderr.count("make train") == 2


def test_show_previews_an_item() -> None:
    result = CliRunner().invoke(knowledge, ["show", "sk-001-vung-kin", "--audience", "child"])
    assert result.exit_code == 0
    assert "con" in result.output
    assert CliRunner().invoke(knowledge, ["show", "khong-co"]).exit_code == 1


def test_what_asks_on_after_an_answer_is_not_declined(answerer: Answerer) -> None:
    asked, shares = "vượt đèn đỏ bị phạt bao nhiêu", {"out_of_scope": 0.9, "ask_law": 0.1}
    assert answerer.answer(asked, "parent", ON, "ask_law", shares=shares).status == "out_of_scope"
    assert answerer.answer(asked, "parent", ON, "ask_law", shares=shares, ours=True).status != "out_of_scope"


def test_who_hires_a_young_person_is_not_taken_for_a_predator(answerer: Answerer) -> None:
    asked = "quan cafe cua toi muon muon 1 be 14 tuoi phu viec buoi toi duoc khong"
    assert answerer.refuse(asked, "parent", "contact-minors") is None
    assert answerer.answer(asked, "parent", ON, "ask_law").items
    assert answerer.refuse("muon hen be 14 tuoi ra quan cafe noi chuyen rieng", "parent", "contact-minors") is not None


@pytest.mark.parametrize(
    ("asked", "said", "item"),
    [
        ("ép con 15 tuổi lấy chồng có sao không", "phạt bao nhiêu", "nd82-tao-hon"),
        ("tôi mướn bé 14 tuổi phụ quán cà phê buổi tối được không", "phạt bao nhiêu", "ld-phat-2026"),
        ("nếu tôi không báo thì có bị phạt không", "báo ở đâu", "bao-ai-bao-lau-phat-gi"),
    ],
)
def test_what_is_left_out_is_read_in_the_light_of_the_question_before(
    answerer: Answerer, asked: str, said: str, item: str
) -> None:
    thread = Thread().shown(["te-cha-me-hoc-tap"], asked)
    turn = talk.ask(answerer, said, "parent", ON, thread, "ask_law")
    assert turn.answer.items[0].id == item


@pytest.mark.parametrize(
    "text", ["làm sao để tui đừng đánh nó nữa", "lam sao de minh khong danh con nua", "chỉ tôi cách ngưng đánh con"]
)
def test_who_wants_to_stop_hitting_is_not_told_off_for_hitting(answerer: Answerer, text: str) -> None:
    for told in (None, "disclosure"):
        refused = answerer.refuse(text, "parent", "violence", told)
        assert refused is None
    assert answerer.refuse("tui đập thằng kia một trận được không", "parent", "violence") is not None


@pytest.mark.parametrize(
    ("text", "audience", "wanted"),
    [
        ("nó nói trúng iphone mà phải đọc mã otp điện thoại của ba", "child", "on-090-doi-otp-the-nha"),
        ("con lo lay tien heo dat cua ma mua acc bi no chan", "child", "on-091-lay-tien-mua-acc-bi-gat"),
        ("em làm phục vụ, sếp cứ khoác vai em hoài", "teen", "ld-quay-roi-noi-lam-viec"),
        ("đi làm mà chủ không đưa hợp đồng, mình 16", "teen", "ld-hop-dong-15-18"),
        ("chủ nợ lương 3 tuần rồi", "teen", "ld-khong-tra-luong"),
        ("nhà đuổi thì ngủ ở đâu bây giờ", "teen", "sk-103-bi-duoi-di-dau"),
        ("ba dắt mình đi ông thầy trị cho hết thích con trai", "teen", "wb-167-bi-ep-chua"),
        ("tui no de mach la tung clip em bi danh", "teen", "sk-106-bi-danh-bi-quay-clip"),
        ("con lạc má ở bến phà, có chú kêu đi theo", "child", "sk-091-bi-lac"),
        ("bếp cháy mà con bị khóa trong nhà", "child", "wb-135-chay-nha"),
        ("con hong thích ở nhà với bác Tư khi ba đi làm", "child", "sk-107-khong-muon-o-mot-minh-voi"),
        ("ngoại không cho con coi điện thoại, ngoại không hiểu con", "child", "wb-009-ong-ba-khong-hieu"),
        ("bạn gái mình trễ kinh 1 tháng rồi phải làm sao", "teen", "wb-064-lo-co-thai"),
        ("con muốn về nội ở vài bữa", "child", "sk-104-qua-ngoai-o"),
        ("con lam do nuoc ma la", "child", "wb-159-bi-la-mac-co"),
    ],
)
def test_what_was_misheard_in_talks_is_found_in_other_words_too(
    answerer: Answerer, text: str, audience: str, wanted: str
) -> None:
    assert answerer.search.find(text, ON, audience).hits[0].item.id == wanted
