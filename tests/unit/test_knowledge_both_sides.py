"""Items that two sides may read: each hears what is true for them, and a law question finds its own article."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.knowledge import Answerer, KnowledgeBase
from bot.settings import ROOT

ON = date(2026, 11, 29)

EITHER_SIDE = [
    "ds-can-cu-boi-thuong", "ds-duoi-15-cha-me-den", "ds-15-18-boi-thuong", "ds-nhieu-nguoi",
    "ds-boi-thuong-suc-khoe", "ds-boi-thuong-danh-du", "ds-suc-vat-can", "hs-138-139", "nctn-boi-thuong",
]  # fmt: skip
"""Items on compensation that a hurt child's parent and the doer's parent both get."""

BY_THE_DOERS_AGE = ["hs-duoi-14", "hs-12-danh-sach", "hs-tuoi-chiu-tn"]

OFFICERS_TOO = [
    "danh-gia-ban-dau", "12-gio-khan-cap", "khan-cap-ai-lam-gi", "tam-cach-ly-cha-me", "tam-cach-ly-15-ngay",
    "noi-dung-danh-gia-cu-the", "hop-xac-dinh-bien-phap", "ket-thuc-ke-hoach", "can-bo-bao-ve-tre-em-xa",
    "ubnd-xa-chu-tri", "ghi-mau-01", "noi-tiep-nhan", "bao-ai-bao-lau-phat-gi", "111-sau-buoc",
]  # fmt: skip
"""Steps and forms that the commune's officer asks about as often as a schoolteacher."""


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    return Answerer(KnowledgeBase.load(ROOT / "knowledge"))


@pytest.mark.parametrize("item", EITHER_SIDE)
def test_a_parent_of_either_child_hears_what_is_true_for_them(answerer: Answerer, item: str) -> None:
    text = answerer.base.items[item].variants["parent"]
    assert re.search(r"con mình (?:bị|gây)", text.lower())
    assert re.search(r"con mình (?:lỡ )?(?:gây|có trong nhóm)|chó nhà mình", text.lower())


@pytest.mark.parametrize("item", BY_THE_DOERS_AGE)
@pytest.mark.parametrize("audience", ["teen", "parent"])
def test_the_age_of_liability_is_the_doers_not_the_hurt_childs(answerer: Answerer, item: str, audience: str) -> None:
    text = answerer.base.items[item].variants[audience].lower()
    assert re.search(r"tuổi người (?:gây ra|làm)|người gây ra mà chưa đủ", text)
    if audience == "parent":
        assert "người lớn" in text


@pytest.mark.parametrize("item", ["hs-145", "hs-chenh-lech-tuoi", "hs-dong-thuan"])
def test_nobody_is_told_to_be_without_fault_before_it_is_said_who(answerer: Answerer, item: str) -> None:
    text = answerer.base.items[item].variants["teen"]
    for sentence in re.split(r"(?<=[.!?]) ", text):
        if "không có lỗi" in sentence or "không bị phạt" in sentence:
            assert "bên nhỏ" in sentence


@pytest.mark.parametrize("item", OFFICERS_TOO)
def test_an_officer_who_asks_the_steps_is_not_spoken_to_as_a_school(answerer: Answerer, item: str) -> None:
    text = answerer.base.items[item].variants["teacher"]
    assert not re.search(r"(?:^|[.;:] )(?:Trường (?:không|giữ|nên|báo|phối)|Thầy cô )", text)
    assert "hiệu trưởng" not in text
    assert "người phụ trách của trường" not in text


@pytest.mark.parametrize(
    ("item", "figures"),
    [
        ("blgd-cam-tiep-xuc-xa", ["3 ngày", "4 tháng", "12 giờ"]),
        ("hs-326", ["3 đến 10 năm", "3 tháng đến 2 năm"]),
        ("thoi-han-giai-quyet-to-giac", ["20 ngày", "2 tháng"]),
        ("hs-thoi-hieu", ["5, 10, 15 hoặc 20 năm", "3 năm"]),
        ("ds-thoi-hieu-3-nam", ["5 đến 20 năm", "3 năm"]),
        ("tt-thoi-han-giam-dinh", ["24 đến 72 giờ", "9 ngày"]),
        ("pr-giu-chung-cu", ["24 đến 72 giờ", "túi giấy"]),
        ("hs-123", ["12 đến 20 năm"]),
        ("tgxh-tre-khong-nguon", ["1.250.000", "750.000"]),
        ("ld-dieu-kien-duoi-15", ["4 giờ", "20 giờ", "cha mẹ"]),
        ("phat-can-tham-con", ["5 đến 10 triệu"]),
    ],
)
def test_the_figure_that_people_ask_for_stands_in_the_short_answer(
    answerer: Answerer, item: str, figures: list[str]
) -> None:
    text = answerer.base.items[item].variants["parent"]
    assert [figure for figure in figures if figure not in text] == []


@pytest.mark.parametrize(
    ("text", "audience", "wanted"),
    [
        ("thằng bạn đập con tui lòi xương tay, tiền nhà thương ai trả", "parent", "ds-boi-thuong-suc-khoe"),
        ("con minh bi danh vo mui, ai tra tien benh vien", "parent", "ds-boi-thuong-suc-khoe"),
        ("con tôi 9 tuổi lỡ ném đá bể đầu bạn thì tôi đền hả", "parent", "ds-duoi-15-cha-me-den"),
        ("gio ra choi bi xo te gay rang truong co den hong", "parent", "ds-truong-boi-thuong"),
        ("may hom thi mat dau vet tren nguoi be", "parent", "pr-giu-chung-cu"),
        ("giám định thương tích bao lâu có kết quả", "parent", "tt-thoi-han-giam-dinh"),
        ("tôi là cha, lỡ đánh con rách môi, tội gì", "parent", "danh-con-co-sai-khong"),
        ("con tôi 13 tuổi lấy trộm xe có bị tù không", "parent", "hs-duoi-14"),
        ("dắt con đi lánh nạn mà chồng hù kiện bắt cóc", "parent", "pr-dem-con-lanh-bao-luc"),
        ("người ta bắt cóc con đòi tiền chuộc thì tù mấy năm", "parent", "hs-169"),
        ("danh chet dua nho 3 tuoi o tu may nam", "parent", "hs-123"),
        ("hoi 5 nam truoc chau bi, gio thua duoc hong", "parent", "hs-thoi-hieu"),
        ("an xu toi nuoi ma vo cu bat con, bi toi gi", "parent", "pr-giao-con-theo-ban-an"),
        ("don to giac nop 1 thang chua ai tra loi", "parent", "thoi-han-giai-quyet-to-giac"),
        ("cam khong cho chong lai gan toi da may thang", "parent", "blgd-cam-tiep-xuc-xa"),
        ("phat tan clip tam cua con gai toi thi may nam", "parent", "hs-326"),
        ("con gai 13 tuoi bo thai me ky duoc khong", "parent", "sk-232-bo-thai-ai-dong-y"),
        ("lớp 9 có bầu còn đi học được không", "parent", "sk-070-mang-thai-tuoi-hoc-tro"),
        ("bao lau xa phai bao cao cap tren", "teacher", "kh469-bao-cao"),
        ("Ai có quyền phá khóa", "teacher", "pr-vao-nha-cuu-tre"),
        ("chau noi mo coi cha me lanh duoc nhieu", "parent", "tgxh-tre-khong-nguon"),
        ("ly hôn rồi tôi muốn thăm con", "parent", "hn-tham-nom"),
    ],
)
def test_a_law_question_finds_its_own_article_and_not_the_neighbours(
    answerer: Answerer, text: str, audience: str, wanted: str
) -> None:
    assert answerer.search.find(text, ON, audience).hits[0].item.id == wanted
