"""The heartbeat: a test alert a day, and operators hear of channels and desks that fell silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.alerts import acknowledge, open_alerts
from bot.alerts.ladder import DAY
from bot.db import tables
from bot.db.engine import Store
from tests.contract.smtp_double import running_smtp
from tests.contract.telegram_double import TelegramDouble
from tests.contract.test_alerts import Stage
from tests.contract.test_primero import quick_receipts  # noqa: F401 - a fixture
from tests.unit.test_desk import add, quick_passwords  # noqa: F401 - a fixture
from tests.unit.test_reports import rows


@pytest.fixture(name="stage")
def make_stage(sqlite_store: Store, tmp_path: Path) -> Iterator[Stage]:
    with running_smtp() as (mail, port), TelegramDouble() as telegram:
        stage = Stage(sqlite_store, tmp_path, mail, port, telegram)
        stage.worker._beat_at = 0.0
        yield stage


def kinds(stage: Stage) -> dict[str, Any]:
    return {row["kind"]: row["subject"] for row in open_alerts(stage.store)}


async def test_a_test_alert_a_day_on_every_channel(stage: Stage) -> None:
    await stage.after()
    assert stage.told() == ["may", "tg99"]
    await stage.after(DAY - 120)
    assert stage.told() == ["may", "tg99"]
    await stage.after(240)
    assert stage.told() == ["may", "may", "tg99", "tg99"]
    assert "đang hoạt động" in stage.telegram.sent(99)[0].text
    assert kinds(stage) == {}


async def test_a_real_alert_is_as_good_as_a_test(stage: Stage) -> None:
    await stage.after()
    await stage.after(DAY - 300)
    stage.take()
    await stage.after()
    count = len(stage.told())
    await stage.after(600)
    tests = [row for row in rows(stage.store, tables.alerts) if row["kind"] == "heartbeat"]
    assert len(tests) == 2
    assert len(stage.told()) > count  # the ladder, no test


async def test_a_channel_that_fails_its_test_is_told_on_the_others(stage: Stage) -> None:
    stage.mail.unknown.add("may@example.vn")
    await stage.after()
    await stage.after(1)
    assert kinds(stage) == {"channel_failed": "email"}
    assert "thư điện tử" in stage.telegram.sent(99)[-1].text


async def test_silence_for_a_day_is_told(stage: Stage) -> None:
    """Nothing went and nothing failed for good: the server is busy all the time."""
    await stage.after()
    stage.mail.busy = 10_000
    with stage.store.engine.begin() as connection:  # as if failing for good were never reached
        connection.execute(tables.alert_sends.update().where(tables.alert_sends.c.state != "sent").values(attempts=0))
    await stage.after(DAY + 60)
    await stage.after(2 * 3600)
    assert kinds(stage)["channel_silent"] == "email"
    stage.mail.busy = 0
    for _ in range(3):
        await stage.after(DAY)
    assert "channel_silent" not in kinds(stage)


async def test_a_channel_without_anybody_is_told(stage: Stage) -> None:
    stage.roster.write_text("people: {may: {telegram: 99}}\noperators: [may]")
    await stage.after()
    assert kinds(stage) == {"channel_nobody": "email"}
    stage.roster.write_text("people: {may: {telegram: 99, email: may@example.vn}}\noperators: [may]\n")
    await stage.after(61)
    assert kinds(stage) == {}


async def test_a_desk_that_nobody_opens_is_told(stage: Stage) -> None:
    add(stage.store)
    with stage.store.engine.begin() as connection:
        connection.execute(tables.officers.update().values(created_at=stage.clock.now - DAY - 60))
    await stage.after()
    assert kinds(stage) == {"desk_unwatched": "desk"}
    assert "bàn làm việc" in stage.telegram.sent(99)[-1].text


async def test_a_broken_roster_is_told_by_the_last_good_one(stage: Stage) -> None:
    await stage.after()
    stage.roster.write_text("people: [")
    await stage.after(61)
    assert kinds(stage) == {"roster_broken": "roster"}
    assert "Tệp danh sách trực" in stage.telegram.sent(99)[-1].text


async def test_a_machine_alarm_is_not_repeated_every_minute_and_comes_again_after_a_day(stage: Stage) -> None:
    stage.roster.write_text("people: {may: {telegram: 99}}\noperators: [may]")
    for _ in range(5):
        await stage.after(61)
    (alarm,) = open_alerts(stage.store)
    assert alarm["step"] == 1
    assert acknowledge(stage.store, alarm["id"], "lan", stage.clock.now)
    assert not acknowledge(stage.store, alarm["id"], "lan", stage.clock.now)
    await stage.after(3600)
    assert kinds(stage) == {}
    await stage.after(DAY)
    await stage.after(61)
    assert kinds(stage)["channel_nobody"] == "email"
