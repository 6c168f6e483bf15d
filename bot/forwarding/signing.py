"""Standard Webhooks keys: one, or two at once while a key is being changed."""

from __future__ import annotations

import base64
import re

from standardwebhooks.webhooks import Webhook

from bot.forwarding.targets import TargetError

SHORTEST = 16
MOST = 2


def signers(text: str, setting: str) -> list[Webhook]:
    """The keys of a setting, separated by spaces or commas. Raises ``TargetError`` for a key that is none."""
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    if not 1 <= len(parts) <= MOST:
        raise TargetError(f"{setting} must hold one secret, or two while a key is changed")
    return [_signer(part, setting) for part in parts]


def _signer(secret: str, setting: str) -> Webhook:
    try:
        length = len(base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False))
        if length >= SHORTEST:
            return Webhook(secret)
    except ValueError:
        pass
    raise TargetError(f"{setting} must be whsec_ and the base64 text of 24 to 64 random bytes")
