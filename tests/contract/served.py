"""A bridge's routes served on a free port of the loopback, as the gateway serves them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from tests.contract.receiver import eventually


@asynccontextmanager
async def served(what: list[BaseRoute] | ASGIApp) -> AsyncIterator[str]:
    """Routes or an app; yields the address, ``http://127.0.0.1:…``."""
    app = Starlette(routes=what) if isinstance(what, list) else what
    config = uvicorn.Config(app, port=0, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1)
    server, listener = uvicorn.Server(config), config.bind_socket()
    serving = asyncio.create_task(server.serve([listener]))
    await eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()
