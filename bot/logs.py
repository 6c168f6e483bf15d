"""Logging: one JSON line for each event, written by structlog; other libraries only from WARNING on.

No event may carry what a person wrote: events name codes, counts and types. Libraries that would log request URLs
or texts (httpx, telegram, Rasa, rasa-sdk, sqlalchemy, sanic) are silenced below ERROR and their messages dropped.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from bot.settings import get_settings

QUIET = (
    "httpx",
    "httpcore",
    "telegram",
    "rasa",
    "rasa_sdk",
    "sqlalchemy",
    "sanic",
    "websockets",
    "asyncio",
    "matplotlib",
)


SAFE_KEYS = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "error",
        "reason",
        "channel",
        "action",
        "route",
        "target",
        "code",
        "state",
        "result",
        "bridges",
        "kind",
        "status",
        "report_id",
        "reply_id",
        "login",
        "method",
        "remedy",
        "step",
    ]
)
"""The only text fields an event may have; numbers and booleans are always fine."""


class ContentFilter(logging.Filter):
    """Foreign libraries' records keep their logger, level and exception type; never message, arguments or trace."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".")[0] in QUIET:
            kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            record.msg, record.args = f"{record.module}:{record.lineno} {kind}".strip(), ()
            record.exc_info = record.exc_text = record.stack_info = None
        return True


def configure_logging() -> None:
    """Set up logging for a process of the program."""
    level = getattr(logging, get_settings().log_level.upper(), logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(ContentFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_safe_fields,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def only_safe_fields(_logger: Any, _name: str, event: Any) -> Any:
    """Drop every field that could hold content: Rasa, too, logs through structlog and names whole messages."""
    return {k: v for k, v in event.items() if k in SAFE_KEYS or isinstance(v, (int, float, bool))}
