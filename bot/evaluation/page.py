"""The evaluation as one page: self-contained HTML whose pictures are drawn in it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .registers import NAMES
from .report import Report

TEMPLATES = Path(__file__).parent / "templates"


def render(report: Report) -> str:
    """The page. Needs no other file and no network."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(share=share, percent=percent)
    return environment.get_template("evaluation.html").render(report=report, names=NAMES)


def share(value: float | None) -> str:
    """Three places; a dash for what could not be measured."""
    return "–" if value is None else f"{value:.3f}"


def percent(value: float) -> str:
    """A whole percentage."""
    return f"{100 * value:.0f} %"
