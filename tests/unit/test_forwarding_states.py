"""A property-based, stateful test of the outbox: whatever happens in whatever order, nothing is lost or doubled."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.db import tables
from bot.db.engine import open_store
from bot.forwarding import DELIVERED, Outcome, outbox
from bot.reports import ReportService, receipts
from tests.conftest import make_settings
from tests.unit.test_reports import DRAFT, rows

TIMEOUT = 60.0
COST = (receipts._OPS, receipts._MEMORY)
MOST = 4
MOST_AT_ONCE = 2
# What a target may do: keep the report or not, and answer or not.
CASES = {
    "delivered": (True, DELIVERED),
    "timeout, kept": (True, Outcome("unknown", "timeout")),
    "timeout, lost": (False, Outcome("unknown", "timeout")),
    "500, kept": (True, Outcome("pending", "http_500")),
    "503": (False, Outcome("pending", "http_503", 90.0)),
    "422": (False, Outcome("rejected", "http_422")),
}


class OutboxMachine(RuleBasedStateMachine):
    """Several workers that take, send, settle late or die, on one real SQLite database."""

    def __init__(self) -> None:
        super().__init__()
        receipts._OPS, receipts._MEMORY = 1, 8192  # the cost of guessing receipts is not what is tried here
        # In memory where that is possible: the many short transactions need not wait for a disk here.
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)  # noqa: S108
        self.store = open_store(make_settings(Path(self.folder.name)))
        self.now = 1_000_000.0
        self.service = ReportService(self.store, ["webhook"], clock=lambda: self.now)
        self.taken: set[str] = set()
        self.receipts: dict[str, str] = {}
        self.told: set[tuple[str, str]] = set()
        self.held: list[tuple[outbox.Claim, Outcome]] = []
        self.receiver: set[str] = set()

    def teardown(self) -> None:
        receipts._OPS, receipts._MEMORY = COST
        self.store.engine.dispose()
        self.folder.cleanup()

    @rule(key=st.integers(0, 5))
    def take(self, key: int) -> None:
        taken = self.service.take(DRAFT, "web", "ab" * 16, f"k{key}")
        self.taken.add(taken.report_id)
        self.receipts[taken.report_id] = taken.receipt

    @precondition(lambda self: self.taken)
    @rule(data=st.data(), key=st.integers(0, 2))
    def tell_more(self, data: Any, key: int) -> None:
        report_id = data.draw(st.sampled_from(sorted(self.taken)))
        assert self.service.add(self.receipts[report_id], "ab" * 16, "thêm", f"m{key}")
        self.told.add((report_id, f"m{key}"))

    @rule(case=st.sampled_from(sorted(CASES)), limit=st.integers(1, 3))
    def claim_and_send(self, case: str, limit: int) -> None:
        kept, outcome = CASES[case]
        now_held = {claim.id for claim, _ in self.held if self.now - claim.claimed_at <= TIMEOUT}
        for claim in outbox.claim(self.store, "webhook", limit, self.now, TIMEOUT, most=MOST_AT_ONCE):
            assert claim.id not in now_held, "two workers hold one delivery"
            assert claim.kind == "report" or claim.report_id in self.receiver, "a note came before its report"
            now_held.add(claim.id)
            if kept:
                self.receiver.add(claim.ref or claim.report_id)
            self.held.append((claim, outcome))
        assert len(now_held) <= MOST_AT_ONCE, "more under way than the target allows"

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle(self, data: Any) -> None:
        claim, outcome = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        outbox.settle(self.store, claim, outcome, self.now, self.now + (outcome.retry_after or 5.0), MOST)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def die(self, data: Any) -> None:
        self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))

    @rule(seconds=st.sampled_from([1.0, 10.0, 61.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def send_failed_ones_again(self) -> None:
        for row in outbox.overview(self.store, outbox.FAILED):
            assert outbox.replay(self.store, row["id"], "an", self.now)

    @invariant()
    def every_report_has_one_delivery_for_each_target(self) -> None:
        every = rows(self.store, tables.deliveries)
        notes = [(row["ref"], row["target"]) for row in every if row["kind"] == "update"]
        assert len(notes) == len(set(notes)) == 2 * len(self.told)
        found = sorted((row["report_id"], row["target"]) for row in every if row["kind"] == "report")
        assert found == sorted((report, target) for report in self.taken for target in ("desk", "webhook"))

    @invariant()
    def delivered_means_that_the_receiver_has_it(self) -> None:
        for row in rows(self.store, tables.deliveries):
            assert row["state"] in ("pending", "sending", "unknown", "delivered", "rejected", "dead")
            if row["state"] == "delivered":
                assert (row["ref"] or row["report_id"]) in self.receiver
            if row["state"] == "dead":
                assert row["attempts"] >= MOST

    @invariant()
    def in_the_end_everything_arrives(self) -> None:
        """From any state, a healthy target, time and "send again" bring every report home."""
        # Checked on a copy of the states, so that the play goes on from where it was.
        before = rows(self.store, tables.deliveries)
        later = self.now + 1_000_000
        for row in outbox.overview(self.store, outbox.FAILED):
            outbox.replay(self.store, row["id"], "an", later)
        arrived = set()
        while claims := outbox.claim(self.store, "webhook", 100, later, TIMEOUT):
            for claim in claims:  # reports first, then what was added, one after the other
                arrived.add((claim.report_id, claim.ref))
                outbox.settle(self.store, claim, DELIVERED, later, later, MOST)
        mine = [row for row in before if row["target"] == "webhook"]
        done = {(row["report_id"], row["ref"]) for row in mine if row["state"] == "delivered"}
        assert arrived | done == {(row["report_id"], row["ref"]) for row in mine}
        assert {report_id for report_id, _ in arrived | done} == self.taken
        with self.store.engine.begin() as connection:
            for row in before:
                query = tables.deliveries.update().where(tables.deliveries.c.id == row["id"])
                connection.execute(query.values(**{name: row[name] for name in row if name != "id"}))


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
