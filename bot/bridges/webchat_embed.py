"""The web chat inside other sites: an iframe for the origins that the operator allows, and the script that opens it.

In a frame of another site browsers withhold cookies, so the embedded page carries its session itself: a signed token
in the page, sent back in a header or as a WebSocket subprotocol. Nothing of it is stored on the device.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.requests import HTTPConnection

from bot.bridges.base import TEMPLATES
from bot.bridges.webchat_pages import CONTENT_SECURITY_POLICY, PAGE_HEADERS
from bot.dialogue.messages import MAX_TEXT
from bot.dialogue.phrases import load_yaml

HEADER = "x-phien"
SUBPROTOCOL = "an-tam"
PARAMETER = "chu_de"
SCRIPT_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Type": "text/javascript; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
}


def frame_headers(origins: list[str]) -> dict[str, str]:
    """The page's headers, but these origins (and our own) may frame it."""
    policy = CONTENT_SECURITY_POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors 'self' {' '.join(origins)}".strip()
    )
    headers = {name: value for name, value in PAGE_HEADERS.items() if name != "X-Frame-Options"}
    return {**headers, "Content-Security-Policy": policy}


def own_token(connection: HTTPConnection) -> str:
    """The session token that an embedded page sends itself; empty when there is none."""
    offered = list(connection.scope.get("subprotocols") or [])
    if len(offered) == 2 and offered[0] == SUBPROTOCOL:
        return str(offered[1])
    return connection.headers.get(HEADER, "")


def topic_of(connection: HTTPConnection) -> str:
    """The topic that a deep link names, if it is one of ours."""
    wanted = connection.query_params.get(PARAMETER, "")
    return wanted if wanted in load_yaml("commands.yml")["topics"] else ""


class Pages:
    """The rendered pages: the chat once for each topic, and the rest."""

    def __init__(self, texts: dict[str, Any]) -> None:
        self._texts = texts
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self.busy = self._render("busy.html")
        self.away = self._render("away.html")
        self.script = self._render("embed.js")
        self._chats = {topic: self.chat(topic) for topic in ("", *load_yaml("commands.yml")["topics"])}

    def chat(self, topic: str = "", token: str = "") -> str:
        """The chat page; ``token`` only when it is embedded."""
        if not token and topic in getattr(self, "_chats", {}):
            return self._chats[topic]
        title = self._texts["topics"].get(topic, "")
        return self._render("chat.html", topic=topic, topic_title=title, token=token)

    def _render(self, name: str, **values: str) -> str:
        return self._environment.get_template(name).render(texts=self._texts, max_text=MAX_TEXT, **values)
