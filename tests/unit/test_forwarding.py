"""The outbox and its worker: nothing lost, nothing doubled, whatever targets and processes do."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding import (
    DELIVERED,
    DeskTarget,
    ForwardingWorker,
    Message,
    Outcome,
    WebhookTarget,
    outbox,
)
from bot.reports import ReportDraft, ReportService
from bot.reports.content import open_pair
from tests.conftest import make_settings
from tests.contract.webhook_receiver import SECRET, Behaviour, running_receiver
from tests.unit.test_reports import DRAFT, rows

SENDER = "ab" * 16


class Scripted:
    """A target that gives the outcomes it is told, then delivers."""

    def __init__(self, *script: Outcome | Exception, name: str = "webhook") -> None:
        self.name = name
        self.script = list(script)
        self.sent: list[str] = []

    def send(self, message: Message) -> Outcome:
        self.sent.append(message.id)
        step = self.script.pop(0) if self.script else DELIVERED
        if isinstance(step, Exception):
            raise step
        return step


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def take(
    store: Store, key: str = "draft-1", draft: ReportDraft = DRAFT, targets: tuple[str, ...] = ("webhook",)
) -> str:
    return ReportService(store, list(targets)).take(draft, "web", SENDER, key).report_id


def worker(store: Store, *targets: Any, clock: Clock | None = None, **options: Any) -> ForwardingWorker:
    settings = make_settings(Path("unused"), forward_max_backoff=options.pop("longest", 3600))
    return ForwardingWorker(store, targets, settings, clock=clock or time.time, rng=random.Random(1), **options)


def delivery(store: Store, target: str = "webhook") -> Any:
    (row,) = [row for row in rows(store, tables.deliveries) if row["target"] == target]
    return row


def make_due(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(tables.deliveries.update().values(due_at=0))


# --- the desk -------------------------------------------------------------------------------------
def test_the_desk_gets_its_own_sealed_copy_once(store: Store) -> None:
    report = take(store, targets=())
    desk = DeskTarget(store)
    assert worker(store, desk).run_once() == 1
    (case,) = rows(store, tables.desk_cases)
    content = open_pair(store.sealer, "desk_cases", report, case["data_key"], case["content"])
    assert content["draft"]["story"] == DRAFT.story
    (row,) = rows(store, tables.reports)
    assert row["data_key"] != case["data_key"]
    assert row["status"] == "forwarded"
    assert desk.send(Message("x", report, "report", 0.0, content)) == DELIVERED
    assert len(rows(store, tables.desk_cases)) == 1
    assert delivery(store, "desk")["state"] == "delivered"


def test_the_desk_is_always_a_target(sqlite_store: Store) -> None:
    take(sqlite_store, targets=("webhook",))
    assert {row["target"] for row in rows(sqlite_store, tables.deliveries)} == {"desk", "webhook"}


def test_a_dead_target_leaves_the_desk_its_copy(store: Store) -> None:
    take(store)
    busy = [Outcome("pending", "http_503")] * 3
    team = worker(store, DeskTarget(store), Scripted(*busy), max_attempts=3)
    for _ in range(3):
        make_due(store)
        team.run_once()
    assert delivery(store)["state"] == "dead"
    assert delivery(store)["last_error"] == "http_503"
    assert len(rows(store, tables.desk_cases)) == 1


# --- states ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome("pending", "http_503"), "pending"),
        (Outcome("unknown", "timeout"), "unknown"),
        (Outcome("rejected", "http_422"), "rejected"),
        (RuntimeError("CANARY"), "unknown"),
    ],
)
def test_states_after_one_attempt(store: Store, outcome: Any, state: str) -> None:
    take(store)
    target = Scripted(outcome)
    with capture_logs() as logs:
        worker(store, target).run_once()
    row = delivery(store)
    assert (row["state"], row["attempts"]) == (state, 1)
    assert row["last_error"] == ("RuntimeError" if isinstance(outcome, Exception) else outcome.code)
    assert row["due_at"] > time.time() - 5
    assert "CANARY" not in str(logs)
    assert logs[0]["state"] == state
    if state != "rejected":
        make_due(store)
        worker(store, target).run_once()
        assert delivery(store)["state"] == "delivered"
        assert delivery(store)["last_error"] is None
        assert len(set(target.sent)) == 1
    else:
        make_due(store)
        assert worker(store, target).run_once() == 0


def test_a_rejected_delivery_is_sent_again_on_demand(store: Store) -> None:
    take(store)
    target = Scripted(Outcome("rejected", "http_422"))
    team = worker(store, target)
    team.run_once()
    row = delivery(store)
    assert outbox.overview(store, outbox.FAILED)[0]["id"] == row["id"]
    assert outbox.replay(store, row["id"], "an", time.time())
    assert not outbox.replay(store, row["id"], "an", time.time())
    assert not outbox.replay(store, 999, "an", time.time())
    team.run_once()
    assert delivery(store)["state"] == "delivered"
    actions = [entry["action"] for entry in rows(store, tables.audit)]
    begun = ["report_taken", "delivery_rejected", "alert_raised", "delivery_replay"]
    assert actions == [*begun, "delivery_delivered", "report_status"]


def test_retry_after_is_obeyed(store: Store) -> None:
    take(store)
    clock = Clock()
    with store.engine.begin() as connection:
        connection.execute(tables.deliveries.update().values(due_at=0))
    target = Scripted(Outcome("pending", "http_503", 600.0))
    team = worker(store, target, clock=clock, longest=1.0)
    assert team.run_once() == 1
    clock.now += 599
    assert team.run_once() == 0
    clock.now += 2
    assert team.run_once() == 1
    assert delivery(store)["state"] == "delivered"


def test_an_unreadable_or_shredded_report_is_shown_not_retried(sqlite_store: Store) -> None:
    take(sqlite_store)
    take(sqlite_store, "draft-2")
    with sqlite_store.engine.begin() as connection:
        ids = connection.execute(sa.select(tables.reports.c.id)).scalars().all()
        for report, key in zip(ids, (None, b"\x01\x00\x01" + b"x" * 60), strict=True):
            query = tables.reports.update().where(tables.reports.c.id == report)
            connection.execute(query.values(data_key=key))
    target = Scripted()
    worker(sqlite_store, target).run_once()
    found = [row["last_error"] for row in rows(sqlite_store, tables.deliveries) if row["target"] == "webhook"]
    assert sorted(found) == ["shredded", "unreadable"]
    assert target.sent == []


# --- crashes and many workers ---------------------------------------------------------------------
def test_a_claim_of_a_dead_worker_is_taken_over(store: Store) -> None:
    take(store)
    now = time.time()
    assert len(outbox.claim(store, "webhook", 5, now, 60)) == 1
    assert outbox.claim(store, "webhook", 5, now + 59, 60) == []
    (again,) = outbox.claim(store, "webhook", 5, now + 61, 60)
    assert again.attempts == 2


def test_a_slow_worker_cannot_overwrite_the_later_one(store: Store) -> None:
    take(store)
    now = time.time()
    (slow,) = outbox.claim(store, "webhook", 1, now, 60)
    (later,) = outbox.claim(store, "webhook", 1, now + 61, 60)
    assert outbox.settle(store, later, DELIVERED, now + 62, 0, 9) == "delivered"
    assert outbox.settle(store, slow, Outcome("rejected", "http_400"), now + 63, 0, 9) is None
    assert delivery(store)["state"] == "delivered"


class Killed(BaseException):
    """The process ends here: not even ``except Exception`` runs."""


def test_killed_between_sending_and_recording(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    take(store)

    def die(*_args: object) -> None:
        raise Killed

    with running_receiver() as receiver:
        with monkeypatch.context() as patch:
            patch.setattr("bot.forwarding.worker.outbox.settle", die)
            victim = worker(store, WebhookTarget(receiver.url, SECRET))
            with pytest.raises(Killed):
                victim.run_once()
        assert delivery(store)["state"] == "sending"
        heir = worker(store, WebhookTarget(receiver.url, SECRET), claim_timeout=0.0)
        assert heir.run_once() == 1
    assert [request["id"] for request in receiver.requests] == [f"report_{delivery(store)['report_id']}"] * 2
    assert len(receiver.reports) == 1
    assert delivery(store)["state"] == "delivered"


def test_time_out_after_accepting_is_settled_by_the_same_id(store: Store) -> None:
    take(store)
    with running_receiver(lambda n: Behaviour(delay=1.5 if n == 0 else 0)) as receiver:
        team = worker(store, WebhookTarget(receiver.url, SECRET, timeout=0.3))
        team.run_once()
        assert delivery(store)["state"] == "unknown"
        make_due(store)
        team.run_once()
        assert delivery(store)["state"] == "delivered"
        assert len(receiver.requests) == 2
        assert len(receiver.reports) == 1


def test_many_workers_send_each_delivery_once(store: Store) -> None:
    for number in range(12):
        take(store, f"draft-{number}")
    target = Scripted()
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait()
        worker(store, target).run_once()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(target.sent) == 12
    assert len(set(target.sent)) == 12


def test_a_row_that_another_worker_holds_is_passed_over(postgres_store: Store) -> None:
    """``SKIP LOCKED``: a worker that is slow to commit holds up no other."""
    held, free = take(postgres_store, "held"), take(postgres_store, "free")
    query = sa.select(tables.deliveries.c.id).where(
        tables.deliveries.c.report_id == held, tables.deliveries.c.target == "webhook"
    )
    found: list[outbox.Claim] = []
    other = threading.Thread(
        target=lambda: found.extend(outbox.claim(postgres_store, "webhook", 5, time.time(), 60)), daemon=True
    )
    with postgres_store.engine.begin() as connection:
        connection.execute(query.with_for_update())
        other.start()
        other.join(5)
        assert not other.is_alive(), "it waits for the other worker's lock"
    assert [claim.report_id for claim in found] == [free]


def chaos_plan(seed: int) -> Any:
    rng = random.Random(seed)
    choices = [
        Behaviour(),
        Behaviour(),
        Behaviour(status=500, store=False),
        Behaviour(status=500, store=True),
        Behaviour(status=503, store=False, headers={"Retry-After": "0"}),
        Behaviour(cut=True),
        Behaviour(cut=True, store=False),
        Behaviour(delay=0.5),
    ]
    return lambda _: rng.choice(choices)


async def test_a_bad_receiver_gets_every_report_exactly_once(store: Store) -> None:
    """Delays, cuts, 500s and time-outs after accepting; two workers at once."""
    wanted = {f"report_{take(store, f'draft-{number}')}" for number in range(15)}
    with running_receiver(chaos_plan(7)) as receiver:
        stop = asyncio.Event()
        settings = make_settings(Path("unused"))
        teams = [
            ForwardingWorker(store, [DeskTarget(store), WebhookTarget(receiver.url, SECRET, timeout=0.25)], settings)
            for _ in range(2)
        ]
        tasks = [asyncio.create_task(team.run(stop)) for team in teams]
        for _ in range(600):
            if all(row["state"] == "delivered" for row in rows(store, tables.deliveries)):
                break
            await asyncio.sleep(0.1)
        stop.set()
        await asyncio.gather(*tasks)
    assert {row["state"] for row in rows(store, tables.deliveries)} == {"delivered"}
    assert set(receiver.reports) == wanted
    assert len(receiver.requests) > len(wanted)
    assert receiver.bad_signatures == 0
    assert len(rows(store, tables.desk_cases)) == 15


async def test_run_survives_a_broken_database(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    take(sqlite_store)
    calls = Counter[str]()
    real = outbox.claim

    def sometimes(*args: Any) -> Any:
        calls["claim"] += 1
        if calls["claim"] <= 2:
            raise sa.exc.OperationalError("CANARY", {}, Exception("CANARY"))
        return real(*args)

    monkeypatch.setattr("bot.forwarding.worker.outbox.claim", sometimes)
    monkeypatch.setattr("bot.forwarding.worker.delay", lambda *_a: 0.0)
    stop = asyncio.Event()
    with capture_logs() as logs:
        task = asyncio.create_task(
            ForwardingWorker(sqlite_store, [Scripted()], make_settings(Path("unused"))).run(stop)
        )
        for _ in range(100):
            if delivery(sqlite_store)["state"] == "delivered":
                break
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(task, 5)
    assert delivery(sqlite_store)["state"] == "delivered"
    assert [entry["code"] for entry in logs][:2] == ["OperationalError"] * 2
    assert "CANARY" not in str(logs)


async def test_a_slow_target_holds_up_no_other(sqlite_store: Store) -> None:
    take(sqlite_store)
    stop = asyncio.Event()
    with running_receiver(lambda _: Behaviour(delay=3)) as receiver:
        targets = [WebhookTarget(receiver.url, SECRET, timeout=1.0), DeskTarget(sqlite_store)]
        started = time.monotonic()
        task = asyncio.create_task(ForwardingWorker(sqlite_store, targets, make_settings(Path("x"))).run(stop))
        while not rows(sqlite_store, tables.desk_cases):
            await asyncio.sleep(0.02)
        assert time.monotonic() - started < 0.9
        stop.set()
        await task


def test_logs_and_errors_hold_no_word_of_a_report(sqlite_store: Store) -> None:
    take(sqlite_store)
    with running_receiver(lambda _: Behaviour(status=422, store=False)) as receiver, capture_logs() as logs:
        worker(sqlite_store, WebhookTarget(receiver.url, SECRET)).run_once()
    assert logs
    assert "CANARY" not in str(logs)
    assert "CANARY" not in str(rows(sqlite_store, tables.deliveries)) + str(rows(sqlite_store, tables.audit))
    assert "CANARY" not in str(rows(sqlite_store, tables.alerts))
    assert b"CANARY" not in generate_latest()
    message = Message("m", "r", "report", 0.0, {"draft": {"story": "CANARY"}})
    assert "CANARY" not in repr(message)
