"""The server behind ``zalo_double``: OpenAPI, OAuth and webhook deliveries, with the documented rules enforced."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.contract.telegram_api import until

ACCESS_SECONDS = 25 * 3600.0
REFRESH_SECONDS = 90 * 86400.0
BUTTON_TYPES = {"oa.query.show", "oa.query.hide", "oa.open.url", "oa.open.phone", "oa.open.sms"}


class ZaloError(Exception):
    """An error answer: HTTP 200 with a code, as Zalo gives it."""

    def __init__(self, code: int, message: str = "error") -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class ZaloMessage:
    """A message of the account."""

    user_id: str
    message_id: str
    text: str
    buttons: list[dict[str, Any]]
    body: dict[str, Any]
    quota: str
    at: float = field(default_factory=time.monotonic)

    @property
    def titles(self) -> list[str]:
        """The buttons' titles."""
        return [button["title"] for button in self.buttons]


@dataclass
class ZaloFailure:
    path: str
    code: int
    status: int
    times: int
    after: bool
    delay: float
    skip: int = 0


class ZaloServer:
    """State and rules; ``ZaloDouble`` adds what people do."""

    def __init__(self) -> None:
        self.app_id, self.app_secret = "360846524940903967", "app-secret-of-the-double"
        self.oa_id, self.oa_secret = "388613280878808645", "oa-secret-of-the-double"
        self.webhook_url = ""
        self.webhook_statuses: list[int] = []
        self.webhook_seconds: list[float] = []
        self.echoes = True
        """Whether the event oa_send_text is switched on in the console."""
        self.paid_left = 0
        """Messages that may still be sent between 48 hours and 7 days."""
        self.per_minute = 4000
        self.offset = 0.0
        """Seconds that the double's clock is ahead (windows, tokens)."""
        self.access, self.refresh = "access-0", "refresh-0"
        self.refresh_calls = 0
        self.spent_twice = 0
        """How often a refresh token was offered that had been used."""
        self.codes: dict[str, str] = {}
        """Authorisation code → PKCE challenge."""
        self._access_until = self.now() + ACCESS_SECONDS
        self._spent: set[str] = set()
        self._acted: dict[str, float] = {}
        self._blocked: dict[str, int] = {}
        self._sent: list[ZaloMessage] = []
        self._calls: list[tuple[str, dict[str, Any]]] = []
        self._moments: deque[float] = deque()
        self._failures: list[ZaloFailure] = []
        self._outbox: deque[dict[str, Any]] = deque()
        self._number = 0
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._server: uvicorn.Server | None = None
        self._threads: list[threading.Thread] = []
        self.base_url = ""

    def now(self) -> float:
        """The double's clock."""
        return time.time() + self.offset

    def start(self) -> ZaloServer:
        """Listen on a free port of the loopback."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        routes = [
            Route("/v3.0/oa/message/cs", self._message, methods=["POST"]),
            Route("/v2.0/oa/getoa", self._account),
            Route("/v4/oa/access_token", self._token, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="critical", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        for target, args in ((self._server.run, ([listener],)), (self._deliver, ())):
            thread = threading.Thread(target=target, args=args, daemon=True)
            thread.start()
            self._threads.append(thread)
        until(lambda: bool(self._server and self._server.started), 10, "the double did not start")
        return self

    def stop(self) -> None:
        """Stop listening and delivering."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True
        for thread in self._threads:
            thread.join(5)

    # --- OpenAPI --------------------------------------------------------------------------------------------
    async def _message(self, request: Request) -> Response:
        return await self._answer(request, "message", self._take_message)

    async def _account(self, request: Request) -> Response:
        return await self._answer(
            request,
            "getoa",
            lambda _body: {
                "oaid": self.oa_id,
                "name": "An Tâm",
                "is_verified": True,
                "oa_type": 4,
                "package_name": "Nâng cao",
                "package_valid_through_date": "31/12/2027",
            },
        )

    async def _answer(self, request: Request, path: str, handler: Any) -> Response:
        raw = await request.body()
        body = json.loads(raw) if raw else {}
        with self._lock:
            self._calls.append((path, body))
        failure = self._failure(path)
        if failure is not None and failure.delay:
            await asyncio.sleep(failure.delay)
        try:
            if failure is not None and not failure.after and not failure.delay:
                return _failed(failure)
            if request.headers.get("access_token") != self.access or self.now() > self._access_until:
                raise ZaloError(-216, "Access token is invalid")
            self._rate()
            data = handler(body)
            if failure is not None and not failure.delay:
                return _failed(failure)
        except ZaloError as error:
            return JSONResponse({"error": error.code, "message": error.message})
        return JSONResponse({"data": data, "error": 0, "message": "Success"})

    def _rate(self) -> None:
        now = time.monotonic()
        with self._lock:
            while self._moments and self._moments[0] < now - 60:
                self._moments.popleft()
            if len(self._moments) >= self.per_minute:
                raise ZaloError(-32, "Rate limit exceeded")
            self._moments.append(now)

    def _take_message(self, body: dict[str, Any]) -> dict[str, Any]:
        user = str(body.get("recipient", {}).get("user_id", ""))
        message = body.get("message", {})
        text = message.get("text", "")
        if not user.isdigit() or not isinstance(text, str) or not text.strip() or len(text) > 2000:
            raise ZaloError(-201, "Parameter is invalid")
        buttons = _check_buttons(message.get("attachment"))
        with self._lock:
            quota = self._may_write(user)
            self._number += 1
            sent = ZaloMessage(user, f"oa-{self._number}-{uuid.uuid4().hex[:6]}", text, buttons, body, quota)
            self._sent.append(sent)
        if self.echoes:
            self.push(
                "oa_send_text", sender=self.oa_id, recipient=user, message={"text": text, "msg_id": sent.message_id}
            )
        return {"message_id": sent.message_id, "user_id": user, "quota": {"quota_type": quota}}

    def _may_write(self, user: str) -> str:
        if user in self._blocked:
            raise ZaloError(self._blocked[user], "User does not receive")
        age = self.now() - self._acted.get(user, float("-inf"))
        if age > 7 * 86400:
            raise ZaloError(-230, "User has not interacted with the OA in the past 7 days")
        if age <= 48 * 3600:
            return "reply"
        if self.paid_left <= 0:
            raise ZaloError(-211, "Out of quota")
        self.paid_left -= 1
        return "purchase_quota"

    # --- OAuth ----------------------------------------------------------------------------------------------
    async def _token(self, request: Request) -> Response:
        async with request.form() as form:
            given = {key: str(value) for key, value in form.items()}
        failure = self._failure("token")
        if failure is not None and not failure.after:
            return _failed(failure)
        with self._lock:
            answer = self._pair(given, request.headers.get("secret_key", ""))
        return _failed(failure) if failure is not None else JSONResponse(answer)

    def _pair(self, given: dict[str, str], secret: str) -> dict[str, Any]:
        self.refresh_calls += 1
        if secret != self.app_secret or given.get("app_id") != self.app_id:
            return {"error": -14004, "error_name": "Invalid app", "error_description": "secret"}
        if given.get("grant_type") == "authorization_code":
            challenge = self.codes.pop(given.get("code", ""), None)
            if challenge is None or challenge != _challenge(given.get("code_verifier", "")):
                return {"error": -14003, "error_name": "Invalid code"}
        else:
            offered = given.get("refresh_token", "")
            if offered in self._spent:
                self.spent_twice += 1
                return {"error": -14014, "error_name": "Invalid refresh token"}
            if offered != self.refresh:
                return {"error": -14014, "error_name": "Invalid refresh token"}
            self._spent.add(offered)
        number = uuid.uuid4().hex[:8]
        self.access, self.refresh = f"access-{number}", f"refresh-{number}"
        self._access_until = self.now() + ACCESS_SECONDS
        return {"access_token": self.access, "refresh_token": self.refresh, "expires_in": "90000"}

    # --- webhook --------------------------------------------------------------------------------------------
    def sign(self, raw: bytes, timestamp: str) -> str:
        """The documented signature."""
        text = self.app_id.encode() + raw + timestamp.encode() + self.oa_secret.encode()
        return "mac=" + hashlib.sha256(text).hexdigest()

    def push(self, name: str, sender: str = "", recipient: str = "", **fields: Any) -> dict[str, Any]:
        """Queue an event; returns it."""
        event = self.event(name, sender, recipient, **fields)
        self.deliver(event)
        return event

    def event(self, name: str, sender: str = "", recipient: str = "", **fields: Any) -> dict[str, Any]:
        """An event that happens now."""
        event: dict[str, Any] = {"app_id": self.app_id, "event_name": name, "timestamp": str(int(self.now() * 1000))}
        if sender:
            event["sender"] = {"id": sender}
        if recipient:
            event["recipient"] = {"id": recipient}
        event.update(fields)
        return event

    def deliver(self, event: dict[str, Any]) -> None:
        """Queue an event as it is."""
        with self._lock:
            self._outbox.append(event)

    def request(self, event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a delivery."""
        raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        headers = {
            "X-ZEvent-Signature": self.sign(raw, str(event.get("timestamp", ""))),
            "Content-Type": "application/json",
        }
        return raw, headers

    def _deliver(self) -> None:
        """Only a connection that fails is tried again (quickly here); every answer ends a delivery."""
        with httpx.Client(timeout=10, trust_env=False) as client:
            while not self._stopping.wait(0.01):
                while self._outbox and self.webhook_url and not self._stopping.is_set():
                    raw, headers = self.request(self._outbox[0])
                    started = time.monotonic()
                    try:
                        status = client.post(self.webhook_url, content=raw, headers=headers).status_code
                    except httpx.HTTPError:
                        self._stopping.wait(0.2)
                        continue
                    self.webhook_seconds.append(time.monotonic() - started)
                    self.webhook_statuses.append(status)
                    with self._lock:
                        self._outbox.popleft()

    def _failure(self, path: str) -> ZaloFailure | None:
        with self._lock:
            for failure in self._failures:
                if failure.path != path or failure.times <= 0:
                    continue
                if failure.skip > 0:
                    failure.skip -= 1
                else:
                    failure.times -= 1
                    return failure
        return None


def _failed(failure: ZaloFailure) -> Response:
    if failure.status != 200:
        return Response("<html>Bad gateway</html>", failure.status)
    return JSONResponse({"error": failure.code, "message": "failed on purpose"})


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _check_buttons(attachment: Any) -> list[dict[str, Any]]:
    if attachment is None:
        return []
    buttons: list[dict[str, Any]] = attachment.get("payload", {}).get("buttons", [])
    if attachment.get("type") != "template" or not 1 <= len(buttons) <= 5:
        raise ZaloError(-201, "Attachment is invalid")
    for button in buttons:
        if button.get("type") not in BUTTON_TYPES or not 1 <= len(button.get("title", "")) <= 100:
            raise ZaloError(-201, "Button is invalid")
        payload = button.get("payload")
        if button["type"].startswith("oa.query") and not (isinstance(payload, str) and 1 <= len(payload) <= 1000):
            raise ZaloError(-201, "Payload is invalid")
    return buttons
