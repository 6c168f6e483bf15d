"""What python-telegram-bot needs around it to be discreet: no URL, token or text in any log or exception."""

from __future__ import annotations

import hashlib
import hmac
import logging
import warnings
from typing import Any

from telegram.error import RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.bridges.base import parse_object


class QuietRequest(HTTPXRequest):
    """python-telegram-bot logs a reply it cannot parse, texts included; this one does not."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The reply as a dict. Raises ``TelegramError`` without quoting it."""
        data = parse_object(payload.decode("utf-8", "replace"))
        if data is None:
            raise TelegramError("Invalid server response")
        return data


def silence_libraries() -> None:
    """httpx logs URLs, which hold the token; telegram logs parameters, which hold texts."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
    # get_updates() would parse the whole batch, and fail with it, on one update it does not understand.
    warnings.filterwarnings("ignore", message=r"Please use 'Bot\.getUpdates'")


def webhook_secret(key: bytes, token: str) -> str:
    """The webhook's secret token: the same after every restart, new with a new key file or bot token."""
    return hmac.new(key, b"telegram webhook\0" + token.encode(), hashlib.sha256).hexdigest()


def seconds_of(error: RetryAfter) -> float:
    """``retry_after`` is a number or, by an environment variable, a timedelta."""
    value: Any = error.retry_after
    return float(value.total_seconds() if hasattr(value, "total_seconds") else value)
