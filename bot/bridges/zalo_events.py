"""Translating the events of a Zalo Official Account, as a pure function on their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.bridges.base import is_command, whole_text
from bot.dialogue.messages import IncomingMessage, Kind

BUTTON_MARK = "#"
"""Stands before the payload of our buttons: a press comes back as an ordinary text."""

MEDIA = {
    "user_send_image": "photo",
    "user_send_gif": "photo",
    "user_send_audio": "voice",
    "user_send_video": "video",
    "user_send_sticker": "sticker",
    "user_send_location": "location",
    "user_send_business_card": "contact",
    "user_send_file": "document",
    "user_send_link": "document",
    "user_submit_info": "contact",  # a filled-in form: we never ask for one and keep nothing of it
}
"""Events with content that is never opened, and what we call it."""
MARKS = ("user_received_message", "user_seen_message")


@dataclass(frozen=True)
class Echo:
    """The platform shows what the account sent."""

    chat_id: str
    text: str
    at: float


@dataclass(frozen=True)
class Meaning:
    """What one event means. All empty: to be acknowledged and ignored."""

    message: IncomingMessage | None = None
    acted: str = ""
    """Who did something that opens the reply window."""
    gone: str = ""
    """Who has left the account."""
    human: str = ""
    """Whom a person of ours has answered from Zalo's console."""
    echo: Echo | None = None
    account: str = ""
    """The Official Account that the event belongs to."""


def translate(event: Mapping[str, Any]) -> Meaning:
    """Translate one event; whatever is unknown or malformed gives an empty meaning."""
    name = _text(event.get("event_name"))
    if name in ("follow", "unfollow"):
        return _relation(name, event)
    if name.startswith("oa_send_"):
        return _sent(event)
    if name in MARKS or not name.startswith("user_"):
        return Meaning()
    person, account = _id(event.get("sender")), _id(event.get("recipient"))
    if not person:
        return Meaning()
    if name == "user_send_text" or name in MEDIA:
        return Meaning(_message(name, person, event), acted=person, account=account)
    return Meaning(acted=person, account=account)


def moment_of(event: Mapping[str, Any]) -> float | None:
    """The event's moment in seconds since 1970; Zalo writes milliseconds as text."""
    try:
        number = float(str(event.get("timestamp", "")))
    except ValueError:
        return None
    return number / 1000.0 if number == number and abs(number) < 1e16 else None


def _message(name: str, person: str, event: Mapping[str, Any]) -> IncomingMessage | None:
    message = _mapping(event.get("message"))
    text = whole_text(_text(message.get("text")))
    media = MEDIA.get(name, "")
    if name == "user_send_link" and text:
        media = ""  # a text with an address in it
    kind: Kind = "text"
    payload = ""
    if media:
        kind = "media"
    elif text.startswith(BUTTON_MARK + "/"):
        kind, payload, text = "button", text[len(BUTTON_MARK) :], ""
    elif is_command(text):
        kind = "command"
    number = _scalar(message.get("msg_id"))
    return IncomingMessage(
        channel="zalo",
        chat_id=person,
        update_id=f"m:{number}" if number else f"{name}:{person}:{_scalar(event.get('timestamp'))}",
        text=text,
        kind=kind,
        payload=payload,
        media=media,
        sent_at=moment_of(event),
        message_ref=number,
    )


def _relation(name: str, event: Mapping[str, Any]) -> Meaning:
    person = _id(event.get("follower")) or _id(event.get("sender"))
    account = _scalar(event.get("oa_id")) or _id(event.get("recipient"))
    if not person:
        return Meaning()
    if name == "unfollow":
        return Meaning(gone=person, account=account)
    greeting = IncomingMessage(
        channel="zalo",
        chat_id=person,
        update_id=f"follow:{person}:{_scalar(event.get('timestamp'))}",
        text="/start",
        kind="command",
        sent_at=moment_of(event),
    )
    return Meaning(greeting, acted=person, account=account)


def _sent(event: Mapping[str, Any]) -> Meaning:
    chat, account = _id(event.get("recipient")), _id(event.get("sender"))
    if not chat:
        return Meaning()
    if _scalar(_mapping(event.get("sender")).get("admin_id")):
        return Meaning(human=chat, account=account)
    text = whole_text(_text(_mapping(event.get("message")).get("text")))
    return Meaning(echo=Echo(chat, text, moment_of(event) or 0.0) if text else None, account=account)


def _id(holder: Any) -> str:
    return _scalar(_mapping(holder).get("id"))


def _scalar(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return whole_text(str(value))[:128]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
