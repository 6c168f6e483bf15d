"""Writers queue for SQLite in order, the urgent ones first; many calls become one transaction."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import make_engine, open_store
from bot.db.together import MOST, Together
from bot.db.writing import Turns, urgent
from tests.conftest import make_settings


def in_threads(turns: Turns, order: list[str], names: Sequence[str]) -> list[threading.Thread]:
    """Writers that come one after another; those named ``!…`` are urgent."""
    threads = []

    def write(name: str) -> None:
        mine: dict[str, object] = {}
        if name.startswith("!"):
            with urgent():
                turns.take(mine)
        else:
            turns.take(mine)
        order.append(name)
        turns.give(mine)

    for name in names:
        threads.append(threading.Thread(target=write, args=(name,)))
        threads[-1].start()
        time.sleep(0.05)
    return threads


def test_writers_come_in_order_and_the_urgent_ones_first() -> None:
    turns, order, mine = Turns(), list[str](), dict[str, object]()
    turns.take(mine)
    threads = in_threads(turns, order, ["a", "b", "!c", "d", "!e"])
    assert order == []
    turns.give(mine)
    for thread in threads:
        thread.join(5)
    assert order == ["!c", "!e", "a", "b", "d"]


def test_who_gets_no_turn_gives_up_and_takes_nobody_elses() -> None:
    turns, mine, other = Turns(patience=0.1), dict[str, object](), dict[str, object]()
    turns.take(mine)
    with pytest.raises(sa.exc.TimeoutError):
        turns.take(other)
    turns.give(other)  # they never had it
    with pytest.raises(sa.exc.TimeoutError):
        turns.take(other)
    turns.give(mine)
    turns.take(other)


def test_a_transaction_that_fails_gives_its_turn_back(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'one.db'}")
    for _ in range(3):
        with pytest.raises(sa.exc.OperationalError), engine.begin() as connection:
            connection.exec_driver_sql("insert into nowhere values (1)")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table here (n integer)")
    with engine.connect() as connection:
        connection.exec_driver_sql("select 1")
        connection.invalidate()
    with engine.begin() as connection:
        connection.exec_driver_sql("insert into here values (1)")


def test_many_writers_at_once_wait_in_line_and_none_for_long(tmp_path: Path) -> None:
    """Without the queue SQLite lets writers look again after up to a tenth of a second, in no order."""
    store = open_store(make_settings(tmp_path / "var"))
    waited: list[float] = []

    def write(number: int) -> None:
        for turn in range(15):
            started = time.monotonic()
            with store.engine.begin() as connection:
                connection.execute(tables.meta.insert().values(name=f"{number}/{turn}", value="x"))
            waited.append(time.monotonic() - started)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(waited) == 180
    # In line everybody waits about the same: 12 writers, so a twelfth of 15 rounds of everything.
    assert max(waited) < (time.monotonic() - started) / 15 * 6 + 0.05


async def test_calls_that_wait_become_one_transaction() -> None:
    batches: list[list[int]] = []

    def work(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        time.sleep(0.02)
        return [item * 2 for item in items]

    store = Together(work)
    assert await asyncio.gather(*(store(n) for n in range(250))) == [n * 2 for n in range(250)]
    assert [len(batch) for batch in batches] == [MOST, MOST, 250 - 2 * MOST]
    assert store.waiting == 0


async def test_a_caller_that_is_cancelled_takes_nobody_with_it() -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(items: Sequence[int]) -> list[int]:
        loop.call_soon_threadsafe(begun.set)
        time.sleep(0.05)
        return list(items)

    store = Together(work)
    first, second = asyncio.create_task(store(1)), asyncio.create_task(store(2))
    await begun.wait()
    first.cancel()
    assert await second == 2
    assert await store(3) == 3
