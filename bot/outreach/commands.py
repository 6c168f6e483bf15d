"""``python -m bot outreach poster --topic …``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.settings import Settings, get_settings


@click.group("outreach", help="Posters.")
def outreach() -> None:
    """Group of outreach commands."""


@outreach.command("poster", help="A printable A5 poster with a QR code that opens the chat on a topic.")
@click.option("--topic", required=True, help="bao_tin, so_goi, an_toan_mang, vung_kin, bat_nat or luat")
@click.option("--channel", type=click.Choice(["web", "telegram", "zalo"]), default="web", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help=".svg or .pdf; default poster-TOPIC-CHANNEL.pdf")
@click.option("--bot-name", default="", help="The Telegram bot's user name (else Telegram is asked).")
def poster(topic: str, channel: str, output: Path | None, bot_name: str) -> None:
    """Draw a poster."""
    from bot.bridges.checks import Wrong
    from bot.outreach.poster import PosterError, draw, link

    settings = get_settings()
    path = output or Path(f"poster-{topic}-{channel}.pdf")
    try:
        bot = bot_name.lstrip("@") or (bot_of(settings) if channel == "telegram" else "")
        address = link(channel, topic, site=settings.public_url, bot=bot, account=settings.zalo_oa_id)
        draw(topic, channel, address, path)
    except (PosterError, Wrong) as error:
        sys.exit(f"an-tam: {error}")
    except OSError as error:
        sys.exit(f"an-tam: {path} cannot be written ({error.strerror}): choose another --output")
    click.echo(f"{path}: {address}")


def bot_of(settings: Settings) -> str:
    """The Telegram bot's user name. Raises ``Wrong``."""
    from bot.bridges.checks import TelegramApi

    return str(TelegramApi(settings).call("getMe").get("username", ""))
