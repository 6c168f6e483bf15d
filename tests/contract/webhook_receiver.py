"""A case system that receives signed webhooks over real HTTP, and can behave badly on demand."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="


@dataclass(frozen=True)
class Behaviour:
    """How one request is treated. ``store``: whether the report is kept before the answer goes wrong."""

    status: int = 204
    store: bool = True
    delay: float = 0.0
    cut: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class WebhookReceiver:
    """What arrived. ``plan`` gives the behaviour for the n-th request (from 0)."""

    plan: Callable[[int], Behaviour] = lambda _: Behaviour()
    secret: str = SECRET
    requests: list[dict[str, Any]] = field(default_factory=list)
    reports: dict[str, Any] = field(default_factory=dict)
    """By webhook-id: what the case system holds. A repeated id is answered but not kept again."""
    bad_signatures: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, headers: dict[str, str], body: bytes, path: str) -> Behaviour:
        """Verify, keep once, and say how to answer."""
        try:
            data = Webhook(self.secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            self.bad_signatures += 1
            return Behaviour(status=401, store=False)
        message_id = headers["webhook-id"]
        with self.lock:
            behaviour = self.plan(len(self.requests))
            entry = {"id": message_id, "headers": headers, "path": path, "at": time.monotonic()}
            self.requests.append(entry)
            if behaviour.store:
                self.reports.setdefault(message_id, data)
        return behaviour


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: WebhookReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        behaviour = self.receiver.receive(headers, body, self.path)
        if behaviour.delay:
            time.sleep(behaviour.delay)
        if behaviour.cut:
            self.close_connection = True
            self.connection.close()
            return
        answer = json.dumps({"echo": "nothing"}).encode() if behaviour.status != 204 else b""
        try:
            self.send_response(behaviour.status)
            for name, value in behaviour.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except OSError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Nothing on standard error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args: object) -> None:
        """A cut connection is part of the play."""


@contextmanager
def running_receiver(
    plan: Callable[[int], Behaviour] = lambda _: Behaviour(),
    port: int = 0,
    secret: str = SECRET,
    tls: ssl.SSLContext | None = None,
) -> Iterator[WebhookReceiver]:
    """A receiver on a loopback port until the block ends."""
    receiver = WebhookReceiver(plan=plan, secret=secret)
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = _Server(("127.0.0.1", port), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    receiver.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/reports"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
