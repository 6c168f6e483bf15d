"""A served web chat for contract tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
import websockets
from starlette.applications import Starlette

from bot.bridges import webchat
from bot.bridges.webchat import WebChatBridge
from bot.db.engine import open_store
from bot.settings import Settings
from tests.contract.receiver import Receiver, eventually


class Site:
    """A served web chat."""

    def __init__(self, bridge: WebChatBridge, receiver: Receiver, address: str) -> None:
        self.bridge, self.receiver, self.address = bridge, receiver, address

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://{self.address}", timeout=30)

    async def visit(self, browser: httpx.AsyncClient) -> str:
        """Open the page; returns the session's chat id."""
        assert (await browser.get("/")).status_code == 200
        value = browser.cookies[webchat.COOKIE]
        return self.bridge._signer.unsign(value).decode()

    def socket(self, browser: httpx.AsyncClient, origin: str | None = None) -> Any:
        cookie = f"{webchat.COOKIE}={browser.cookies.get(webchat.COOKIE, '')}"
        headers = {"Cookie": cookie, "Origin": origin or f"http://{self.address}"}
        return websockets.connect(f"ws://{self.address}/chat/ws", extra_headers=headers)


@asynccontextmanager
async def serve(settings: Settings, port: int = 0) -> AsyncIterator[Site]:
    """A web chat on a free (or the given) port of the loopback."""
    store = open_store(settings)
    bridge, receiver = WebChatBridge(settings, store), Receiver(store)
    app = Starlette(routes=bridge.routes())
    config = uvicorn.Config(app, port=port, log_level="critical", ws="wsproto", timeout_graceful_shutdown=1)
    server, listener = uvicorn.Server(config), config.bind_socket()
    await bridge.start(receiver)  # before the first request, as the gateway does
    serving = asyncio.create_task(server.serve([listener]))
    await eventually(lambda: server.started)
    yield Site(bridge, receiver, f"127.0.0.1:{listener.getsockname()[1]}")
    await bridge.stop()
    server.should_exit = True
    await serving
    listener.close()
