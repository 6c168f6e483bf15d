"""Items as a website column, a loudspeaker script and a handout, in Markdown and DOCX."""

from __future__ import annotations

import io
import re
from datetime import date
from functools import lru_cache
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner

from bot.knowledge.answer import Wording
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.commands import knowledge
from bot.knowledge.export import FORMATS, blocks, markdown, word
from bot.knowledge.phrases import Phrases
from bot.knowledge.spoken import number, read_aloud
from bot.knowledge.texts import count_words
from bot.settings import ROOT

ON = date(2026, 11, 24)


@lru_cache(maxsize=1)
def wording() -> Wording:
    base = KnowledgeBase.load(ROOT / "knowledge")
    return Wording(base, Phrases(base.phrases))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "không"), (15, "mười lăm"), (21, "hai mươi mốt"), (105, "một trăm lẻ năm"),
        (1005, "một nghìn không trăm lẻ năm"), (2025, "hai nghìn không trăm hai mươi lăm"),
        (2_530_000, "hai triệu năm trăm ba mươi nghìn"), (1_000_000, "một triệu"),
    ],
)  # fmt: skip
def test_numbers_in_words(value: int, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gọi 111 hoặc 113", "gọi một một một hoặc một một ba"),
        ("phạt 5-10 triệu", "phạt năm đến mười triệu"),
        ("25,3 triệu đồng", "hai mươi lăm phẩy ba triệu đồng"),
        ("từ ngày 15/12/2025", "từ ngày mười lăm tháng mười hai năm hai nghìn không trăm hai mươi lăm"),
        ("Nghị định 282/2025/NĐ-CP",
         "Nghị định hai trăm tám mươi hai năm hai nghìn không trăm hai mươi lăm của Chính phủ"),
        ("UBND xã (xem https://example.org/a1), 24/24", "ủy ban nhân dân xã, ngày đêm"),
        ("Điều 111 khoản 2", "Điều một trăm mười một khoản hai"),
    ],
)  # fmt: skip
def test_a_text_read_aloud(text: str, said: str) -> None:
    assert read_aloud(text) == said


def test_every_script_has_no_figure_no_link_and_two_minutes() -> None:
    for item in wording().base.items.values():
        text = markdown(blocks(wording(), item, "loudspeaker", ON))
        assert not re.search(r"\d|https?:|www\.|UBND|THCS", text), item.id
        assert 60 <= count_words(text) <= 330, (item.id, count_words(text))


@pytest.mark.parametrize("form", FORMATS)
def test_markdown_and_word_say_the_same(form: str) -> None:
    for item in list(wording().base.items.values())[::40]:
        made = blocks(wording(), item, form, ON)  # type: ignore[arg-type]
        said = [p.text for p in docx.Document(io.BytesIO(word(made))).paragraphs]
        assert said == [line for block in made for line in block.lines]
        assert all(line in markdown(made) for line in said)


def test_a_website_column_names_its_basis_and_its_day() -> None:
    text = markdown(blocks(wording(), wording().base.items["phat-danh-dap"], "website", ON))
    assert "Nghị định 282/2025/NĐ-CP, Điều 37 khoản 1, 2 (có hiệu lực từ 15/12/2025)" in text
    assert "https://" in text
    assert "tính đến 24/11/2026" in text
    gone = markdown(blocks(wording(), wording().base.items["nd144-het-hieu-luc"], "website", ON))
    assert "đã hết hiệu lực từ 15/12/2025" in gone


def test_a_handout_fits_a_page_and_speaks_to_the_class() -> None:
    for item in list(wording().base.items.values())[::10]:
        text = markdown(blocks(wording(), item, "handout", ON))
        assert count_words(text) <= 560, item.id
        assert "không hứa giữ bí mật" in text


def test_the_command_writes_both_files(tmp_path: Path) -> None:
    made = CliRunner().invoke(
        knowledge, ["export", "sk-001-vung-kin", "--format", "handout", "--to", str(tmp_path / "bai")]
    )
    assert made.exit_code == 0, made.output
    assert sorted(p.name for p in (tmp_path / "bai").iterdir()) == [
        "sk-001-vung-kin-handout.docx", "sk-001-vung-kin-handout.md",
    ]  # fmt: skip
    assert CliRunner().invoke(knowledge, ["export", "khong-co", "--format", "website"]).exit_code == 1
