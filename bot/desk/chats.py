"""Chats as the desk sees them: who waits, who talks with whom, and what was said since an officer was asked for.

Never the older chat: only the report so far, and the lines of ``floor_lines``. Every view is audited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.db import audit
from bot.db.engine import Store
from bot.db.tables import (
    alerts,
    conversations,
    desk_cases,
    floor_lines,
    platform_contacts,
    replies,
    reports,
)
from bot.dialogue.floor import BOT, OFFICER, WAITS
from bot.dialogue.inbox import Outgoing
from bot.dialogue.so_far import report_so_far
from bot.reports.alarm import ABOUT_A_CHAT
from bot.reports.draft import RISKS

ACTIVE = 15 * 60.0
"""Somebody who wrote within this time (seconds) is taken to be at the other end."""
HOUR = 3600.0


@dataclass(frozen=True)
class Window:
    """How long after a person's last action a platform lets us write, in hours; ``paid``: whether we would pay."""

    free: float
    until: float
    paid: bool = False


def list_chats(store: Store, officer: str, now: float, *, live: bool = False) -> list[dict[str, Any]]:
    """The chats that need or have an officer: waiting ones first, then by risk and age."""
    open_alerts = sa.select(alerts).where(alerts.c.state == "open", alerts.c.kind.in_(ABOUT_A_CHAT))
    with store.engine.begin() as connection:
        about: dict[str, list[str]] = {}
        for alert in connection.execute(open_alerts.order_by(alerts.c.created_at)).mappings():
            about.setdefault(alert["subject"], []).append(alert["kind"])
        query = sa.select(conversations).where(
            sa.or_(conversations.c.floor.in_((WAITS, OFFICER)), conversations.c.chat.in_(list(about)))
        )
        rows = connection.execute(query).mappings().all()
        if not live:
            audit.record(connection, officer, "view_chats", "chats", at=now)
    found = [{**_facts(store, row), "alarms": about.get(row["chat"], [])} for row in rows if row["chat"]]
    order = {WAITS: 0, BOT: 1, OFFICER: 2}
    return sorted(found, key=lambda row: (order[row["floor"]], -RISKS.index(row["risk"]), row["since"]))


def count_waiting(store: Store) -> int:
    """How many people wait for an officer."""
    query = sa.select(sa.func.count()).select_from(conversations).where(conversations.c.floor == WAITS)
    with store.reader.connect() as connection:
        return int(connection.execute(query).scalar_one())


def view_chat(
    store: Store, chat: str, officer: str, now: float, *, windows: Mapping[str, Window], live: bool = False
) -> dict[str, Any] | None:
    """One chat, or ``None`` when it is gone. The report so far and the lines only for the officer who has the floor.

    ``live``: a page that looks again, which is no view worth a line in the trail.
    """
    with store.engine.begin() as connection:
        row = connection.execute(sa.select(conversations).where(conversations.c.chat == chat)).mappings().first()
        if row is None:
            return None
        mine = row["floor"] == OFFICER and row["floor_officer"] == officer
        if not live:
            audit.record(connection, officer, "view_chat", chat, "mine" if mine else "", at=now)
        found = {**_facts(store, row), "mine": mine, "cases": _cases(connection, row["sender"])}
        found["window"] = _window(connection, windows.get(row["channel"]), row["sender"], now)
        found["lines"] = _lines(store, connection, chat) if mine else []
    found["held"] = Outgoing(store).held(row["sender"])
    found["so_far"] = report_so_far(store, row["sender"]) if mine else {}
    return found


def chat_of_case(store: Store, case_id: str, now: float) -> dict[str, Any] | None:
    """The chat in which a case was reported, while the reporter is still writing there."""
    query = (
        sa.select(conversations)
        .join(reports, reports.c.sender == conversations.c.sender)
        .where(reports.c.id == case_id, conversations.c.updated_at > now - ACTIVE)
    )
    with store.reader.connect() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None or row["chat"] is None else _facts(store, row)


def reach_of_case(store: Store, sender: str, channel: str, windows: Mapping[str, Window], now: float) -> dict[str, Any]:
    """Whether a notice can reach a reporter now: the platform's window and what waits for them."""
    with store.reader.connect() as connection:
        window = _window(connection, windows.get(channel), sender, now)
    return {"window": window, "held": Outgoing(store).held(sender)}


def _facts(store: Store, row: Any) -> dict[str, Any]:
    memory = store.sealer.open_json(row["context"], "conversations", "context", row["sender"])
    return {
        "chat": row["chat"],
        "channel": row["channel"],
        "floor": row["floor"],
        "officer": row["floor_officer"],
        "since": row["floor_since"] or row["updated_at"],
        "heard_at": row["heard_at"],
        "wrote_at": row["updated_at"],
        "risk": memory.get("risk", "none"),
        "audience": memory.get("audience"),
        "in_form": bool(memory.get("in_form")),
    }


def _cases(connection: Any, sender: str) -> list[str]:
    """The cases that came from this chat's address, newest first."""
    query = sa.select(desk_cases.c.id).join(reports, reports.c.id == desk_cases.c.id).where(reports.c.sender == sender)
    return list(connection.execute(query.order_by(desk_cases.c.received_at.desc())).scalars())


def _lines(store: Store, connection: Any, chat: str) -> list[dict[str, Any]]:
    """What was said, in order; an officer's line with what became of it."""
    query = (
        sa.select(floor_lines, replies.c.state)
        .select_from(floor_lines.outerjoin(replies, replies.c.line == floor_lines.c.id))
        .where(floor_lines.c.chat == chat)
    )
    found = []
    for row in connection.execute(query.order_by(floor_lines.c.seq)).mappings():
        body = store.sealer.open_json(row["body"], "floor_lines", "body", row["id"])
        found.append(
            {
                "media": "",
                "button": False,
                **body,
                "author": row["author"],
                "at": row["created_at"],
                "state": row["state"],
            }
        )
    return found


def _window(connection: Any, window: Window | None, sender: str, now: float) -> dict[str, Any] | None:
    """``state`` of the platform's reply window (``free``, ``paid``, ``unpaid``, ``closed``) and when it changes;
    ``None`` where there is none."""
    if window is None:
        return None
    query = sa.select(platform_contacts.c.acted_at).where(platform_contacts.c.sender == sender)
    acted = connection.execute(query).scalar_one_or_none()
    if acted is None:
        return {"state": "closed", "at": None}
    free, until = acted + window.free * HOUR, acted + window.until * HOUR
    if now < free:
        return {"state": "free", "at": free}
    if now < until:
        return {"state": "paid" if window.paid else "unpaid", "at": until}
    return {"state": "closed", "at": until}
