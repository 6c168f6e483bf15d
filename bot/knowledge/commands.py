"""Command line of the knowledge room."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot.settings import get_settings

AUDIENCE = click.Choice(["child", "teen", "parent", "teacher"])


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
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

    With FILES, only problems of files whose path contains one of them. As of a later day than today, also what
    begins and ends until then.
    """
    from bot.knowledge.base import KnowledgeBase
    from bot.knowledge.check import check
    from bot.knowledge.stale import changes
    from bot.knowledge.texts import say

    day, folder = on or today(), root or get_settings().knowledge_dir
    loaded, problems = check(folder, day)
    if files:
        problems = [p for p in problems if any(name in p.file for name in files)]
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(say("some_wrong", count=len(problems)), err=True)
        sys.exit(1)
    if day > today():
        for line in changes(KnowledgeBase.load(folder), today(), day):
            click.echo(line)
    counts = {
        "items": len(loaded.items),
        "documents": len(loaded.of("documents.yml")),
        "hotlines": len(loaded.of("hotlines.yml")),
    }
    click.echo(say("nothing_wrong", on=day, **counts))


@knowledge.command("show")
@click.argument("item_id")
@click.option("--audience", type=AUDIENCE, default="teen", show_default=True)
@click.option("--part", type=click.Choice(["short", "details", "source"]), default="short", show_default=True)
@on_option
@dir_option
def show_command(item_id: str, audience: str, part: str, on: date | None, root: Path | None) -> None:
    """Preview an item as a person will read it."""
    from bot.knowledge.answer import Wording, voice
    from bot.knowledge.base import KnowledgeBase
    from bot.knowledge.phrases import Phrases

    base = KnowledgeBase.load(root or get_settings().knowledge_dir)
    item = base.items.get(item_id)
    if item is None:
        raise click.ClickException(f"no item {item_id}")
    wording = Wording(base, Phrases(base.phrases))
    note = wording.validity_note(item, on or today())
    click.echo("\n".join(line for line in (note, wording.part(item, voice(audience), part)) if line))


@knowledge.command("stale")
@on_option
@dir_option
@click.option("--days", default=90, show_default=True, help="Look this far ahead.")
def stale_command(on: date | None, root: Path | None, days: int) -> None:
    """List what expires, starts or needs review."""
    from bot.knowledge.base import KnowledgeBase
    from bot.knowledge.stale import stale

    base = KnowledgeBase.load(root or get_settings().knowledge_dir)
    for line in stale(base, on or today(), days):
        click.echo(line)


@click.command()
@click.argument("question", nargs=-1)
@click.option("--audience", type=AUDIENCE, default=None, help="For a question given as argument.")
@on_option
@dir_option
def ask(question: tuple[str, ...], audience: str | None, on: date | None, root: Path | None) -> None:
    """Answer QUESTION for people, or JSON lines {"text", "audience"} from standard input as JSON lines."""
    from bot.knowledge.asking import Asker

    asker = Asker.load(root or get_settings().knowledge_dir, get_settings().models_dir, on or today())
    if question:
        click.echo(asker.for_people(" ".join(question), audience))
        return
    for line in sys.stdin:
        if line.strip():
            click.echo(asker.json_line(line, audience))
