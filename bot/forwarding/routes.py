"""The inbound address for status messages: ``POST /hooks/status``."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.db.engine import Store
from bot.forwarding.inbound import receive
from bot.forwarding.signing import signers
from bot.settings import Settings

log = structlog.get_logger("forwarding")
LARGEST = 16_000


def forwarding_routes(store: Store, settings: Settings, clock: Callable[[], float] = time.time) -> list[BaseRoute]:
    """No route at all unless ``HOTLINE_STATUS_SECRET`` is set. Raises ``TargetError`` for a secret that is none."""
    secret = settings.status_secret.get_secret_value()
    if not secret:
        return []
    keys = signers(secret, "HOTLINE_STATUS_SECRET")

    async def status(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return JSONResponse({"error": 413}, status_code=413)
        code = await run_in_threadpool(receive, store, keys, request.headers, body, clock())
        if code != 200:
            log.warning("status_refused", code=code)
        return JSONResponse({"status": "ok"} if code == 200 else {"error": code}, status_code=code)

    return [Route("/hooks/status", status, methods=["POST"])]
