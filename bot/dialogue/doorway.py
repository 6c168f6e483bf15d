"""What is looked at before a message is understood: the person's own safe word, and how much they write."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.db.engine import Store
from bot.dialogue.inbox import Pending
from bot.dialogue.limits import SenderLimits
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.phrases import say
from bot.dialogue.safe_word import SafeWords, asked


@dataclass(frozen=True)
class Seen:
    """``message``: what the conversation is given (the quick exit in place of the safe word); ``reply``: the answer
    already, nobody else reads the message; ``over``: by how many messages the person is over the limit."""

    message: IncomingMessage
    reply: Reply | None = None
    over: int = 0


class Doorway:
    """One look at each message."""

    def __init__(self, store: Store, per_minute: int = 40, per_hour: int = 300) -> None:
        self._words = SafeWords(store)
        self._limits = SenderLimits(store, per_minute, per_hour)

    def see(self, pending: Pending, audience: str | None) -> Seen:
        """Look at a message. ``audience``: whose voice an answer has."""
        message = pending.message
        if message.kind in ("text", "edited") and self._words.matches(pending.sender, message.text):
            return Seen(replace(message, kind="command", text="", payload="/quick_exit"))
        word = asked(message.text) if message.kind == "text" else None
        if word is not None:
            # Not even an officer who has the floor is shown the word.
            return Seen(replace(message, text=""), self._set(pending.sender, word, audience))
        return Seen(message, over=self._limits.over(pending.sender) if pending.attempts == 0 else 0)

    def _set(self, sender: str, word: str, audience: str | None) -> Reply:
        if not word:
            return say("safe_word_how", audience)
        return say("safe_word_set" if self._words.set(sender, word) else "safe_word_refused", audience)
