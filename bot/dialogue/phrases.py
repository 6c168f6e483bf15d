"""The sentences that the gateway says itself, read from YAML by key and audience."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.dialogue.messages import Button, Reply

DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=8)
def load_yaml(name: str) -> dict[str, Any]:
    """A YAML mapping of ``bot/dialogue/data``."""
    loaded: dict[str, Any] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return loaded


def say(key: str, audience: str | None, kind: str = "text", **values: object) -> Reply:
    """The phrase ``key`` in the audience's voice, with its ``{values}``. Raises ``KeyError`` for an unknown key."""
    entry = load_yaml("phrases.yml")[key]
    chosen = entry.get(audience) or entry["default"]
    buttons = [Button(**b) for b in chosen.get("buttons", entry.get("buttons", []))]
    text = chosen["text"].format(**values) if values else chosen["text"]
    return Reply(text, buttons, kind=kind)  # type: ignore[arg-type]
