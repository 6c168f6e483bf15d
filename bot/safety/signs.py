"""Signs: regular expressions on the form without diacritics, kept in ``data/*.yml``, read between word boundaries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from .types import RiskModelError

DATA = Path(__file__).parent / "data"
NOTHING = re.compile(r"(?!)")
_PART = re.compile(r"\{([A-Za-z]+)\}")


@lru_cache(maxsize=32)
def read_signs(name: str) -> dict[str, Any]:
    """One file of signs and texts, read once. Raises ``RiskModelError`` with a one-line remedy."""
    path = DATA / f"{name}.yml"
    try:
        loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise RiskModelError(f"The signs {path} cannot be read: restore it from the project") from error
    return loaded


def any_of(signs: str | Sequence[str], parts: Mapping[str, str] | None = None) -> re.Pattern[str]:
    """Some signs as one expression; ``{name}`` in a sign stands for an entry of ``parts`` (with parts of its own)."""
    lines = [signs] if isinstance(signs, str) else list(signs)
    if not lines:
        return NOTHING
    return re.compile("|".join(rf"\b(?:{filled(line, parts or {})})(?!\w)" for line in lines))


def filled(sign: str, parts: Mapping[str, str]) -> str:
    """A sign with its parts spelt out."""
    while named := _PART.search(sign):
        sign = sign.replace(named[0], parts[named[1]])
    return sign
