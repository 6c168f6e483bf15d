"""Forwarding: the transactional outbox and its targets. A report once taken is never lost or doubled."""

from __future__ import annotations

from typing import Literal

from bot.db.engine import Store
from bot.forwarding.calling import pair
from bot.forwarding.desk import DeskTarget
from bot.forwarding.primero import PrimeroTarget
from bot.forwarding.primero_mapping import load_mapping
from bot.forwarding.routes import forwarding_routes
from bot.forwarding.targets import DELIVERED, Message, Outcome, Target, TargetError
from bot.forwarding.webhook import WebhookTarget
from bot.forwarding.worker import ForwardingWorker
from bot.settings import Settings


def build_targets(store: Store, settings: Settings) -> list[Target]:
    """The configured targets; the desk always is one. Raises ``TargetError`` with a one-line remedy."""
    targets: list[Target] = [DeskTarget(store)]
    if settings.primero_url:
        targets.append(build_primero(settings))
    if settings.webhook_url:
        secret = settings.webhook_secret.get_secret_value()
        if not secret:
            raise TargetError("HOTLINE_WEBHOOK_URL is set but HOTLINE_WEBHOOK_SECRET is not: set both")
        cert = pair(settings.webhook_client_cert, settings.webhook_client_key, "HOTLINE_WEBHOOK_CLIENT")
        verify: Literal[True] | str = str(settings.webhook_ca) if settings.webhook_ca else True
        private = settings.webhook_allow_private
        targets.append(WebhookTarget(settings.webhook_url, secret, private, verify=verify, cert=cert))
    return targets


def build_primero(settings: Settings) -> PrimeroTarget:
    """The Primero target of the settings. Raises ``TargetError``."""
    return PrimeroTarget(
        settings.primero_url,
        settings.primero_user,
        settings.primero_password.get_secret_value(),
        mapping=settings.primero_mapping,
        module=settings.primero_module,
        allow_private=settings.primero_allow_private,
    )


def field_labels(settings: Settings) -> dict[str, str]:
    """What people call the fields of Primero's forms; empty when there is no Primero."""
    return load_mapping(settings.primero_mapping).labels() if settings.primero_url else {}


def configured_targets(settings: Settings) -> list[str]:
    """The names of the configured targets, for ``ReportService``."""
    more = {"primero": settings.primero_url, "webhook": settings.webhook_url}
    return ["desk", *(name for name, url in more.items() if url)]


__all__ = [
    "DELIVERED",
    "DeskTarget",
    "ForwardingWorker",
    "Message",
    "Outcome",
    "PrimeroTarget",
    "Target",
    "TargetError",
    "WebhookTarget",
    "build_primero",
    "build_targets",
    "configured_targets",
    "field_labels",
    "forwarding_routes",
]
