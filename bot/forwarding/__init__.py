"""Forwarding: the transactional outbox and its targets. A report once taken is never lost or doubled."""

from __future__ import annotations

from bot.db.engine import Store
from bot.forwarding.desk import DeskTarget
from bot.forwarding.targets import DELIVERED, Message, Outcome, Target, TargetError
from bot.forwarding.webhook import WebhookTarget
from bot.forwarding.worker import ForwardingWorker
from bot.settings import Settings


def build_targets(store: Store, settings: Settings) -> list[Target]:
    """The configured targets; the desk always is one. Raises ``TargetError`` with a one-line remedy."""
    targets: list[Target] = [DeskTarget(store)]
    if settings.webhook_url:
        secret = settings.webhook_secret.get_secret_value()
        if not secret:
            raise TargetError("HOTLINE_WEBHOOK_URL is set but HOTLINE_WEBHOOK_SECRET is not: set both")
        targets.append(WebhookTarget(settings.webhook_url, secret, settings.webhook_allow_private))
    return targets


def configured_targets(settings: Settings) -> list[str]:
    """The names of the configured targets, for ``ReportService``."""
    return ["desk", "webhook"] if settings.webhook_url else ["desk"]


__all__ = [
    "DELIVERED",
    "DeskTarget",
    "ForwardingWorker",
    "Message",
    "Outcome",
    "Target",
    "TargetError",
    "WebhookTarget",
    "build_targets",
    "configured_targets",
]
