"""A mail server over real SMTP (aiosmtpd): keeps what arrives, refuses whom it does not know, can be down."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """What arrived, by address."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, EmailMessage]] = []
        self.unknown: set[str] = set()
        self.busy = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """Refuse unknown people for good, everybody while busy."""
        if address in self.unknown:
            return "550 no such user"
        if self.busy > 0:
            self.busy -= 1
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep the message."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages += [(address, message) for address in envelope.rcpt_tos]
        return "250 OK"

    def sent(self, address: str) -> list[EmailMessage]:
        return [message for to, message in self.messages if to == address]


def free_port() -> int:
    """The controller connects to itself to see that it runs: it must know its port beforehand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_smtp(port: int = 0, **options: Any) -> Iterator[tuple[Mailbox, int]]:
    """A server on a loopback port until the block ends; yields the mailbox and the port.

    ``options``: aiosmtpd's (``tls_context``, ``ssl_context``, ``authenticator`` …).
    """
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port or free_port(), **options)
    controller.start()
    try:
        yield mailbox, controller.port
    finally:
        controller.stop()
