"""``python -m bot keys …`` and ``python -m bot db …``."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from bot.db.engine import Store, open_store
from bot.db.keys import KeyFileError
from bot.db.rotation import check, rotate
from bot.settings import get_settings


def opened() -> Store:
    """The store, or one line on standard error and exit status 1."""
    try:
        return open_store(get_settings())
    except KeyFileError as error:
        fail(str(error))


def fail(line: str) -> NoReturn:
    """Say what is wrong and stop."""
    click.echo(line, err=True)
    sys.exit(1)


@click.group(help="The key file that everything confidential is sealed with.")
def keys() -> None:
    """Group of key commands."""


@keys.command("check", help="Open every sealed value once and count what cannot be opened.")
def keys_check() -> None:
    """Check the key file against the database."""
    store = opened()
    good, bad = check(store)
    click.echo(f"{get_settings().keys}: key {store.sealer.keys.current} is current, {good} values open, {bad} do not")
    if bad:
        fail("restore the key file that these values were sealed with from your backup")


@keys.command("rotate", help="Add a new key and seal everything with it, while the program runs.")
def keys_rotate() -> None:
    """Rotate the sealing key."""
    store = opened()
    done = rotate(store, get_settings())
    click.echo(f"key {store.sealer.keys.current} is current, {done} values sealed again; now back up the key file")


@click.group(help="The database.")
def db() -> None:
    """Group of database commands."""


@db.command("upgrade", help="Create the database or bring it to the newest schema (starting does so too).")
def db_upgrade() -> None:
    """Migrate."""
    store = opened()
    click.echo(f"{store.engine.url.render_as_string(hide_password=True)} has the newest schema")
