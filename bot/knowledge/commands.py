"""Command line of the knowledge room."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot.settings import get_settings

AUDIENCE = click.Choice(["child", "teen", "parent", "teacher"])


class Day(click.ParamType):
    """A date: ``2026-11-23`` or ``23/11/2026``."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a usage error."""
        if isinstance(value, date):
            return value
        for form in ("%Y-%m-%d", "%d/%m/%Y"):
            try:
                return datetime.strptime(str(value), form).date()  # noqa: DTZ007
            except ValueError:
                continue
        raise click.BadParameter(f"{value!r} is not a date (YYYY-MM-DD)", ctx=ctx, param=param)


def today() -> date:
    """The date in Viet Nam."""
    return datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()


on_option = click.option("--on", type=Day(), default=None, metavar="DATE", help="As of this day (default: today).")
dir_option = click.option(
    "--dir", "root", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
    help="The knowledge folder.",
)  # fmt: skip


@click.group()
def knowledge() -> None:
    """Check and preview the knowledge base."""


@knowledge.command("check")
@on_option
@dir_option
@click.argument("files", nargs=-1)
def check_command(on: date | None, root: Path | None, files: tuple[str, ...]) -> None:
    """Report every problem as file:line: message; exit 1 when there is one.

    With FILES, only problems of files whose path contains one of them.
    """
    from bot.knowledge.check import check
    from bot.knowledge.texts import say

    day = on or today()
    loaded, problems = check(root or get_settings().knowledge_dir, day)
    if files:
        problems = [p for p in problems if any(name in p.file for name in files)]
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(say("some_wrong", count=len(problems)), err=True)
        sys.exit(1)
    counts = {
        "items": len(loaded.items),
        "documents": len(loaded.of("documents.yml")),
        "hotlines": len(loaded.of("hotlines.yml")),
    }
    click.echo(say("nothing_wrong", on=day, **counts))
