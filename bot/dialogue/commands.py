"""What a message is, before anyone understands it: a command, a button, the quick exit, a receipt or words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from bot.dialogue.messages import IncomingMessage
from bot.dialogue.phrases import load_yaml
from bot.language import clean, strip_accents

PAYLOAD = re.compile(r"^/([a-z_]+)(\{.*\})?$", re.DOTALL)
RECEIPT = re.compile(r"(?<!\d)\d{4}[ .-]?\d{4}[ .-]?\d{4}[ .-]?\d{4}(?!\d)")


@dataclass(frozen=True)
class Said:
    """``text``: the person's own words, cleaned (empty for a pure button); ``to_rasa``: what Rasa is given;
    ``audience``: chosen by a button; ``quick_exit``: leave at once."""

    text: str
    to_rasa: str
    audience: str | None = None
    quick_exit: bool = False


def interpret(message: IncomingMessage) -> Said:
    """Classify one incoming message without understanding its language."""
    data = load_yaml("commands.yml")
    text = clean(message.text)
    if message.kind in ("button", "command"):
        said = _from_payload(clean(message.payload) or text, data)
        if said is not None:
            return said
    lower = text.lower().strip(" .!")
    bare = strip_accents(lower)
    if any(lower in (word, strip_accents(word)) for word in data["quick_exit_words"]):
        return Said("", "/quick_exit", quick_exit=True)
    if bare.split("@", maxsplit=1)[0] in data["commands"]:
        said = _from_payload(bare, data)
        if said is not None:
            return said
    # A person's words must never be taken for one of Rasa's own commands.
    words = text.lstrip("/ ")
    receipt = RECEIPT.search(words)
    if receipt:
        digits = re.sub(r"\D", "", receipt.group())
        return Said(words, "/check_report" + json.dumps({"receipt": digits}))
    return Said(words, words)


def _from_payload(payload: str, data: dict[str, dict[str, str]]) -> Said | None:
    head, _, argument = payload.partition(" ")
    command = strip_accents(head.split("@", maxsplit=1)[0]).lower()
    if command == "/start" and argument:
        topic = data["topics"].get(strip_accents(argument.strip()).lower())
        if topic:
            return Said("" if topic.startswith("/") else topic, topic)
    payload = data["commands"].get(strip_accents(payload).lower()) or data["commands"].get(command, payload)
    match = PAYLOAD.match(payload)
    if not match or match.group(1) not in data["allowed_payloads"]:
        return None
    try:
        entities = json.loads(match.group(2) or "{}")
    except ValueError:
        return None
    if match.group(1) == "quick_exit":
        return Said("", "/quick_exit", quick_exit=True)
    audience = entities.get("audience") if match.group(1) == "set_audience" else None
    return Said("", payload, audience=audience)
