"""``python -m bot report …``: what has not arrived, and sending it again."""

from __future__ import annotations

import time
from datetime import datetime
from typing import get_args

import click

from bot.db.audit import SYSTEM
from bot.db.commands import fail, opened
from bot.reports.draft import RISKS, Kind
from bot.reports.form01 import VIETNAM
from bot.settings import get_settings

STATES = ("pending", "sending", "unknown", "delivered", "rejected", "dead")


@click.group(help="Reports and their deliveries (ids and states only, never content).")
def report() -> None:
    """Group of report commands."""


@report.command("deliveries", help="List deliveries that have not arrived (--all: every one).")
@click.option("--all", "everything", is_flag=True, help="Also what has arrived.")
@click.option("--state", type=click.Choice(STATES), help="Only this state.")
def deliveries(everything: bool, state: str | None) -> None:
    """List deliveries."""
    from bot.forwarding import outbox  # reports knows nothing of forwarding; its command line does

    states = (state,) if state else None if everything else tuple(s for s in STATES if s != "delivered")
    rows = outbox.overview(opened(), states)
    click.echo(f"{'id':>6}  {'report':36}  {'taken':16}  {'risk':9}  {'target':8}  {'state':9}  tries  reason")
    for row in rows:
        taken = datetime.fromtimestamp(row["created_at"], VIETNAM).strftime("%Y-%m-%d %H:%M")
        click.echo(
            f"{row['id']:>6}  {row['report_id']}  {taken}  {row['risk']:9}  {row['target']:8}  {row['state']:9}"
            f"  {row['attempts']:>5}  {row['last_error'] or ''} {row['fields'] or ''}".rstrip()
        )


@report.command("replay", help="Send a rejected or dead delivery again (ID from 'report deliveries', or 'all').")
@click.argument("identity", metavar="ID")
def replay(identity: str) -> None:
    """Send again."""
    from bot.forwarding import outbox

    store = opened()
    if identity == "all":
        numbers = [row["id"] for row in outbox.overview(store, outbox.FAILED, limit=100_000)]
    elif identity.isascii() and identity.isdigit():
        numbers = [int(identity)]
    else:
        fail("ID is a number from 'report deliveries', or 'all'")
    done = [number for number in numbers if outbox.replay(store, number, SYSTEM, time.time())]
    if identity != "all" and not done:
        fail(f"delivery {identity} is neither rejected nor dead; see 'report deliveries'")
    click.echo(f"{len(done)} to be sent again")


@report.command("resume", help="Let a target that was stopped (refused credentials) be used again.")
@click.argument("target")
def resume(target: str) -> None:
    """Resume."""
    from bot.forwarding import stopping

    if not stopping.resume(opened(), target, SYSTEM, time.time()):
        fail(f"target {target} is not stopped")
    click.echo(f"{target} is used again")


@report.command("primero", help="Check the Primero server: log-in, forms, lookups, and what the mapping would lose.")
def primero() -> None:
    """Check Primero without sending a report."""
    from bot.forwarding import build_primero
    from bot.forwarding.calling import CallFailed

    settings = get_settings()
    if not settings.primero_url:
        fail("HOTLINE_PRIMERO_URL is not set")
    target = build_primero(settings)
    try:
        server = target.check()
    except CallFailed as failed:
        fail(f"{settings.primero_url}: {failed.outcome.code}")
    wrong = server.problems(target.mapping)
    for name, values in server.unknown_values(target.mapping).items():
        click.echo(f"{name}: values not in the server's lookup: {', '.join(values)}")
    if wrong:
        fail(f"not on the server, or of another type: {', '.join(wrong)}")
    click.echo(f"{settings.primero_url}: log-in works, {len(server.types)} fields, the mapping fits")


@report.command("route", help="Explain who a report would go to.")
@click.option("--commune", default="", help="As a person would write it; old names are converted.")
@click.option("--risk", type=click.Choice(RISKS), default="low", show_default=True)
@click.option("--kind", type=click.Choice(get_args(Kind)), default="none", show_default=True)
@click.option("--at", type=click.DateTime(), help="On duty at this time in Viet Nam; default now.")
def route(commune: str, risk: str, kind: str, at: datetime | None) -> None:
    """Explain a decision."""
    from bot.forwarding.roster import RosterError, load_roster
    from bot.forwarding.routing import Router, explain

    settings = get_settings()
    try:
        roster = load_roster(settings.roster_file)
    except RosterError as error:
        fail(str(error))
    router = Router.load(settings.knowledge_dir)
    for name in roster.communes:
        if router.commune(name) is None:
            fail(f"{settings.roster_file}: communes: '{name}' is no commune of today (or not a single one)")
    moment = time.time() if at is None else at.replace(tzinfo=VIETNAM).timestamp()
    for line in explain(router.route(commune, risk, kind, roster, moment)):
        click.echo(line)
