"""Taking a report, and telling its reporter how it stands."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.db import audit, tables
from bot.db.counters import Counter
from bot.db.engine import Store
from bot.reports import messages, receipts, safe_call
from bot.reports.alarm import PRESSURE, REPORT, raise_alarm
from bot.reports.content import seal_pair
from bot.reports.doubts import doubt
from bot.reports.draft import MAX_STORY, RISKS, ReportDraft
from bot.reports.messages import OfficerMessage
from bot.reports.receipts import TooManyAttempts
from bot.reports.retention import FORGOTTEN, forget_reporter
from bot.reports.safe_call import SafeCall
from bot.reports.triage import triage
from bot.reports.words import load, status_words

HOUR = 3600.0
WRONG_PER_SENDER = 10
WRONG_IN_ALL = 500
PRESSURE_SINCE = 90 * 86400.0
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
_ORDER = ("received", "forwarded", "acknowledged", "in_progress", "closed")
_DUMMY = "0" * receipts.DIGITS
ALERT_FROM = RISKS.index("medium")
"""From this risk on somebody on duty is told at once; the rest waits at the desk."""


@dataclass(frozen=True)
class Taken:
    """A report that is safe in the database. ``receipt`` is for the reporter's eyes only."""

    report_id: str
    receipt: str
    created: bool

    def __repr__(self) -> str:
        """Without the receipt: it opens the report."""
        return f"Taken(report_id={self.report_id!r}, created={self.created})"


@dataclass(frozen=True)
class ReportStatus:
    """How a report stands. ``seen``: whether a person has opened it, truthfully."""

    status: str
    seen: bool
    updated_at: float
    unread: int = 0
    """How many officers' messages wait behind the receipt (``ReportService.messages``)."""

    def words(self, audience: str | None) -> str:
        """What the holder of the receipt is told; names nothing of the content."""
        seen_only = self.seen and self.status in ("received", "forwarded")
        return status_words("seen" if seen_only else self.status, audience)


class ReportService:
    """``targets``: the names of every target that each report is delivered to (the desk always is one)."""

    def __init__(self, store: Store, targets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._targets = tuple(dict.fromkeys(["desk", *targets]))
        self._clock = clock
        self._by_sender = Counter(store.keys, "receipt", HOUR)
        self._in_all = Counter(store.keys, "receipts in all", HOUR)
        self._reports = Counter(store.keys, "reports", 24 * HOUR)

    def take(self, draft: ReportDraft, channel: str, sender: str, idempotency_key: str) -> Taken:
        """Keep a confirmed draft: report, deliveries and audit entry in one transaction.

        The same ``idempotency_key`` always gives the same report and receipt, also when two calls race.
        ``sender`` is the pseudonym; anything else is made into one.
        """
        key = receipts.hash_key(self._store.keys, idempotency_key)
        for turn in range(3):
            known = self._known(key)
            if known is not None:
                return known
            digits = receipts.derive(self._store.keys, key, turn)
            lookup = receipts.lookup(self._store.keys, digits)
            report_id = str(uuid.uuid4())
            try:
                self._insert(draft, channel, self._pseudonym(channel, sender), report_id, key, lookup)
            except sa.exc.IntegrityError:
                continue  # the same draft was confirmed twice at once, or the receipt is another report's
            return Taken(report_id, receipts.show(digits), created=True)
        known = self._known(key)
        if known is None:
            raise RuntimeError("no free receipt")
        return known

    def status(self, receipt: str, sender: str) -> ReportStatus | None:
        """How the report with this receipt stands; ``None`` for a wrong, a mistyped and an absent code alike.

        Raises ``TooManyAttempts`` after ``WRONG_PER_SENDER`` wrong codes of a sender within an hour, or
        ``WRONG_IN_ALL`` of everybody (who then still may: somebody who has made a report from the same chat).
        """
        row = self._find(receipt, sender)
        if row is None:
            return None
        with self._store.reader.connect() as connection:
            unread = messages.count_unread(connection, row.id)
        return ReportStatus(row.status, row.seen_at is not None, row.updated_at, unread)

    def messages(self, receipt: str, sender: str) -> list[OfficerMessage] | None:
        """What officers wrote to the receipt's holder, oldest first; from now on they are read.

        ``read_at`` of a new one is ``None`` in what is returned. ``None``: no such report (see ``status``, also for
        ``TooManyAttempts``). To answer one, use ``add``: every target gets it, and the desk shows it as new.
        """
        row = self._find(receipt, sender)
        if row is None:
            return None
        with self._store.engine.begin() as connection:
            found = messages.messages_of(connection, self._store, row.id)
            messages.mark_read(connection, row.id, self._clock())
        return found

    def notify(self, receipt: str, sender: str, wanted: bool) -> bool:
        """The reporter chooses whether this chat (``sender``: its pseudonym) is told of new messages, neutrally.

        It is never told unless this was chosen, and no more once the chat was hidden or forgotten. False: no such
        report, or the chat is not known (any more).
        """
        row = self._find(receipt, sender)
        if row is None:
            return False
        with self._store.engine.begin() as connection:
            return messages.set_notice(connection, self._store, row.id, sender, wanted, self._clock())

    def add(self, receipt: str, sender: str, text: str, key: str | None = None) -> bool:
        """Add what a reporter tells later; every target gets it as a note. False: no such report (see ``status``).

        The same ``key`` adds the same words only once.
        """
        row, text = self._find(receipt, sender), text.strip()[:MAX_STORY]
        return row is not None and bool(text) and self._note(row.id, "update", text, key)

    def arrange_call(self, receipt: str, sender: str, call: SafeCall | None) -> bool:
        """Agree on another way to be called back, or (``None``) on none; every target is told as by ``add``."""
        return self.add(receipt, sender, safe_call.note(call))

    def withdraw(self, receipt: str, sender: str) -> bool:
        """Mark a report as withdrawn and tell every target so; what they have stays theirs."""
        row = self._find(receipt, sender)
        return row is not None and (row.status == "withdrawn" or self._note(row.id, "withdrawal", "", "withdrawal"))

    def ask_deletion(self, receipt: str, sender: str) -> bool:
        """Pass the wish for deletion on to every target, and forget here what all of them have (the rest as soon as
        they have it). False: no such report."""
        row = self._find(receipt, sender)
        if row is None:
            return False
        self._note(row.id, "update", load("notes")["deletion"], "deletion")
        with self._store.engine.begin() as connection:
            values = {"sender": FORGOTTEN, "notice_sender": None, "notice_address": None}
            connection.execute(tables.reports.update().where(tables.reports.c.id == row.id).values(**values))
        return True

    def note_pressure(self, sender: str, receipt: str | None = None) -> int:
        """Somebody seems to be made to withdraw: nothing is withdrawn, every target is told, an officer is alarmed.

        For the report of the receipt, or else for those that this chat has sent within ``PRESSURE_SINCE``. Returns
        how many those are.
        """
        now, table = self._clock(), tables.reports
        if receipt is not None:
            row = self._find(receipt, sender)
            ids = [] if row is None else [row.id]
        else:
            query = sa.select(table.c.id).where(table.c.sender == sender, table.c.created_at > now - PRESSURE_SINCE)
            with self._store.reader.connect() as connection:
                ids = list(connection.execute(query).scalars())
        for report_id in ids:
            self._note(report_id, "update", load("notes")["pressure"], f"pressure {int(now // 60)}")
            with self._store.engine.begin() as connection:
                raise_alarm(connection, self._store, PRESSURE, report_id, now=now, risk="immediate")
        return len(ids)

    def forget_reporter(self, sender: str) -> int:
        """The person asked to be forgotten (see ``bot.reports.retention``). Returns how many reports it was."""
        return forget_reporter(self._store, sender, self._clock())

    def _note(self, report_id: str, kind: str, text: str, key: str | None) -> bool:
        now = self._clock()
        # Derived from the report and the caller's key: the same words told twice have one id.
        ref = str(uuid.uuid5(uuid.UUID(report_id), key) if key else uuid.uuid4())
        content = {"report_id": report_id, "update_id": ref, "kind": kind, "text": text, "at": now}
        sealed = seal_pair(self._store.sealer, "report_updates", ref, content)
        row = {"id": ref, "report_id": report_id, "kind": kind, "created_at": now, **sealed}
        deliveries, reports = tables.deliveries, tables.reports
        try:
            with self._store.engine.begin() as connection:
                connection.execute(tables.report_updates.insert().values(**row))
                query = sa.select(deliveries.c.target).where(deliveries.c.report_id == report_id)
                known = connection.execute(query.where(deliveries.c.kind == "report")).scalars().all()
                for target in dict.fromkeys([*known, *self._targets]):
                    new = {**_new_delivery(report_id, now), "kind": kind, "ref": ref}
                    connection.execute(deliveries.insert().values(target=target, **new))
                audit.record(connection, audit.SYSTEM, f"report_{kind}", report_id, at=now)
                if kind == "withdrawal":
                    change = reports.update().where(reports.c.id == report_id)
                    connection.execute(change.values(status="withdrawn", updated_at=now))
        except sa.exc.IntegrityError:
            pass  # it was told already
        return True

    def _find(self, receipt: str, sender: str) -> Any | None:
        now = self._clock()
        if not any(char.isdigit() for char in receipt):
            return None
        self._count_attempt(sender, now)
        digits = receipts.find(receipt)
        lookup = receipts.lookup(self._store.keys, digits or _DUMMY)
        table = tables.reports
        columns = (table.c.id, table.c.status, table.c.seen_at, table.c.updated_at)
        query = sa.select(*columns).where(table.c.receipt_lookup == lookup)
        with self._store.reader.connect() as connection:
            row = connection.execute(query).first()
        if row is None or digits is None:
            return None
        with self._store.engine.begin() as connection:
            self._by_sender.give_back(connection, sender, now)
            self._in_all.give_back(connection, "", now)
        return row

    def _count_attempt(self, sender: str, now: float) -> None:
        # Counted before the answer is known, so that guesses in parallel do not slip through.
        with self._store.engine.begin() as connection:
            if self._by_sender.hit(connection, sender, now) > WRONG_PER_SENDER:
                raise TooManyAttempts
            flood = self._in_all.hit(connection, "", now) > WRONG_IN_ALL
            if flood and not self._has_reported(connection, sender):
                raise TooManyAttempts

    @staticmethod
    def _has_reported(connection: Any, sender: str) -> bool:
        query = sa.select(tables.reports.c.id).where(tables.reports.c.sender == sender).limit(1)
        return connection.execute(query).first() is not None

    def _known(self, key: str) -> Taken | None:
        table = tables.reports
        query = sa.select(table.c.id, table.c.receipt_lookup).where(table.c.idempotency_key == key)
        with self._store.reader.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        for turn in range(3):
            digits = receipts.derive(self._store.keys, key, turn)
            if receipts.lookup(self._store.keys, digits) == row.receipt_lookup:
                return Taken(row.id, receipts.show(digits), created=False)
        raise RuntimeError("the receipt key is not the one this report was taken with")

    def _insert(self, draft: ReportDraft, channel: str, sender: str, report_id: str, key: str, lookup: str) -> None:
        now, result = self._clock(), triage(draft)
        with self._store.engine.begin() as connection:
            mark = doubt(draft, self._reports.hit(connection, sender, now))
        content = {
            "report_id": report_id,
            "channel": channel,
            "taken_at": now,
            "risk": result.risk,
            "reasons": [*result.reasons, *([mark] if mark else [])],
            "draft": draft.dict(),
        }
        row = {
            "id": report_id,
            "idempotency_key": key,
            "channel": channel,
            "sender": sender,
            "risk": result.risk,
            "status": "received",
            "receipt_lookup": lookup,
            "created_at": now,
            "updated_at": now,
            **seal_pair(self._store.sealer, "reports", report_id, content),
        }
        with self._store.engine.begin() as connection:
            connection.execute(tables.reports.insert().values(**row))
            for target in self._targets:
                connection.execute(tables.deliveries.insert().values(target=target, **_new_delivery(report_id, now)))
            audit.record(connection, audit.SYSTEM, "report_taken", report_id, f"risk={result.risk}", at=now)
            if RISKS.index(result.risk) >= ALERT_FROM:
                risk, commune = result.risk, draft.commune
                raise_alarm(connection, self._store, REPORT, report_id, now=now, risk=risk, commune=commune)

    def _pseudonym(self, channel: str, sender: str) -> str:
        return sender if _PSEUDONYM.fullmatch(sender) else self._store.keys.pseudonymise(channel, sender)


def _new_delivery(report_id: str, now: float) -> dict[str, Any]:
    return {"report_id": report_id, "kind": "report", "ref": "", "state": "pending", "attempts": 0, "due_at": now}


def advance(connection: Any, report_id: str, status: str, actor: str, now: float) -> bool:
    """Move a report's status forward in the caller's transaction, audited; a step back is not taken.

    (A late "forwarded" must not hide that an officer has acknowledged.) Returns whether it moved.
    """
    table = tables.reports
    earlier = _ORDER[: _ORDER.index(status)]
    query = table.update().where(table.c.id == report_id, table.c.status.in_(earlier))
    moved = connection.execute(query.values(status=status, updated_at=now)).rowcount == 1
    if moved:
        audit.record(connection, actor, "report_status", report_id, status, at=now)
    return bool(moved)


def reopen(connection: Any, report_id: str, actor: str, now: float) -> None:
    """Take a closed report up again, in the caller's transaction, audited."""
    table = tables.reports
    query = table.update().where(table.c.id == report_id, table.c.status == "closed")
    if connection.execute(query.values(status="in_progress", updated_at=now)).rowcount == 1:
        audit.record(connection, actor, "report_status", report_id, "in_progress", at=now)


def from_outside(connection: Any, report_id: str, status: str, target: str, now: float) -> bool:
    """A target says how the case stands: whoever took it on there is a person who has seen it."""
    moved = advance(connection, report_id, status, target, now)
    if moved and status != "forwarded":
        mark_seen(connection, report_id, now)
    return moved


def mark_seen(connection: Any, report_id: str, now: float) -> None:
    """Remember when a person first opened a report, in the caller's transaction."""
    table = tables.reports
    query = table.update().where(table.c.id == report_id, table.c.seen_at.is_(None))
    connection.execute(query.values(seen_at=now))
