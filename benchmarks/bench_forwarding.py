"""From "gửi" to delivered with healthy targets: p50 and p95 for each, beside a bare POST to the same receiver."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.db import tables
from bot.db.engine import Store, open_store
from bot.forwarding import DeskTarget, ForwardingWorker, PrimeroTarget, WebhookTarget
from bot.reports import ReportDraft, ReportService
from bot.settings import Settings
from tests.contract.primero_double import PASSWORD, USER, running_primero
from tests.contract.webhook_receiver import SECRET, running_receiver

REPORTS, PAUSE = 60, 0.25
TARGETS = ("desk", "primero", "webhook")


def waits(store: Store) -> dict[str, list[float]]:
    """Seconds from taking to delivered, by target, sorted."""
    query = sa.select(tables.deliveries.c.target, tables.deliveries.c.delivered_at, tables.reports.c.created_at)
    query = query.join(tables.reports, tables.reports.c.id == tables.deliveries.c.report_id)
    found: dict[str, list[float]] = {name: [] for name in TARGETS}
    with store.reader.connect() as connection:
        for row in connection.execute(query):
            if row.delivered_at is not None:
                found[row.target].append(row.delivered_at - row.created_at)
    return {name: sorted(values) for name, values in found.items()}


def bare(url: str) -> float:
    """Median of a POST without signature, outbox or database: what the wire and the receiver cost."""
    times = []
    with httpx.Client(trust_env=False) as client:
        for _ in range(50):
            started = time.perf_counter()
            client.post(url, content=b"{}")
            times.append(time.perf_counter() - started)
    return statistics.median(times)


async def measure(store: Store, settings: Settings, primero: str, webhook: str) -> None:
    """Reports one after the other, as people send them, while one worker runs."""
    targets = [
        DeskTarget(store),
        PrimeroTarget(primero, USER, PASSWORD, mapping=settings.primero_mapping),
        WebhookTarget(webhook, SECRET),
    ]
    stop, service = asyncio.Event(), ReportService(store, list(TARGETS))
    running = asyncio.create_task(ForwardingWorker(store, targets, settings).run(stop))
    for number in range(REPORTS):
        draft = ReportDraft(story="đo thời gian", risk="high")
        await asyncio.to_thread(service.take, draft, "web", "ab" * 16, f"k{number}")
        await asyncio.sleep(PAUSE)
    for _ in range(200):
        if all(len(values) == REPORTS for values in waits(store).values()):
            break
        await asyncio.sleep(0.1)
    stop.set()
    await running


def main() -> None:
    """Print one line for each target."""
    with tempfile.TemporaryDirectory() as folder, running_primero() as primero, running_receiver() as receiver:
        settings = Settings(_env_file=None, data_dir=Path(folder))
        store = open_store(settings)
        base = bare(receiver.url)
        asyncio.run(measure(store, settings, primero.url, receiver.url))
        for name, values in waits(store).items():
            p50, p95 = values[len(values) // 2], values[int(len(values) * 0.95)]
            print(
                f"forwarding {name}: p50 {p50:.2f} s, p95 {p95:.2f} s over {len(values)} reports"
                f" ({p50 / base:.0f} times a bare POST; the worker looks every {settings.forward_poll} s)"
            )
        store.engine.dispose()


if __name__ == "__main__":
    main()
