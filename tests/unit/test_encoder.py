"""The committed encoder: it loads, reads in any company alike, and a damaged one stops the start with one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from bot.encoder import Encoder, EncoderError, encoder, reading
from bot.language import normalise
from bot.nlu.data import load_examples, load_requests
from bot.safety import RiskModelError
from bot.safety.model import RiskModel
from bot.settings import ROOT, get_settings


def test_it_knows_the_intents_of_the_training_data() -> None:
    assert set(encoder().intents) == {e.intent for e in load_examples(ROOT / "nlu_data" / "nlu")}


def test_it_knows_the_kinds_of_requests_to_refuse() -> None:
    assert encoder().kinds == sorted({r.kind for r in load_requests(ROOT / "nlu_data" / "refused")})


def test_readings_have_one_row_a_message_whatever_stands_beside_it() -> None:
    texts = [normalise(t) for t in ("ba danh con hoai", "chào bạn", "x " * 500, "", "🙂", "\u17a0\u17c1")]
    fresh = Encoder.load()
    together = fresh.read(texts)
    assert together.intents.shape == (6, len(fresh.intents))
    assert together.danger.shape == (6,)
    assert together.grades.shape == (6, 4)
    assert together.refused.shape == (6,)
    assert together.kinds.shape == (6, len(fresh.kinds))
    assert np.isfinite(together.refused).all()
    assert np.isfinite(together.intents).all()
    assert np.isfinite(together.danger).all()
    assert np.exp(together.intents).sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    alone = Encoder.load().read([texts[0]])
    assert alone.danger[0] == pytest.approx(together.danger[0], abs=0.35), "8-bit sums differ a little with padding"


def test_what_it_remembers_stays_small_and_in_memory() -> None:
    fresh = Encoder.load()
    fresh.read([f"tin thứ {i}" for i in range(200)])
    assert len(fresh._known) <= reading._REMEMBERED


def test_a_child_in_danger_reads_as_danger_with_and_without_diacritics() -> None:
    texts = ("dượng hay sờ vào người con lúc má đi vắng", "duong hay so vao nguoi con luc ma di vang")
    danger = encoder().read([normalise(t) for t in texts])
    calm = encoder().read([normalise("chiều nay ba dắt con đi ăn kem vui ghê")])
    assert danger.danger.min() > calm.danger[0] + 2


@pytest.mark.parametrize("name", ["encoder.onnx", "tokenizer.json", "card.json"])
def test_a_missing_or_damaged_file_is_named_with_its_remedy(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(reading.MODEL, folder)
    (folder / name).write_bytes(b"broken")
    with pytest.raises(EncoderError, match="git checkout"):
        Encoder.load(folder)
    (folder / name).unlink()
    with pytest.raises(EncoderError, match="git checkout"):
        Encoder.load(folder)


def test_without_the_encoder_the_risk_model_does_not_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.safety.model.encoder", lambda: Encoder.load(tmp_path))
    with pytest.raises(RiskModelError, match="git checkout"):
        RiskModel.load(get_settings().models_dir)
