"""The signed webhook: Standard Webhooks headers over a versioned JSON body (``docs/webhook.md``)."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import httpx
from standardwebhooks.webhooks import Webhook

from bot.forwarding import addresses
from bot.forwarding.backoff import retry_after
from bot.forwarding.targets import DELIVERED, Message, Outcome, TargetError
from bot.reports.content import payload

SHORTEST_SECRET = 16
TRY_AGAIN = (408, 425, 429)
# Nothing of the request has reached the receiver in these cases: it may simply be tried again.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class WebhookTarget:
    """Sends reports to one URL. Raises ``TargetError`` at once for a URL or secret that can never work."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: str,
        allow_private: bool = False,
        timeout: float = 15.0,
        verify: bool | str = True,
    ) -> None:
        self._url = _checked_url(url)
        self._allow_private = allow_private
        self._signer = _signer(secret)
        limits = httpx.Limits(max_keepalive_connections=4)
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(5.0, timeout)),
            follow_redirects=False,
            trust_env=False,
            verify=verify,
            limits=limits,
        )

    def send(self, message: Message) -> Outcome:
        """Post a message; the status line decides, the answer's body is not read."""
        host, port = self._url.host, self._url.port or (443 if self._url.scheme == "https" else 80)
        try:
            found = addresses.resolve(host, port, self._allow_private)
        except addresses.AddressRefused:
            return Outcome("rejected", "private_address")
        except addresses.NameUnknown:
            return Outcome("pending", "dns")
        body = json.dumps(payload(message.content, message.kind), ensure_ascii=False, separators=(",", ":"))
        outcome = Outcome("pending", "connect")
        for address in found:
            outcome = self._post(address, message.id, body)
            if outcome.code != "connect":
                break
        return outcome

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _post(self, address: str, message_id: str, body: str) -> Outcome:
        request = self._client.build_request(
            "POST",
            self._url.copy_with(host=address),
            content=body.encode(),
            headers={**self._signed(message_id, body), "Host": self._url.netloc.decode()},
            extensions={"sni_hostname": self._url.host},
        )
        try:
            response = self._client.send(request, stream=True)
        except NOT_SENT:
            return Outcome("pending", "connect")
        except httpx.TimeoutException:
            return Outcome("unknown", "timeout")
        except httpx.TransportError:
            return Outcome("unknown", "cut")
        response.close()
        return judge(response.status_code, response.headers.get("retry-after"))

    def _signed(self, message_id: str, body: str) -> dict[str, str]:
        now = datetime.now(timezone.utc)
        return {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "an-tam",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message_id, now, body),
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


def _signer(secret: str) -> Webhook:
    try:
        length = len(base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False))
        if length >= SHORTEST_SECRET:
            return Webhook(secret)
    except ValueError:
        pass
    raise TargetError("HOTLINE_WEBHOOK_SECRET must be whsec_ and the base64 text of 24 to 64 random bytes")


def _checked_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError):
        raise TargetError("HOTLINE_WEBHOOK_URL is not an address: write https://…") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise TargetError("HOTLINE_WEBHOOK_URL is not an address: write https://…")
    if url.userinfo:
        raise TargetError("HOTLINE_WEBHOOK_URL must not hold a user name or password: remove them")
    if url.scheme == "http" and not addresses.is_loopback(url.host):
        raise TargetError("HOTLINE_WEBHOOK_URL must start with https:// (http:// only to this machine)")
    return url
