"""What young people ask about themselves, in words that no item has: each finds the item that speaks to them."""

from __future__ import annotations

from datetime import date

import pytest

from bot.knowledge import Answerer, KnowledgeBase
from bot.settings import ROOT

ON = date(2026, 11, 29)


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    return Answerer(KnowledgeBase.load(ROOT / "knowledge"))


@pytest.mark.parametrize(
    ("text", "audience", "wanted"),
    [
        ("e ra mau duoi do nhieu qua so qua", "teen", "wb-052-kinh-lan-dau"),
        ("bvs dan mat nao zay", "teen", "wb-168-dung-bang"),
        ("con song voi noi, con hong dam noi noi con ra mau", "child", "wb-169-noi-voi-ba-co-kinh"),
        ("co boi duoc hong neu dang co kinh", "teen", "wb-170-toi-thang-boi-dau"),
        ("dua ban e 13 chua co kinh co sao k", "teen", "wb-171-may-tuoi-co-kinh"),
        ("tui no an hiep con hoai thi tui no co bi gi hong co", "child", "bn-bi-bat-nat-xu-sao"),
        ("em muon truong doi cho ngoi cho em duoc khong", "teen", "bn-doi-truong-lam-gi"),
        ("tui em 17 danh nhau gay tay nguoi ta", "teen", "dn-danh-nhau-theo-tuoi"),
        ("em cho no di danh nhau bang xe em", "teen", "dn-di-theo-dung-coi"),
        ("e de con dao bam trong cap", "teen", "dn-mang-dao-di-danh"),
        ("quan giu the can cuoc cua e", "teen", "ld-giu-giay-to"),
        ("e 14 anh 17 lo co bau anh co di tu k", "teen", "th-co-thai-nguoi-yeu-bi-gi"),
        ("ba ma biet chac giet e, e co thai roi", "teen", "sk-234-co-thai-so-ba-ma"),
        ("ai ngan dam cuoi cho em voi", "teen", "sk-061-tao-hon-tre"),
        ("uong may lon bia chay xe 17t co sao ko", "teen", "gt-ruou-bia-duoi-18"),
        ("xe e bi giam o phuong bao lau lay duoc", "teen", "gt-bi-giu-xe"),
        ("luc do chim em cung len, em co loi khong", "teen", "sk-233-co-the-phan-ung"),
        ("nhan o day ba tui co biet khong", "teen", "on-092-ba-ma-co-doc-duoc"),
    ],
)
def test_the_young_find_the_item_on_their_own_matter(answerer: Answerer, text: str, audience: str, wanted: str) -> None:
    assert answerer.search.find(text, ON, audience).hits[0].item.id == wanted


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("ba em giu dien thoai cua em", "ld-giu-giay-to"),
        ("nghi hoc duoc khong", "ld-nghi-lam-duoi-18"),
        ("ba danh con", "dn-danh-nhau-theo-tuoi"),
        ("em buon qua", "sk-234-co-thai-so-ba-ma"),
        ("em bi ban trai danh", "wb-172-lo-danh-nguoi-yeu"),
    ],
)
def test_what_only_sounds_alike_is_not_taken_for_it(answerer: Answerer, text: str, unwanted: str) -> None:
    assert answerer.search.find(text, ON, "teen").hits[0].item.id != unwanted


@pytest.mark.parametrize("item", ["dn-danh-nhau-theo-tuoi", "wb-172-lo-danh-nguoi-yeu", "wb-173-lo-danh-ban"])
def test_who_hit_somebody_is_not_told_to_be_without_fault(answerer: Answerer, item: str) -> None:
    text = answerer.base.items[item].variants["teen"].lower()
    assert "không có lỗi" not in text
    assert "đi khám" in text or "bị thương" in text


def test_whether_parents_can_read_promises_no_secrecy(answerer: Answerer) -> None:
    variants = answerer.base.items["on-092-ba-ma-co-doc-duoc"].variants
    for audience in ("child", "teen"):
        text = variants[audience]
        assert "cầm" in text  # whoever holds the telephone reads along
        assert "cán bộ" in text
        assert "phải nhờ" in text
