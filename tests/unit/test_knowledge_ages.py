"""The ages that a question names, and what they mean for the order of the answers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from bot.knowledge import KnowledgeBase
from bot.knowledge.ages import ANY, against, named
from bot.knowledge.search import Search
from bot.settings import ROOT

ON = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("em 15t bi nguoi ta ep", {15}),
        ("bé mười lăm tuổi", {15}),
        ("quan hệ với người dưới 16 thì sao", {15}),
        ("từ đủ 13 đến dưới 16 tuổi", {13, 15}),
        ("tụi nó 16-17 tuổi", {16, 17}),
        ("con lớp 8", {13, 14}),
        ("lop 10a2 truong em", {15, 16}),
        ("Em 16, chủ quán bắt làm 10 tiếng", {16}),
        ("con gái 17 có bầu", {17}),
        ("chồng tôi 40 tuổi", set()),
        ("bé 3 tháng tuổi", set()),
        ("nhà có con 3 đứa", set()),
        ("con ba em đánh em", set()),
        ("lớp 13 lớp 0", set()),
    ],
)
def test_the_ages_of_children_are_read_however_they_are_put(text: str, ages: set[int]) -> None:
    assert named(text) == ages


def test_only_an_age_outside_speaks_against_an_item() -> None:
    ranges = np.array([(13, 16), (16, 18), ANY])
    assert against(ranges, frozenset({15})).tolist() == [0, -1, 0]
    assert against(ranges, frozenset({15, 17})).tolist() == [0, 0, 0]
    assert against(ranges, frozenset()).tolist() == [0, 0, 0]


@pytest.fixture(scope="module")
def search() -> Search:
    """Over the whole knowledge base."""
    return Search(KnowledgeBase.load(ROOT / "knowledge"))


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("thầy dọa rớt để ép em 15 tuổi ngủ với thầy là tội gì", "hs-144", "hs-143-16-18"),
        ("thầy dọa rớt để ép em 17 tuổi ngủ với thầy là tội gì", "hs-143-16-18", "hs-144"),
        ("hiep dam be 14t bi xu sao", "hs-142-duoi-16", "hs-141-16-18"),
        ("hiep dam con gai 17t bi xu sao", "hs-141-16-18", "hs-142-duoi-16"),
    ],
)
def test_the_article_for_the_age_comes_before_the_one_for_another_age(
    search: Search, text: str, right: str, wrong: str
) -> None:
    places = {hit.item.id: n for n, hit in enumerate(search.find(text, ON, "parent", "law", limit=50).hits)}
    assert places[right] < places[wrong]
