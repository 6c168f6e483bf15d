"""When a delivery is tried again, when a target is left alone, and which targets the settings make."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.db.engine import Store, open_store
from bot.forwarding import Outcome, TargetError, build_targets, configured_targets
from bot.forwarding.backoff import Breaker, delay, retry_after
from tests.conftest import make_settings
from tests.contract.webhook_receiver import SECRET
from tests.unit.test_forwarding import Clock, Scripted, make_due, take, worker


# --- when to try again ----------------------------------------------------------------------------
def test_backoff_grows_with_full_jitter_up_to_the_limit() -> None:
    rng = random.Random(3)
    for attempts, most in ((1, 4), (3, 16), (11, 3600), (500, 3600)):
        waits = [delay(attempts, 3600, rng) for _ in range(400)]
        assert 0 <= min(waits) < most * 0.05
        assert most * 0.95 < max(waits) <= most


def test_breaker_probes_and_closes() -> None:
    breaker = Breaker(longest=60)
    for second in range(5):
        assert breaker.allowed(second) > 1
        breaker.note(False, second)
    assert breaker.allowed(5) == 0
    assert breaker.allowed(9.5) == 1
    breaker.note(False, 9.5)
    assert breaker.allowed(19) == 0  # twice as long
    breaker.note(True, 20)
    assert breaker.allowed(20) > 1


def test_breaker_saves_the_attempts_of_a_target_that_is_down(sqlite_store: Store) -> None:
    for number in range(10):
        take(sqlite_store, f"draft-{number}")
    clock = Clock()
    make_due(sqlite_store)
    target = Scripted(*[Outcome("pending", "connect")] * 100)
    team = worker(sqlite_store, target, clock=clock)
    team.run_once()
    assert len(target.sent) < 10
    held = len(target.sent)
    team.run_once()
    assert len(target.sent) == held


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999", 86400.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("١٢", None),
    ],
)
def test_retry_after(header: str | None, expected: float | None) -> None:
    assert retry_after(header, now=40.0) == expected


# --- configuration --------------------------------------------------------------------------------
def test_targets_follow_the_settings(tmp_path: Path) -> None:
    plain = make_settings(tmp_path)
    store = open_store(plain)
    assert [t.name for t in build_targets(store, plain)] == configured_targets(plain) == ["desk"]
    both = make_settings(tmp_path, webhook_url="https://case.example.vn/in", webhook_secret=SECRET)
    assert [t.name for t in build_targets(store, both)] == configured_targets(both) == ["desk", "webhook"]
    with pytest.raises(TargetError, match="HOTLINE_WEBHOOK_SECRET"):
        build_targets(store, make_settings(tmp_path, webhook_url="https://case.example.vn/in"))
