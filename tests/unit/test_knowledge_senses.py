"""The senses of the knowledge base's texts: kept beside the models, read once, compared with a question's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.knowledge import senses as room
from bot.knowledge.concepts import Concepts
from bot.knowledge.index import COLUMNS, Index
from bot.knowledge.models import Item
from bot.settings import get_settings
from tests.unit.test_knowledge_check import ITEM

TEXTS = ["đánh con bị phạt bao nhiêu", "mật khẩu đặt sao cho khó đoán"]


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(get_settings(), "models_dir", tmp_path)
    return tmp_path


def test_what_was_read_once_is_kept_and_only_new_texts_are_read(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = room.senses(TEXTS)
    (kept,) = (models_dir / "cache").glob("senses-*.joblib")
    read: list[str] = []
    original = room._read
    monkeypatch.setattr(room, "_read", lambda texts: read.extend(texts.values()) or original(texts))
    again = room.senses([*TEXTS, "trẻ bị bỏ đói"])
    assert read == ["trẻ bị bỏ đói"]
    assert again[:2] == pytest.approx(first)
    assert kept.stat().st_size > 0
    assert room.senses([]).shape == (0, first.shape[1])


def test_a_damaged_file_is_read_anew(models_dir: Path) -> None:
    first = room.senses(TEXTS)
    (kept,) = (models_dir / "cache").glob("senses-*.joblib")
    kept.write_bytes(b"broken")
    assert room.senses(TEXTS) == pytest.approx(first, abs=1e-6)


def test_no_text_stands_in_the_file(models_dir: Path) -> None:
    room.senses(["chuyện riêng của một bài kiến thức"])
    (kept,) = (models_dir / "cache").glob("senses-*.joblib")
    assert "chuyện riêng".encode() not in kept.read_bytes()


@pytest.mark.usefixtures("models_dir")
def test_a_question_in_other_words_is_near_in_sense_and_a_question_left_out_does_not_count() -> None:
    punish = Item(
        **{**ITEM, "id": "phat", "topic": "Mức phạt đánh con", "questions": ["cha mẹ tát con bị phạt bao nhiêu tiền"]}
    )
    secret = Item(
        **{**ITEM, "id": "mat-khau", "topic": "Đặt mật khẩu", "questions": ["đặt mật khẩu facebook sao cho mạnh"]}
    )
    index = Index([punish, secret], Concepts({}))
    sense = COLUMNS.index("sense_question")
    near = index.features("danh con minh de ra ma cung bi phat hanh chinh ha")[:, sense]
    assert near[0] > near[1] + 0.2
    assert index.features(TEXTS[0], without=(0, 0))[0, sense] == 0.0
    assert np.all(index.features("")[:, sense] <= 1.0)
