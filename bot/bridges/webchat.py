"""The web chat: one self-contained page, a WebSocket, and plain HTTP where WebSockets are blocked.

Up go ``{"id": client uuid, "text" | "payload", …}`` and ``{"ack": reply id}``, down come
``{"id": reply id, "reply": {…}}``, ``{"received": client uuid}`` once a message is persisted, and
``{"error": {"code", "text"}, "for": client uuid}``. Both sides repeat what was not acknowledged and drop what they
have seen: the client's id is the deduplication key of a message, the reply's id that of a reply.

The person's address is a random session id in a signed cookie that ends with the browser. No network address is
kept: it only counts new sessions, in memory, under a key that dies with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from bot.bridges.base import (
    STATIC,
    Accept,
    Capabilities,
    Connected,
    HumanWrote,
    TooLarge,
    is_command,
    load_texts,
    parse_object,
    read_body,
    whole_text,
)
from bot.bridges.webchat_embed import SCRIPT_HEADERS, SUBPROTOCOL, Pages, frame_headers, own_token, topic_of
from bot.bridges.webchat_pages import PAGE_HEADERS, QuietStaticFiles
from bot.bridges.webchat_sessions import Frame, RateLimiter, Session, Sessions
from bot.db.engine import Store
from bot.dialogue.messages import IncomingMessage, Kind, Reply
from bot.settings import Settings

log = structlog.get_logger(__name__)

COOKIE = "phien"
COOKIE_MAX_AGE = 24 * 3600
MAX_MESSAGE = 16 * 1024
MAX_PAYLOAD = 1024
POLL_SECONDS = 20.0
SESSIONS_PER_ADDRESS = 120
"""New sessions a minute from one address: a school behind one address opens many at once."""
SESSIONS_PER_MINUTE = 1200
QUEUE = 100
QUICK_EXIT = "/quick_exit"
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
STATUS = {"too_many": 429, "too_large": 413, "empty": 400, "invalid": 400, "no_session": 401, "down": 503}
NO_STORE = {"Cache-Control": "no-store"}


@dataclass
class Problem(Exception):
    """Bad input, answered with a kind sentence. ``retry`` seconds: worth sending again."""

    code: str
    retry: float = 0.0


class SocketLine:
    """A WebSocket as a ``Line``."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def put(self, frame: Frame) -> None:
        """Send a frame; a connection that does not take it is left to its own reader."""
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._socket.send_json(frame), 5.0)

    async def close(self) -> None:
        """Close (1001: going away; the page reconnects)."""
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._socket.close(1001), 5.0)


class WebChatBridge:
    """The web channel."""

    name = "web"
    capabilities = Capabilities(
        text_limit=100_000, text_unit="chars", buttons=100, payload_bytes=None, delete_hours=None, protect=False
    )

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._keys = store.keys
        self._signer = TimestampSigner(
            store.keys.cookie, salt="an-tam web session", digest_method=hashlib.sha256, key_derivation="hmac"
        )
        self._texts = load_texts("webchat")
        self._pages = Pages(self._texts)
        self._sessions = Sessions()
        self._messages = RateLimiter(settings.web_messages_per_minute)
        self._new_by_address = RateLimiter(SESSIONS_PER_ADDRESS)
        self._new = RateLimiter(SESSIONS_PER_MINUTE)
        self._address_key = secrets.token_bytes(32)
        self._accept: Accept | None = None
        self._connected: Connected | None = None

    # --- life -----------------------------------------------------------------------------------------------
    def routes(self) -> list[BaseRoute]:
        """The page, its static files, the neutral page and the chat."""
        return [
            Route("/", self._page),
            Route("/tam", self._away),
            Route("/nhung", self._embedded),
            Route("/nhung.js", self._embed_script),
            WebSocketRoute("/chat/ws", self._socket),
            Route("/chat/messages", self._post, methods=["POST"]),
            Route("/chat/replies", self._replies),
            Mount("/static", QuietStaticFiles(directory=STATIC)),
        ]

    def on_connect(self, connected: Connected) -> None:
        """Whom to tell when a page has connected, so that it gets what it missed at once."""
        self._connected = connected

    def on_human(self, human: HumanWrote) -> None:
        """Nothing to tell: the page is ours alone."""

    async def start(self, accept: Accept) -> None:
        """Messages are taken from now on."""
        self._accept = accept

    async def stop(self) -> None:
        """Close the connections; the pages keep what they could not send, and reconnect."""
        self._accept = None
        await self._sessions.close_lines()

    async def send(self, chat_id: str, reply: Reply, reply_id: str) -> None:
        """Deliver a reply to the session's page, which acknowledges it. Raises ``SendLater``, ``SendRefused``."""
        content = {**reply.to_dict(), "text": whole_text(reply.text)}
        await self._sessions.get(chat_id).deliver(reply_id, {"id": reply_id, "reply": content})

    # --- pages ----------------------------------------------------------------------------------------------
    async def _page(self, request: Request) -> Response:
        page = self._pages.chat(topic_of(request))
        if self._session_id(request) is not None:
            return HTMLResponse(page, headers=PAGE_HEADERS)
        if self._too_many_new(request):
            return self._busy(PAGE_HEADERS)
        response = HTMLResponse(page, headers=PAGE_HEADERS)
        response.set_cookie(
            COOKIE, self._new_session(), httponly=True, samesite="lax", secure=self._settings.cookies_secure, path="/"
        )
        return response

    async def _embedded(self, request: Request) -> Response:
        """The chat for a frame on another site: a new session with every load, carried by the page."""
        origins = self._settings.embedders
        if not origins:
            return Response(status_code=404)
        headers = frame_headers(origins)
        if self._too_many_new(request):
            return self._busy(headers)
        return HTMLResponse(self._pages.chat(topic_of(request), self._new_session()), headers=headers)

    async def _embed_script(self, _request: Request) -> Response:
        if not self._settings.embedders:
            return Response(status_code=404)
        return Response(self._pages.script, headers=SCRIPT_HEADERS)

    def _new_session(self) -> str:
        return self._signer.sign(secrets.token_urlsafe(18)).decode()

    def _too_many_new(self, request: Request) -> bool:
        return bool(self._new_by_address.over(self._address(request)) or self._new.over(""))

    def _busy(self, headers: dict[str, str]) -> Response:
        return HTMLResponse(self._pages.busy, 429, headers={**headers, "Retry-After": "60"})

    async def _away(self, _request: Request) -> Response:
        """The neutral page of the quick exit; whoever opens the chat next on this device starts anew."""
        response = HTMLResponse(self._pages.away, headers=PAGE_HEADERS)
        response.delete_cookie(COOKIE, path="/")
        return response

    # --- plain HTTP -----------------------------------------------------------------------------------------
    async def _post(self, request: Request) -> Response:
        session = self._session(request)
        try:
            if session is None:
                raise Problem("no_session")
            message = parse_message(parse_object(await read_body(request, MAX_MESSAGE)))
            await self._take(session, message)
        except (Problem, TooLarge) as problem:
            return self._problem(problem if isinstance(problem, Problem) else Problem("too_large"))
        response = JSONResponse({"received": message["id"]}, 202, headers=NO_STORE)
        if message["payload"] == QUICK_EXIT:
            response.delete_cookie(COOKIE, path="/")
        return response

    async def _replies(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return self._problem(Problem("no_session"))
        for reply_id in request.query_params.get("ack", "").split(",")[:200]:
            if reply_id:
                session.ack(reply_id[:64])
        wait = request.query_params.get("wait", "")
        seconds = min(float(wait), POLL_SECONDS) if wait.isdigit() else POLL_SECONDS
        if not session.present:
            await self._tell_connected(session)
        return JSONResponse({"replies": await session.poll(seconds)}, headers=NO_STORE)

    def _problem(self, problem: Problem) -> Response:
        headers = {**NO_STORE, **({"Retry-After": str(round(problem.retry))} if problem.retry else {})}
        return JSONResponse(self._error(problem), STATUS[problem.code], headers=headers)

    def _error(self, problem: Problem) -> dict[str, Any]:
        text = self._texts["notices"][problem.code]
        return {"error": {"code": problem.code, "text": text, "retry": round(problem.retry, 1)}}

    # --- WebSocket ------------------------------------------------------------------------------------------
    async def _socket(self, socket: WebSocket) -> None:
        origin = socket.headers.get("origin")
        session = self._session(socket) if origin else None
        if session is None:
            await socket.close(1008)  # before accept: 403
            return
        await socket.accept(subprotocol=SUBPROTOCOL if own_token(socket) else None)
        line = SocketLine(socket)
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        # Messages are persisted beside the reader, which must go on reading acknowledgements meanwhile.
        worker = asyncio.create_task(self._work(session, line, queue))
        try:
            await session.attach(line)
            await self._tell_connected(session)
            await self._read(session, line, socket, queue)
        finally:
            session.detach(line)
            worker.cancel()

    async def _read(self, session: Session, line: SocketLine, socket: WebSocket, queue: asyncio.Queue[str]) -> None:
        while True:
            event = await socket.receive()
            if event["type"] != "websocket.receive":
                return
            raw = event.get("text") or ""
            data = parse_object(raw) if len(raw) < 200 else None
            if data is not None and isinstance(data.get("ack"), str):
                session.ack(data["ack"])
            elif data is not None and "ping" in data:
                await line.put({"pong": 1})
            elif queue.full():
                await line.close()
                return
            else:
                queue.put_nowait(raw)

    async def _work(self, session: Session, line: SocketLine, queue: asyncio.Queue[str]) -> None:
        while True:
            raw = await queue.get()
            client_id = ""
            try:
                if len(raw.encode("utf-8", "replace")) > MAX_MESSAGE:
                    raise Problem("too_large")
                data = parse_object(raw)
                client_id = str((data or {}).get("id", ""))[:64]
                await self._take(session, parse_message(data))
            except Problem as problem:
                await line.put({**self._error(problem), "for": client_id})
            else:
                await line.put({"received": client_id})

    # --- both -----------------------------------------------------------------------------------------------
    async def _take(self, session: Session, message: dict[str, str]) -> None:
        """Persist one message. Raises ``Problem``."""
        leaving = message["payload"] == QUICK_EXIT
        wait = 0.0 if leaving else self._messages.over(session.id)
        if wait:
            raise Problem("too_many", retry=wait)
        if self._accept is None:
            raise Problem("down", retry=5.0)
        if leaving:
            await session.close()
        kind: Kind = "button" if message["payload"] else "command" if is_command(message["text"]) else "text"
        incoming = IncomingMessage(
            channel=self.name,
            chat_id=session.id,
            update_id=f"{session.id}:{message['id']}",
            text=message["text"],
            kind=kind,
            payload=message["payload"],
        )
        try:
            await self._accept(incoming)
        except Exception as error:
            log.error("webchat.not_accepted", error=type(error).__name__)
            raise Problem("down", retry=10.0) from None

    async def _tell_connected(self, session: Session) -> None:
        if self._connected is None:
            return
        try:
            await self._connected(self._keys.pseudonymise(self.name, session.id))
        except Exception as error:
            log.error("webchat.connected_failed", error=type(error).__name__)

    def _session(self, connection: HTTPConnection) -> Session | None:
        """The session of a request that carries a valid cookie and does not come from another site."""
        session_id = self._session_id(connection)
        if session_id is None or not self._same_origin(connection):
            return None
        session = self._sessions.get(session_id)
        return None if session.closed else session

    def _session_id(self, connection: HTTPConnection) -> str | None:
        try:
            value = own_token(connection) or connection.cookies.get(COOKIE, "")
            return self._signer.unsign(value, max_age=COOKIE_MAX_AGE).decode()
        except BadSignature:
            return None

    def _same_origin(self, connection: HTTPConnection) -> bool:
        origin = connection.headers.get("origin")
        if origin is None:
            return True
        ours = {connection.headers.get("host", ""), urlsplit(self._settings.public_url).netloc}
        try:
            return urlsplit(origin).netloc in ours - {""}
        except ValueError:
            return False

    def _address(self, request: Request) -> str:
        proxies = self._settings.trusted_proxies
        hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
        host = request.client.host if request.client else ""
        if proxies and hops:
            host = hops[-min(proxies, len(hops))]
        return hmac.new(self._address_key, host.encode(), hashlib.sha256).hexdigest()


def parse_message(data: dict[str, Any] | None) -> dict[str, str]:
    """``id``, ``text`` and ``payload`` of a client's message. Raises ``Problem``."""
    if data is None:
        raise Problem("invalid")
    client_id, text, payload = data.get("id"), data.get("text", ""), data.get("payload", "")
    if not (isinstance(client_id, str) and isinstance(text, str) and isinstance(payload, str)):
        raise Problem("invalid")
    if not CLIENT_ID.fullmatch(client_id) or len(payload) > MAX_PAYLOAD:
        raise Problem("invalid")
    if not text.strip() and not payload.strip():
        raise Problem("empty")
    return {"id": client_id, "text": whole_text(text), "payload": whole_text(payload)}
