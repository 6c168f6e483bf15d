"""Mail to a server elsewhere: encrypted, to nobody but the server we trust, with a log-in. Over real SMTP."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from bot.alerts.channels import EmailChannel, Sent
from bot.alerts.words import Notice
from tests.conftest import make_settings
from tests.contract.smtp_double import Mailbox, running_smtp
from tests.contract.test_webhook_keys import issue

NOTICE = Notice("KHẨN CẤP – Xã Tân Thạnh", "Hãy mở bàn làm việc.", "https://an-tam.example.vn/desk/cases/x")
LOGIN = ("an-tam", "thu-mat-khau")


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == LOGIN
    return AuthResult(success=known, handled=False)


class Post:
    """A mail server that takes mail only after STARTTLS and a log-in."""

    def __init__(self, folder: Path) -> None:
        issue(folder, "server", issue(folder, "authority"))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.trusted = ssl.create_default_context(cafile=str(folder / "authority.pem"))
        self.folder, self.port, self.mail = folder, 0, Mailbox()

    async def send(
        self, tls: str = "starttls", password: str = LOGIN[1], context: ssl.SSLContext | None = None
    ) -> Sent:
        settings = make_settings(
            self.folder,
            smtp_host="127.0.0.1",
            smtp_port=self.port,
            smtp_from="an-tam@example.vn",
            smtp_tls=tls,
            smtp_user=LOGIN[0],
            smtp_password=password,
        )
        return await EmailChannel(settings, context or self.trusted).send("lan@example.vn", NOTICE, "id.0.lan")


@pytest.fixture(name="post")
def make_post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path)
    strict = {
        "tls_context": post.server,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": authenticate,
    }
    with running_smtp(**strict) as (post.mail, post.port):
        yield post


async def test_mail_goes_encrypted_after_a_log_in(post: Post) -> None:
    assert await post.send() == Sent()
    ((address, message),) = post.mail.messages
    assert address == "lan@example.vn"
    assert message["subject"] == "[An Tâm] KHẨN CẤP – Xã Tân Thạnh"
    assert message["message-id"] == "<id.0.lan@an-tam.invalid>"
    assert NOTICE.link in message.get_content()


async def test_a_server_that_nobody_vouches_for_gets_nothing(post: Post) -> None:
    sent = await post.send(context=ssl.create_default_context())
    assert (sent.code, post.mail.messages) == ("SSLCertVerificationError", [])


async def test_a_server_without_encryption_gets_nothing(post: Post) -> None:
    """Somebody in between who takes STARTTLS away gets neither the log-in nor the mail."""
    with running_smtp() as (mail, post.port):
        sent = await post.send()
    assert sent.code
    assert mail.messages == []


async def test_a_wrong_password_is_final(post: Post) -> None:
    sent = await post.send(password="khac")
    assert (sent.code, sent.final, post.mail.messages) == ("smtp_535", True, [])


async def test_mail_goes_over_tls_from_the_start(post: Post) -> None:
    # aiosmtpd knows only of STARTTLS when it asks whether a log-in is safe
    strict = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    with running_smtp(ssl_context=post.server, **strict) as (mail, post.port):
        assert await post.send("tls") == Sent()
    assert len(mail.messages) == 1
