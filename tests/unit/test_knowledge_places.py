"""Places: new and old names, with and without diacritics, and the everyday words that are no places."""

from __future__ import annotations

import unicodedata

import pytest

from bot.knowledge.places import Places
from bot.settings import ROOT


@pytest.fixture(scope="module")
def places() -> Places:
    return Places.load(ROOT / "knowledge")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("em ở xã Tân Thạnh, huyện An Minh, Kiên Giang", "Xã Tân Thạnh"),
        ("con o xa tan thanh huyen an minh", "Xã Tân Thạnh"),
        ("xã Tân Thành huyện Tân Hiệp", "Xã Tân Hội"),
        ("tui ở thị trấn Thứ Ba", "Xã An Biên"),
        ("o thi tran vinh thuan", "Xã Vĩnh Phong"),
        ("xã Vĩnh Thuận", "Xã Vĩnh Thuận"),
        ("xã Thạnh Lộc, huyện Giồng Riềng", "Xã Thạnh Hưng"),
        ("xa thanh loc huyen chau thanh", "Xã Thạnh Lộc"),
        ("Xã Bình An, huyện Kiên Lương", "Xã Kiên Lương"),
        ("xã Hoà Thuận", "Xã Hòa Thuận"),
        ("phường Vĩnh Thanh tp Rạch Giá", "Phường Rạch Giá"),
        ("em o rach gia", "Phường Rạch Giá"),
        ("p. an thới phú quốc", "Đặc khu Phú Quốc"),
        ("dac khu phu quoc", "Đặc khu Phú Quốc"),
        ("huyện Kiên Hải", "Đặc khu Kiên Hải"),
        ("ở xã đảo Lại Sơn", "Đặc khu Kiên Hải"),
        ("Xa Vinh Hoa Hung Bac, Go Quao", "Xã Vĩnh Hòa Hưng"),
        ("XÃ AN MINH", "Xã An Minh"),
        ("em ở Hà Tiên, làm quán nhậu", "Phường Hà Tiên"),
        ("o ha tien, quan ca phe thue con nit", "Phường Hà Tiên"),
        ("em o go quao bi xam hai tinh duc", "Xã Gò Quao"),
        ("Em ở Rạch Giá. Huyền lớp em bị đánh", "Phường Rạch Giá"),
        ("nhà em ở RG", "Phường Rạch Giá"),
        ("e o pq ne", "Đặc khu Phú Quốc"),
        ("ở Giồng Riền nè", "Xã Giồng Riềng"),
        ("o giong rieg", "Xã Giồng Riềng"),
        ("xã Vỉnh Thuận", "Xã Vĩnh Thuận"),
        ("nhà con ở xã Thạnh Hưg", "Xã Thạnh Hưng"),
        ("em ở chợ Thứ Ba", "Xã An Biên"),
    ],
)
def test_finds_todays_unit(places: Places, text: str, name: str) -> None:
    assert [match.name for match in places.find(text)] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "chúc gia đình bình an, thuận hòa",
        "chị Minh Hòa nói vậy đó",
        "tui tán thành",
        "tan thanh nhe",
        "từ thứ ba tới giờ",
        "hôm thứ ba thầy đánh",
        "ở Tân Bình",  # one letter from An Bình, and another place
        "mẹ về ăn tối",
        "trưởng họ ở đồng thuận",
        "xã Bình An, quận Bình Tân",
        "xã Tân Hội, tỉnh Tây Ninh",
        "làm xong ht rồi",
        "huyện An Minh",
        "xã Tân Thạnh, huyện Thanh Bình, tỉnh Đồng Tháp",
        "xã Vĩnh Phú",  # two former units, and no district decides
        "",
        "Ổng Đập bàn",
    ],
)
def test_leaves_out_what_is_no_place_or_not_certain(places: Places, text: str) -> None:
    assert places.find(text) == []


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_offsets_point_into_the_original_text(places: Places, form: str) -> None:
    text = unicodedata.normalize(form, "nhà con ở Xã Đông Hòa, có chuyện") + " 😢"
    match = places.find(text)[0]
    assert unicodedata.normalize("NFC", text[match.start : match.end]) == "Xã Đông Hòa"


def test_every_former_unit_with_its_district_leads_to_its_successor(places: Places) -> None:
    wrong = []
    for place in places.places:
        for former in place.formed_from:
            text = f"em ở {former.name}, {former.district}, tỉnh Kiên Giang"
            if [m.code for m in places.find(text)] != [place.code]:
                wrong.append(text)
    assert wrong == []


def test_every_unit_of_today_is_found_by_its_own_name(places: Places) -> None:
    assert len(places.places) == 48
    assert [p.label for p in places.places if [m.code for m in places.find(f"ở {p.label}")] != [p.code]] == []


def test_two_places_in_one_text(places: Places) -> None:
    found = places.find("từ xã Bình Giang qua phường Hà Tiên")
    assert [match.name for match in found] == ["Xã Bình Giang", "Phường Hà Tiên"]
