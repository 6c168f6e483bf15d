"""The server behind ``telegram_double``: the Bot API over HTTP, with the documented rules enforced."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DEFAULT_UPDATES = {"message", "edited_message", "callback_query", "my_chat_member", "channel_post"}
KNOWN_UPDATES = DEFAULT_UPDATES | {"message_reaction", "chat_member", "inline_query", "poll"}


class ApiError(Exception):
    """An error reply."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters

    def response(self) -> JSONResponse:
        body = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return JSONResponse(body, self.status)


@dataclass
class SentMessage:
    """A message of the bot."""

    chat_id: int
    message_id: int
    text: str
    buttons: list[tuple[str, str]]
    """(title, callback data), row by row."""
    rows: list[list[str]]
    """The titles, as they stand in rows."""
    protected: bool
    params: dict[str, Any]
    at: float = field(default_factory=time.monotonic)
    shown: list[str] = field(default_factory=list)
    """What it was changed into, in order."""

    @property
    def titles(self) -> list[str]:
        """The buttons' titles."""
        return [title for title, _ in self.buttons]


@dataclass
class Failure:
    method: str
    error: ApiError
    times: int
    after: bool
    skip: int
    delay: float = 0.0


class BotApiServer:
    """State and methods of the fake Bot API; ``TelegramDouble`` adds what people do."""

    def __init__(self, username: str = "an_tam_test_bot") -> None:
        self.token, self.username = "123456:TEST-token_of-the-double", username
        self.commands: list[dict[str, str]] = []
        self.descriptions: dict[str, str] = {}
        self.webhook: dict[str, Any] = {}
        self.webhook_statuses: list[int] = []
        self.answered: list[str] = []
        self.left: list[int] = []
        self.confirmed_before = 0
        """Updates below this id were confirmed by ``offset``."""
        self.pace = 0.0
        """Seconds that must lie between two messages to a chat; a quicker one gets 429. 0: not enforced."""
        self._lock = threading.RLock()
        self._pending: list[dict[str, Any]] = []
        self._history: dict[int, dict[str, Any]] = {}
        self._allowed = set(DEFAULT_UPDATES)
        self._next_update = 1000
        self._next_message = 1
        self._messages: dict[int, dict[int, float]] = {}
        self._sent: list[SentMessage] = []
        self._calls: list[tuple[str, dict[str, Any]]] = []
        self._failures: list[Failure] = []
        self._queries: set[str] = set()
        self._blocked: set[int] = set()
        self._groups: set[int] = set()
        self._revoked = False
        self._poll_number = 0
        self._stopping = threading.Event()
        self._server: uvicorn.Server | None = None
        self._threads: list[threading.Thread] = []
        self.base_url = ""

    # --- life -----------------------------------------------------------------------------------------------
    def start(self) -> BotApiServer:
        """Listen on a free port of the loopback; ``base_url`` is known afterwards."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = Starlette(routes=[Route("/bot{token}/{method}", self._serve, methods=["GET", "POST"])])
        config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        for target, args in ((self._server.run, ([listener],)), (self._deliver_to_webhook, ())):
            thread = threading.Thread(target=target, args=args, daemon=True)
            thread.start()
            self._threads.append(thread)
        until(lambda: bool(self._server and self._server.started), 10, "the double did not start")
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True
        for thread in self._threads:
            thread.join(5)

    # --- methods --------------------------------------------------------------------------------------------
    def sent(self, chat_id: int) -> list[SentMessage]:
        """The bot's messages to a chat, oldest first (deleted ones too)."""
        with self._lock:
            return [message for message in self._sent if message.chat_id == chat_id]

    def _message(self, chat_id: int, number: int, fields: dict[str, Any]) -> dict[str, Any]:
        chat = private(chat_id) if chat_id > 0 else {"id": chat_id, "type": "group", "title": "Nhóm"}
        writer = person(chat_id if chat_id > 0 else 42)
        return {"message_id": number, "date": int(time.time()), "chat": chat, "from": writer, **fields}

    def _new_message(self, chat_id: int) -> int:
        number = self._next_message
        self._next_message += 1
        self._messages.setdefault(chat_id, {})[number] = time.time()
        return number

    async def _serve(self, request: Request) -> Response:
        method = request.path_params["method"].lower()
        try:
            if self._revoked or request.path_params["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            params = await _parameters(request)
            with self._lock:
                self._calls.append((method, params))
            failure = self._failure(method)
            if failure is not None and failure.delay:
                await asyncio.sleep(failure.delay)
                failure = None
            if failure is not None and not failure.after:
                raise failure.error
            handler = getattr(self, f"_do_{method}", None)
            if handler is None:
                raise ApiError(404, "Not Found: method not found")
            result = await handler(params)
            if failure is not None:
                raise failure.error
        except ApiError as error:
            return error.response()
        # ASCII, as Telegram writes it: half an emoji travels as an escaped lone surrogate.
        return Response(json.dumps({"ok": True, "result": result}), media_type="application/json")

    def _failure(self, method: str) -> Failure | None:
        with self._lock:
            for failure in self._failures:
                if failure.method != method or failure.times <= 0:
                    continue
                if failure.skip > 0:
                    failure.skip -= 1
                else:
                    failure.times -= 1
                    return failure
        return None

    async def _do_getme(self, _params: dict[str, Any]) -> dict[str, Any]:
        number = int(self.token.split(":", maxsplit=1)[0])
        return {"id": number, "is_bot": True, "first_name": "An Tâm", "username": self.username}

    async def _do_getupdates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook.get("url"):
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        with self._lock:
            self._poll_number += 1
            mine = self._poll_number
            offset = int(params.get("offset", 0))
            if offset > 0:
                self._pending = [u for u in self._pending if u["update_id"] >= offset]
                self.confirmed_before = max(self.confirmed_before, offset)
            elif offset < 0:
                self._pending = self._pending[offset:]
            if "allowed_updates" in params:
                self._allowed = set(params["allowed_updates"]) or set(DEFAULT_UPDATES)
        deadline = time.monotonic() + float(params.get("timeout", 0))
        while True:
            with self._lock:
                if mine != self._poll_number:
                    raise ApiError(409, "Conflict: terminated by other getUpdates request")
                batch = self._pending[: int(params.get("limit", 100))]
            if batch or time.monotonic() >= deadline or self._stopping.is_set():
                return batch
            await asyncio.sleep(0.02)

    async def _do_sendmessage(self, params: dict[str, Any]) -> dict[str, Any]:
        chat_id, text = int(params["chat_id"]), str(params.get("text", ""))
        self._may_write(chat_id)
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        rows = _check_keyboard(params.get("reply_markup"))
        with self._lock:
            earlier = self.sent(chat_id)
            if self.pace and earlier and time.monotonic() - earlier[-1].at < self.pace:
                raise ApiError(429, "Too Many Requests: retry after 1", retry_after=1)
            number = self._new_message(chat_id)
            buttons = [(b["text"], b.get("callback_data", "")) for row in rows for b in row]
            titles = [[b["text"] for b in row] for row in rows]
            protected = bool(params.get("protect_content", False))
            self._sent.append(SentMessage(chat_id, number, text, buttons, titles, protected, params))
        return self._message(chat_id, number, {"text": text})

    async def _do_editmessagetext(self, params: dict[str, Any]) -> dict[str, Any]:
        chat_id, number, text = int(params["chat_id"]), int(params["message_id"]), str(params.get("text", ""))
        self._may_write(chat_id)
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        rows = _check_keyboard(params.get("reply_markup"))
        buttons = [(b["text"], b.get("callback_data", "")) for row in rows for b in row]
        with self._lock:
            found = [m for m in self.sent(chat_id) if m.message_id == number]
            if not found or number not in self._messages[chat_id]:
                raise ApiError(400, "Bad Request: message to edit not found")
            if (found[0].text, found[0].buttons) == (text, buttons):
                raise ApiError(400, "Bad Request: message is not modified: the new content is the same")
            found[0].shown.append(text)
            found[0].text, found[0].buttons = text, buttons
            found[0].rows = [[b["text"] for b in row] for row in rows]
        return self._message(chat_id, number, {"text": text})

    def _may_write(self, chat_id: int) -> None:
        if chat_id in self.left:
            raise ApiError(403, "Forbidden: bot is not a member of the group chat")
        if chat_id in self._blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat_id not in self._messages:
            raise ApiError(400, "Bad Request: chat not found")

    async def _do_answercallbackquery(self, params: dict[str, Any]) -> bool:
        query_id = str(params.get("callback_query_id"))
        if query_id not in self._queries:
            raise ApiError(400, "Bad Request: query is too old or query ID is invalid")
        self.answered.append(query_id)
        return True

    async def _do_deletemessages(self, params: dict[str, Any]) -> bool:
        numbers = params.get("message_ids")
        if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100:
            raise ApiError(400, "Bad Request: message identifiers are not specified or too many")
        with self._lock:
            there = self._messages.get(int(params["chat_id"]), {})
            for number in numbers:
                if time.time() - there.get(int(number), 0.0) < 48 * 3600:
                    del there[int(number)]
        return True

    async def _do_setmycommands(self, params: dict[str, Any]) -> bool:
        for command in params["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands = params["commands"]
        return True

    async def _do_setmydescription(self, params: dict[str, Any]) -> bool:
        return self._describe("description", str(params.get("description", "")), 512)

    async def _do_setmyshortdescription(self, params: dict[str, Any]) -> bool:
        return self._describe("short_description", str(params.get("short_description", "")), 120)

    def _describe(self, name: str, text: str, limit: int) -> bool:
        if len(text) > limit:
            raise ApiError(400, "Bad Request: description is too long")
        self.descriptions[name] = text
        return True

    async def _do_setwebhook(self, params: dict[str, Any]) -> bool:
        url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        with self._lock:
            self.webhook = {**params, "url": url}
            if "allowed_updates" in params:
                self._allowed = set(params["allowed_updates"])
        return True

    async def _do_deletewebhook(self, _params: dict[str, Any]) -> bool:
        self.webhook = {}
        return True

    async def _do_getwebhookinfo(self, _params: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            return {"url": self.webhook.get("url", ""), "pending_update_count": len(self._pending)}

    async def _do_getmycommands(self, _params: dict[str, Any]) -> list[dict[str, str]]:
        return self.commands

    async def _do_leavechat(self, params: dict[str, Any]) -> bool:
        if int(params["chat_id"]) not in self._groups:
            raise ApiError(400, "Bad Request: chat not found")
        self.left.append(int(params["chat_id"]))
        return True

    def _deliver_to_webhook(self) -> None:
        """Updates go to the webhook one after another; anything but 2xx is tried again."""
        with httpx.Client(timeout=10) as client:
            while not self._stopping.wait(0.02):
                with self._lock:
                    webhook, update = dict(self.webhook), next(iter(self._pending), None)
                if not webhook or update is None:
                    continue
                secret = str(webhook.get("secret_token", ""))
                headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
                try:
                    status = client.post(webhook["url"], content=json.dumps(update), headers=headers).status_code
                except httpx.HTTPError:
                    status = 0
                self.webhook_statuses.append(status)
                if 200 <= status < 300:
                    with self._lock:
                        self._pending.remove(update)
                else:
                    self._stopping.wait(0.2)


async def _parameters(request: Request) -> dict[str, Any]:
    """Query, form or JSON parameters; nested values arrive as JSON text in forms."""
    given: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        given.update(await request.json())
    elif request.method == "POST":
        async with request.form() as form:
            given.update(form)
    nested = ("allowed_updates", "reply_markup", "message_ids", "commands", "link_preview_options")
    for name in nested:
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    if given.get("protect_content") in ("false", "False", "0"):
        given["protect_content"] = False
    return given


def _check_keyboard(markup: Any) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = (markup or {}).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise ApiError(400, "Bad Request: inline keyboard button: Field text must be non-empty")
        if "callback_data" not in button and "url" not in button:
            raise ApiError(400, "Bad Request: inline keyboard button: Text buttons are unallowed")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    if sum(len(row) for row in rows) > 100:
        raise ApiError(400, "Bad Request: REPLY_MARKUP_TOO_LONG")
    return rows


def person(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "Bé", "language_code": "vi"}


def private(chat_id: int) -> dict[str, Any]:
    return {"id": chat_id, "type": "private", "first_name": "Bé"}


def until(done: Callable[[], bool], timeout: float, complaint: str, seen: Callable[[], Any] = lambda: "") -> None:
    deadline = time.monotonic() + timeout
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"{complaint} within {timeout:g} s; seen: {seen()}")
        time.sleep(0.02)
