"""Entities in messages as people type them; offsets always refer to the original text."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest

from bot.knowledge.places import Places
from bot.nlu.entities import EntityFinder
from bot.settings import ROOT

TODAY = date(2026, 7, 1)


@pytest.fixture(scope="module")
def finder() -> EntityFinder:
    return EntityFinder(Places.load(ROOT / "knowledge"))


@pytest.mark.parametrize(
    ("text", "entity", "value", "span"),
    [
        ("con toi 9t bi danh", "age", "9", "9t"),
        ("em học lớp 3", "age", "8", "lớp 3"),
        ("be hoc lop la", "age", "5", "lop la"),
        ("cháu tám tuổi", "age", "8", "tám tuổi"),
        ("chau muoi hai tuoi", "age", "12", "muoi hai tuoi"),
        ("bé sinh 2015", "age", "11", "sinh 2015"),
        ("bé sinh năm 2019 ạ", "age", "7", "sinh năm 2019"),
        ("bé gái bị đánh", "sex", "female", "bé gái"),
        ("thang nho bi nhot", "sex", "male", "thang nho"),
        ("bị cha dượng đánh", "relation", "cha dượng", "cha dượng"),
        ("bi cha duong danh", "relation", "cha dượng", "cha duong"),
        ("ông nội sờ con", "relation", "ông", "ông nội"),
        ("ông Sáu hàng xóm", "relation", "hàng xóm", "hàng xóm"),
        ("tối qua nó tới", "time", "tối qua", "tối qua"),
        ("may thang nay roi", "time", "may thang nay", "may thang nay"),
        ("lúc 22h ở nhà", "time", "lúc 22h", "lúc 22h"),
        ("nó nhắn qua fb", "platform", "Facebook", "fb"),
        ("quen trên Free Fire", "platform", "Free Fire", "Free Fire"),
        ("gọi em 0912 345 678", "phone", "0912345678", "0912 345 678"),
        ("gọi +84 912345678 nha", "phone", "0912345678", "+84 912345678"),
        ("Điều 142 nói gì", "law_ref", "điều 142", "Điều 142"),
        ("dieu 142 khoan 2", "law_ref", "điều 142 khoản 2", "dieu 142 khoan 2"),
        ("em tên Nguyễn Văn An", "name", "Nguyễn Văn An", "Nguyễn Văn An"),
        ("em ten an", "name", "an", "an"),
        ("bé Na khóc", "name", "Na", "Na"),
        ("ở xã Tân Thạnh, huyện An Minh", "commune", "Xã Tân Thạnh", "xã Tân Thạnh"),
        ("o xa tan thanh huyen an minh", "commune", "Xã Tân Thạnh", "xa tan thanh"),
    ],
)
def test_found(finder: EntityFinder, text: str, entity: str, value: str, span: str) -> None:
    assert [(e.value, text[e.start : e.end]) for e in finder.find(text, TODAY) if e.entity == entity] == [(value, span)]


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("dưới 16 tuổi có được làm không", "age"),
        ("gọi 111 hay 113", "phone"),
        ("gia ba tram ngan", "relation"),
        ("thầy cô dạy hay", "name"),
        ("bạn em bị đánh", "name"),
    ],
)
def test_not_found(finder: EntityFinder, text: str, entity: str) -> None:
    assert [e for e in finder.find(text, TODAY) if e.entity == entity] == []


def test_offsets_hold_for_decomposed_text(finder: EntityFinder) -> None:
    text = unicodedata.normalize("NFD", "Đêm qua bị cha dượng đánh, bé 9 tuổi")
    spans = {e.entity: unicodedata.normalize("NFC", text[e.start : e.end]) for e in finder.find(text, TODAY)}
    assert spans == {"time": "Đêm qua", "relation": "cha dượng", "age": "9 tuổi"}


@pytest.mark.parametrize("text", ["", " ", "\u0301", "😭" * 50, "9" * 500, "a" * 50_000, "((((", "tên", "lớp"])
def test_odd_input(finder: EntityFinder, text: str) -> None:
    for entity in finder.find(text, TODAY):
        assert 0 <= entity.start < entity.end <= len(text)


def test_nothing_overlaps_but_sex_and_relation(finder: EntityFinder) -> None:
    found = finder.find("Con gái tôi 9 tuổi lớp 3 ở Rạch Giá bị ông nội đánh tối qua, sđt 0912345678", TODAY)
    for left, right in zip(found, found[1:], strict=False):
        assert left.end <= right.start or {left.entity, right.entity} == {"sex", "relation"}
    assert {e.entity for e in found} == {"sex", "age", "commune", "relation", "time", "phone"}
