"""Counters and times for operators: never a label that could name a person or a message."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

MESSAGES = Counter("an_tam_messages_total", "Messages taken from the channels", ["channel", "result"])
REPLIES = Counter("an_tam_replies_total", "Replies handed to the channels", ["channel", "result"])
TURN_SECONDS = Histogram("an_tam_turn_seconds", "Time from taking up a message to its stored replies")
