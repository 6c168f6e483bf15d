"""Names of places are taken out before a message is judged: their syllables are no words."""

from __future__ import annotations

import re

import pytest
import yaml

from bot.language import normalise, without_places
from bot.language.tables import load
from bot.nlu.parser import Parser
from bot.safety import RiskAssessor
from bot.settings import ROOT, get_settings


@pytest.fixture(scope="module")
def assessor() -> RiskAssessor:
    return RiskAssessor.load(get_settings().models_dir)


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser.load(get_settings().models_dir)


def test_every_commune_of_the_knowledge_base_is_known() -> None:
    names, known = set(), set(load("place_names")["names"])
    for place in yaml.safe_load((ROOT / "knowledge" / "places.yml").read_text(encoding="utf-8")):
        names |= {place["name"], *(unit["name"] for unit in place["formed_from"]), *place["districts"]}
    short = {re.sub(r"^(?:Phường|Xã|Thị trấn|Thị xã|Huyện|Thành phố|Đặc khu) ", "", name).lower() for name in names}
    assert short - {"thứ ba", "thứ mười một"} <= known  # days and numbers, too


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("em ở Rạch Giá", "em ở quê"),
        ("con o xa Vinh Thuan", "con o xa que"),
        ("xã Bình An", "xã quê"),
        ("Rạch Sỏi nha", "quê"),
        ("con cầu mong bình an", "con cầu mong bình an"),
        ("em rạch tay ở Rạch Giá", "em rạch tay ở quê"),
    ],
)
def test_a_name_is_known_by_what_stands_before_it(text: str, left: str) -> None:
    assert without_places(normalise(text)) == left


@pytest.mark.parametrize(
    "text",
    [
        "em ở Rạch Giá", "mình ở Rạch Giá nha", "Em tên Lan ở Rạch Giá", "em ở Rạch Sỏi", "con o vinh thanh",
        "con o Vinh Thuan", "em o Tan Chau", "con o Tan Hiep", "con o cho Ha Tien", "con o cho Rach Soi", "Rach Gia",
        "con rach ao", "em rạch giấy", "nhà em gần kinh rạch",
    ],
)  # fmt: skip
def test_where_somebody_lives_is_no_danger(assessor: RiskAssessor, text: str) -> None:
    assert not assessor.assess(text).at_risk


@pytest.mark.parametrize(
    "text",
    [
        "em rạch tay ở Rạch Giá",
        "con bi ba danh o xa Tan Hiep",
        "ở Vĩnh Thuận em bị chú sờ",
        "em muốn chết ở cầu Rạch Sỏi",
    ],
)
def test_what_happens_there_is_still_seen(assessor: RiskAssessor, text: str) -> None:
    assert assessor.assess(text).at_risk
