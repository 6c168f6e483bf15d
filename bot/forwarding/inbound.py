"""Status coming back from a case system: signed like our own messages, taken once (``docs/webhook.md``); and Primero's
webhooks, which are not signed and so are only a reason to ask (``docs/primero.md``)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from bot.db import audit
from bot.db.engine import Store
from bot.db.tables import hook_messages, reports
from bot.forwarding.polling import ask_soon
from bot.forwarding.targets import TargetError
from bot.reports.service import from_outside

REMEMBERED = 3600.0
"""Longer than the five minutes after which a signature is too old anyway."""
SHORTEST_SECRET = 16


class Body(BaseModel):
    """What the case system says about one report."""

    report_id: UUID
    status: Literal["acknowledged", "in_progress", "closed"]


class StatusMessage(BaseModel):
    """The whole message; further members are left alone."""

    type: Literal["status.changed"]
    data: Body


class Happened(BaseModel):
    """What Primero's webhook is read for; the fields of the case beside it are not looked at."""

    record_id: UUID
    record_type: str


class PrimeroMessage(BaseModel):
    """The whole message of a Primero webhook."""

    data: Happened


def hook_secret(text: str) -> bytes:
    """The secret of Primero's webhooks. Raises ``TargetError`` for one that can be guessed."""
    if len(text) < SHORTEST_SECRET:
        raise TargetError(f"HOTLINE_PRIMERO_HOOK_SECRET must have {SHORTEST_SECRET} characters or more")
    return text.encode()


def happened(store: Store, secret: bytes, headers: Mapping[str, str], body: bytes) -> int:
    """Something happened to a case in Primero: it is asked next. Returns the HTTP status to answer with.

    Nothing that the message says is believed, so one that is forged or replayed only makes us ask once more.
    401: without the secret; 400: not understood; 404: no such case; 200: taken, or about another kind of record.
    """
    if not _shown(secret, headers):
        return 401
    try:
        message = PrimeroMessage.parse_obj(json.loads(body)).data
    except (ValueError, ValidationError):
        return 400
    if message.record_type != "case":
        return 200
    with store.engine.begin() as connection:
        return 200 if ask_soon(connection, "primero", str(message.record_id)) else 404


def _shown(secret: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the secret came as an API key or as a Basic credential, the two that Primero can send."""
    basic = b"Basic " + base64.b64encode(secret)
    key, login = (headers.get(name, "").encode("utf-8", "replace") for name in ("x-api-key", "authorization"))
    return hmac.compare_digest(key, secret) | hmac.compare_digest(login, basic)


def receive(store: Store, keys: list[Webhook], headers: Mapping[str, str], body: bytes, now: float) -> int:
    """Verify and take a status message. Returns the HTTP status to answer with, and nothing else.

    401: not signed with one of our keys, or too old; 400: not understood; 404: no such report; 200: taken, or known.
    """
    if not _verified(keys, headers, body):
        return 401
    try:
        message = StatusMessage.parse_obj(json.loads(body))
    except (ValueError, ValidationError):
        return 400
    report_id = str(message.data.report_id)
    with store.reader.connect() as connection:
        if connection.execute(sa.select(reports.c.id).where(reports.c.id == report_id)).first() is None:
            return 404
    try:
        with store.engine.begin() as connection:
            connection.execute(hook_messages.delete().where(hook_messages.c.received_at < now - REMEMBERED))
            known = {"id": _hash(store, headers["webhook-id"]), "received_at": now}
            connection.execute(hook_messages.insert().values(**known))
            audit.record(connection, "webhook", "status_received", report_id, message.data.status, at=now)
            from_outside(connection, report_id, message.data.status, "webhook", now)
    except sa.exc.IntegrityError:
        pass  # the same message again: it did its work the first time
    return 200


def _verified(keys: list[Webhook], headers: Mapping[str, str], body: bytes) -> bool:
    given = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    if not all(given.values()):
        return False
    for key in keys:
        try:
            key.verify(body, given)
        except json.JSONDecodeError:
            return True  # well signed; what it holds is looked at next
        except (WebhookVerificationError, ValueError, OverflowError):
            continue
        return True
    return False


def _hash(store: Store, message_id: str) -> str:
    return hmac.new(store.keys.pseudonym, f"hook\0{message_id}".encode(), hashlib.sha256).hexdigest()
