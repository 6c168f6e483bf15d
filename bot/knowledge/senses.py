"""What texts of the knowledge base are about, as the encoder reads them: unit vectors, near each other when two
questions want the same answer. Reading thousands of texts takes most of a minute, so the vectors are kept beside the
models; only what is new is read.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import numpy.typing as npt

from bot.encoder import encoder
from bot.encoder import fingerprint as encoder_fingerprint
from bot.language import fingerprint as language_fingerprint
from bot.language import normalise
from bot.settings import get_settings

log = logging.getLogger(__name__)
Vectors = npt.NDArray[np.float32]
_BLOCK = 512


def sense(text: str) -> Vectors:
    """The vector of one text (128 numbers). Raises ``EncoderError`` when the encoder cannot be used."""
    found: Vectors = encoder().read([normalise(text)]).senses[0]
    return found


def senses(texts: Sequence[str]) -> Vectors:
    """The vectors of many texts, a row each."""
    path = get_settings().models_dir / "cache" / f"senses-{encoder_fingerprint()}-{language_fingerprint()[:16]}.joblib"
    kept = _kept(path)
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    if missing:
        kept |= _read(missing)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        joblib.dump(kept, new)
        new.replace(path)
    return np.stack([kept[key] for key in keys]) if keys else np.zeros((0, len(sense(""))), np.float32)


def _kept(path: Path) -> dict[str, Vectors]:
    """What is kept by the hash of its text; nothing when the file is missing or damaged."""
    try:
        return dict(joblib.load(path)) if path.is_file() else {}
    except Exception:  # joblib raises whatever a broken file makes it raise
        log.warning("%s cannot be read and is made anew", path.name)
        return {}


def _read(texts: dict[str, str]) -> dict[str, Vectors]:
    keys = list(texts)
    found: dict[str, Vectors] = {}
    for at in range(0, len(keys), _BLOCK):
        block = keys[at : at + _BLOCK]
        rows = encoder().read([normalise(texts[key]) for key in block]).senses
        found |= dict(zip(block, rows, strict=True))
    return found
