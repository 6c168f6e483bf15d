"""Of two things that are set against each other ("12 chứ không phải 13", "không phải ba mà bác", "13 là sai, 12 mới
đúng"), the one that is affirmed."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.language import strip_accents

from .message import Message
from .whom import words


def affirmed(text: str) -> str | None:
    """The words that are said to be right, as typed; None where nothing is set against anything."""
    plain = strip_accents(text.lower())
    plain = plain if len(plain) == len(text) else text.lower()
    for sign in words()["affirmed"]:
        found = re.search(sign, plain.rstrip(" .!?~"))
        if found and found["yes"].strip(" ,.;"):
            return text[found.start("yes") : found.end("yes")].strip(" ,.;")
    return None


def affirmed_part(message: Message) -> Message | None:
    """The message without what is denied in it."""
    said = None if message.pressed else affirmed(message.text)
    if said is None:
        return None
    start = message.text.find(said)
    left, kept = said, []
    for one in message.found:
        at = one.get("start")
        word = str(one.get("text") or one["value"])
        if (start <= at < start + len(said)) if isinstance(at, int) else word in left:
            kept.append(one)
    return replace(message, text=said, found=kept, entities={str(one["entity"]): one["value"] for one in kept})
