"""What an officer reads: one phrase for each code of an assessment."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from .types import RiskModelError

REASONS = Path(__file__).parent / "data" / "reasons.yml"


@lru_cache(maxsize=1)
def reasons() -> dict[str, str]:
    """The phrases by code. Raises ``RiskModelError`` with a one-line remedy."""
    try:
        found: dict[str, str] = yaml.safe_load(REASONS.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RiskModelError(f"The reasons {REASONS} cannot be read: restore it from the project") from error
    return found
