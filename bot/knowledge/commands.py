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


@knowledge.command("export")
@click.argument("item_ids", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["website", "loudspeaker", "handout"]), required=True)
@click.option("--to", type=click.Path(path_type=Path), default=None, help="A .md or .docx file, or a folder for many.")
@on_option
@dir_option
def export_command(item_ids: tuple[str, ...], form: str, to: Path | None, on: date | None, root: Path | None) -> None:
    """Make of items a website column, a two-minute loudspeaker script, or a one-page handout for teachers.

    Without --to, Markdown on standard output; into a folder, both Markdown and DOCX of each item.
    """
    from bot.knowledge.answer import Wording
    from bot.knowledge.base import KnowledgeBase
    from bot.knowledge.export import blocks, markdown, word
    from bot.knowledge.phrases import Phrases
    from bot.knowledge.texts import Rules, say

    base = KnowledgeBase.load(root or get_settings().knowledge_dir)
    wording = Wording(base, Phrases(base.phrases))
    rules = Rules(())
    if to is not None and to.suffix in (".md", ".docx") and len(item_ids) > 1:
        raise click.UsageError("several items need a folder")
    for item_id in item_ids:
        if item_id not in base.items:
            raise click.ClickException(f"no item {item_id}")
        made = blocks(wording, base.items[item_id], form, on or today())  # type: ignore[arg-type]
        text = markdown(made)
        if form != "website" and (grave := sorted(set(rules.forbidden(text, "child")))):
            click.echo(say("grave_words", id=item_id, words=", ".join(grave)), err=True)
        if to is None:
            click.echo(text)
            continue
        single = to.suffix in (".md", ".docx")
        (to.parent if single else to).mkdir(parents=True, exist_ok=True)
        for path in [to] if single else [to / f"{item_id}-{form}{suffix}" for suffix in (".md", ".docx")]:
            path.write_bytes(word(made, form == "loudspeaker") if path.suffix == ".docx" else text.encode())
            click.echo(str(path))


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
    """Answer QUESTION for people, or JSON lines {"text", "audience"} from standard input as JSON lines.

    Lines with the same "session" are one conversation: "giải thích dễ hơn", "thế còn 15 tuổi thì sao?". At a
    terminal without QUESTION, a conversation in plain lines.
    """
    from bot.knowledge.asking import Asker

    asker = Asker.load(root or get_settings().knowledge_dir, get_settings().models_dir, on or today())
    if question:
        click.echo(asker.for_people(" ".join(question), audience))
        return
    at_terminal = sys.stdin.isatty()
    for line in sys.stdin:
        if line.strip():
            said = asker.for_people(line.strip(), audience, "terminal") if at_terminal else None
            click.echo(said or asker.json_line(line, audience))
