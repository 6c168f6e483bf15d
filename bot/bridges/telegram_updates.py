"""Translating Telegram updates, as a pure function on their JSON.

The JSON is read here, not ``telegram.Update``: a field that a newer Bot API adds or changes must never make a
whole update unreadable, because an update that cannot be translated cannot be acknowledged, and blocks all
that follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.bridges.base import is_command, whole_text
from bot.dialogue.messages import IncomingMessage, Kind

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

MEDIA = {
    "photo": "photo",
    "paid_media": "photo",
    "voice": "voice",
    "audio": "voice",
    "video": "video",
    "video_note": "video",
    "animation": "video",  # before "document": an animation carries both
    "story": "video",
    "sticker": "sticker",
    "dice": "sticker",
    "location": "location",
    "venue": "location",
    "contact": "contact",
    "document": "document",
    "poll": "document",
    "checklist": "document",
    "game": "document",
}
"""Telegram's content fields and what we call them. None is ever downloaded."""

BOT_SUFFIX = re.compile(r"^(/[A-Za-z0-9_]+)@[A-Za-z0-9_]+")
JOINED = ("member", "administrator", "restricted")


@dataclass(frozen=True)
class Group:
    """Something happened in a chat with several people: we say how to write privately, and leave."""

    chat_id: int
    can_write: bool


@dataclass(frozen=True)
class Press:
    """The id of a pressed button's query, to be answered at once."""

    query_id: str


@dataclass(frozen=True)
class Translation:
    """What one update means. All empty: to be acknowledged and ignored."""

    message: IncomingMessage | None = None
    group: Group | None = None
    press: Press | None = None
    album: str = ""
    """Id of the album this picture belongs to: one kind sentence for an album is enough."""


def translate(update: Mapping[str, Any]) -> Translation:
    """Translate one update; whatever is unknown or malformed gives an empty translation."""
    update_id = update.get("update_id")
    if not isinstance(update_id, int):
        return Translation()
    if query := _mapping(update.get("callback_query")):
        return _button(update_id, query)
    if message := _mapping(update.get("message")):
        return _message(str(update_id), message, edited=False)
    if message := _mapping(update.get("edited_message")):
        # Telegram may report one edit under several update ids; the edit itself is the key.
        key = f"e:{_chat(message)[0]}:{message.get('message_id')}:{message.get('edit_date')}"
        return _message(key, message, edited=True)
    if member := _mapping(update.get("my_chat_member")):
        return _membership(member)
    return Translation()


def _message(key: str, message: Mapping[str, Any], edited: bool) -> Translation:
    chat_id, chat_type = _chat(message)
    if chat_id is None or _mapping(message.get("from")).get("is_bot"):
        return Translation()
    if chat_type != "private":
        if message.get("left_chat_member") or message.get("migrate_to_chat_id"):
            return Translation()
        return Translation(group=Group(chat_id, can_write=chat_type in ("group", "supergroup")))
    text = whole_text(_text(message.get("text")) or _text(message.get("caption")))
    media = next((name for field, name in MEDIA.items() if field in message), "")
    if not text and not media:
        return Translation()  # a service message: a pinned one, a changed picture
    if edited and not text:
        return Translation()  # a live location moves by edits
    kind: Kind = "text"
    if edited:
        kind = "edited"
    elif media:
        kind = "media"
    elif is_command(text):
        kind, text = "command", BOT_SUFFIX.sub(r"\1", text)
    incoming = IncomingMessage(
        channel="telegram",
        chat_id=str(chat_id),
        update_id=key,
        text=text,
        kind=kind,
        media=media,
        sent_at=_moment(message.get("edit_date" if edited else "date")),
        message_ref=_ref(message),
    )
    album = _text(message.get("media_group_id")) if media and not edited else ""
    return Translation(message=incoming, album=album)


def _button(update_id: int, query: Mapping[str, Any]) -> Translation:
    message = _mapping(query.get("message"))
    chat_id, chat_type = _chat(message)
    press = Press(_text(query.get("id")))
    if chat_id is None:
        chat_id, chat_type = _integer(_mapping(query.get("from")).get("id")), "private"
    data = _text(query.get("data"))
    if chat_id is None or not data:
        return Translation(press=press)
    if chat_type != "private":
        return Translation(press=press, group=Group(chat_id, can_write=True))
    incoming = IncomingMessage(
        channel="telegram",
        chat_id=str(chat_id),
        update_id=str(update_id),
        text=_title(message, data),
        kind="button",
        payload=whole_text(data),
        message_ref=_ref(message),
    )
    return Translation(message=incoming, press=press)


def _title(message: Mapping[str, Any], data: str) -> str:
    rows = _mapping(message.get("reply_markup")).get("inline_keyboard")
    for row in rows if isinstance(rows, list) else []:
        for button in row if isinstance(row, list) else []:
            if _mapping(button).get("callback_data") == data:
                return whole_text(_text(_mapping(button).get("text")))
    return ""


def _membership(member: Mapping[str, Any]) -> Translation:
    chat_id, chat_type = _chat(member)
    status = _mapping(member.get("new_chat_member")).get("status")
    if chat_id is None or chat_type == "private" or status not in JOINED:
        return Translation()  # blocked or unblocked by a person: the next send shows it
    return Translation(group=Group(chat_id, can_write=chat_type in ("group", "supergroup")))


def _chat(holder: Mapping[str, Any]) -> tuple[int | None, str]:
    chat = _mapping(holder.get("chat"))
    return _integer(chat.get("id")), _text(chat.get("type"))


def _ref(message: Mapping[str, Any]) -> str:
    number = _integer(message.get("message_id"))
    return "" if number is None else str(number)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: Any) -> float | None:
    number = _integer(value)
    return None if number is None else float(number)
