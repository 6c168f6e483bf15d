"""What the search keeps of the knowledge base's texts beside the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.knowledge import index
from bot.knowledge.sense import Sense, sense
from bot.language import normalise
from bot.settings import get_settings

TEXTS = ["đánh con bị phạt bao nhiêu", "mật khẩu đặt sao cho khó đoán"]


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(get_settings(), "models_dir", tmp_path)
    return tmp_path


def test_only_new_texts_are_segmented(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = index.segmented(TEXTS)
    assert len(list((models_dir / "cache").iterdir())) == 1
    read: list[str] = []
    words = index.words
    monkeypatch.setattr(index, "words", lambda text: read.append(text) or words(text))
    assert index.segmented([*reversed(TEXTS), "trẻ bị bỏ đói"])[:2] == first[::-1]
    assert read == ["trẻ bị bỏ đói"]


def test_a_damaged_file_is_made_anew(models_dir: Path) -> None:
    first = index.segmented(TEXTS)
    (kept,) = (models_dir / "cache").iterdir()
    kept.write_bytes(b"broken")
    assert index.segmented(TEXTS) == first


def test_where_nothing_can_be_written_the_search_works_all_the_same(models_dir: Path) -> None:
    (models_dir / "cache").write_text("a file where the folder should be")
    assert len(index.segmented(TEXTS)) == len(TEXTS)


def test_vectors_are_kept_from_start_to_start(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sense().kept(TEXTS)
    assert first == pytest.approx(sense().vectors([normalise(text) for text in TEXTS]), abs=1e-3)
    monkeypatch.setattr(Sense, "vectors", lambda *_: pytest.fail("read again"))
    assert (sense().kept(TEXTS[::-1]) == first[::-1]).all()
