"""When the Rasa model is trained again: training itself is tried by everything that uses the model."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot import train
from bot.settings import Settings, get_settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(get_settings(), "models_dir", tmp_path)
    return get_settings()


@pytest.fixture
def runs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands run in place of Rasa's training, which leaves a model."""
    found: list[list[str]] = []

    def run(command: list[str], **_: Any) -> None:
        found.append(command)
        (settings.models_dir / f"{train.MODEL}.tar.gz").write_bytes(b"model")

    monkeypatch.setattr(subprocess, "run", run)
    return found


def test_an_unchanged_model_is_not_trained_again(settings: Settings, runs: list[list[str]]) -> None:
    train.train_rasa(settings)
    train.train_rasa(settings)
    assert len(runs) == 1


def test_other_data_or_a_missing_model_are_trained(settings: Settings, runs: list[list[str]]) -> None:
    train.train_rasa(settings)
    (settings.models_dir / f"{train.MODEL}.tar.gz").unlink()
    train.train_rasa(settings)
    (settings.models_dir / train.FINGERPRINT).write_text(json.dumps({"fingerprint": "of other data"}))
    train.train_rasa(settings)
    assert len(runs) == 3


def test_a_training_that_fails_leaves_no_mark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise subprocess.CalledProcessError(1, "rasa")

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(subprocess.CalledProcessError):
        train.train_rasa(settings)
    assert not (settings.models_dir / train.FINGERPRINT).exists()
