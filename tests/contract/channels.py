"""One face for every channel with its double, for the conformance suite.

A ``Channel`` is a bridge, what stands on the platform's side, and one person. ``Gateway`` is what runs behind a bridge
in the program: the real inbox and the two loops, with a conversation that answers every message by quoting it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bot.bridges import Bridge
from bot.bridges.pacing import Pacer
from bot.bridges.telegram import WEBHOOK_PATH as TELEGRAM_PATH
from bot.bridges.telegram import TelegramBridge
from bot.bridges.zalo import WEBHOOK_PATH as ZALO_PATH
from bot.bridges.zalo import ZaloBridge
from bot.bridges.zalo_client import Pair
from bot.db.engine import Store, open_store
from bot.dialogue.conversation import Conversation, Turn
from bot.dialogue.duty import Duty
from bot.dialogue.floor import Floor
from bot.dialogue.memory import Memory
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.worker import InboxWorker, ReplySender
from bot.settings import Settings
from tests.conftest import make_settings
from tests.contract.receiver import eventually
from tests.contract.telegram_double import TelegramDouble
from tests.contract.zalo_double import ZaloDouble


class Talk:
    """Answers every message with one reply that quotes it; ``kind`` is the reply's."""

    def __init__(self) -> None:
        self.kind: Any = "text"
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def respond(self, message: IncomingMessage, *_: Any, **__: Any) -> Turn:
        self.asked.append(message.text)
        await self.gate.wait()
        return Turn([Reply(f"trả lời: {message.text[:40]}", kind=self.kind)], Memory())

    def respond_without_rasa(self, _message: IncomingMessage, _memory: Any) -> Turn:
        return Turn([Reply("111 113 115", kind="safety")], Memory())

    def listen(self, message: IncomingMessage, _memory: Any) -> Turn:
        safe = [Reply("113 111 115", kind="safety")] if "dao" in message.text else []
        return Turn(safe, Memory(), silent=True)

    while_waiting = staticmethod(Conversation.while_waiting)


class Gateway:
    """The loops behind a bridge. ``kill`` stops them as ``kill -9`` would: nothing more is recorded."""

    def __init__(self, store: Store, bridge: Bridge, talk: Talk) -> None:
        self.bridge, self.talk = bridge, talk
        self.sender = ReplySender(store, {bridge.name: bridge})
        self.floor = Floor(store, Duty(store, Path("no roster")))
        self.inbox = InboxWorker(store, talk, self.sender, self.floor)  # type: ignore[arg-type]
        self.down = False
        self._stop = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> Gateway:
        self._loops = [asyncio.create_task(loop(self._stop)) for loop in (self.inbox.run, self.sender.run)]
        self.bridge.on_connect(self.sender.connected)
        self.bridge.on_human(partial(self.inbox.human_wrote, self.bridge.name))
        await self.bridge.start(self._accept)
        return self

    async def _accept(self, message: IncomingMessage) -> bool:
        if self.down:
            raise RuntimeError("database is down")
        return await self.inbox.accept(message)

    async def kill(self) -> None:
        for task in [*self._loops, *self.inbox._tasks, *self.sender._tasks]:
            task.cancel()
        await asyncio.gather(*self._loops, *self.inbox._tasks, *self.sender._tasks, return_exceptions=True)
        await self.bridge.stop()

    async def stop(self) -> None:
        self._stop.set()
        self.talk.gate.set()
        await asyncio.wait(self._loops, timeout=15)
        await self.bridge.stop()


class Channel:
    """A bridge with its platform and one person. ``routes`` are served at ``address``."""

    name = ""
    forgeable = True
    platform_fails = True
    """Whether there is a platform that can be busy or broken (the web chat has none)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.talk = Talk()
        self.app: Any = Starlette()
        self.refused = 0
        """Messages that the person was told to write shorter."""
        self.gateway: Gateway | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    # --- ours -----------------------------------------------------------------------------------------------
    def settings(self) -> Settings:
        return make_settings(self.folder / "var")

    def make(self, settings: Settings, store: Store) -> Bridge:
        raise NotImplementedError

    async def start(self) -> Gateway:
        """Start a gateway on the (same) store, as a new process would."""
        settings = self.settings()
        store = open_store(settings)
        bridge = self.make(settings, store)
        self.app = Starlette(routes=bridge.routes())
        self.gateway = await Gateway(store, bridge, self.talk).start()
        return self.gateway

    async def close(self) -> None:
        if self.gateway is not None:
            await self.gateway.stop()

    @property
    def bridge(self) -> Any:
        assert self.gateway is not None
        return self.gateway.bridge

    # --- the person's and the platform's --------------------------------------------------------------------
    async def say(self, text: str) -> Any:
        """The person writes; returns what ``repeat`` takes."""
        raise NotImplementedError

    async def repeat(self, update: Any) -> None:
        """The platform delivers an update again."""
        raise NotImplementedError

    async def forge(self, text: str) -> int:
        """Somebody else delivers a message without proof; the status they get."""
        raise NotImplementedError

    async def malformed(self) -> None:
        """The platform delivers what nobody understands."""
        raise NotImplementedError

    def shown(self) -> list[str]:
        """What stands (or stood) in the person's chat from us, in order; a text that was changed counts each time."""
        raise NotImplementedError

    @property
    def chat_id(self) -> str:
        raise NotImplementedError

    def other_chat(self) -> str:
        """Another person's chat, who has written before."""
        raise NotImplementedError

    def trouble(self, kind: str) -> None:
        """``busy`` (429), ``broken`` (5xx), ``unknown`` (done, but no answer), ``slow`` for the next send."""
        raise NotImplementedError

    def revoke(self) -> Callable[[], Awaitable[None]]:
        """Our proof to the platform stops working; returns what makes it work again."""
        raise NotImplementedError

    async def block(self) -> None:
        """The person wants nothing from us any more."""
        raise NotImplementedError

    def settle(self) -> None:
        """Time passes, so that nothing has to wait in a test."""

    async def wait_shown(self, text: str, timeout: float = 20.0) -> None:
        await eventually(lambda: any(text in line for line in self.shown()), self.shown, timeout)


class TelegramChannel(Channel):
    """Telegram by webhook."""

    name = "telegram"

    def __init__(self, folder: Path, double: TelegramDouble) -> None:
        super().__init__(folder)
        self.double = double

    def settings(self) -> Settings:
        double = self.double
        return Settings(
            _env_file=None,
            data_dir=self.folder / "var",
            telegram_bot_token=double.token,
            telegram_api_base=double.base_url,
            public_url=self.address,
        )

    def make(self, settings: Settings, store: Store) -> Bridge:
        return TelegramBridge(settings, store, Pacer(per_chat=0.0, per_second=1000))

    async def start(self) -> Gateway:
        gateway = await super().start()
        await eventually(lambda: bool(self.double.webhook))
        return gateway

    async def say(self, text: str) -> Any:
        before = self.double._next_update
        self.double.say(4242, text)
        return before

    async def repeat(self, update: Any) -> None:
        seen = len(self.double.webhook_statuses)
        self.double.redeliver(update)
        await eventually(lambda: len(self.double.webhook_statuses) > seen and self.double.waiting == 0)

    async def forge(self, text: str) -> int:
        update = {"update_id": 1, "message": self.double._message(4242, 1, {"text": text})}
        async with httpx.AsyncClient() as client:
            return (await client.post(self.address + TELEGRAM_PATH, json=update)).status_code

    async def malformed(self) -> None:
        for update in ({"new_in_2027": {}}, {"message": []}, {"message": {"chat": 7}}, {"callback_query": {}}):
            self.double.push(update)

    def shown(self) -> list[str]:
        wait = self.bridge._sender._wait_line
        return [t for m in self.double.sent(4242) for t in (m.shown or [m.text]) if t != wait]

    @property
    def chat_id(self) -> str:
        return "4242"

    def other_chat(self) -> str:
        self.double._messages.setdefault(77, {})
        return "77"

    def trouble(self, kind: str) -> None:
        for method in ("sendMessage", "editMessageText"):
            if kind == "busy":
                self.double.fail_next(method, 429, retry_after=1)
            elif kind == "slow":
                self.double.slow_next(method, 2.0)
            else:
                self.double.fail_next(method, 502, description="Bad Gateway", after=kind == "unknown")

    def revoke(self) -> Callable[[], Awaitable[None]]:
        self.double.revoke_token()

        async def again() -> None:
            self.double.give_token_back()

        return again

    async def block(self) -> None:
        self.double.block(4242)


class ZaloChannel(Channel):
    """Zalo Official Account."""

    name = "zalo"
    person = "246845883529197922"

    def __init__(self, folder: Path, double: ZaloDouble) -> None:
        super().__init__(folder)
        self.double = double

    def settings(self) -> Settings:
        double = self.double
        return make_settings(
            self.folder / "var",
            zalo_app_id=double.app_id,
            zalo_app_secret=double.app_secret,
            zalo_oa_secret=double.oa_secret,
            zalo_oa_id=double.oa_id,
            zalo_api_base=double.base_url,
            zalo_oauth_base=double.base_url,
        )

    def make(self, settings: Settings, store: Store) -> Bridge:
        bridge = ZaloBridge(settings, store, Pacer(per_chat=0.0, per_second=1000), clock=self.double.now)
        if bridge.tokens.read() is None:
            bridge.tokens.save(Pair(self.double.access, self.double.refresh, 90000.0))
        return bridge

    async def start(self) -> Gateway:
        gateway = await super().start()
        self.double.webhook_url = self.address + ZALO_PATH
        return gateway

    async def say(self, text: str) -> Any:
        return self.double.say(self.person, text)

    async def repeat(self, update: Any) -> None:
        seen = len(self.double.webhook_statuses)
        self.double.redeliver(update)
        await eventually(lambda: len(self.double.webhook_statuses) > seen and self.double.waiting == 0)

    async def forge(self, text: str) -> int:
        event = self.double.event("user_send_text", self.person, self.double.oa_id, message={"text": text})
        headers = {"X-ZEvent-Signature": "mac=" + "0" * 64}
        async with httpx.AsyncClient() as client:
            return (await client.post(self.address + ZALO_PATH, json=event, headers=headers)).status_code

    async def malformed(self) -> None:
        for event in ({}, {"event_name": []}, {"event_name": "user_send_text", "sender": 7}, {"event_name": "x"}):
            self.double.deliver({"timestamp": str(int(self.double.now() * 1000)), **event})

    def shown(self) -> list[str]:
        return [m.text for m in self.double.sent(self.person)]

    @property
    def chat_id(self) -> str:
        return self.person

    def other_chat(self) -> str:
        self.double.act("77")
        return "77"

    def trouble(self, kind: str) -> None:
        if kind == "busy":
            self.double.fail_next("message", code=-32)
        elif kind == "slow":
            self.double.fail_next("message", delay=2.0)
        else:
            self.double.fail_next("message", status=502, after=kind == "unknown")

    def revoke(self) -> Callable[[], Awaitable[None]]:
        self.double.revoke_refresh()

        async def again() -> None:
            self.bridge.tokens.save(Pair(*self.double.consent(), 90000.0))  # what "bridge zalo setup" does

        return again

    async def block(self) -> None:
        self.double.unfollow(self.person)

    def settle(self) -> None:
        self.double.offset += 60.0  # an echo that has not come by now does not come
        self.bridge._sender._pacer._all = 0.0
