"""The Vietnamese words of this room, from ``data/*.yml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_DATA = Path(__file__).parent / "data"


@cache
def load(name: str) -> dict[str, Any]:
    """One file of words, read once."""
    content: dict[str, Any] = yaml.safe_load((_DATA / f"{name}.yml").read_text(encoding="utf-8"))
    return content


def status_words(key: str, audience: str | None) -> str:
    """What a receipt's holder is told (``received``, ``seen``, ``not_found`` …), with 111, 113 and 115."""
    voices = load("status")["audiences"]
    voice = voices.get(audience or "teen", voices["teen"])
    return f"{voice[key]}\n{voice['help']}"
