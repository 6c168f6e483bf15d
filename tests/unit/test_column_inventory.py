"""Every column is classified, and the classes tell the truth about what lies in the database."""

from __future__ import annotations

import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding import DeskTarget, ForwardingWorker, Outcome
from bot.reports import ReportService
from tests.conftest import make_settings
from tests.unit.test_forwarding import Scripted
from tests.unit.test_reports import DRAFT

CLASSES = {tables.PLAIN, tables.SEALED, tables.HASHED, tables.PSEUDONYM}
# A new table or column must be thought about here, too: what may it hold about a person?
INVENTORY = {
    "alert_sends": {
        "id": "plain",
        "alert_id": "plain",
        "step": "plain",
        "channel": "plain",
        "person": "plain",
        "state": "plain",
        "attempts": "plain",
        "last_error": "plain",
        "due_at": "plain",
        "claimed_at": "plain",
        "sent_at": "plain",
    },
    "alerts": {
        "id": "plain",
        "kind": "plain",
        "subject": "plain",
        "risk": "plain",
        "place": "sealed",
        "detail": "plain",
        "state": "plain",
        "once": "plain",
        "step": "plain",
        "created_at": "plain",
        "due_at": "plain",
        "acknowledged_by": "plain",
        "acknowledged_at": "plain",
    },
    "audit": {"id": "plain", "at": "plain", "actor": "plain", "action": "plain", "subject": "plain", "detail": "plain"},
    "button_payloads": {"token": "hashed", "payload": "sealed", "used_at": "plain"},
    "conversations": {
        "sender": "pseudonym",
        "channel": "plain",
        "address": "sealed",
        "context": "sealed",
        "chat": "plain",
        "floor": "plain",
        "floor_officer": "plain",
        "floor_since": "plain",
        "floor_at": "plain",
        "heard_at": "plain",
        "silent_due_at": "plain",
        "updated_at": "plain",
    },
    "counters": {"key": "hashed", "n": "plain", "expires_at": "plain"},
    "deliveries": {
        "id": "plain",
        "report_id": "plain",
        "target": "plain",
        "kind": "plain",
        "state": "plain",
        "attempts": "plain",
        "due_at": "plain",
        "claimed_at": "plain",
        "delivered_at": "plain",
        "last_error": "plain",
        "fields": "plain",
        "ref": "plain",
        "checked_at": "plain",
    },
    "desk_cases": {
        "id": "plain",
        "risk": "plain",
        "status": "plain",
        "data_key": "sealed",
        "content": "sealed",
        "acknowledged_by": "plain",
        "acknowledged_at": "plain",
        "received_at": "plain",
        "updated_at": "plain",
        "withdrawn_at": "plain",
    },
    "desk_notes": {
        "id": "plain",
        "case_id": "plain",
        "kind": "plain",
        "data_key": "sealed",
        "content": "sealed",
        "created_at": "plain",
        "seen_at": "plain",
    },
    "desk_sessions": {"token": "hashed", "login": "plain", "created_at": "plain", "seen_at": "plain"},
    "floor_lines": {
        "id": "plain",
        "chat": "plain",
        "seq": "plain",
        "author": "plain",
        "body": "sealed",
        "created_at": "plain",
    },
    "hook_messages": {"id": "hashed", "received_at": "plain"},
    "inbox": {
        "id": "plain",
        "channel": "plain",
        "update_key": "hashed",
        "sender": "pseudonym",
        "body": "sealed",
        "state": "plain",
        "attempts": "plain",
        "received_at": "plain",
        "handled_at": "plain",
    },
    "meta": {"name": "plain", "value": "plain"},
    "officers": {
        "login": "plain",
        "password": "hashed",
        "must_change": "plain",
        "active": "plain",
        "created_at": "plain",
    },
    "platform_contacts": {"sender": "pseudonym", "channel": "plain", "acted_at": "plain"},
    "platform_messages": {"key": "hashed", "sender": "pseudonym", "ref": "sealed", "at": "plain"},
    "platform_sends": {
        "reply": "plain",
        "parts": "plain",
        "state": "plain",
        "digest": "hashed",
        "ref": "sealed",
        "at": "plain",
    },
    "platform_tokens": {
        "name": "plain",
        "body": "sealed",
        "state": "plain",
        "expires_at": "plain",
        "renewed_at": "plain",
    },
    "replies": {
        "id": "plain",
        "inbox_id": "plain",
        "seq": "plain",
        "channel": "plain",
        "sender": "pseudonym",
        "body": "sealed",
        "state": "plain",
        "attempts": "plain",
        "created_at": "plain",
        "due_at": "plain",
        "sent_at": "plain",
        "line": "plain",
    },
    "report_messages": {
        "id": "plain",
        "report_id": "plain",
        "data_key": "sealed",
        "content": "sealed",
        "created_at": "plain",
        "read_at": "plain",
    },
    "report_updates": {
        "id": "plain",
        "report_id": "plain",
        "kind": "plain",
        "data_key": "sealed",
        "content": "sealed",
        "created_at": "plain",
    },
    "reports": {
        "id": "plain",
        "idempotency_key": "hashed",
        "channel": "plain",
        "sender": "pseudonym",
        "risk": "plain",
        "status": "plain",
        "data_key": "sealed",
        "content": "sealed",
        "receipt_lookup": "hashed",
        "created_at": "plain",
        "updated_at": "plain",
        "seen_at": "plain",
        "notice_sender": "pseudonym",
        "notice_address": "sealed",
    },
    "safe_words": {"sender": "pseudonym", "word": "hashed", "used_at": "plain"},
    "target_states": {"target": "plain", "credentials": "hashed", "stopped": "plain", "changed_at": "plain"},
    "trackers": {"sender": "pseudonym", "body": "sealed", "updated_at": "plain"},
}


def unclassified(metadata: sa.MetaData) -> list[str]:
    return [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("class") not in CLASSES
    ]


def test_every_column_is_classified() -> None:
    assert unclassified(tables.metadata) == []


def test_a_new_column_without_a_class_is_found() -> None:
    metadata = sa.MetaData()
    sa.Table("new", metadata, sa.Column("story", sa.String), tables.column("id", sa.Integer))
    assert unclassified(metadata) == ["new.story"]


def test_the_inventory_is_complete() -> None:
    found = {
        table.name: {column.name: column.info["class"] for column in table.columns}
        for table in tables.metadata.sorted_tables
    }
    assert found == INVENTORY


def test_sealed_columns_are_bytes_and_say_what_they_are_bound_to() -> None:
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            if column.info["class"] == tables.SEALED:
                assert isinstance(column.type, sa.LargeBinary)
                assert all(part in table.columns for part in column.info["row"].split("/"))
            else:
                assert not isinstance(column.type, sa.LargeBinary), f"{table.name}.{column.name}"


def test_the_database_itself_has_no_other_column(store: Store) -> None:
    with store.reader.connect() as connection:
        inspector = sa.inspect(connection)
        found = {
            name: {column["name"] for column in inspector.get_columns(name)} for name in inspector.get_table_names()
        }
    found.pop("alembic_version")
    assert found == {name: set(columns) for name, columns in INVENTORY.items()}


def test_no_column_holds_a_word_of_a_report(store: Store) -> None:
    """Through taking, failing, retrying and the desk: in every column of every table."""
    service = ReportService(store, ["desk", "webhook"])
    taken = service.take(DRAFT, "telegram", "CANARY-CHAT-ID", "CANARY-CHAT-ID:7")
    service.status("CANARY 1234 5678 9012 3456", "CANARY-CHAT-ID")
    targets = [DeskTarget(store), Scripted(Outcome("unknown", "timeout"), RuntimeError("CANARY"))]
    ForwardingWorker(store, targets, make_settings("unused")).run_once()  # type: ignore[arg-type]
    service.add(taken.receipt, "CANARY-CHAT-ID", "CANARY thêm", "k")
    service.withdraw(taken.receipt, "CANARY-CHAT-ID")
    for _ in range(3):
        ForwardingWorker(store, targets, make_settings("unused")).run_once()  # type: ignore[arg-type]
    digits = taken.receipt.replace(" ", "")
    seen = 0
    with store.reader.connect() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                seen += 1
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    for word in (b"CANARY", "dượng".encode(), b"0912 345 678", digits.encode(), taken.receipt.encode()):
                        assert word not in raw, table.name
    assert seen > 6
