"""The inbound addresses: ``POST /hooks/status`` for status messages, ``POST /hooks/primero`` for Primero's webhooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.db.engine import Store
from bot.forwarding.inbound import happened, hook_secret, receive
from bot.forwarding.signing import signers
from bot.settings import Settings

log = structlog.get_logger("forwarding")
LARGEST = 16_000
LARGEST_CASE = 2_000_000
"""Primero sends every field of a case that the webhook's role may read."""


def forwarding_routes(store: Store, settings: Settings, clock: Callable[[], float] = time.time) -> list[BaseRoute]:
    """No route unless its secret is set. Raises ``TargetError`` for a secret that is none."""
    routes: list[BaseRoute] = []
    secret = settings.status_secret.get_secret_value()
    if secret:
        keys = signers(secret, "HOTLINE_STATUS_SECRET")
        routes.append(
            _hook("/hooks/status", LARGEST, lambda headers, body: receive(store, keys, headers, body, clock()))
        )
    shown = settings.primero_hook_secret.get_secret_value()
    if shown:
        expected = hook_secret(shown)
        routes.append(
            _hook("/hooks/primero", LARGEST_CASE, lambda headers, body: happened(store, expected, headers, body))
        )
    return routes


def _hook(path: str, largest: int, take: Callable[[Mapping[str, str], bytes], int]) -> Route:
    """A route that answers with what ``take`` makes of headers and body, and says nothing else."""

    async def hook(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > largest:
                return JSONResponse({"error": 413}, status_code=413)
        code = await run_in_threadpool(take, request.headers, body)
        if code != 200:
            log.warning("hook_refused", path=path, code=code)
        return JSONResponse({"status": "ok"} if code == 200 else {"error": code}, status_code=code)

    return Route(path, hook, methods=["POST"])
