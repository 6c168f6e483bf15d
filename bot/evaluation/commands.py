"""``python -m bot evaluate``."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import click

from bot.settings import ROOT, get_settings

RESULTS = ROOT / "results"


@click.command()
@click.option("--quick", is_flag=True, help="As typed and without diacritics only; no times, no learning curve.")
@click.option("--folds", default=0, help="Also cross-validate the linear models in this many folds (minutes).")
@click.option("--floor", "floor_path", type=click.Path(path_type=Path), help="Fail when a figure is out of its bounds.")
def evaluate(quick: bool, folds: int, floor_path: Path | None) -> None:
    """Measure the trained system on messages it never saw; write results/evaluation.html and .json."""
    from bot.nlu.parser import ModelError

    from . import floor, page, report, table
    from .fixed import FixedSetError

    try:
        bounds = floor.load_floor(floor_path, report.names()) if floor_path else {}
        say = partial(click.echo, err=True)
        found = report.evaluate(ROOT / "nlu_data" / "nlu", get_settings(), quick=quick, folds=folds, say=say)
    except (ModelError, FixedSetError, floor.FloorError) as error:
        raise click.ClickException(str(error)) from None
    RESULTS.mkdir(parents=True, exist_ok=True)
    written = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    (RESULTS / "evaluation.json").write_text(written, encoding="utf-8")
    (RESULTS / "evaluation.html").write_text(page.render(found), encoding="utf-8")
    click.echo(table.summary(found))
    lines = floor.fallen(bounds, found["figures"])
    for line in lines:
        click.echo(f"an-tam: {line}", err=True)
    if lines:
        sys.exit(1)
