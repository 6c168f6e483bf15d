"""Rasa's own tests: the data are valid, and the stories come out as written with the trained model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT

pytestmark = pytest.mark.model
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "LOG_LEVEL": "ERROR",
}


def rasa(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **QUIET, "HOTLINE_DATA_DIR": str(folder / "var")}
    return subprocess.run(
        [sys.executable, "-m", "rasa", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_the_data_are_valid(tmp_path: Path) -> None:
    result = rasa("data", "validate", "--data", "nlu_data", folder=tmp_path)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


def test_the_stories_come_out_as_written(tmp_path: Path) -> None:
    result = rasa(
        "test",
        "core",
        "--model",
        "models/an-tam.tar.gz",
        "--stories",
        "tests/dialogue/stories",
        "--fail-on-prediction-errors",
        "--out",
        str(tmp_path),
        folder=tmp_path,
    )
    failed = tmp_path / "failed_test_stories.yml"
    assert result.returncode == 0, (failed.read_text() if failed.exists() else "") + result.stderr[-2000:]
