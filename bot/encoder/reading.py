"""The fine-tuned encoder at work: ONNX on one core, offline.

It reads a message in the normal form and says how likely each intent, danger and each grade of risk is. It is one
voice among others: ``bot.safety`` and ``bot.nlu`` blend it with models that are trained here.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
MODEL = Path(__file__).parent / "model"
CARD = "card.json"
PREFIX = "query: "
"""multilingual-E5 was trained with it."""
MAX_PIECES = 64
CALIBRATION_SHARE = 0.1
REMEDY = "restore it from the project (git checkout bot/encoder/model)"
_REMEMBERED = 64
_BATCH = 32


class EncoderError(Exception):
    """The encoder cannot be used; the text says in one line how to mend it."""


@dataclass(frozen=True)
class Readings:
    """What the encoder makes of some messages: one row each."""

    intents: Array
    """Log-shares, one column for each of ``Encoder.intents``."""
    danger: Array
    """Log-odds that the message is a disclosure, an emergency or about self-harm."""
    grades: Array
    """Log-odds that the risk is at least low, medium, high, immediate."""
    refused: Array
    """Log-odds that the message is a request that must not be answered."""
    kinds: Array
    """Log-shares of the kinds of such requests, one column for each of ``Encoder.kinds``."""


class Encoder:
    """Reads messages; remembers the last few, since intent and risk ask about the same message."""

    def __init__(self, session: Any, tokenizer: Any, intents: list[str], kinds: list[str]) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._known: OrderedDict[str, tuple[Any, ...]] = OrderedDict()
        self._one = threading.Lock()
        self.intents = intents
        self.kinds = kinds

    @classmethod
    def load(cls, folder: Path = MODEL) -> Encoder:
        """Load the committed model. Raises ``EncoderError`` when a file is missing or is not the one of its card."""
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            card = json.loads((folder / CARD).read_text(encoding="utf-8"))
            files = {name: (folder / name).read_bytes() for name in card["files"]}
            intents, kinds = list(card["intents"]), list(card["kinds"])
        except (OSError, ValueError, KeyError) as error:
            raise EncoderError(f"The encoder in {folder} cannot be read: {REMEDY}") from error
        for name, content in files.items():
            if hashlib.sha256(content).hexdigest() != card["files"][name]:
                raise EncoderError(f"{folder / name} is not the file its card names: {REMEDY}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # a few ms slower, a hundred MB smaller
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(files["encoder.onnx"], options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_str(files["tokenizer.json"].decode("utf-8"))
        return cls(session, tokenizer, intents, kinds)

    def read(self, normals: Sequence[str]) -> Readings:
        """Read messages in the normal form (``bot.language.normalise``)."""
        with self._one:
            return self._read(normals)

    def _read(self, normals: Sequence[str]) -> Readings:
        missing = [text for text in dict.fromkeys(normals) if text not in self._known]
        fresh = dict(zip(missing, self._run(missing), strict=True))
        rows = [fresh[text] if text in fresh else self._known[text] for text in normals]
        if not rows:
            none, intents, kinds = np.zeros(0), np.zeros((0, len(self.intents))), np.zeros((0, len(self.kinds)))
            return Readings(intents, none, np.zeros((0, 4)), none, kinds)
        self._remember(fresh)
        parts = [np.array([row[part] for row in rows], dtype=np.float64) for part in range(4)]
        intents, danger, grades, requests = parts
        none = np.clip(requests[:, 0], -12.0, -1e-6)
        return Readings(intents, danger, grades, np.log(-np.expm1(none)) - none, requests[:, 1:])

    def _run(self, normals: Sequence[str]) -> list[tuple[Any, ...]]:
        found: list[Any] = [None] * len(normals)
        order = sorted(range(len(normals)), key=lambda i: len(normals[i]))
        for at in range(0, len(order), _BATCH):
            chosen = order[at : at + _BATCH]
            ids, mask = self._pieces([normals[i] for i in chosen])
            parts = self._session.run(None, {"ids": ids, "mask": mask})
            for row, i in enumerate(chosen):
                found[i] = tuple(part[row] for part in parts)
        return found

    def _pieces(self, normals: Sequence[str]) -> tuple[Any, Any]:
        rows = [e.ids for e in self._tokenizer.encode_batch([PREFIX + text for text in normals])]
        rows = [row if len(row) <= MAX_PIECES else [*row[: MAX_PIECES - 1], row[-1]] for row in rows]
        ids = np.ones((len(rows), max(map(len, rows))), np.int64)
        mask = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : len(row)] = 1
        return ids, mask

    def _remember(self, fresh: dict[str, tuple[Any, ...]]) -> None:
        for text, row in list(fresh.items())[-_REMEMBERED:]:
            self._known[text] = row
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """The committed encoder, loaded once in a process. Raises ``EncoderError``."""
    return Encoder.load()


def fingerprint() -> str:
    """Changes whenever the committed model or this code changes."""
    try:
        return hashlib.sha256((MODEL / CARD).read_bytes() + Path(__file__).read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise EncoderError(f"The encoder in {MODEL} cannot be read: {REMEDY}") from error


def is_calibration(situation: str) -> bool:
    """Whether a situation is held back from the encoder's training, to choose thresholds and confidence on."""
    draw = int(hashlib.sha256(f"calibration{situation}".encode()).hexdigest()[:4], 16)
    return draw < int(CALIBRATION_SHARE * 0x10000)
