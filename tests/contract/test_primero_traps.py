"""The rest of Primero's traps (docs/primero.md): that the double really sets them, and what we do about each."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding import ForwardingWorker, Message, stopping
from bot.reports import ReportService
from bot.settings import ROOT
from tests.conftest import make_settings
from tests.contract.primero_double import LOCK_AFTER, MODULE, PASSWORD, USER, Primero, Trouble
from tests.contract.receiver import eventually
from tests.contract.test_primero import (  # noqa: F401 - fixtures
    FULL,
    SENDER,
    creations,
    message,
    primero_server,
    quick_receipts,
    take,
    target,
    team,
)
from tests.unit.test_forwarding import delivery, make_due
from tests.unit.test_reports import rows

GOOD = {"module_id": MODULE, "age": 9, "sex": "female"}


def alarms(store: Store) -> dict[str, str]:
    machine = [row for row in rows(store, tables.alerts) if row["state"] == "open" and row["kind"] != "report"]
    return {row["kind"]: row["detail"] for row in machine}


# --- the double sets the traps: whatever talks to it falls into them --------------------------------
class Client:
    """A naive client."""

    def __init__(self, server: Primero, password: str = PASSWORD) -> None:
        self.http = httpx.Client(base_url=f"{server.url}/api/v2", auth=(USER, password), trust_env=False)

    def create(self, **data: Any) -> httpx.Response:
        return self.http.post("/cases", json={"data": data})


def test_the_double_answers_204_then_409_and_200_without_an_id(primero: Primero) -> None:
    client, case = Client(primero), str(uuid.uuid4())
    first, second = client.create(id=case, **GOOD), client.create(id=case, **GOOD)
    assert (first.status_code, first.content, second.status_code) == (204, b"", 409)
    without = client.create(**GOOD)
    assert (without.status_code, without.json()["data"]["age"], len(primero.cases)) == (200, 9, 2)


@pytest.mark.parametrize("trap", ["no module", "another module", "not writable", "unknown field"])
def test_the_double_drops_without_a_word(primero: Primero, trap: str) -> None:
    body: dict[str, Any] = {"id": str(uuid.uuid4()), **GOOD, "made_up": "x"}
    if trap == "no module":
        del body["module_id"]
    if trap == "another module":
        body["module_id"] = "primeromodule-gbv"
    primero.writable -= {"age"} if trap == "not writable" else set()
    assert Client(primero).create(**body).status_code == 204
    kept = primero.cases[body["id"]]
    assert "made_up" not in kept
    assert ("age" in kept) is (trap == "unknown field")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", "12"),
        ("age", 2**31),
        ("estimated", None),
        ("estimated", "true"),
        ("sex", "other"),
        ("risk_level", "immediate"),
        ("protection_concerns", "other"),
        ("protection_concerns", ["neglect"]),
        ("registration_date", "24/11/2026"),
        ("name", 7),
        ("notes_section", [{"text": "x"}]),
    ],
)
def test_the_double_is_strict_and_points_at_the_field(primero: Primero, name: str, value: Any) -> None:
    answer = Client(primero).create(**{**GOOD, name: value})
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (422, [f"/{name}"])
    assert primero.cases == {}


def test_the_double_locks_after_six_refusals(primero: Primero) -> None:
    wrong, right = Client(primero, "old"), Client(primero)
    assert [wrong.create(**GOOD).status_code for _ in range(LOCK_AFTER - 1)] == [401] * (LOCK_AFTER - 1)
    assert right.create(**GOOD).status_code == 200, "not locked yet"
    assert [wrong.create(**GOOD).status_code for _ in range(LOCK_AFTER)] == [401] * LOCK_AFTER
    assert right.create(**GOOD).status_code == 401


def test_the_double_gives_lookups_by_the_page(primero: Primero) -> None:
    primero.lookups = {f"lookup-{n:02d}": ["a"] for n in range(30)}
    http = Client(primero).http
    assert len(http.get("/lookups").json()["data"]) == 20
    assert len(http.get("/lookups", params={"per": 1000}).json()["data"]) == 30


def test_every_request_is_a_log_in_of_its_own(primero: Primero) -> None:
    """HTTP Basic each time: no session to keep, no token to renew, no call that is counted."""
    sender, sent = target(primero), message()
    assert sender.send(sent).state == "delivered"
    sender.case_status(sent.report_id)
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert {headers["authorization"] for headers in primero.headers} == {expected}
    assert not [path for _, path in primero.requests if "tokens" in path]
    assert all("cookie" not in headers and "x-csrf-token" not in headers for headers in primero.headers)
    assert all(headers["accept"] == "application/json" for headers in primero.headers)


# --- what the server knows --------------------------------------------------------------------------
def test_lookups_beyond_the_first_page_are_known(primero: Primero) -> None:
    primero.lookups = {**{f"lookup-{n:02d}": ["a"] for n in range(30)}, **primero.lookups}
    sent = message()
    assert target(primero).send(sent).fields == ()
    assert primero.cases[sent.report_id]["sex"] == "female"


def test_several_values_are_not_sent_where_one_is_asked_for(primero: Primero) -> None:
    """The server's list of concerns takes a single value: ours goes into the note, with words."""
    primero.multi.clear()
    sent = message()
    outcome = target(primero).send(sent)
    assert (outcome.state, outcome.alarm) == ("delivered", "mapping_incomplete")
    case = primero.cases[sent.report_id]
    assert "protection_concerns" not in case
    assert "Vấn đề cần bảo vệ: Có lời kể về việc trẻ bị làm hại" in case["notes_section"][0]["note_text"]


def test_a_location_is_never_filled_with_a_name(primero: Primero) -> None:
    """Whatever the mapping says: a location takes a code, which we do not have."""
    primero.fields["address_current"] = ("select_box", "Location")
    primero.fields["location_current"] = ("select_box", "Location")
    sent = message()
    outcome = target(primero).send(sent)
    assert (outcome.state, outcome.alarm) == ("delivered", "mapping_incomplete")
    case = primero.cases[sent.report_id]
    assert not {"address_current", "location_current"} & set(case)
    assert "Nơi ở hoặc nơi xảy ra việc: " in case["notes_section"][0]["note_text"]


async def at_the_start(store: Store, expected: dict[str, str], *targets: Any, poll: float = 0.05) -> None:
    """Workers that run until these alarms are open, and no others."""
    stop = asyncio.Event()
    teams = [ForwardingWorker(store, [one], make_settings(Path("x"), primero_poll=poll)) for one in targets]
    tasks = [asyncio.create_task(one.run(stop)) for one in teams]
    try:
        await eventually(lambda: alarms(store) == expected, lambda: alarms(store), timeout=30)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


async def test_the_mapping_is_checked_at_the_start_before_any_report(primero: Primero, store: Store) -> None:
    del primero.fields["telephone_current"]
    primero.lookups["lookup-gender"] = ["m", "f"]
    await at_the_start(store, {"mapping_incomplete": "telephone_current,sex"}, target(primero))
    assert creations(primero) == 0


async def test_a_mapping_that_fits_again_ends_the_alarm(primero: Primero, sqlite_store: Store) -> None:
    kept = primero.fields.pop("age")
    await at_the_start(sqlite_store, {"mapping_incomplete": "age"}, target(primero))
    primero.fields["age"] = kept
    await at_the_start(sqlite_store, {}, target(primero))


async def test_refused_credentials_are_found_at_the_start_by_one_attempt(primero: Primero, store: Store) -> None:
    wrong = [target(primero, password="old") for _ in range(3)]
    await at_the_start(store, {"target_stopped": "primero http_401"}, *wrong, poll=300)
    assert primero.failed_logins == 1


async def test_a_server_that_is_away_at_the_start_is_looked_at_later(primero: Primero, sqlite_store: Store) -> None:
    away = [Trouble(cut=True)] * 2
    primero.trouble = lambda _n, _method, _path: away.pop() if away else None
    del primero.fields["age"]
    await at_the_start(sqlite_store, {"mapping_incomplete": "age"}, target(primero))
    assert not away


# --- refusals ---------------------------------------------------------------------------------------
def test_many_workers_at_once_with_a_wrong_password_do_not_lock_the_account(primero: Primero, store: Store) -> None:
    """As many as would lock it if each tried once."""
    for number in range(12):
        take(store, f"k{number}")
    barrier = threading.Barrier(LOCK_AFTER)

    def work() -> None:
        worker = team(store, target(primero, password="old"))
        barrier.wait()
        for _ in range(3):
            worker.look_once(worker._targets["primero"])
            worker.run_once()
            worker.ask_once()

    threads = [threading.Thread(target=work) for _ in range(LOCK_AFTER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= primero.failed_logins < LOCK_AFTER
    assert stopping.all_stopped(store) == {"primero": "http_401"}
    assert Client(primero).create(**GOOD).status_code == 200, "the account is not locked"


@pytest.mark.parametrize("status", [408, 429])
def test_429_waits(primero: Primero, status: int) -> None:
    busy = Trouble(status=status, headers={"Retry-After": "40"})
    primero.trouble = lambda _n, method, _p: busy if method == "POST" else None
    outcome = target(primero).send(message())
    assert (outcome.state, outcome.code, outcome.retry_after) == ("pending", f"http_{status}", 40.0)


def test_a_role_that_may_not_write_notes_stops_and_alerts(primero: Primero, sqlite_store: Store) -> None:
    taken = take(sqlite_store)
    team(sqlite_store, target(primero)).run_once()
    primero.may -= {"write"}
    ReportService(sqlite_store, ["primero"]).add(taken.receipt, SENDER, "thêm", "m1")
    team(sqlite_store, target(primero)).run_once()
    assert alarms(sqlite_store) == {"target_stopped": "primero http_403"}
    primero.may |= {"write"}
    stopping.resume(sqlite_store, "primero", "lan", 0.0)
    make_due(sqlite_store)
    team(sqlite_store, target(primero)).run_once()
    assert len(primero.cases[taken.report_id]["notes_section"]) == 2


@pytest.mark.parametrize("detail", [["/age"], "age", ["/age/0"], ["age is invalid"]])
def test_every_shape_of_422_names_the_field(primero: Primero, detail: Any) -> None:
    """A JSON pointer, or a model rule's field name; some errors say ``status`` where others say ``code``."""
    error = {"errors": [{"status": 422, "resource": "/api/v2/cases", "message": "no", "detail": detail}]}
    primero._create = lambda _data, _path: (422, error, {})  # type: ignore[method-assign]
    outcome = target(primero).send(message())
    assert (outcome.state, outcome.code, outcome.fields) == ("rejected", "http_422", ("age",))


# --- asking, not hoping -----------------------------------------------------------------------------
def test_an_unknown_case_is_asked_for_before_it_is_sent_again(primero: Primero, sqlite_store: Store) -> None:
    lost = {"POST": True}
    primero.trouble = lambda _n, method, _p: Trouble(cut=True, keep=True) if lost.pop(method, False) else None
    taken, sender = take(sqlite_store), team(sqlite_store, target(primero))
    sender.run_once()
    assert delivery(sqlite_store, "primero")["state"] == "unknown"
    count = len(primero.requests)
    make_due(sqlite_store)
    sender.run_once()
    assert primero.requests[count:] == [("GET", f"/api/v2/cases/{taken.report_id}")]
    assert delivery(sqlite_store, "primero")["state"] == "delivered"


def test_a_role_that_may_not_read_is_asked_by_sending_again(primero: Primero, sqlite_store: Store) -> None:
    lost = {"POST": True}
    primero.trouble = lambda _n, method, _p: Trouble(cut=True, keep=True) if lost.pop(method, False) else None
    primero.may -= {"read"}
    take(sqlite_store)
    sender = team(sqlite_store, target(primero))
    for _ in range(2):
        make_due(sqlite_store)
        sender.run_once()
    assert delivery(sqlite_store, "primero")["state"] == "delivered"
    assert (primero.created, creations(primero)) == (1, 2)
    assert "readback_denied" in alarms(sqlite_store)


def test_a_note_that_arrived_is_not_written_over_what_officers_made_of_it(primero: Primero) -> None:
    sent, sender = message(), target(primero)
    sender.send(sent)
    ref = str(uuid.uuid4())
    content = {"report_id": sent.report_id, "update_id": ref, "kind": "update", "text": "thêm", "at": 1.0}
    primero.trouble = lambda _n, method, _p: Trouble(cut=True, keep=True) if method == "PATCH" else None
    assert sender.send(Message("u", sent.report_id, "update", 1.0, content, ref)).state == "unknown"
    primero.trouble = lambda *_: None
    note = primero.cases[sent.report_id]["notes_section"][1]
    note["note_text"] = "cán bộ đã sửa"
    assert sender.send(Message("u", sent.report_id, "update", 1.0, content, ref, again=True)).state == "delivered"
    assert note["note_text"] == "cán bộ đã sửa"
    assert len(primero.patched) == 1


def test_a_note_that_did_not_arrive_is_written(primero: Primero) -> None:
    sent, sender = message(), target(primero)
    sender.send(sent)
    ref = str(uuid.uuid4())
    content = {"report_id": sent.report_id, "update_id": ref, "kind": "update", "text": "thêm", "at": 1.0}
    assert sender.send(Message("u", sent.report_id, "update", 1.0, content, ref, again=True)).state == "delivered"
    assert primero.cases[sent.report_id]["notes_section"][1]["note_text"] == "thêm"


def test_what_officers_own_is_never_patched(primero: Primero) -> None:
    """Two writers of one field overwrite each other: the officer's values stay, whatever comes later."""
    sent, sender = message(), target(primero)
    sender.send(sent)
    case = primero.cases[sent.report_id]
    case.update(age=10, risk_level="low", name="Bé An")
    for kind in ("update", "withdrawal"):
        ref = str(uuid.uuid4())
        content = {"report_id": sent.report_id, "update_id": ref, "kind": kind, "text": "thêm", "at": 1.0}
        for again in (False, True):
            sender.send(Message(kind, sent.report_id, kind, 1.0, content, ref, again))
    assert (case["age"], case["risk_level"], case["name"]) == (10, "low", "Bé An")
    assert all(fields == {"notes_section"} for fields in primero.patched)


# --- the table of docs/primero.md -------------------------------------------------------------------
def test_every_trap_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "primero.md").read_text("utf-8")
    traps = [line for line in text.splitlines() if line.startswith("| ") and "tests/" in line]
    assert len(traps) >= 20
    for line in traps:
        found = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", line)
        assert found, f"no test in: {line}"
        for name, path in found:
            assert f"def {name}(" in (ROOT / path).read_text("utf-8"), f"{path}: {name}"


async def test_status_is_asked_again_while_webhooks_are_lost(primero: Primero, sqlite_store: Store) -> None:
    """A failed webhook is never repeated by Primero: the polling alone brings the status back."""
    service, taken = ReportService(sqlite_store, ["primero"]), take(sqlite_store)
    stop = asyncio.Event()
    worker = ForwardingWorker(sqlite_store, [target(primero)], make_settings(Path("x"), primero_poll=0.05))
    task = asyncio.create_task(worker.run(stop))
    await eventually(lambda: taken.report_id in primero.cases)
    primero.cases[taken.report_id]["status"] = "closed"

    def told() -> str | None:
        status = service.status(taken.receipt, SENDER)
        return status and status.status

    await eventually(lambda: told() == "closed", told)
    stop.set()
    await asyncio.wait_for(task, 10)
