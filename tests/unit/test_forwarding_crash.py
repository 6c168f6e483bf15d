"""Real processes, really killed: a worker dies by SIGKILL again and again, and every report arrives once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from bot.db import tables
from bot.db.engine import Store
from bot.reports import ReportService
from tests.contract.webhook_receiver import SECRET, Behaviour, running_receiver
from tests.unit.test_reports import DRAFT, rows

REPORTS, KILLS = 24, 3
WORKER = """
import sys, pathlib
from bot.db.engine import open_store
from bot.forwarding import DeskTarget, ForwardingWorker, WebhookTarget
from tests.conftest import make_settings
folder, database, url, secret = sys.argv[1:]
settings = make_settings(pathlib.Path(folder), database_url=database)
store = open_store(settings)
targets = [DeskTarget(store), WebhookTarget(url, secret, timeout=1.0)]
worker = ForwardingWorker(store, targets, settings, claim_timeout=1.5, at_once=2)
print("ready", flush=True)
import asyncio
asyncio.run(worker.run(asyncio.Event()))
"""


def plan(seed: int) -> object:
    rng = random.Random(seed)
    return lambda _: rng.choice([Behaviour(delay=0.15), Behaviour(cut=True, delay=0.1), Behaviour(status=500)])


def start(store: Store, folder: Path, url: str) -> subprocess.Popen[str]:
    database = "" if store.engine.dialect.name == "sqlite" else store.engine.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", WORKER, str(folder), database, url, SECRET]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(store: Store, tmp_path: Path) -> None:
    service = ReportService(store, ["webhook"])
    wanted = {f"report_{service.take(DRAFT, 'web', 'ab' * 16, f'k{number}').report_id}" for number in range(REPORTS)}
    rng, interrupted = random.Random(5), 0
    with running_receiver(plan(11)) as receiver:  # type: ignore[arg-type]
        for _ in range(KILLS):
            process = start(store, tmp_path / "var", receiver.url)
            time.sleep(rng.uniform(0.2, 0.6))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            interrupted += sum(row["state"] == "sending" for row in rows(store, tables.deliveries))
        process = start(store, tmp_path / "var", receiver.url)
        try:
            for _ in range(600):
                if all(row["state"] == "delivered" for row in rows(store, tables.deliveries)):
                    break
                time.sleep(0.1)
        finally:
            process.kill()
            process.wait()
    assert {row["state"] for row in rows(store, tables.deliveries)} == {"delivered"}
    assert set(receiver.reports) == wanted
    assert {f"report_{row['id']}" for row in rows(store, tables.desk_cases)} == wanted
    assert interrupted > 0, "no kill hit a delivery under way: the test proved nothing"
    assert len(receiver.requests) > REPORTS
