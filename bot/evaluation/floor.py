"""The floor: figures that may not fall further.

A JSON object from the name of a figure to its bound: a number is the least allowed value, ``{"max": 0.1}`` the greatest
(``{"min": …, "max": …}`` both).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

Bounds = dict[str, tuple[float | None, float | None]]


class FloorError(ValueError):
    """A floor that cannot be held against anything; one line."""


def load_floor(path: Path, known: Collection[str]) -> Bounds:
    """The bounds by figure. A name that no evaluation measures is an error: it would never be held."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        bounds = {name: _bounds(row) for name, row in rows.items()}
    except (OSError, ValueError, AttributeError):
        raise FloorError(f"{path.name} must be an object of numbers or of {{min, max}}: restore it.") from None
    for name in bounds:
        if name not in known:
            raise FloorError(f"{path.name} names {name}, which no evaluation measures.")
    return bounds


def _bounds(row: object) -> tuple[float | None, float | None]:
    if isinstance(row, dict):
        if not row or set(row) - {"min", "max"}:
            raise ValueError
        least, most = (float(row[key]) if key in row else None for key in ("min", "max"))
        return least, most
    if isinstance(row, bool) or not isinstance(row, int | float):
        raise ValueError
    return float(row), None


def fallen(bounds: Bounds, figures: Mapping[str, float | None]) -> list[str]:
    """One line for each figure that is out of its bounds; figures that this run did not measure are not judged."""
    lines = []
    for name, (least, most) in bounds.items():
        if name not in figures:
            continue
        value = figures[name]
        if value is None:
            lines.append(f"{name} has nothing to be measured on")
        elif least is not None and value < least:
            lines.append(f"{name} is {value:.4f}, below its floor {least:.4f}")
        elif most is not None and value > most:
            lines.append(f"{name} is {value:.4f}, above its ceiling {most:.4f}")
    return lines
