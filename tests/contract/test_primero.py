"""Primero over real HTTP: every trap of the reference, and that nothing of a report leaks where it must not."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding import (
    DeskTarget,
    ForwardingWorker,
    Message,
    PrimeroTarget,
    outbox,
    stopping,
)
from bot.reports import ReportDraft, ReportService, receipts
from bot.settings import ROOT
from tests.conftest import make_settings
from tests.contract.primero_double import FIELDS, LOCK_AFTER, PASSWORD, USER, Primero, Trouble, running_primero
from tests.unit.test_desk import Officer, add, quick_passwords  # noqa: F401 - a fixture
from tests.unit.test_forwarding import delivery, make_due
from tests.unit.test_reports import DRAFT, content_of, rows

MAPPING = ROOT / "bot" / "forwarding" / "data" / "primero.yml"
SENDER = "ab" * 16
FULL = DRAFT.copy(update={"kind": "disclosure"})


@pytest.fixture(autouse=True)
def quick_receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work that Argon2id allows: these tests are not about its cost."""
    monkeypatch.setattr(receipts, "_OPS", 1)
    monkeypatch.setattr(receipts, "_MEMORY", 8192)


@pytest.fixture(name="primero")
def primero_server() -> Iterator[Primero]:
    with running_primero() as server:
        yield server


def target(server: Primero, **options: Any) -> PrimeroTarget:
    options = {"mapping": MAPPING, "timeout": 1.0, **options}
    return PrimeroTarget(server.url, USER, options.pop("password", PASSWORD), **options)


def message(draft: ReportDraft = FULL, **content: Any) -> Message:
    report_id = str(uuid.uuid4())
    whole = {**content_of(draft), "report_id": report_id, **content}
    return Message(f"report_{report_id}", report_id, "report", 0.0, whole)


def team(store: Store, *targets: Any, **options: Any) -> ForwardingWorker:
    settings = make_settings(Path("unused"), forward_max_backoff=3600)
    return ForwardingWorker(store, targets, settings, rng=random.Random(1), **options)


def take(store: Store, key: str = "k1", draft: ReportDraft = FULL) -> Any:
    return ReportService(store, ["primero"]).take(draft, "web", SENDER, key)


def creations(server: Primero) -> int:
    return server.requests.count(("POST", "/api/v2/cases"))


# --- creating -------------------------------------------------------------------------------------
def test_a_case_is_created_under_our_uuid_and_read_back(primero: Primero) -> None:
    sent = message()
    outcome = target(primero).send(sent)
    assert (outcome.state, outcome.fields, outcome.alarm) == ("delivered", (), "")
    case = primero.cases[sent.report_id]
    assert case["module_id"] == "primeromodule-cp"
    assert (case["age"], case["estimated"], case["sex"], case["risk_level"]) == (9, True, "female", "high")
    assert (case["urgent_protection_concern"], case["telephone_current"]) == (False, "0912 345 678")
    assert case["registration_date"] == "2026-11-24"
    assert case["protection_concerns"] == ["other"]
    assert "về việc trẻ bị làm hại" in case["protection_concerns_other"]
    (note,) = case["notes_section"]
    assert "CANARY-STORY" in note["note_text"]
    assert "CANARY-MOTHER" in note["note_text"]
    assert primero.requests[-1] == ("GET", f"/api/v2/cases/{sent.report_id}")


def test_sparse_reports_invent_nothing(primero: Primero) -> None:
    sent = message(ReportDraft())
    assert target(primero).send(sent).state == "delivered"
    kept = set(primero.cases[sent.report_id])
    assert not kept & {"age", "estimated", "sex", "protection_concerns", "telephone_current", "address_current"}


def test_409_is_an_earlier_success_and_is_confirmed(primero: Primero) -> None:
    sent, sender = message(), target(primero)
    assert sender.send(sent).state == "delivered"
    assert sender.send(sent).state == "delivered"
    assert (primero.created, creations(primero)) == (1, 2)
    assert primero.requests[-1][0] == "GET"


def test_without_module_id_the_double_drops_everything() -> None:
    """The trap itself: this is why ``module_id`` is always sent and the case is read back."""
    server = Primero()
    status, _, _ = server._create({"id": "x", "age": 9}, "/")
    assert status == 204
    assert "age" not in server.cases["x"]


def test_another_module_drops_every_field_and_the_operators_hear_of_it(primero: Primero, store: Store) -> None:
    take(store)
    wrong = target(primero, module="primeromodule-gbv")
    team(store, wrong).run_once()
    row = delivery(store, "primero")
    assert (row["state"], row["fields"]) == ("delivered", "notes_section")
    (alarm,) = [alert for alert in rows(store, tables.alerts) if alert["kind"] == "keys_dropped"]
    assert alarm["subject"] == "primero"


def test_fields_the_role_may_not_write_are_found_and_told(primero: Primero, store: Store) -> None:
    primero.writable -= {"age", "telephone_current"}
    take(store)
    team(store, target(primero)).run_once()
    row = delivery(store, "primero")
    assert (row["state"], row["fields"]) == ("delivered", "age,telephone_current")
    (alarm,) = [alert for alert in rows(store, tables.alerts) if alert["kind"] == "keys_dropped"]
    assert alarm["detail"] == "age,telephone_current"


def test_a_dropped_note_is_found(primero: Primero) -> None:
    primero.writable -= {"notes_section"}
    outcome = target(primero).send(message())
    assert (outcome.fields, outcome.alarm) == (("notes_section",), "keys_dropped")


def test_a_role_that_may_not_read_is_told_to_the_operators(primero: Primero) -> None:
    primero.may -= {"read"}
    outcome = target(primero).send(message())
    assert (outcome.state, outcome.alarm) == ("delivered", "readback_denied")


# --- the server's own configuration ---------------------------------------------------------------
def test_a_value_the_server_does_not_know_goes_to_other_with_words(primero: Primero) -> None:
    primero.lookups["lookup-protection-concerns"] = ["other"]
    sent = message(DRAFT.copy(update={"kind": "self_harm"}))
    assert target(primero).send(sent).state == "delivered"
    case = primero.cases[sent.report_id]
    assert case["protection_concerns"] == ["other"]
    assert "tự làm đau" in case["protection_concerns_other"]


def test_a_value_without_other_goes_into_the_note(primero: Primero) -> None:
    primero.lookups["lookup-risk-level"] = ["1", "2"]
    primero.lookups["lookup-protection-concerns"] = ["migrant"]
    sent = message()
    assert target(primero).send(sent).state == "delivered"
    case = primero.cases[sent.report_id]
    assert not {"risk_level", "protection_concerns"} & set(case)
    text = case["notes_section"][0]["note_text"]
    assert "Mức nguy cơ: cao" in text
    assert "về việc trẻ bị làm hại" in text


def test_fields_the_server_lacks_are_not_sent_and_are_told(primero: Primero) -> None:
    primero.fields = {name: kind for name, kind in FIELDS.items() if name not in ("telephone_current", "age")}
    primero.fields["age"] = ("text_field", "")
    sender, sent = target(primero), message()
    assert sender.check().problems(sender.mapping) == ("age", "telephone_current")
    outcome = sender.send(sent)
    assert (outcome.state, outcome.alarm, outcome.fields) == ("delivered", "mapping_incomplete", ())
    assert "Tuổi của trẻ: 9" in primero.cases[sent.report_id]["notes_section"][0]["note_text"]


def test_the_configuration_is_read_once_an_hour(primero: Primero) -> None:
    sender = target(primero)
    for _ in range(3):
        sender.send(message())
    assert primero.requests.count(("GET", "/api/v2/forms")) == 1
    assert primero.requests.count(("GET", "/api/v2/lookups")) == 1


# --- refusals -------------------------------------------------------------------------------------
def test_422_goes_to_a_person_with_the_fields(primero: Primero, store: Store) -> None:
    """The lookup changes after we have read it."""
    sender = target(primero)
    sender.check()
    primero.lookups["lookup-risk-level"] = ["1"]
    primero.lookups["lookup-gender"] = ["f"]
    take(store)
    team(store, sender).run_once()
    row = delivery(store, "primero")
    assert (row["state"], row["last_error"], row["fields"]) == ("rejected", "http_422", "sex,risk_level")
    assert creations(primero) == 1
    (alarm,) = [alert for alert in rows(store, tables.alerts) if alert["kind"] == "delivery_failed"]
    assert "risk_level" in alarm["detail"]
    assert outbox.replay(store, row["id"], "lan", time.time())  # "send again": the configuration is read anew
    team(store, sender).run_once()
    assert delivery(store, "primero")["state"] == "delivered"


def test_401_stops_at_once_and_never_locks_the_account(primero: Primero, store: Store) -> None:
    for number in range(12):
        take(store, f"k{number}")
    for _ in range(3):  # three workers, each started anew
        wrong = target(primero, password="old")
        workers = team(store, wrong)
        workers.run_once()
        make_due(store)
        workers.run_once()
    assert primero.failed_logins < LOCK_AFTER
    assert primero.failed_logins <= 1
    assert not primero.locked
    assert stopping.all_stopped(store) == {"primero": "http_401"}
    states = {row["state"] for row in rows(store, tables.deliveries) if row["target"] == "primero"}
    assert states == {"pending"}
    (alarm,) = [alert for alert in rows(store, tables.alerts) if alert["kind"] == "target_stopped"]
    assert alarm["detail"] == "primero http_401"


def test_with_the_right_password_it_goes_on_by_itself(primero: Primero, store: Store) -> None:
    take(store)
    team(store, target(primero, password="old")).run_once()
    make_due(store)
    team(store, target(primero)).run_once()
    assert delivery(store, "primero")["state"] == "delivered"


def test_resuming_by_hand(primero: Primero, sqlite_store: Store) -> None:
    primero.password = "not yet"
    take(sqlite_store)
    team(sqlite_store, target(primero)).run_once()
    primero.password = PASSWORD
    make_due(sqlite_store)
    team(sqlite_store, target(primero)).run_once()
    assert delivery(sqlite_store, "primero")["state"] == "pending"
    assert stopping.resume(sqlite_store, "primero", "lan", time.time())
    assert not stopping.resume(sqlite_store, "primero", "lan", time.time())
    team(sqlite_store, target(primero)).run_once()
    assert delivery(sqlite_store, "primero")["state"] == "delivered"


def test_a_locked_account_refuses_the_right_password_too(primero: Primero) -> None:
    primero.failed_logins = LOCK_AFTER
    outcome = target(primero).send(message())
    assert (outcome.state, outcome.code, outcome.stop) == ("pending", "http_401", True)


@pytest.mark.parametrize("missing", ["create", "configuration"])
def test_403_stops_and_alerts(primero: Primero, missing: str) -> None:
    primero.may -= {missing}
    outcome = target(primero).send(message())
    assert (outcome.state, outcome.code, outcome.stop) == ("pending", "http_403", True)


def test_503_waits_as_long_as_it_says(primero: Primero) -> None:
    primero.changing_configuration = True
    outcome = target(primero).send(message())
    assert (outcome.state, outcome.code, outcome.retry_after) == ("pending", "http_503", 60.0)


@pytest.mark.parametrize("status", [400, 404])
def test_some_refusals_are_final(primero: Primero, status: int) -> None:
    primero.trouble = lambda _n, method, _p: Trouble(status=status) if method == "POST" else None
    assert (target(primero).send(message()).state, creations(primero)) == ("rejected", 1)


# --- not knowing ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(cut=True, keep=True),
        Trouble(cut=True),
        Trouble(delay=0.8, keep=True),
        Trouble(status=500, keep=True),
        Trouble(status=500),
    ],
    ids=["cut, kept", "cut", "slow, kept", "500, kept", "500"],
)
def test_what_is_not_known_is_settled_by_the_same_id(primero: Primero, store: Store, trouble: Trouble) -> None:
    first = {"POST": True}
    primero.trouble = lambda _n, method, _p: trouble if first.pop(method, False) else None
    take(store)
    sender = team(store, target(primero, timeout=0.4))
    sender.run_once()
    assert delivery(store, "primero")["state"] == "unknown"
    make_due(store)
    sender.run_once()
    assert delivery(store, "primero")["state"] == "delivered"
    assert (primero.created, creations(primero)) == (1, 1 if trouble.keep else 2)


def test_delivered_means_read_back(primero: Primero) -> None:
    primero.trouble = lambda _n, method, p: Trouble(cut=True) if method == "GET" and "/cases/" in p else None
    sent, sender = message(), target(primero)
    assert sender.send(sent).state == "unknown"
    primero.trouble = lambda *_: None
    assert sender.send(sent).state == "delivered"
    assert primero.created == 1


# --- later ----------------------------------------------------------------------------------------
def test_updates_and_withdrawal_become_notes_once(primero: Primero, store: Store) -> None:
    service = ReportService(store, ["primero"])
    taken = take(store)
    sender = team(store, DeskTarget(store), target(primero))
    assert service.add(taken.receipt, SENDER, "CANARY-LATER con ở nhà ngoại", "m1")
    assert service.add(taken.receipt, SENDER, "CANARY-LATER con ở nhà ngoại", "m1")
    assert service.withdraw(taken.receipt, SENDER)
    assert service.withdraw(taken.receipt, SENDER)
    for _ in range(3):
        make_due(store)
        sender.run_once()
    case = primero.cases[taken.report_id]
    notes = [note["note_subject"] for note in case["notes_section"]]
    assert notes == ["Tin báo qua An Tâm", "Người báo nói thêm qua An Tâm", "Người báo đã rút tin"]
    assert "CANARY-LATER" in case["notes_section"][1]["note_text"]
    assert primero.patched == [{"notes_section"}, {"notes_section"}]
    assert len(primero.flags) == 1
    assert {row["state"] for row in rows(store, tables.deliveries)} == {"delivered"}
    assert sorted(note["kind"] for note in rows(store, tables.desk_notes)) == ["update", "withdrawal"]
    assert rows(store, tables.desk_cases)[0]["withdrawn_at"]
    status = service.status(taken.receipt, SENDER)
    assert status is not None
    assert status.status == "withdrawn"


def test_a_note_sent_twice_is_one_note(primero: Primero) -> None:
    sent, sender = message(), target(primero)
    sender.send(sent)
    ref = str(uuid.uuid4())
    content = {"report_id": sent.report_id, "update_id": ref, "kind": "withdrawal", "text": "", "at": 1.0}
    later = Message(f"withdrawal_{ref}", sent.report_id, "withdrawal", 1.0, content, ref)
    assert sender.send(later).state == sender.send(later).state == "delivered"
    assert len(primero.cases[sent.report_id]["notes_section"]) == 2
    assert len(primero.flags) == 1


def test_a_withdrawal_without_the_right_to_flag_is_still_a_note(primero: Primero) -> None:
    primero.may -= {"flag"}
    sent, sender = message(), target(primero)
    sender.send(sent)
    ref = str(uuid.uuid4())
    content = {"report_id": sent.report_id, "update_id": ref, "kind": "withdrawal", "text": "", "at": 1.0}
    outcome = sender.send(Message("w", sent.report_id, "withdrawal", 1.0, content, ref))
    assert (outcome.state, outcome.alarm) == ("delivered", "flag_denied")


def test_what_comes_later_waits_for_the_report(primero: Primero, sqlite_store: Store) -> None:
    primero.changing_configuration = True
    service, taken = ReportService(sqlite_store, ["primero"]), take(sqlite_store)
    service.add(taken.receipt, SENDER, "thêm", "m1")
    team(sqlite_store, target(primero)).run_once()
    later = [row for row in rows(sqlite_store, tables.deliveries) if row["kind"] == "update"]
    assert {(row["state"], row["attempts"]) for row in later} == {("pending", 0)}


# --- how a case stands ----------------------------------------------------------------------------
def test_status_comes_back_truthfully(primero: Primero, store: Store) -> None:
    service, taken = ReportService(store, ["primero"]), take(store)
    sender = ForwardingWorker(store, [target(primero)], make_settings(Path("x"), primero_poll=0))
    sender.run_once()

    def told() -> tuple[str, bool]:
        sender.ask_once()
        status = service.status(taken.receipt, SENDER)
        assert status is not None
        return status.status, status.seen

    case = primero.cases[taken.report_id]
    assert told() == ("forwarded", False)  # an open case that nobody was given: nobody has seen it
    case["owned_by"] = "lan"
    assert told() == ("acknowledged", True)
    case["status"] = "transferred"
    assert told() == ("in_progress", True)
    case["status"] = "closed"
    assert told() == ("closed", True)
    asked = len(primero.requests)
    assert told() == ("closed", True)
    assert len(primero.requests) == asked


def test_asking_stops_at_401_too(primero: Primero, sqlite_store: Store) -> None:
    for number in range(8):
        take(sqlite_store, f"k{number}")
    sender = ForwardingWorker(sqlite_store, [target(primero)], make_settings(Path("x"), primero_poll=0))
    sender.run_once()
    primero.password = "changed"
    for _ in range(4):
        sender.ask_once()
    assert primero.failed_logins == 1
    assert stopping.all_stopped(sqlite_store) == {"primero": "http_401"}
