"""Quiet messages between officers and the holder of a receipt."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.db.engine import Store
from bot.db.tables import report_messages, report_updates, reports
from bot.dialogue.inbox import Inbox
from bot.dialogue.messages import IncomingMessage
from bot.reports import ReportDraft, ReportService, SafeCall, Taken, form01
from bot.reports import messages as quiet
from bot.reports.content import open_report, open_update, payload
from tests.unit.test_reports import DRAFT

SENDER = "a" * 32


@pytest.fixture
def service(store: Store) -> ReportService:
    return ReportService(store, ["desk"], clock=lambda: 1_000.0)


@pytest.fixture
def taken(service: ReportService) -> Taken:
    return service.take(DRAFT, "telegram", SENDER, "k")


def write(store: Store, report_id: str, text: str, key: str = "", now: float = 2_000.0) -> bool:
    with store.engine.begin() as connection:
        return quiet.write_as_officer(connection, store, report_id, "lan", text, now, key)


def test_a_message_waits_behind_the_receipt(store: Store, service: ReportService, taken: Taken) -> None:
    assert write(store, taken.report_id, " Cô nhận tin của con rồi. ")
    status = service.status(taken.receipt, "another chat")
    assert status is not None
    assert status.unread == 1
    found = service.messages(taken.receipt, "another chat")
    assert found is not None
    assert [(one.text, one.read_at) for one in found] == [("Cô nhận tin của con rồi.", None)]
    again = service.messages(taken.receipt, SENDER)
    assert again is not None
    assert again[0].read_at == 1_000.0
    read = service.status(taken.receipt, SENDER)
    assert read is not None
    assert read.unread == 0


def test_a_wrong_receipt_shows_and_marks_nothing(store: Store, service: ReportService, taken: Taken) -> None:
    write(store, taken.report_id, "CANARY")
    assert service.messages("1234 5678 9012 3456", "z") is None
    with store.reader.connect() as connection:
        assert quiet.count_unread(connection, taken.report_id) == 1


def test_pressing_twice_writes_once(store: Store, taken: Taken) -> None:
    assert write(store, taken.report_id, "một", key="form 1")
    assert not write(store, taken.report_id, "một", key="form 1")
    assert write(store, taken.report_id, "một", key="form 2")
    assert not write(store, taken.report_id, "   ")
    assert not write(store, "00000000-0000-4000-8000-000000000000", "không có tin này")


def test_the_words_lie_sealed_and_shredded_ones_are_left_out(
    store: Store, service: ReportService, taken: Taken
) -> None:
    write(store, taken.report_id, "CANARY một")
    write(store, taken.report_id, "CANARY hai", now=3_000.0)
    with store.engine.begin() as connection:
        rows = connection.execute(sa.select(report_messages).order_by(report_messages.c.created_at)).all()
        assert all(b"CANARY" not in bytes(value) for row in rows for value in row if isinstance(value, bytes))
        connection.execute(report_messages.update().where(report_messages.c.id == rows[0].id).values(data_key=None))
    found = service.messages(taken.receipt, SENDER)
    assert found is not None
    assert [one.text for one in found] == ["CANARY hai"]
    assert "CANARY" not in repr(found)


def chat(store: Store, chat_id: str) -> str:
    """Somebody who has a chat with us; its pseudonym."""
    inbox = Inbox(store)
    inbox.accept(IncomingMessage("telegram", chat_id, "1", text="xin chào"))
    sender = store.keys.pseudonymise("telegram", chat_id)
    pending = inbox.claim(sender)
    assert pending is not None
    inbox.finish(pending, [], store.sealer.seal_json({}, "conversations", "context", sender))
    return sender


def notice(store: Store, report_id: str) -> Any:
    with store.reader.connect() as connection:
        return quiet.notice_of(connection, store, report_id)


def test_nobody_is_told_unless_they_chose_it(store: Store, service: ReportService, taken: Taken) -> None:
    sender = chat(store, "CANARY-42")
    assert notice(store, taken.report_id) is None
    assert service.notify(taken.receipt, sender, True)
    found = notice(store, taken.report_id)
    assert (found.channel, found.chat_id, found.sender) == ("telegram", "CANARY-42", sender)
    assert "CANARY" not in repr(found)
    assert service.notify(taken.receipt, sender, False)
    assert notice(store, taken.report_id) is None


def test_a_chat_that_was_forgotten_is_not_told(store: Store, service: ReportService, taken: Taken) -> None:
    sender = chat(store, "42")
    service.notify(taken.receipt, sender, True)
    Inbox(store).forget(sender)
    assert notice(store, taken.report_id) is None
    assert not service.notify(taken.receipt, sender, True)
    assert not service.notify("1234 5678 9012 3456", sender, True)


def test_shredding_the_report_shreds_the_address(store: Store, service: ReportService, taken: Taken) -> None:
    sender = chat(store, "42")
    service.notify(taken.receipt, sender, True)
    with store.engine.begin() as connection:
        connection.execute(reports.update().values(data_key=None))
    assert notice(store, taken.report_id) is None
    assert not service.notify(taken.receipt, sender, True)


def test_a_safe_call_is_agreed_changed_and_taken_back(store: Store) -> None:
    service = ReportService(store, ["desk"])
    call = SafeCall(number="0912 345 678", hours="sau  7 giờ tối", ask_for="chị Hai", word="mua sách")
    draft = ReportDraft(**{**DRAFT.dict(), "contact": None, "safe_call": call})
    taken = service.take(draft, "web", SENDER, "call")
    with store.reader.connect() as connection:
        row = connection.execute(sa.select(reports).where(reports.c.id == taken.report_id)).mappings().one()
    content = open_report(store, row)
    values = form01.values(content)
    assert values["nguoi_bao_sdt"] == "0912 345 678"
    for said in ("sau 7 giờ tối", "chị Hai", "mua sách"):
        assert said in values["ghi_chu"]
    assert payload(content)["data"]["safe_call"]["word"] == "mua sách"
    assert service.arrange_call(taken.receipt, SENDER, SafeCall(number="0900 000 000", hours="trưa"))
    assert service.arrange_call(taken.receipt, SENDER, None)
    assert not service.arrange_call("1234 5678 9012 3456", SENDER, None)
    with store.reader.connect() as connection:
        query = sa.select(report_updates).order_by(report_updates.c.created_at)
        texts = [open_update(store, row)["text"] for row in connection.execute(query).mappings()]
    assert "0900 000 000" in texts[0]
    assert "Không gọi" in texts[1]


def test_nobody_is_called_without_a_number_and_a_time() -> None:
    assert not SafeCall(number="0912").agreed
    assert not SafeCall(hours="trưa").agreed
    assert SafeCall(number="0912", hours="trưa").agreed
    assert "0912" not in f"{SafeCall(number='0912')!r} {SafeCall(number='0912')}"
    assert SafeCall(number=" ", word=7).lines() == []  # type: ignore[arg-type]
