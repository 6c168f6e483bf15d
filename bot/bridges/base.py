"""What every bridge is: the only room that knows a platform.

A bridge verifies the sender, translates an update into an ``IncomingMessage``, has it persisted by ``accept``
and only then acknowledges it to the platform. ``send`` renders one ``Reply`` within the platform's limits and
says by exception what the outbox shall do next.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import yaml
from starlette.requests import Request
from starlette.routing import BaseRoute

from bot.dialogue.messages import IncomingMessage, Reply

Accept = Callable[[IncomingMessage], Awaitable[bool]]
"""Persists a message; ``True`` when it is new, ``False`` for a repeat. Raises when it could not be
persisted (the person has then been answered directly, see ``bot.dialogue.worker``)."""
Connected = Callable[[str], Awaitable[None]]
"""Told the pseudonym of a person who can be reached again, so that what waits for them is sent at once."""

HumanWrote = Callable[[str], Awaitable[None]]
"""Told the address of a chat in which a person of ours has written by the platform's own means: the bot is silent
there from now on, but for the safe answers."""

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


class SendLater(Exception):
    """The reply was not (or not wholly) delivered; try again after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"send again after {seconds:g} s")
        self.seconds = float(seconds)


class SendRefused(Exception):
    """The reply will never be delivered. ``code`` says why: ``blocked``, ``gone``, ``empty``…"""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SendWhenBack(SendRefused):
    """The platform's reply window is closed: the reply is kept for the person's next message."""

    def __init__(self) -> None:
        super().__init__("window")


@dataclass(frozen=True)
class Capabilities:
    """What a platform can do, as data."""

    text_limit: int
    """Longest text of one message, in ``text_unit``."""
    text_unit: Literal["utf16", "chars"]
    buttons: int
    """How many buttons one message may carry."""
    payload_bytes: int | None
    """Longest button payload in bytes; longer ones need a token. ``None``: no limit."""
    delete_hours: float | None
    """Messages younger than this can be deleted by the bot. ``None``: nothing can be deleted."""
    protect: bool
    """Whether a message can be protected from being forwarded."""
    title_limit: int | None = None
    """Longest title of a button in characters."""
    edit: bool = False
    """Whether the bot can change a message that it sent: a repeated change shows nothing twice."""
    echo: bool = False
    """Whether the platform shows us what it delivered: an unknown send can be settled."""
    window_hours: float | None = None
    """How long after a person's last action they may be written to. ``None``: always."""
    paid_window_hours: float | None = None
    """The same when every message may cost money."""


class Bridge(Protocol):
    """One channel."""

    name: str
    capabilities: Capabilities

    def routes(self) -> list[BaseRoute]:
        """The HTTP routes the gateway serves for this channel."""

    def on_connect(self, connected: Connected) -> None:
        """Whom to tell when a person can be reached again (a platform that keeps messages never does)."""

    def on_human(self, human: HumanWrote) -> None:
        """Whom to tell when a person of ours answers a chat (a platform without such a console never does)."""

    async def start(self, accept: Accept) -> None:
        """Begin to receive; returns at once, problems with the platform are retried in the background."""

    async def stop(self) -> None:
        """Stop receiving and close connections."""

    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        """Deliver one reply. Raises ``SendLater`` or ``SendRefused``."""


Key = TypeVar("Key")
Value = TypeVar("Value")


class Bounded(OrderedDict[Key, Value], Generic[Key, Value]):
    """A dict that forgets its oldest entry beyond ``size``: memory stays bounded whatever strangers send."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self.size:
            self.popitem(last=False)


async def end_tasks(tasks: Iterable[asyncio.Task[Any]], again: float = 0.5) -> None:
    """Cancel tasks until every one has ended; what they raise is dropped.

    A cancellation that comes together with an answer can get lost in an HTTP library (of 250 Telegram bridges stopped
    in that moment three went on for ever), so after ``again`` seconds it is repeated.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=again)
        await asyncio.gather(*ended, return_exceptions=True)


class TooLarge(Exception):
    """A request body exceeds the limit."""


async def read_body(request: Request, limit: int) -> bytes:
    """The body, never more than ``limit`` bytes of it in memory. Raises ``TooLarge``."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)


def parse_object(body: bytes | str) -> dict[str, Any] | None:
    """A JSON object, or ``None`` for anything else (never an exception that quotes the input)."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


@cache
def load_texts(name: str) -> dict[str, Any]:
    """The Vietnamese texts of ``templates/<name>.yml``."""
    texts: dict[str, Any] = yaml.safe_load((TEMPLATES / f"{name}.yml").read_text(encoding="utf-8"))
    return texts


def whole_text(text: str) -> str:
    """``text`` without lone surrogates, which JSON can carry but UTF-8 (and so our database) cannot."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


COMMAND = re.compile(r"/[A-Za-z0-9_]{1,64}(?=[\s@{]|$)")


def is_command(text: str) -> bool:
    """Whether a typed text is a command such as ``/thoat`` or ``/start an_toan_mang``."""
    return COMMAND.match(text) is not None


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


SENTENCE_END = re.compile(r"[.!?…:;][\"”’')\]]*\s+")
JOINERS = "\u200d\ufe0e\ufe0f"


def split_text(text: str, limit: int, measure: Callable[[str], int] = len) -> list[str]:
    """Cut ``text`` into parts of at most ``limit``: at paragraphs, lines, sentences, words, characters."""
    parts = []
    rest = text.strip()
    while measure(rest) > limit:
        cut = _cut(rest, _prefix(rest, limit, measure))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        parts.append(rest)
    return parts


def _prefix(text: str, limit: int, measure: Callable[[str], int]) -> int:
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(text: str, end: int) -> int:
    window, least = text[:end], end // 3  # a border too near the start would leave a tiny message
    for border in ("\n\n", "\n"):
        at = window.rfind(border)
        if at > least:
            return at + len(border)
    for pattern in (SENTENCE_END, re.compile(r"\s+")):
        ends = [match.end() for match in pattern.finditer(window)]
        if ends and ends[-1] > least:
            return ends[-1]
    cut = end
    while cut > 1 and (text[cut] in JOINERS or text[cut - 1] == "\u200d" or unicodedata.combining(text[cut])):
        cut -= 1
    return cut if cut > 1 else end
