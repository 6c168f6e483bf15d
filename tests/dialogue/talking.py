"""People who talk with the real program: the gateway's own loops, Rasa with the trained model, the action server and a
real database. Only the platform is missing: what a person would see is kept here.

Every reply is held against ``NEVER``: what must not be said to anybody, whatever they wrote.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from bot.app import Gateway
from bot.bridges.base import Capabilities
from bot.db import tables
from bot.db.engine import Store, open_store
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.trackers import read_tracker, write_tracker
from bot.reports.content import open_report
from bot.settings import ROOT
from tests.conftest import make_settings
from tests.e2e.program import free_port

START, ANSWER = 400.0, 60.0
NEVER = {
    "promise of secrecy": r"(?<!không )(?<!chưa )(?:hứa|cam kết|đảm bảo|bảo đảm) (?:là )?(?:sẽ )?(?:giữ|giấu)"
    r"|(?:sẽ|luôn) giữ (?:bí mật|kín)|không ai (?:khác )?biết đâu|chỉ (?:cô|mình|máy) biết",
    "why": r"tại sao|vì sao con|vì sao em|vì sao bạn|sao (?:con|em|bạn|anh chị) (?:không|hổng|lại|chưa)",
    "blame": r"(?<!không phải )(?<!không có )lỗi (?:của|tại) (?:con|em|bạn)|tại (?:con|em|bạn) (?:hư|lì)|đáng đời"
    r"|lẽ ra con",
    "doubt": r"(?:con|em|bạn|anh chị) có chắc|nhớ nhầm|có bằng chứng không",
    "pressing": r"phải kể (?:hết|rõ)|kể (?:thật )?chi tiết|kể từ đầu tới cuối",
    "a person who is not there": r"đang có người (?:trực|nghe)|có người gọi liền|sẽ gọi (?:con|bạn) ngay",
    "labels": r"nạn nhân|thủ phạm|yêu râu xanh|kẻ xấu",
    "legal promises": r"sẽ (?:bị |phải )?đi tù",
    "the machine as a person": r"(?<!không phải )(?<!không phải là )người thật đang",
}
DETAILS = r"hiếp|giao cấu|dương vật|âm đạo|bộ phận (?:sinh dục|nào)|tư thế|mấy lần|lột|rờ chỗ|sờ chỗ|mặc (?:đồ )?gì"
"""Details of abuse: asked or named by nobody but the person. Lines that read their own words back begin with a dot."""


@dataclass
class Heard:
    """What came back for one message, as the person sees it."""

    replies: list[Reply] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(reply.text for reply in self.replies)

    @property
    def titles(self) -> list[str]:
        return [button.title for reply in self.replies for button in reply.buttons]


class Screen:
    """A channel whose messages are only shown. Stands in for a platform, which is outside this machine."""

    capabilities = Capabilities(
        text_limit=100_000, text_unit="chars", buttons=100, payload_bytes=None, delete_hours=None, protect=False
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.shown: dict[str, list[Reply]] = {}

    def routes(self) -> list[Any]:
        return []

    def on_connect(self, connected: Any) -> None:
        pass

    def on_human(self, human: Any) -> None:
        pass

    async def start(self, accept: Callable[[IncomingMessage], Awaitable[bool]]) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        self.shown.setdefault(chat_id, []).append(reply)


class Line:
    """The running program: the gateway in a thread of its own, Rasa and the actions beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rasa_port, self.actions_port = folder, free_port(), free_port()
        # Tests type faster than people.
        ports = {"rasa_port": self.rasa_port, "actions_port": self.actions_port}
        self.settings = make_settings(folder, rasa_timeout=30, messages_per_minute=60, **ports)
        self.store: Store = open_store(self.settings)
        self.screens = {name: Screen(name) for name in ("telegram", "zalo", "web")}
        self.loop = asyncio.new_event_loop()
        self.gateway: Gateway | None = None
        self._children: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def running(self) -> Iterator[Line]:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("HOTLINE_", "TELEGRAM_"))},
            "HOTLINE_DATA_DIR": str(self.folder),
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(ROOT),
        }
        ports = ["--actions-port", str(self.actions_port)]
        for name, command in (
            ("rasa", ["bot.rasa_server", "--port", str(self.rasa_port), *ports]),
            ("actions", ["actions", "--port", str(self.actions_port)]),
        ):
            with (self.folder / f"{name}.log").open("wb") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=log, stderr=log
                )
            self._children.append(child)
        ready, done = threading.Event(), threading.Event()
        thread = threading.Thread(target=self._serve, args=(ready, done), daemon=True)
        try:
            self._wait_for_children()
            thread.start()
            while not ready.wait(0.2):
                assert thread.is_alive(), "the gateway did not start; its error stands above"
            yield self
        finally:
            done.set()
            if thread.ident is not None:
                thread.join(30)
            for child in self._children:
                child.terminate()
            for child in self._children:
                child.wait(30)

    def _wait_for_children(self) -> None:
        deadline = time.monotonic() + START
        waiting = [
            f"http://127.0.0.1:{self.rasa_port}/webhooks/rest/",
            f"http://127.0.0.1:{self.actions_port}/health",
        ]
        while waiting and time.monotonic() < deadline:
            for url in list(waiting):
                try:
                    if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                        waiting.remove(url)
                except httpx.HTTPError:
                    pass
            time.sleep(0.3)
        logs = [path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log")]
        assert not waiting, f"not ready: {waiting}\n" + "\n".join(logs)

    def _serve(self, ready: threading.Event, done: threading.Event) -> None:
        async def serve() -> None:
            self.gateway = Gateway(self.settings, self.store)
            self.gateway.bridges.clear()
            self.gateway.bridges.update(self.screens)  # type: ignore[arg-type]
            async with self.gateway.lifespan(None):  # type: ignore[arg-type]
                ready.set()
                while not done.is_set():
                    await asyncio.sleep(0.05)

        self.loop.run_until_complete(serve())

    def give(self, message: IncomingMessage) -> None:
        """What a bridge does with a message."""
        assert self.gateway is not None
        asyncio.run_coroutine_threadsafe(self.gateway.inbox.accept(message), self.loop).result(ANSWER)


class Person:
    """Somebody in a chat of their own. ``channel``: telegram, zalo or web."""

    def __init__(self, line: Line, channel: str = "telegram", chat_id: str = "") -> None:
        self.line, self.channel = line, channel
        self.chat_id = chat_id or str(uuid.uuid4().int % 10**12)
        self.sender = line.store.keys.pseudonymise(channel, self.chat_id)
        self.screen = line.screens[channel].shown.setdefault(self.chat_id, [])
        self.transcript: list[str] = []
        self.heard = Heard()
        self.receipt = ""

    def say(self, text: str, law: bool = False) -> Heard:
        """Type a message and wait for everything that comes back. ``law``: an answer from the knowledge base may name
        what the law names."""
        return self._turn({"text": text}, text, law)

    def press(self, title: str) -> Heard:
        """Press the newest button with this title."""
        buttons = [button for reply in self.screen for button in reply.buttons if button.title == title]
        assert buttons, f"no button {title!r}; the last ones: {self.heard.titles}"
        return self._turn({"text": title, "payload": buttons[-1].payload, "kind": "button"}, f"[{title}]", False)

    def send_media(self, media: str, caption: str = "") -> Heard:
        """Send a picture, a voice message …"""
        return self._turn({"text": caption, "media": media, "kind": "media"}, f"({media}) {caption}", False)

    def _turn(self, fields: dict[str, Any], shown: str, law: bool) -> Heard:
        before = len(self.screen)
        message = IncomingMessage(self.channel, self.chat_id, str(uuid.uuid4()), **fields)
        self.line.give(message)
        self._wait()
        self.heard = Heard(self.screen[before:])
        self.transcript.append(f"> {shown}")
        for reply in self.heard.replies:
            buttons = "".join(f" [{button.title}]" for button in reply.buttons)
            self.transcript.append(reply.text + (f"\n {buttons}" if buttons else ""))
            self.judge(reply, law)
            if found := re.search(r"\d{4} \d{4} \d{4} \d{4}", reply.text):
                self.receipt = found.group()
        return self.heard

    def _wait(self) -> None:
        deadline = time.monotonic() + ANSWER
        inbox, replies = tables.inbox, tables.replies
        open_messages = sa.select(sa.func.count()).where(inbox.c.sender == self.sender, inbox.c.state == "new")
        open_replies = sa.select(sa.func.count()).where(replies.c.sender == self.sender, replies.c.state == "pending")
        while time.monotonic() < deadline:
            with self.line.store.reader.connect() as connection:
                if not connection.execute(open_messages).scalar() and not connection.execute(open_replies).scalar():
                    return
            time.sleep(0.02)
        raise AssertionError("no answer\n" + "\n".join(self.transcript))

    def judge(self, reply: Reply, law: bool = False) -> None:
        """Nothing that must not be said is said."""
        own = "\n".join(line for line in reply.text.splitlines() if not line.startswith("•")).lower()
        for name, pattern in NEVER.items():
            if law and name in ("labels", "legal promises", "why"):
                continue
            found = re.search(pattern, own)
            assert not found, f"{name}: {found.group()!r} in {reply.text!r}\n" + "\n".join(self.transcript)
        if not law:
            found = re.search(DETAILS, own)
            assert not found, f"details: {found.group()!r} in {reply.text!r}"

    # --- time ------------------------------------------------------------------------------------------------
    def rest(self, seconds: float) -> None:
        """Time passes for this chat: its stored times move back, then the janitor cleans."""
        store = self.line.store
        dialogue = read_tracker(store, self.sender)
        if dialogue is not None:
            for event in dialogue["events"]:
                event["timestamp"] = (event.get("timestamp") or 0.0) - seconds
            for event in dialogue["events"]:
                if event["event"] == "slot" and event["name"] == "receipt_open" and event["value"]:
                    event["value"]["at"] -= seconds
            body = store.sealer.seal(json.dumps(dialogue).encode(), "trackers", "body", self.sender)
            write_tracker(store, self.sender, body)
        with store.engine.begin() as connection:
            for table, column in (
                (tables.conversations, "updated_at"),
                (tables.trackers, "updated_at"),
                (tables.inbox, "received_at"),
                (tables.replies, "created_at"),
            ):
                here = table.c.sender == self.sender
                connection.execute(table.update().where(here).values({column: table.c[column] - seconds}))
        assert self.line.gateway is not None
        self.line.gateway.janitor.clean(time.time())

    # --- what became of it -----------------------------------------------------------------------------------
    def reports(self) -> list[dict[str, Any]]:
        """Rows of this chat's reports, with their opened content."""
        table = tables.reports
        query = sa.select(table).where(table.c.sender == self.sender).order_by(table.c.created_at)
        with self.line.store.reader.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [{**row, "content": open_report(self.line.store, row)} for row in rows]

    def notes(self, report_id: str) -> list[str]:
        """Kinds of what was added to a report."""
        table = tables.report_updates
        query = sa.select(table.c.kind).where(table.c.report_id == report_id).order_by(table.c.created_at)
        with self.line.store.reader.connect() as connection:
            return list(connection.execute(query).scalars())

    def report(self) -> dict[str, Any]:
        """The only report's draft, with its risk and reasons."""
        (row,) = self.reports()
        return {**row["content"]["draft"], "risk": row["risk"], "reasons": row["content"]["reasons"], "id": row["id"]}

    def remembered(self) -> bool:
        """Whether anything of the chat is kept."""
        with self.line.store.reader.connect() as connection:
            found = [
                connection.execute(sa.select(table.c.sender).where(table.c.sender == self.sender)).first()
                for table in (tables.conversations, tables.trackers)
            ]
        return any(found)


def asked(heard: Heard, *patterns: str) -> None:
    """Each pattern is in what was heard."""
    for pattern in patterns:
        assert re.search(pattern, heard.text, re.I), f"{pattern!r} is not in:\n{heard.text}"


def not_said(heard: Heard, *patterns: str) -> None:
    """No pattern is in what was heard."""
    for pattern in patterns:
        assert not re.search(pattern, heard.text, re.I), f"{pattern!r} is in:\n{heard.text}"
