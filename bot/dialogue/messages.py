"""What travels between a bridge and the conversation: one message in, replies out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["text", "button", "media", "command", "edited", "joined"]
MAX_TEXT = 4000
"""Longer texts are cut before they are stored; the person is told kindly."""


@dataclass(frozen=True)
class IncomingMessage:
    """One message of a person, translated from a platform.

    ``channel`` is the bridge's name (``telegram``, ``web``), ``chat_id`` the platform's address of the chat
    (never leaves the sealed columns), ``update_id`` unique per channel: the deduplication key.
    ``payload`` is set for a pressed button (``/intent{"entity": "value"}``, ``/quick_exit`` or plain text);
    ``text`` is what the person typed, or the button's title. ``media`` names the kind of a file that was not
    downloaded (``photo``, ``voice``, ``video``, ``document``, ``sticker``, ``location``, ``contact``).
    """

    channel: str
    chat_id: str
    update_id: str
    text: str = ""
    kind: Kind = "text"
    payload: str = ""
    media: str = ""
    sent_at: float | None = None
    message_ref: str = ""
    """The platform's id of the message (for deletion on quick exit)."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> IncomingMessage:
        return cls(**data)


@dataclass(frozen=True)
class Button:
    """A choice under a reply: what the person sees and what comes back (``payload``) when pressed."""

    title: str
    payload: str


@dataclass(frozen=True)
class Reply:
    """One message to a person. ``kind`` lets a bridge treat some specially: a receipt is protected from
    forwarding, ``hide`` asks the bridge to clear what the platform lets it clear. A ``human`` one says that nobody
    is there; the floor puts the truth of the moment in its place (``bot.dialogue.floor``)."""

    text: str
    buttons: list[Button] = field(default_factory=list)
    kind: Literal["text", "safety", "receipt", "hide", "human"] = "text"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Reply:
        buttons = [Button(**b) for b in data.get("buttons", [])]
        return cls(text=data["text"], buttons=buttons, kind=data.get("kind", "text"))
