"""The web chat's face for the conformance suite."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import Any

import httpx

from bot.bridges import Bridge
from bot.bridges.webchat import WebChatBridge
from bot.db.engine import Store
from bot.settings import Settings
from tests.contract.channels import Channel, Gateway


class WebChannel(Channel):
    """The web chat by plain HTTP; the page's part (show once, then acknowledge) is played here."""

    name = "web"
    platform_fails = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.browser: httpx.AsyncClient | None = None
        self.number = 0
        self.seen: dict[str, str] = {}
        self.lose_ack = self.sleepy = 0
        self._page: asyncio.Task[None] | None = None

    def make(self, settings: Settings, store: Store) -> Bridge:
        return WebChatBridge(settings, store)

    async def start(self) -> Gateway:
        gateway = await super().start()
        if self.browser is None:
            self.browser = httpx.AsyncClient(base_url=self.address, timeout=30)
            assert (await self.browser.get("/")).status_code == 200
            self._page = asyncio.create_task(self._poll())
        return gateway

    async def close(self) -> None:
        if self._page is not None:
            self._page.cancel()
            await asyncio.gather(self._page, return_exceptions=True)
        await super().close()
        if self.browser is not None:
            await self.browser.aclose()

    async def _poll(self) -> None:
        acks: list[str] = []
        assert self.browser is not None
        while True:
            with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):
                answer = await self.browser.get("/chat/replies", params={"ack": ",".join(acks), "wait": 1})
                acks = []
                for frame in answer.json()["replies"]:
                    if self.sleepy:
                        self.sleepy -= 1
                        await asyncio.sleep(2.0)
                    if frame["id"] not in self.seen:
                        self.seen[frame["id"]] = frame["reply"]["text"]
                    if self.lose_ack:
                        self.lose_ack -= 1
                    else:
                        acks.append(frame["id"])
            await asyncio.sleep(0.05)

    async def say(self, text: str) -> Any:
        self.number += 1
        message = {"id": f"message-{self.number}", "text": text}
        await self._post(message)
        return message

    async def repeat(self, update: Any) -> None:
        await self._post(update)

    async def _post(self, message: dict[str, Any]) -> None:
        """The page repeats a message until it is received or refused."""
        assert self.browser is not None
        # As JSON.stringify writes it: only half an emoji is escaped.
        content = json.dumps(message, ensure_ascii=False).encode("utf-8", "backslashreplace")
        for _ in range(40):
            with contextlib.suppress(httpx.HTTPError):
                answer = await self.browser.post("/chat/messages", content=content)
                if answer.status_code == 413:
                    assert "111" in answer.json()["error"]["text"]
                    self.refused += 1
                if answer.status_code != 503:
                    return
            await asyncio.sleep(0.25)

    async def forge(self, text: str) -> int:
        async with httpx.AsyncClient(base_url=self.address) as stranger:
            stranger.cookies.set("phien", "forged.abc.def")
            return (await stranger.post("/chat/messages", json={"id": "12345678", "text": text})).status_code

    async def malformed(self) -> None:
        assert self.browser is not None
        for body in (b"", b"{", b"[]", b"\xff", b'{"id": 5}', b'{"id": "12345678", "text": {}}'):
            assert (await self.browser.post("/chat/messages", content=body)).status_code == 400

    def shown(self) -> list[str]:
        return list(self.seen.values())

    @property
    def chat_id(self) -> str:
        assert self.browser is not None
        found: str = self.bridge._signer.unsign(self.browser.cookies["phien"]).decode()
        return found

    def other_chat(self) -> str:
        session = self.bridge._sessions.get("somebody-else")

        class Page:
            async def put(self, frame: dict[str, Any]) -> None:
                session.ack(frame["id"])

            async def close(self) -> None:
                return

        session.lines.append(Page())
        return "somebody-else"

    def trouble(self, kind: str) -> None:
        if kind == "slow":
            self.sleepy = 1
        elif kind == "unknown":
            self.lose_ack = 1

    async def block(self) -> None:
        await self._post({"id": f"leave-{time.time():.0f}", "payload": "/quick_exit"})
