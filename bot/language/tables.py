"""The YAML tables of ``bot/language/data``, read once. Every scalar is read as text (``no`` stays ``no``)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


def load(name: str) -> Any:
    """One table, by file name without its ending."""
    return yaml.load((DATA / f"{name}.yml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506


def form_map(name: str) -> dict[str, str]:
    """``{full form: [short, …]}`` turned round to ``{short: full form}``."""
    found: dict[str, str] = {}
    for full, forms in load(name).items():
        for form in forms:
            found[str(form)] = str(full)
    return found


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Changes whenever the tables or the code of this package change (models trained on it are then stale)."""
    digest = hashlib.sha256()
    for path in sorted([*DATA.glob("*.yml"), *DATA.parent.glob("*.py")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
