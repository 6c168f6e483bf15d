"""``python -m bot officer …``: who may log in at the desk."""

from __future__ import annotations

import click

from bot.db.commands import fail, opened
from bot.desk.officers import OfficerError, create_officer, list_officers, reset_officer


@click.group(help="Officers who may log in at the desk.")
def officer() -> None:
    """Group of officer commands."""


@officer.command("add", help="Add an officer and print the one-time password.")
@click.argument("login")
def add(login: str) -> None:
    """Add an officer."""
    store = opened()
    try:
        click.echo(create_officer(store, login))
    except OfficerError as error:
        fail(str(error))


@officer.command("reset", help="Give an officer a new one-time password; ends the officer's sessions.")
@click.argument("login")
def reset(login: str) -> None:
    """Reset a password."""
    store = opened()
    try:
        click.echo(reset_officer(store, login))
    except OfficerError as error:
        fail(str(error))


@officer.command("list", help="List officers.")
def list_all() -> None:
    """List officers."""
    for entry in list_officers(opened()):
        state = "one-time password outstanding" if entry["must_change"] else "active" if entry["active"] else "inactive"
        click.echo(f"{entry['login']:32}  {state}")
