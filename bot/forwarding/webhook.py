"""The signed webhook: Standard Webhooks headers over a versioned JSON body (``docs/webhook.md``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Literal

from standardwebhooks.webhooks import Webhook

from bot.forwarding.backoff import retry_after
from bot.forwarding.calling import Caller, CallFailed
from bot.forwarding.signing import signers
from bot.forwarding.targets import DELIVERED, Message, Outcome
from bot.reports.content import payload

TRY_AGAIN = (408, 425, 429)


class WebhookTarget:
    """Sends reports to one URL. Raises ``TargetError`` at once for a URL or secret that can never work.

    With two secrets both signatures are sent: the receiver may change its key whenever it likes.
    """

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: str,
        allow_private: bool = False,
        timeout: float = 15.0,
        verify: Literal[True] | str = True,
        cert: tuple[str, str] | None = None,
    ) -> None:
        self._caller = Caller(
            url, "HOTLINE_WEBHOOK_URL", allow_private=allow_private, timeout=timeout, verify=verify, cert=cert
        )
        self._signers = signers(secret, "HOTLINE_WEBHOOK_SECRET")

    def send(self, message: Message) -> Outcome:
        """Post a message; the status line decides, the answer's body is not read."""
        body = json.dumps(payload(message.content, message.kind), ensure_ascii=False, separators=(",", ":"))
        headers = signed(self._signers, message.id, body)
        try:
            answer = self._caller.call("POST", body=body.encode(), headers=headers, read=False)
        except CallFailed as failed:
            return failed.outcome
        return judge(answer.status, answer.headers.get("retry-after"))

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()


def signed(keys: Sequence[Webhook], message_id: str, body: str) -> dict[str, str]:
    """The headers of a message, with a signature by each key."""
    now = datetime.now(timezone.utc)
    return {
        "content-type": "application/json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(key.sign(message_id, now, body) for key in keys),
        "idempotency-key": message_id,
    }


def judge(status: int, retry_after_header: str | None = None) -> Outcome:
    """What a status means: 2xx and 409 (already there) delivered; 408, 425, 429 and 5xx tried again."""
    code = f"http_{status}"
    if 200 <= status < 300 or status == 409:
        return DELIVERED
    if status in TRY_AGAIN or status >= 500:
        return Outcome("pending", code, retry_after(retry_after_header))
    return Outcome("rejected", code)
