"""How people are told: a Telegram chat, an e-mail. Nothing of an alert is ever logged."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Protocol

import aiosmtplib
import httpx

from bot.alerts.words import Notice
from bot.forwarding.addresses import is_loopback
from bot.forwarding.roster import Person
from bot.forwarding.targets import TargetError
from bot.settings import Settings

TIMEOUT = 15.0


@dataclass(frozen=True)
class Sent:
    """What became of a message. ``code`` is empty when it went; ``final``: trying again is useless."""

    code: str = ""
    final: bool = False
    wait: float | None = None


OK = Sent()


class Channel(Protocol):
    """One way to tell somebody."""

    name: str

    def address(self, person: Person) -> str | None:
        """Where this person is reached here, if at all."""

    async def send(self, address: str, notice: Notice, identity: str) -> Sent:
        """Tell; never raises."""


class TelegramChannel:
    """Writes to officers' private chats or their group."""

    name = "telegram"

    def __init__(self, token: str, api_base: str) -> None:
        self._url = f"{api_base}/bot{token}/sendMessage"

    def address(self, person: Person) -> str | None:
        """The chat id."""
        return person.telegram

    async def send(self, address: str, notice: Notice, identity: str) -> Sent:  # noqa: ARG002
        """One message; a 400 or 403 means that this chat cannot be written to."""
        body = {"chat_id": address, "text": notice.body, "link_preview_options": {"is_disabled": True}}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
                answer = await client.post(self._url, json=body)
        except httpx.HTTPError as error:
            return Sent(type(error).__name__)
        if answer.is_success:
            return OK
        final = answer.status_code in (400, 401, 403, 404)
        return Sent(f"http_{answer.status_code}", final, _wish(answer) if answer.status_code == 429 else None)


def _wish(answer: httpx.Response) -> float | None:
    """How long Telegram wants us to wait: a member of the answer, not a header."""
    try:
        return min(max(float(answer.json()["parameters"]["retry_after"]), 0.0), 3600.0)
    except (ValueError, KeyError, TypeError):
        return None


class EmailChannel:
    """Sends by SMTP; encrypted unless the server is on this machine."""

    name = "email"

    def __init__(self, settings: Settings, context: ssl.SSLContext | None = None) -> None:
        if not settings.smtp_from:
            raise TargetError("HOTLINE_SMTP_HOST is set but HOTLINE_SMTP_FROM is not: set both")
        if settings.smtp_tls == "none" and not is_loopback(settings.smtp_host):
            raise TargetError("HOTLINE_SMTP_TLS=none is for a server on this machine only: use starttls or tls")
        self._settings = settings
        self._context = context

    def address(self, person: Person) -> str | None:
        """The e-mail address."""
        return person.email

    async def send(self, address: str, notice: Notice, identity: str) -> Sent:
        """One message to one person; the same identity is the same message for mail programs."""
        settings, message = self._settings, EmailMessage()
        message["From"], message["To"] = settings.smtp_from, address
        message["Subject"] = f"[An Tâm] {notice.subject}"
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = f"<{identity}@an-tam.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.body)
        try:
            await aiosmtplib.send(
                message,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_user or None,
                password=settings.smtp_password.get_secret_value() or None,
                use_tls=settings.smtp_tls == "tls",
                start_tls=settings.smtp_tls == "starttls",
                tls_context=self._context,
                timeout=TIMEOUT,
            )
        except aiosmtplib.SMTPResponseException as error:
            return Sent(f"smtp_{error.code}", final=500 <= error.code < 600)
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            return Sent(f"smtp_{code}", final=500 <= code < 600)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Sent(type(error).__name__)
        return OK


def build_channels(settings: Settings) -> list[Channel]:
    """The configured channels besides the desk. Raises ``TargetError`` with a one-line remedy."""
    channels: list[Channel] = []
    token = settings.alert_telegram_token.get_secret_value() or settings.telegram_bot_token.get_secret_value()
    if token:
        channels.append(TelegramChannel(token, settings.telegram_api_base))
    if settings.smtp_host:
        channels.append(EmailChannel(settings))
    return channels
