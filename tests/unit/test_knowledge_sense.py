"""What questions are about: vectors, their store, and the order they give to what the words find."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bot.knowledge import Answerer, KnowledgeBase
from bot.knowledge import learn_sense as learning
from bot.knowledge.learn_sense import Group
from bot.knowledge.search import Search
from bot.knowledge.sense import BUCKETS, Meanings, Sense, document_texts, grams, sense, sign_weights, table
from bot.language import normalise
from bot.settings import ROOT

ON = date(2026, 11, 28)


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(KnowledgeBase.load(ROOT / "knowledge"))


def near(one: str, other: str) -> float:
    first, second = sense().vectors([normalise(one), normalise(other)])
    return float(first @ second)


def test_vectors_have_length_one_and_a_text_without_a_known_gram_has_none() -> None:
    found = sense().vectors(["con bị bạn đánh", "ab"])
    assert np.linalg.norm(found[0]) == pytest.approx(1.0, abs=1e-4)
    empty = Sense.of(np.array([], dtype=np.int32), np.zeros((0, 8), dtype=np.float32)).vectors(["con", ""])
    assert empty.shape == (2, 8)
    assert not empty.any()
    assert sense().vectors([]).shape[0] == 0


@pytest.mark.parametrize(
    ("one", "like", "unlike"),
    [
        ("ba bợp tai con có bị phạt không", "cha tát con phạt mấy triệu", "mấy tuổi được chạy xe máy"),
        ("bao nhieu tuoi dc cuoi vo", "tuổi kết hôn của nữ là mấy", "bạn dọa tung hình em lên mạng"),
        ("em cãi lộn với nhỏ bạn thân", "bạn thân giận không nói chuyện với mình", "giấy khai sinh làm ở đâu"),
    ],
)
def test_texts_that_want_the_same_answer_lie_closer(one: str, like: str, unlike: str) -> None:
    assert near(one, like) > near(one, unlike) + 0.1


def test_without_diacritics_a_question_lies_where_it_lay() -> None:
    assert near("hàng xóm đánh con nít thì báo ở đâu", "hang xom danh con nit thi bao o dau") > 0.6


def test_grams_are_words_pairs_and_pieces() -> None:
    found = grams("cô ơi")
    assert {"acô", "uco", "co_oi", "c co ", "cco o"} <= set(found)
    assert grams(""), "a text of nothing has a row too"
    assert table(["cô ơi", ""]).shape == (2, BUCKETS)


def test_what_is_stored_in_8_bits_is_what_was_learned(tmp_path: Path) -> None:
    texts = ["con muốn hỏi chuyện ở trường", "ai rước con hồi chiều"]
    known = np.unique(table(texts).indices)
    learned = Sense.of(known, np.random.default_rng(3).normal(size=(len(known), 16)).astype(np.float32))
    learned.save(tmp_path / "sense.npz")
    assert (Sense.load(tmp_path / "sense.npz").vectors(texts) * learned.vectors(texts)).sum(axis=1).min() > 0.999


def test_a_question_left_out_does_not_find_itself(search: Search) -> None:
    number = next(n for n, item in enumerate(search.items) if len(item.questions) > 5)
    question = search.items[number].questions[2]
    meanings, about = Meanings.of_items([search.items[number]], sense()), sense().about(question)
    whole, without = meanings.likeness(about)[0], meanings.likeness(about, (0, 2))[0]
    assert whole[0] == pytest.approx(1.0, abs=1e-3)
    assert (without < whole).all()


def test_an_item_is_its_topic_and_what_it_says_to_an_adult(search: Search) -> None:
    item = search.base.items["phat-danh-dap"]
    assert document_texts(item) == [item.topic, f"{item.topic}. {item.variants['parent']}"]


def test_the_sense_orders_and_the_words_decide_whether_it_is_enough(search: Search) -> None:
    text = "ba bợp tai con hoài thì ba có bị gì không"
    words = search.scores(text, "teen", "law")
    found = search.find(text, ON, "teen", "law", limit=len(search.items))
    assert found.hits[0].score == pytest.approx(float(words[search._valid(ON)].max()), rel=1e-4)
    assert (sign_weights() >= 0).all()
    assert sign_weights().any()
    assert [h.item.id for h in found.hits] != [search.items[i].id for i in np.argsort(-words)][: len(found.hits)]


def test_the_first_question_waits_for_nothing() -> None:
    base = KnowledgeBase.load(ROOT / "knowledge")
    few = KnowledgeBase(**{**base.__dict__, "items": dict(list(base.items.items())[:30]), "asked": {}})
    assert {"meanings", "foreign_meanings"} <= set(vars(Answerer(few).search))


def test_learning_brings_the_texts_of_a_group_together() -> None:
    hits = [Group([f"{who} {verb} con đau quá" for who in ("ba", "dượng", "chú")], frozenset({f"hit-{n}"}))
            for n, verb in enumerate(("đánh", "tát", "quất"))]  # fmt: skip
    ages = [Group([f"{who} mấy tuổi {what} được" for who in ("em", "con", "bạn")], frozenset())
            for what in ("chạy xe", "đi làm", "cưới vợ")]  # fmt: skip
    learned = learning.learn((hits, ages), steps=30, size=6)
    one, like, unlike = learned.vectors([normalise(t) for t in ("ba đánh con", "dượng đánh con", "mấy tuổi cưới vợ")])
    assert one @ like > one @ unlike + 0.2


def test_texts_that_may_want_the_same_answer_do_not_repel() -> None:
    import random

    both = [
        Group(["một hai ba bốn", "hai ba bốn năm"], frozenset({"a"})),
        Group(["x y z t", "y z t u"], frozenset({"a", "b"})),
    ]
    _, attracts, repels = learning.batch((both, []), 8, random.Random(1))  # noqa: S311
    assert not repels.any()
    assert attracts.sum(axis=1).tolist() == [1] * len(attracts)
