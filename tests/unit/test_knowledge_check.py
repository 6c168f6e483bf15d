"""`knowledge check` on a small folder: nothing wrong at first, then one thing at a time."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot.knowledge.check import check
from bot.knowledge.commands import knowledge
from bot.settings import ROOT

ON = date(2026, 11, 24)
ITEM: dict[str, Any] = {
    "id": "hs-146",
    "kind": "law",
    "topic": "Đụng chạm trái ý trẻ",
    "audiences": ["child", "parent"],
    "citations": [{"document": "bo-luat", "locator": "Điều 146"}],
    "valid_from": "2018-01-01",
    "valid_to": None,
    "verification": "full",
    "variants": {
        "child": "Không ai được đụng chỗ kín của con. Con kể với người lớn con tin. Con gọi 111 cũng được.",
        "parent": "Người lớn đụng chạm trẻ như vậy là phạm tội. Anh chị báo 111 hoặc công an.",
    },
    "questions": [
        "sờ mó bé gái bị tội gì", "so mo be gai bi toi gi", "ông kia rờ con tôi", "bi rờ thi kien dau",
        "hun ma be co sao khong", "đụng chỗ kín của cháu", "có ở tù không", "nguoi la om con toi",
    ],
    "sources": ["https://example.org/luat"],
}  # fmt: skip
DOCUMENTS: list[dict[str, Any]] = [
    {
        "id": "bo-luat", "number": "100/2015/QH13", "cite": "Bộ luật Hình sự", "title": "Bộ luật Hình sự",
        "issuer": "Quốc hội", "issued": "2015-11-27", "effective": "2018-01-01", "status": "in_force",
    },
    {
        "id": "nghi-dinh-cu", "number": "144/2021/NĐ-CP", "cite": "Nghị định 144/2021/NĐ-CP", "title": "Phạt",
        "issuer": "Chính phủ", "issued": "2021-12-31", "effective": "2022-01-01", "status": "replaced",
        "replaced_by": [{"document": "bo-luat", "from": "2025-12-15"}],
    },
    {
        "id": "luat-2027", "cite": "Luật mới", "title": "Luật mới", "issuer": "Quốc hội", "issued": "2026-04-24",
        "effective": "2027-01-01", "status": "not_yet_in_force",
    },
]  # fmt: skip
HOTLINES: list[dict[str, Any]] = [
    {
        "id": f"so-{number}", "name": "Nơi giúp", "kind": "phone", "number": number, "what_for": "giúp trẻ",
        "scope": "toàn quốc", "needs_local_check": False,
    }
    for number in ("111", "113", "115")
]  # fmt: skip


def write(root: Path, items: list[dict[str, Any]], documents: list[dict[str, Any]] | None = None) -> Path:
    """A knowledge folder with these items."""
    folder = root / "knowledge"
    (folder / "law").mkdir(parents=True, exist_ok=True)
    contents: dict[str, Any] = {
        "law/crimes.yml": items, "documents.yml": documents or DOCUMENTS, "hotlines.yml": HOTLINES,
        "agencies.yml": [], "places.yml": [],
    }  # fmt: skip
    for name, value in contents.items():
        (folder / name).write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder


def changed(**changes: Any) -> dict[str, Any]:
    """The good item with something changed."""
    item = copy.deepcopy(ITEM)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(item.get(key), dict):
            item[key].update(value)
        else:
            item[key] = value
    return item


def problems(root: Path, *items: dict[str, Any], on: date = ON) -> list[str]:
    return [str(problem) for problem in check(write(root, list(items)), on)[1]]


def test_a_good_folder_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, ITEM) == []


LONG = "Con " + "ơi " * 70 + "con kể với má."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"citations": [{"document": "khong-co", "locator": "Điều 1"}]}, "không có văn bản «khong-co»"),
        ({"citations": []}, "ít nhất một citation"),
        ({"audiences": ["child", "parent", "grandma"]}, "chỉ được: child, teen, parent, teacher"),
        ({"kind": "story"}, "chỉ được: law"),
        ({"audiences": ["child", "parent", "teacher"]}, "thiếu variants.teacher"),
        ({"audiences": ["parent"]}, "audiences không khai"),
        ({"verification": "maybe"}, "chỉ được: full"),
        ({"valid_from": None}, "phải có valid_from"),
        ({"valid_from": "2010-01-01"}, "sớm hơn ngày bo-luat có hiệu lực"),
        ({"valid_to": "2017-01-01"}, "valid_to sớm hơn valid_from"),
        ({"citations": [{"document": "nghi-dinh-cu", "locator": "Điều 1"}], "valid_from": "2022-01-01"},
         "hết hiệu lực từ 2025-12-15"),
        ({"citations": [{"document": "luat-2027", "locator": "Điều 1"}]}, "luat-2027"),
        ({"variants": {"child": LONG}}, "tối đa 60"),
        ({"variants": {"child": LONG}}, "tiếng mỗi câu"),
        ({"variants": {"child": "Con ngoan lắm nghen."}}, "con kể với ai"),
        ({"variants": {"child": "Đó là dâm ô. Con kể với má."}}, "không dùng «dâm ô» với child"),
        ({"variants": {"child": "Theo Điều 146 là sai. Con kể với má."}}, "không dùng «điều 146»"),
        ({"variants": {"parent": "Đừng gọi ai là yêu râu xanh."}}, "không dùng «yêu râu xanh»"),
        ({"variants": {"parent": "Gọi 18001567 để được giúp."}}, "số «18001567»"),
        ({"variants": {"parent": "Gọi 1800 1768 nghen."}}, "số «1800 1768»"),
        ({"variants": {"parent": "Gọi số 0912 345 678 nghen."}}, "0912 345 678"),
        ({"variants": {"parent": "Anh chị gọi 119 nghen."}}, "số «119»"),
        ({"details": "Gọi tổng đài 1022."}, "số «1022»"),
        ({"questions": [*ITEM["questions"][:7], "số 18001567 còn gọi được không"]}, "18001567"),
        ({"variants": {"child": "Con kể đi, cô giữ bí mật cho con."}}, "không được hứa giữ bí mật"),
        ({"details": "Mình hứa giữ kín chuyện này."}, "không được hứa giữ bí mật"),
        ({"questions": ITEM["questions"][:7]}, "cần ít nhất 8"),
        ({"questions": ["có dấu một", "có dấu hai", "có dấu ba", "có dấu bốn", "có dấu năm", "có dấu sáu",
                        "có dấu bảy", "có dấu tám"]}, "không dấu"),
        ({"colour": "red"}, "gõ nhầm tên"),
        ({"topic": None}, "topic"),
        ({"topic": "'Học sinh kể: làm gì'"}, "topic: cả câu nằm trong dấu nháy"),
        ({"topic": "['Học sinh kể: làm gì']"}, "topic: cả câu nằm trong dấu nháy"),
        ({"details": '"Báo 111 liền."'}, "details: cả câu nằm trong dấu nháy"),
        ({"sources": []}, "phải có sources"),
        ({"related": ["khong-co"]}, "không có mục «khong-co»"),
    ],
)  # fmt: skip
def test_each_slip_is_reported(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    found = problems(tmp_path, changed(**changes))
    assert any(message in problem for problem in found), found
    assert all(problem.startswith("knowledge/law/crimes.yml:") for problem in found)


@pytest.mark.parametrize(
    "text",
    [
        "Phạt từ 1.800.000 đồng đến 19.000.000 đồng. Báo 111.",
        "Nghị định số 147/2024 có hiệu lực 25/12/2024, gọi 111.",
        "Cô không hứa giữ bí mật được đâu. Con kể với má.",
        "Ai bắt con giữ bí mật thì con kể với má.",
        "Tên người báo tin được giữ kín theo luật. Gọi 111.",
        "'Bức tử' là ép người ta tới đường cùng. Gọi 111, nói 'em cần giúp'",
        'Rủ sang nước ngoài "việc nhẹ lương cao"',
    ],
)
def test_what_only_looks_wrong_is_not_reported(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, changed(variants={"parent": text})) == []


def test_the_line_is_the_values_own(tmp_path: Path) -> None:
    folder = write(tmp_path, [ITEM, changed(id="hs-147", variants={"parent": "Gọi 18001567."})])
    lines = (folder / "law/crimes.yml").read_text(encoding="utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if "18001567" in line]
    found = [p for p in check(folder, ON)[1] if "18001567" in p.message]
    assert [p.line for p in found] == [number]


def test_an_id_and_a_question_used_twice(tmp_path: Path) -> None:
    found = problems(tmp_path, ITEM, changed())
    assert any("id đã dùng ở knowledge/law/crimes.yml:1" in problem for problem in found)
    assert any("câu hỏi «sờ mó bé gái bị tội gì» đã có ở hs-146" in problem for problem in found)


def test_an_item_of_the_past_may_cite_what_was_in_force_then(tmp_path: Path) -> None:
    old = changed(
        citations=[{"document": "nghi-dinh-cu", "locator": "Điều 1"}], valid_from="2022-01-01", valid_to="2025-12-14"
    )
    assert problems(tmp_path, old) == []


def test_the_day_decides(tmp_path: Path) -> None:
    old = changed(citations=[{"document": "nghi-dinh-cu", "locator": "Điều 1"}], valid_from="2022-01-01")
    assert problems(tmp_path, old, on=date(2025, 12, 14)) == []
    assert problems(tmp_path, old, on=date(2025, 12, 15)) != []


@pytest.mark.parametrize("text", ["- id: [", "- id: a\n  id: b\n", "just words", "\x00"])
def test_broken_yaml_is_a_problem_not_a_crash(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path, [ITEM])
    (folder / "law" / "broken.yml").write_text(text, encoding="utf-8")
    assert any(p.file == "knowledge/law/broken.yml" for p in check(folder, ON)[1])


def test_the_command_fails_and_names_the_place(tmp_path: Path) -> None:
    folder = write(tmp_path, [changed(questions=["một câu"])])
    result = CliRunner().invoke(knowledge, ["check", "--dir", str(folder), "--on", "2026-11-24"])
    assert result.exit_code == 1
    assert "knowledge/law/crimes.yml:" in result.output
    good = CliRunner().invoke(knowledge, ["check", "--dir", str(write(tmp_path, [ITEM])), "--on", "24/11/2026"])
    assert good.exit_code == 0, good.output


def test_the_projects_own_content_has_no_problem() -> None:
    assert [str(problem) for problem in check(ROOT / "knowledge", ON)[1]] == []
