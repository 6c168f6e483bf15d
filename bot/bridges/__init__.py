"""The channels: Telegram, Zalo and the web chat. ``make_bridges`` builds those that the settings ask for."""

from __future__ import annotations

from bot.bridges.base import Bridge
from bot.bridges.telegram import TelegramBridge
from bot.bridges.webchat import WebChatBridge
from bot.bridges.zalo import ZaloBridge
from bot.bridges.zalo_bot import ZaloBotBridge
from bot.db.engine import Store
from bot.settings import Settings

__all__ = ["Bridge", "TelegramBridge", "WebChatBridge", "ZaloBotBridge", "ZaloBridge", "make_bridges"]


def make_bridges(settings: Settings, store: Store) -> list[Bridge]:
    """The web chat always, Telegram when there is a token, Zalo when there is an app."""
    bridges: list[Bridge] = [WebChatBridge(settings, store)]
    if settings.telegram_bot_token.get_secret_value():
        bridges.append(TelegramBridge(settings, store))
    if settings.zalo_app_id and settings.zalo_oa_secret.get_secret_value():
        bridges.append(ZaloBridge(settings, store))
    if settings.zalo_bot_token.get_secret_value():
        bridges.append(ZaloBotBridge(settings, store))
    return bridges
