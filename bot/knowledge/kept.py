"""What is made of the knowledge base's texts, kept beside the models so that a start is quick."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import joblib

from bot.settings import get_settings

Made = TypeVar("Made")
log = logging.getLogger(__name__)


def kept(name: str, version: str, texts: Sequence[str], make: Callable[[list[str]], Sequence[Made]]) -> list[Made]:
    """What ``make`` makes of each text; only texts that are new to this name and version are given to it."""
    path = get_settings().models_dir / "cache" / f"{name}-{version}.joblib"
    known: dict[str, Made] = _read(path)
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    if missing:
        known |= dict(zip(missing, make(missing), strict=True))
        _write(known, path)
    return [known[text] for text in texts]


def _write(known: dict[str, Made], path: Path) -> None:
    """Store what is kept, in one step; where nothing can be written, every start takes its time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        joblib.dump(known, new, compress=1)
        new.replace(path)
    except OSError as error:
        log.warning("%s cannot be written, so the next start is slow: %s", path, error)


def _read(path: Path) -> dict[str, Made]:
    """What is kept; nothing when the file is missing or damaged."""
    try:
        return dict(joblib.load(path)) if path.is_file() else {}
    except Exception:  # joblib raises whatever a broken file makes it raise
        log.warning("%s cannot be read and is made anew", path.name)
        return {}
