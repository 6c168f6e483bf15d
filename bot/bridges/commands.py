"""``python -m bot bridge telegram|zalo setup|check``: prepare and test what lies on the platforms' side."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

import click

from bot.bridges.checks import (
    BAD,
    Found,
    Wrong,
    check_telegram,
    check_zalo,
    judge_account,
    set_up_telegram,
    zalo_account,
    zalo_settings_wrong,
)
from bot.bridges.zalo import WEBHOOK_PATH
from bot.bridges.zalo_client import consent_url, new_verifier
from bot.bridges.zalo_tokens import Kept, TokenLater, TokenLost, ZaloTokens
from bot.db.engine import open_store
from bot.settings import Settings, get_settings


def tell(found: Iterable[Found]) -> None:
    """Print every finding; one line on standard error and exit status 1 for what is wrong."""
    bad = False
    try:
        for one in found:
            click.echo(f"{one.state:8} {one.name:10} {one.text}")
            bad = bad or one.state == BAD
    except Wrong as wrong:
        sys.exit(f"an-tam: {wrong}")
    if bad:
        sys.exit(1)


@click.group("bridge", help="The channels: set up and check Telegram and Zalo.")
def bridge() -> None:
    """Group of channel commands."""


@bridge.group("telegram", help="The Telegram bot (docs/kenh-telegram.md).")
def telegram() -> None:
    """Group of Telegram commands."""


@telegram.command("setup", help="Test the token; register webhook, menu and descriptions.")
def telegram_setup() -> None:
    """Set up Telegram."""
    settings = get_settings()
    tell(set_up_telegram(settings, open_store(settings)))


@telegram.command("check", help="Test the token and what Telegram says about deliveries.")
def telegram_check() -> None:
    """Check Telegram."""
    tell(check_telegram(get_settings()))


@bridge.group("zalo", help="The Zalo Official Account (docs/kenh-zalo.md).")
def zalo() -> None:
    """Group of Zalo commands."""


@zalo.command("setup", help="Let an administrator of the account allow the app, and keep the tokens sealed.")
@click.option("--refresh-token", is_flag=True, help="Ask for a refresh token copied from Zalo's API Explorer instead.")
def zalo_setup(refresh_token: bool) -> None:
    """Set up Zalo."""
    settings = get_settings()
    if wrong := zalo_settings_wrong(settings):
        sys.exit(f"an-tam: {wrong}")
    tokens = ZaloTokens(open_store(settings), settings)
    try:
        if refresh_token:
            kept = tokens.spend(click.prompt("Refresh token", hide_input=True).strip())
        else:
            kept = consent(settings, tokens)
    except TokenLost:
        sys.exit("an-tam: Zalo refuses this code or token (a code works once, for 10 minutes): run the command again")
    except TokenLater as later:
        sys.exit(f"an-tam: Zalo does not answer now ({later}): run the command again in some minutes")
    click.echo("ok       token      saved; the program renews it by itself")
    try:
        account = zalo_account(settings, kept.access)
    except Wrong as wrong:
        sys.exit(f"an-tam: {wrong}")
    click.echo(f"Webhook for the app's console: {settings.public_url}{WEBHOOK_PATH}")
    tell(judge_account(settings, account))


def consent(settings: Settings, tokens: ZaloTokens) -> Kept:
    """Have a person allow the app in a browser and paste the address they end at."""
    verifier, challenge = new_verifier()
    state = secrets.token_urlsafe(8)
    redirect = settings.public_url + "/"
    click.echo("Open this address as an administrator of the Official Account and allow the app:")
    click.echo(consent_url(settings.zalo_oauth_base, settings.zalo_app_id, redirect, challenge, state))
    pasted = click.prompt("Then paste the address that the browser shows", hide_input=False).strip()
    given = parse_qs(urlsplit(pasted).query) if "code=" in pasted else {"code": [pasted], "state": [state]}
    if given.get("state", [""])[0] != state:
        sys.exit("an-tam: this address belongs to another attempt: run the command again")
    return tokens.exchange(given.get("code", [""])[0], verifier)


@zalo.command("check", help="Test settings and token, and what Zalo says about the account.")
def zalo_check() -> None:
    """Check Zalo."""
    settings = get_settings()
    tell(check_zalo(settings, open_store(settings)))
