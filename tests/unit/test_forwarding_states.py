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
from bot.reports import ReportService
from tests.conftest import make_settings
from tests.unit.test_reports import DRAFT, rows

TIMEOUT = 60.0
MOST = 4
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
        # In memory where that is possible: the many short transactions need not wait for a disk here.
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)  # noqa: S108
        self.store = open_store(make_settings(Path(self.folder.name)))
        self.now = 1_000_000.0
        self.service = ReportService(self.store, ["webhook"], clock=lambda: self.now)
        self.taken: set[str] = set()
        self.held: list[tuple[outbox.Claim, Outcome]] = []
        self.receiver: set[str] = set()

    def teardown(self) -> None:
        self.store.engine.dispose()
        self.folder.cleanup()

    @rule(key=st.integers(0, 5))
    def take(self, key: int) -> None:
        self.taken.add(self.service.take(DRAFT, "web", "ab" * 16, f"k{key}").report_id)

    @rule(case=st.sampled_from(sorted(CASES)), limit=st.integers(1, 3))
    def claim_and_send(self, case: str, limit: int) -> None:
        kept, outcome = CASES[case]
        now_held = {claim.id for claim, _ in self.held if self.now - claim.claimed_at <= TIMEOUT}
        for claim in outbox.claim(self.store, "webhook", limit, self.now, TIMEOUT):
            assert claim.id not in now_held, "two workers hold one delivery"
            if kept:
                self.receiver.add(claim.report_id)
            self.held.append((claim, outcome))

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
        found = sorted((row["report_id"], row["target"]) for row in rows(self.store, tables.deliveries))
        assert found == sorted((report, target) for report in self.taken for target in ("desk", "webhook"))

    @invariant()
    def delivered_means_that_the_receiver_has_it(self) -> None:
        for row in rows(self.store, tables.deliveries):
            assert row["state"] in ("pending", "sending", "unknown", "delivered", "rejected", "dead")
            if row["state"] == "delivered":
                assert row["report_id"] in self.receiver
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
        for claim in outbox.claim(self.store, "webhook", 100, later, TIMEOUT):
            arrived.add(claim.report_id)
            outbox.settle(self.store, claim, DELIVERED, later, later, MOST)
        done = {row["report_id"] for row in before if row["target"] == "webhook" and row["state"] == "delivered"}
        assert arrived | done == self.taken
        with self.store.engine.begin() as connection:
            for row in before:
                query = tables.deliveries.update().where(tables.deliveries.c.id == row["id"])
                connection.execute(query.values(**{name: row[name] for name in row if name != "id"}))


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
