"""What actions say of this machine itself, in the person's voice: words in ``data/said.yml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.dialogue.messages import Button, Reply

DATA = Path(__file__).parent / "data" / "said.yml"


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The texts by name and audience, and the buttons below them."""
    loaded: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return loaded


def reply(name: str, audience: str) -> Reply:
    """The words of that name; an unknown audience is spoken to as a teenager."""
    texts = words()[name]
    return Reply(texts.get(audience, texts["teen"]), [Button(**button) for button in words()["buttons"]])
