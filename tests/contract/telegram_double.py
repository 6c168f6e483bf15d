"""A Telegram Bot API server for tests: real HTTP on a free port, and the documented rules enforced.

    with TelegramDouble() as telegram:
        # settings: TELEGRAM_BOT_TOKEN=telegram.token, TELEGRAM_API_BASE=telegram.base_url
        telegram.say(42, "Chào bạn")                          # a person writes; returns the message id
        reply = telegram.wait_for(42, lambda m: "111" in m.text)   # SentMessage, or AssertionError
        telegram.press(42, "Số gọi giúp")                     # presses the newest button with this title
        telegram.sent(42)                                     # every SentMessage of the chat, oldest first

What a person does: ``say``, ``edit``, ``send_media``, ``press``, ``block``/``unblock``, ``add_to_group``;
``push`` delivers any update as it is, ``redeliver`` an old one again.
What goes wrong: ``fail_next(method, status=…, retry_after=…, times=…, after=…, skip=…)``,
``slow_next(method, seconds)``, ``revoke_token()``, ``give_token_back()``.
What happened: ``sent``, ``calls(method)``, ``answered``, ``visible(chat_id)``, ``commands``, ``left``,
``webhook``, ``webhook_statuses``.

Refused as Telegram refuses: texts that are empty or longer than 4096 UTF-16 units, callback data that is not
1–64 bytes, chats that never wrote, blocked chats, a wrong token, ``getUpdates`` beside a webhook or beside
another ``getUpdates``, more than 100 ids to delete, odd command names and secret tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.contract.telegram_api import (
    KNOWN_UPDATES,
    ApiError,
    BotApiServer,
    Failure,
    SentMessage,
    person,
    private,
    until,
)

__all__ = ["SentMessage", "TelegramDouble"]


class TelegramDouble(BotApiServer):
    """See the module's text. Start with ``start()`` or as a context manager; every method is thread-safe."""

    def __enter__(self) -> TelegramDouble:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what people do -------------------------------------------------------------------------------------
    def say(self, chat_id: int, text: str, **fields: Any) -> int:
        """A person writes. ``fields`` are added to the message (``forward_origin``, …). Returns its id."""
        return self._incoming(chat_id, {"text": text, **fields})

    def send_media(self, chat_id: int, kind: str, caption: str = "", **fields: Any) -> int:
        """A person sends a ``photo``, ``voice``, ``video``, ``document``, ``sticker``, ``location``…"""
        file = {"file_id": "file-1", "file_unique_id": "u1"}
        content: Any = [{**file, "width": 90, "height": 90}] if kind == "photo" else file
        if kind == "location":
            content = {"latitude": 9.99, "longitude": 105.09}
        return self._incoming(chat_id, {kind: content, **({"caption": caption} if caption else {}), **fields})

    def edit(self, chat_id: int, message_id: int, text: str, edit_date: int | None = None) -> int:
        """A person edits a message. Returns the update's id."""
        fields = {"text": text, "edit_date": edit_date or int(time.time())}
        return self.push({"edited_message": self._message(chat_id, message_id, fields)})

    def press(self, chat_id: int, title: str) -> int:
        """Press the newest button with this title. Returns the update's id."""
        for sent in reversed(self.sent(chat_id)):
            for name, data in sent.buttons:
                if name == title:
                    return self.press_data(chat_id, data, sent)
        raise AssertionError(f"no button {title!r}; there are {[s.titles for s in self.sent(chat_id)]}")

    def press_data(self, chat_id: int, data: str, sent: SentMessage | None = None) -> int:
        """Press a button by its callback data."""
        with self._lock:
            query_id = f"q{self._next_update}"
            self._queries.add(query_id)
        query: dict[str, Any] = {"id": query_id, "from": person(chat_id), "chat_instance": "1", "data": data}
        if sent is not None:
            rows = [[{"text": title, "callback_data": value}] for title, value in sent.buttons]
            fields = {"text": sent.text, "reply_markup": {"inline_keyboard": rows}}
            query["message"] = self._message(chat_id, sent.message_id, fields)
        return self.push({"callback_query": query})

    def block(self, chat_id: int) -> None:
        """The person blocks the bot: sends get 403."""
        with self._lock:
            self._blocked.add(chat_id)
        self._membership(private(chat_id), chat_id, "member", "kicked")

    def unblock(self, chat_id: int) -> None:
        """The person unblocks the bot."""
        with self._lock:
            self._blocked.discard(chat_id)
        self._membership(private(chat_id), chat_id, "kicked", "member")

    def add_to_group(self, group_id: int, by: int = 42) -> None:
        """Somebody adds the bot to a group (a negative id)."""
        with self._lock:
            self._groups.add(group_id)
            self._messages.setdefault(group_id, {})
        self._membership({"id": group_id, "type": "group", "title": "Nhóm"}, by, "left", "member")

    def push(self, update: dict[str, Any]) -> int:
        """Queue an update as it is (``update_id`` is added unless given). Returns the update's id."""
        with self._lock:
            if "update_id" not in update:
                update = {"update_id": self._next_update, **update}
                self._next_update += 1
            self._history[update["update_id"]] = update
            if not (set(update) & KNOWN_UPDATES) - self._allowed:
                self._pending.append(update)
            return int(update["update_id"])

    def redeliver(self, update_id: int) -> None:
        """Deliver an update a second time."""
        with self._lock:
            self._pending.append(self._history[update_id])

    # --- what goes wrong ------------------------------------------------------------------------------------
    def fail_next(
        self,
        method: str,
        status: int = 429,
        retry_after: int | None = None,
        description: str = "Too Many Requests: retry later",
        times: int = 1,
        after: bool = False,
        skip: int = 0,
    ) -> None:
        """The next ``times`` calls of ``method`` fail; with ``after`` only once their work has been
        done, with ``skip`` after that many calls have succeeded."""
        parameters = {} if retry_after is None else {"retry_after": retry_after}
        error = ApiError(status, description, **parameters)
        with self._lock:
            self._failures.append(Failure(method.lower(), error, times, after, skip))

    def slow_next(self, method: str, seconds: float, times: int = 1) -> None:
        """The next ``times`` calls of ``method`` are answered so much later."""
        error = ApiError(500, "never raised")
        with self._lock:
            self._failures.append(Failure(method.lower(), error, times, False, 0, seconds))

    def revoke_token(self) -> None:
        """Every further call gets 401."""
        self._revoked = True

    def give_token_back(self) -> None:
        """The token works again."""
        self._revoked = False

    # --- what happened --------------------------------------------------------------------------------------
    def wait_for(
        self, chat_id: int, predicate: Callable[[SentMessage], bool], timeout: float = 15.0, after: int = 0
    ) -> SentMessage:
        """The first message to the chat that fits, skipping the first ``after`` ones; waits for it."""
        found: list[SentMessage] = []

        def look() -> bool:
            found[:] = [m for m in self.sent(chat_id)[after:] if predicate(m)]
            return bool(found)

        until(look, timeout, f"no such message to {chat_id}", lambda: [m.text for m in self.sent(chat_id)])
        return found[0]

    def calls(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every call of a method."""
        with self._lock:
            return [params for name, params in self._calls if name == method.lower()]

    def visible(self, chat_id: int) -> set[int]:
        """Ids of the messages that are (not deleted) in a chat."""
        with self._lock:
            return set(self._messages.get(chat_id, {}))

    @property
    def waiting(self) -> int:
        """How many updates are not confirmed."""
        with self._lock:
            return len(self._pending)

    # --- inside ---------------------------------------------------------------------------------------------
    def _incoming(self, chat_id: int, fields: dict[str, Any]) -> int:
        with self._lock:
            number = self._new_message(chat_id)
        self.push({"message": self._message(chat_id, number, fields)})
        return number

    def _membership(self, chat: dict[str, Any], by: int, old: str, new: str) -> None:
        bot = {"id": int(self.token.split(":", maxsplit=1)[0]), "is_bot": True, "first_name": "An Tâm"}
        member = {"chat": chat, "from": person(by), "date": int(time.time())}
        member["old_chat_member"] = {"status": old, "user": bot}
        member["new_chat_member"] = {"status": new, "user": bot}
        self.push({"my_chat_member": member})
