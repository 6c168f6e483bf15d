"""The audit trail: who did what to which record, and when. Codes and ids only, never content."""

from __future__ import annotations

import time
from typing import Any

from bot.db import tables

SYSTEM = "system"


def record(connection: Any, actor: str, action: str, subject: str, detail: str = "", at: float | None = None) -> None:
    """Add an entry in the caller's transaction, so that the act and its trace stand or fall together."""
    moment = time.time() if at is None else at
    entry = {"at": moment, "actor": actor, "action": action, "subject": subject, "detail": detail}
    connection.execute(tables.audit.insert().values(**entry))
