"""How long things are kept: every promise of docs/privacy.md with a moved clock, on both engines."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.inbox import Inbox, save_context
from bot.dialogue.janitor import DRAFT as DRAFT_KEPT
from bot.dialogue.janitor import REST, Janitor
from bot.dialogue.memory import Memory
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.safe_word import SafeWords
from bot.dialogue.trackers import write_tracker
from bot.forwarding import DeskTarget, ForwardingWorker, Outcome
from bot.knowledge import KnowledgeBase
from bot.reports import ReportService, end_alarm, raise_alarm
from bot.reports.content import Shredded, open_report
from bot.reports.retention import FORGOTTEN, Retention
from bot.settings import ROOT, Settings
from tests.conftest import make_settings
from tests.unit.test_forwarding import Scripted
from tests.unit.test_reports import DRAFT

DAY = 86400.0
ME = "a" * 32
NOW = 1_800_000_000.0


def rows(store: Store, table: sa.Table) -> list[Any]:
    with store.reader.connect() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def deliver(store: Store, *outcomes: Outcome, at: float = NOW) -> None:
    """Let the forwarding worker work once at a time."""
    targets = [DeskTarget(store, clock=lambda: at), Scripted(*outcomes)]
    ForwardingWorker(store, targets, make_settings("unused"), clock=lambda: at).run_once()  # type: ignore[arg-type]


@pytest.fixture
def service(store: Store) -> ReportService:
    return ReportService(store, ["desk", "webhook"], clock=lambda: NOW)


@pytest.fixture
def retention(store: Store) -> Retention:
    return Retention(store, keep_days=30, desk_days=730)


def test_content_is_shredded_thirty_days_after_every_target_confirmed(
    store: Store, service: ReportService, retention: Retention
) -> None:
    taken = service.take(DRAFT, "web", ME, "one")
    service.add(taken.receipt, ME, "CANARY thêm", "k")
    deliver(store, Outcome("pending", "http_503"))
    assert retention.clean(NOW + 400 * DAY)["reports_shredded"] == 0, "one target has not confirmed"
    deliver(store, Outcome("delivered"), Outcome("delivered"), at=NOW + 10 * DAY)
    deliver(store, Outcome("delivered"), Outcome("delivered"), at=NOW + 10 * DAY + 60)
    assert {row["state"] for row in rows(store, tables.deliveries)} == {"delivered"}
    assert retention.clean(NOW + 39 * DAY)["reports_shredded"] == 0
    assert retention.clean(NOW + 41 * DAY)["reports_shredded"] == 1
    (report,) = rows(store, tables.reports)
    assert (report["data_key"], bytes(report["content"])) == (None, b"")
    assert all(row["data_key"] is None for row in rows(store, tables.report_updates))
    with pytest.raises(Shredded):
        open_report(store, report)
    status = service.status(taken.receipt, "b" * 32)
    assert status is not None, "the receipt still says how it stands"
    assert rows(store, tables.desk_cases)[0]["data_key"] is not None, "the desk keeps its case"
    assert retention.clean(NOW + 41 * DAY)["reports_shredded"] == 0


def test_what_is_added_later_starts_the_days_anew(store: Store, service: ReportService, retention: Retention) -> None:
    taken = service.take(DRAFT, "web", ME, "one")
    deliver(store, Outcome("delivered"))
    service.add(taken.receipt, ME, "thêm", "k")
    assert retention.clean(NOW + 31 * DAY)["reports_shredded"] == 0
    deliver(store, Outcome("delivered"), at=NOW + 31 * DAY)
    assert retention.clean(NOW + 32 * DAY)["reports_shredded"] == 0
    assert retention.clean(NOW + 62 * DAY)["reports_shredded"] == 1


def close_case(store: Store, at: float) -> None:
    with store.engine.begin() as connection:
        connection.execute(tables.desk_cases.update().values(status="closed", updated_at=at))
        connection.execute(tables.reports.update().values(status="closed", updated_at=at))


def test_the_desk_keeps_a_case_until_closed_and_its_own_term(
    store: Store, service: ReportService, retention: Retention
) -> None:
    service.take(DRAFT, "web", ME, "one")
    deliver(store, Outcome("delivered"))
    assert retention.clean(NOW + 3000 * DAY)["cases"] == 0, "open cases stay"
    close_case(store, NOW + 100 * DAY)
    assert retention.clean(NOW + 829 * DAY)["cases"] == 0
    assert retention.clean(NOW + 831 * DAY)["cases"] == 1
    names = ("desk_cases", "desk_notes", "reports", "report_updates", "report_messages", "deliveries")
    assert [len(rows(store, tables.metadata.tables[name])) for name in names] == [0] * len(names)
    assert any(row["action"] == "report_deleted" for row in rows(store, tables.audit))


@pytest.mark.parametrize("state", ["pending", "sending", "unknown"])
def test_a_closed_case_stays_while_something_is_on_its_way(
    store: Store, service: ReportService, retention: Retention, state: str
) -> None:
    service.take(DRAFT, "web", ME, "one")
    deliver(store, Outcome("delivered"))
    close_case(store, NOW)
    with store.engine.begin() as connection:
        webhook = tables.deliveries.c.target == "webhook"
        connection.execute(tables.deliveries.update().where(webhook).values(state=state))
    assert retention.clean(NOW + 831 * DAY)["cases"] == 0
    with store.engine.begin() as connection:
        connection.execute(tables.deliveries.update().values(state="delivered"))
    assert retention.clean(NOW + 831 * DAY)["cases"] == 1


def test_a_case_that_another_system_closed_ends_too(store: Store, service: ReportService, retention: Retention) -> None:
    service.take(DRAFT, "web", ME, "one")
    deliver(store, Outcome("delivered"))
    with store.engine.begin() as connection:
        connection.execute(tables.reports.update().values(status="closed", updated_at=NOW + 100 * DAY))
    assert retention.clean(NOW + 829 * DAY)["cases"] == 0
    assert retention.clean(NOW + 831 * DAY)["cases"] == 1


def test_a_notice_ends_with_the_report(store: Store, service: ReportService, retention: Retention) -> None:
    taken = service.take(DRAFT, "web", ME, "one")
    message = IncomingMessage("web", "c", "u")
    with store.engine.begin() as connection:
        save_context(connection, store, ME, message, store.sealer.seal_json({}, "conversations", "context", ME), NOW)
    assert service.notify(taken.receipt, ME, True)
    assert retention.clean(NOW + 100 * DAY)["notices"] == 0, "while the report is open"
    close_case(store, NOW + 100 * DAY)
    with store.engine.begin() as connection:
        connection.execute(tables.reports.update().values(status="closed", updated_at=NOW + 100 * DAY))
    assert retention.clean(NOW + 108 * DAY)["notices"] == 1
    assert rows(store, tables.reports)[0]["notice_address"] is None


def test_deletion_on_request_shreds_at_once_what_every_target_has(
    store: Store, service: ReportService, retention: Retention
) -> None:
    taken = service.take(DRAFT, "web", ME, "one")
    deliver(store, Outcome("delivered"))
    assert service.ask_deletion(taken.receipt, "b" * 32), "from any chat"
    assert retention.clean(NOW + 1)["reports_shredded"] == 0, "the wish itself is on its way"
    deliver(store, Outcome("delivered"))
    assert retention.clean(NOW + 1)["reports_shredded"] == 1
    (report,) = rows(store, tables.reports)
    assert report["sender"] == FORGOTTEN
    assert rows(store, tables.desk_notes)[0]["kind"] == "update", "the desk is told"
    assert not service.ask_deletion("1234 5678 9012 3456", ME)


def test_delete_my_data_deletes_now_and_keeps_what_is_on_its_way(
    store: Store, service: ReportService, retention: Retention
) -> None:
    service.take(DRAFT, "web", ME, "delivered")
    deliver(store, Outcome("delivered"))
    service.take(DRAFT, "web", ME, "waiting")
    other = service.take(DRAFT, "web", "b" * 32, "another person's")
    assert service.forget_reporter(ME) == 2
    kept = {row["id"]: row for row in rows(store, tables.reports)}
    assert sorted(row["data_key"] is None for row in kept.values()) == [False, False, True]
    assert {row["sender"] for row in kept.values()} == {FORGOTTEN, "b" * 32}
    deliver(store, Outcome("delivered"), Outcome("delivered"))
    assert retention.clean(NOW + 60)["reports_shredded"] == 1, "as soon as it has arrived"
    assert rows(store, tables.reports) != []
    assert {row["id"]: row["data_key"] is not None for row in rows(store, tables.reports)}[other.report_id]


def test_alerts_that_are_over_go_after_ninety_days(store: Store, retention: Retention) -> None:
    with store.engine.begin() as connection:
        for subject in ("over", "open"):
            raise_alarm(connection, store, "report", subject, now=NOW, risk="high", commune="Xã Tân Thạnh")
        end_alarm(connection, "report", "over", NOW)
    assert retention.clean(NOW + 89 * DAY)["alerts"] == 0
    assert retention.clean(NOW + 91 * DAY)["alerts"] == 1
    assert [row["subject"] for row in rows(store, tables.alerts)] == ["open"]


def chat(store: Store, memory: Memory, at: float) -> None:
    """A chat with its tracker, its memory and an answered message."""
    message = IncomingMessage("telegram", "7", f"u{at}", text="CANARY-TEXT")
    inbox = Inbox(store)
    inbox.accept(message)
    sender = store.keys.pseudonymise("telegram", "7")
    pending = inbox.claim(sender)
    assert pending is not None
    context = store.sealer.seal_json(memory.to_json(), "conversations", "context", sender)
    inbox.finish(pending, [Reply("dạ")], context)
    write_tracker(store, sender, store.sealer.seal_json({"events": [], "name": sender}, "trackers", "body", sender))
    with store.engine.begin() as connection:
        for table in (tables.conversations, tables.trackers):
            connection.execute(table.update().values(updated_at=at))
        connection.execute(tables.inbox.update().values(received_at=at))
        connection.execute(tables.replies.update().values(created_at=at))


@pytest.mark.parametrize(
    ("memory", "kept", "gone"),
    [(Memory(), 0.9, 1.1), (Memory(in_form=True), 6.9, 7.1), (Memory(draft=True), 6.9, 7.1)],
)
def test_a_chat_is_forgotten_a_day_after_it_rests_a_draft_after_seven(
    store: Store, memory: Memory, kept: float, gone: float
) -> None:
    chat(store, memory, NOW)
    janitor = Janitor(store)
    janitor.clean(NOW + kept * DAY)
    assert rows(store, tables.trackers) != []
    janitor.clean(NOW + gone * DAY)
    assert rows(store, tables.trackers) == []
    assert rows(store, tables.conversations) == []
    janitor.clean(NOW + 8 * DAY)
    assert rows(store, tables.inbox) == []


def test_an_answered_message_keeps_no_text(store: Store) -> None:
    chat(store, Memory(), NOW)
    assert [row["body"] for row in rows(store, tables.inbox)] == [None]


def test_forgetting_is_audited_by_counts_only(store: Store) -> None:
    chat(store, Memory(), NOW)
    SafeWords(store).set(ME, "bong hong")
    deleted = Janitor(store, Retention(store, 30, 730)).clean(time.time() + 400 * DAY)
    (entry,) = [row for row in rows(store, tables.audit) if row["action"] == "forgotten"]
    counts = dict(part.split("=") for part in entry["detail"].split())
    assert counts["trackers"] == "1"
    assert counts["safe_words"] == "1"
    assert sum(map(int, counts.values())) == deleted
    assert re.fullmatch(r"[a-z_= 0-9]+", entry["detail"])
    assert Janitor(store).clean(time.time() + 400 * DAY) == 0
    assert len([row for row in rows(store, tables.audit) if row["action"] == "forgotten"]) == 1


def test_delete_my_data_leaves_nothing_of_the_chat(store: Store) -> None:
    chat(store, Memory(), time.time())
    sender = store.keys.pseudonymise("telegram", "7")
    SafeWords(store).set(sender, "bong hong")
    Inbox(store).forget(sender)
    assert SafeWords(store).matches(sender, "bông hồng"), "after a quick exit the word works again"
    Inbox(store).forget(sender, wholly=True)
    for table in (tables.conversations, tables.trackers, tables.safe_words):
        assert rows(store, table) == []
    assert all(row["body"] is None for row in rows(store, tables.inbox))


def test_every_promise_names_a_test_that_exists() -> None:
    """docs/privacy.md: each row of the table links to tests, and each of them is there."""
    text = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    promises = [line for line in text.splitlines() if line.startswith("| ") and "tests/" in line]
    assert len(promises) >= 12
    for line in promises:
        found = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", line)
        assert found, f"no test in: {line}"
        for name, path in found:
            assert f"def {name}(" in (ROOT / path).read_text("utf-8"), f"{path}: {name}"


def test_what_people_are_told_about_keeping_is_what_is_done() -> None:
    """The item that answers "máy này giữ gì của mình" says the terms of the code and of the default settings."""
    item = KnowledgeBase.load(ROOT / "knowledge").items["on-086-may-nay-giu-gi"]
    defaults = {name: model.default for name, model in Settings.__fields__.items()}
    told = {
        f"đoạn chat giữ {REST / 3600:.0f} giờ",
        f"{DRAFT_KEPT / DAY:.0f} ngày",
        f"{defaults['report_keep_days']:.0f} ngày sau khi",
    }
    for voice in ("teen", "parent", "teacher"):
        text = item.variants[voice]
        assert all(term in text.lower() for term in told), voice
    assert f"{defaults['desk_keep_days']:.0f} ngày sau khi vụ đóng" in (item.details or "")
