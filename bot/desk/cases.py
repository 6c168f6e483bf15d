"""What the desk reads and changes: cases, their history, the audit trail. Every view is audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts import close_for
from bot.db import audit
from bot.db.engine import Store
from bot.db.sealing import SealError
from bot.db.tables import audit as trail
from bot.db.tables import desk_cases, desk_notes
from bot.desk.words import still_due_at
from bot.dialogue.inbox import say_in
from bot.dialogue.phrases import say
from bot.reports import messages
from bot.reports.clocks import clocks, is_emergency
from bot.reports.content import Shredded, open_pair
from bot.reports.draft import RISKS
from bot.reports.safe_call import SafeCall
from bot.reports.service import advance, mark_seen, reopen

STATUSES = ("new", "acknowledged", "in_progress", "closed")
SORTS = ("risk", "newest", "oldest", "due")
PAGE = 50


@dataclass(frozen=True)
class Filter:
    """What an officer wants to see; unknown values mean everything."""

    risk: str = ""
    status: str = "open"
    sort: str = "risk"
    page: int = 1


def list_cases(store: Store, wanted: Filter, officer: str, now: float) -> tuple[list[dict[str, Any]], int]:
    """A page of cases and how many there are."""
    where = []
    if wanted.risk in RISKS:
        where.append(desk_cases.c.risk == wanted.risk)
    if wanted.status in STATUSES:
        where.append(desk_cases.c.status == wanted.status)
    elif wanted.status == "open":
        where.append(desk_cases.c.status != "closed")
    light = sa.select(desk_cases.c.id, desk_cases.c.risk, desk_cases.c.status, desk_cases.c.received_at)
    start = (wanted.page - 1) * PAGE
    with store.engine.begin() as connection:
        matching = connection.execute(light.where(*where)).all()
        urgent = _emergencies(store, connection, matching) if wanted.sort == "due" else frozenset()
        found = sorted(matching, key=_order(wanted.sort, urgent))
        ids = [row.id for row in found[start : start + PAGE]]
        query = sa.select(desk_cases).where(desk_cases.c.id.in_(ids))
        rows = {row["id"]: row for row in connection.execute(query).mappings()}
        unseen = sa.select(desk_notes.c.case_id).where(desk_notes.c.case_id.in_(ids), desk_notes.c.seen_at.is_(None))
        news = set(connection.execute(unseen).scalars())
        audit.record(connection, officer, "view_list", "cases", at=now)
    listed = [{**rows[case_id], **_headline(store, rows[case_id]), "news": case_id in news} for case_id in ids]
    return listed, len(found)


def _emergencies(store: Store, connection: Any, found: Any) -> frozenset[str]:
    """Which of the high-risk cases that wait for help are emergencies: only their sealed content tells."""
    waiting = [row.id for row in found if row.risk == "high" and row.status in ("new", "acknowledged")]
    query = sa.select(desk_cases).where(desk_cases.c.id.in_(waiting))
    rows = connection.execute(query).mappings()
    return frozenset(row["id"] for row in rows if _headline(store, row)["emergency"])


def _order(sort: str, urgent: frozenset[str] = frozenset()) -> Callable[[Any], tuple[float, ...]]:
    if sort == "newest":
        return lambda row: (-row.received_at,)
    if sort == "oldest":
        return lambda row: (row.received_at,)
    if sort == "due":
        return lambda row: _due(row, row.id in urgent)
    return lambda row: (-RISKS.index(row.risk), row.received_at)


def _due(row: Any, emergency: bool) -> tuple[float, ...]:
    until = still_due_at(row.risk, row.status, row.received_at, emergency)
    return (float("inf") if until is None else until, row.received_at)


def view_case(store: Store, case_id: str, officer: str, now: float) -> dict[str, Any] | None:
    """A case opened by an officer: audited, and from now on the reporter is told that a person has seen it.

    Raises ``SealError`` when it cannot be read, ``Shredded`` when its content was deleted.
    """
    query = sa.select(desk_cases).where(desk_cases.c.id == case_id)
    with store.engine.begin() as connection:
        row = connection.execute(query).mappings().first()
        if row is None:
            return None
        content = open_pair(store.sealer, "desk_cases", row["id"], row["data_key"], row["content"])
        audit.record(connection, officer, "view_case", case_id, at=now)
        mark_seen(connection, case_id, now)
        history = connection.execute(
            sa.select(trail).where(trail.c.subject == case_id).order_by(trail.c.id.desc()).limit(PAGE)
        )
        events = [dict(entry) for entry in history.mappings()]
        notes = _notes(store, connection, case_id)
        new = desk_notes.update().where(desk_notes.c.case_id == case_id, desk_notes.c.seen_at.is_(None))
        connection.execute(new.values(seen_at=now))
        written = messages.messages_of(connection, store, case_id)
        notice = messages.notice_of(connection, store, case_id)
        emergency = is_emergency(content)
        steps = clocks(emergency, row["received_at"], _steps_done(connection, row))
    found = {**row, "content": content, "history": events, "notes": notes, "clocks": steps, "emergency": emergency}
    return {
        **found,
        "messages": written,
        "notice": notice,
        "call": SafeCall(**(content["draft"].get("safe_call") or {})),
    }


def write_message(store: Store, case_id: str, officer: str, text: str, key: str, now: float) -> str:
    """Leave a message behind the receipt; whoever wants to be told is told once that there is something new.

    Returns the note to show: ``message`` or ``unchanged``.
    """
    with store.engine.begin() as connection:
        waiting = messages.count_unread(connection, case_id)
        if not messages.write_as_officer(connection, store, case_id, officer, text, now, key):
            return "unchanged"
        notice = messages.notice_of(connection, store, case_id)
        if notice is not None and not waiting:
            say_in(connection, store, notice.channel, notice.chat_id, notice.sender, say("new_message", None), now)
    return "message"


def _steps_done(connection: Any, row: Any) -> dict[str, float | None]:
    """When the legal steps were taken, as far as the desk knows: from the case and its trail."""
    query = sa.select(trail.c.detail, sa.func.min(trail.c.at)).where(
        trail.c.subject == row["id"], trail.c.action.in_(("report_status", "case_status"))
    )
    first: dict[str, float] = dict(connection.execute(query.group_by(trail.c.detail)).all())
    begun = first.get("in_progress", first.get("closed"))
    passed = first.get("forwarded", row["received_at"])  # it is here
    return {
        "passed": passed,
        "assessed": begun,  # taking a case on is not yet an assessment
        "emergency": begun,
        "plan": first.get("closed"),
        "approval": first.get("closed"),
    }


def _notes(store: Store, connection: Any, case_id: str) -> list[dict[str, Any]]:
    """What the reporter added, oldest first; one that cannot be read does not hide the case."""
    query = sa.select(desk_notes).where(desk_notes.c.case_id == case_id).order_by(desk_notes.c.created_at)
    found = []
    for row in connection.execute(query).mappings():
        new = row["seen_at"] is None
        note = {"kind": row["kind"], "at": row["created_at"], "text": "", "readable": True, "new": new}
        try:
            note["text"] = open_pair(store.sealer, "desk_notes", row["id"], row["data_key"], row["content"])["text"]
        except (SealError, Shredded):
            note["readable"] = False
        found.append(note)
    return found


def acknowledge(store: Store, case_id: str, officer: str, now: float) -> str:
    """Take a case on. Returns the note to show: ``acknowledged``, ``taken`` or ``not_found``."""
    query = desk_cases.update().where(desk_cases.c.id == case_id, desk_cases.c.acknowledged_at.is_(None))
    values = {"acknowledged_by": officer, "acknowledged_at": now, "updated_at": now}
    with store.engine.begin() as connection:
        if connection.execute(query.values(**values)).rowcount != 1:
            found = connection.execute(sa.select(desk_cases.c.id).where(desk_cases.c.id == case_id)).first()
            return "taken" if found else "not_found"
        still_new = desk_cases.update().where(desk_cases.c.id == case_id, desk_cases.c.status == "new")
        connection.execute(still_new.values(status="acknowledged"))
        audit.record(connection, officer, "case_acknowledged", case_id, at=now)
        mark_seen(connection, case_id, now)
        advance(connection, case_id, "acknowledged", officer, now)
        close_for(connection, case_id, officer, now)
    return "acknowledged"


def set_status(store: Store, case_id: str, status: str, officer: str, now: float) -> str:
    """Begin, end or take up a case again; whoever does so has taken it on. Returns the note to show."""
    if status not in ("in_progress", "closed"):
        return "unchanged"
    query = desk_cases.update().where(desk_cases.c.id == case_id, desk_cases.c.status != status)
    with store.engine.begin() as connection:
        if connection.execute(query.values(status=status, updated_at=now)).rowcount != 1:
            found = connection.execute(sa.select(desk_cases.c.id).where(desk_cases.c.id == case_id)).first()
            return "unchanged" if found else "not_found"
        mine = desk_cases.update().where(desk_cases.c.id == case_id, desk_cases.c.acknowledged_at.is_(None))
        connection.execute(mine.values(acknowledged_by=officer, acknowledged_at=now))
        audit.record(connection, officer, "case_status", case_id, status, at=now)
        mark_seen(connection, case_id, now)
        advance(connection, case_id, status, officer, now)
        close_for(connection, case_id, officer, now)
        if status == "in_progress":
            reopen(connection, case_id, officer, now)
    return "status"


def audit_trail(store: Store, officer: str, now: float, before: int | None, subject: str) -> list[dict[str, Any]]:
    """The newest entries (before an id, about a subject)."""
    query = sa.select(trail)
    if before is not None:
        query = query.where(trail.c.id < before)
    if subject:
        query = query.where(trail.c.subject == subject)
    with store.engine.begin() as connection:
        rows = [dict(row) for row in connection.execute(query.order_by(trail.c.id.desc()).limit(2 * PAGE)).mappings()]
        audit.record(connection, officer, "view_audit", subject or "audit", at=now)
    return rows


def note_view(store: Store, officer: str, action: str, subject: str, now: float) -> None:
    """Audit the view of a page that shows no case."""
    with store.engine.begin() as connection:
        audit.record(connection, officer, action, subject, at=now)


def _headline(store: Store, row: Any) -> dict[str, Any]:
    """What the list shows of the content: place, age, and whether it is an emergency; never the story."""
    try:
        content = open_pair(store.sealer, "desk_cases", row["id"], row["data_key"], row["content"])
    except (SealError, Shredded):
        return {"commune": None, "child_age": None, "readable": False, "emergency": False}
    draft, emergency = content["draft"], is_emergency(content)
    return {"commune": draft["commune"], "child_age": draft["child_age"], "readable": True, "emergency": emergency}
