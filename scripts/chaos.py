#!/usr/bin/env python3
"""The chaos run (``make chaos``): processes and database connections die, targets misbehave, nothing is lost.

Takers and forwarding workers are real processes, killed with SIGKILL at random moments; database connections are cut
(PostgreSQL) or the database is held locked (SQLite); a Primero and a webhook receiver over real HTTP answer with
delays, cuts, 500s, 503s and time-outs after accepting. In the end every report that was acknowledged must be in every
target exactly once, with its own words. Prints one line for each database; exit status 1 when a report was lost or
doubled.

A taker calls what the action server calls when somebody presses "gửi" (``ReportService.take``), and a worker is what
runs in the gateway (``ForwardingWorker``); the chat, Rasa and HTTP in front of them are left out, or 2,000 reports
would take hours. The whole program is killed in ``tests/e2e/test_failures.py``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import re
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)  # for the process that the others are forked from

import sqlalchemy as sa  # noqa: E402

from bot.db import tables  # noqa: E402
from bot.db.engine import Store, open_store  # noqa: E402
from bot.reports.content import open_pair  # noqa: E402
from bot.settings import Settings  # noqa: E402
from tests.contract.primero_double import PASSWORD, USER, Primero, Trouble, running_primero  # noqa: E402
from tests.contract.webhook_receiver import SECRET, Behaviour, WebhookReceiver, running_receiver  # noqa: E402

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")
TARGETS = ("desk", "primero", "webhook")
TIMEOUT, CLAIM_TIMEOUT = 0.6, 4.0
STORY = "CHAOS {}"
# A new process is forked from one that has loaded everything: most of the time goes into work, not into starting.
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["bot.reports", "bot.forwarding", "bot.db.engine", "tests.contract.primero_double"])
PAUSE = 0.05
"""Between two reports, so that they are still being taken while everything is killed."""


# --- the processes that are killed ----------------------------------------------------------------
def settings_of(folder: str, database: str) -> Settings:
    """Quick retries, everything else as in the program."""
    values: dict[str, Any] = {"data_dir": Path(folder), "forward_poll": 0.05, "forward_max_backoff": 1.0}
    return Settings(_env_file=None, database_url=database, **values)


def quietly(role: Callable[..., None], *arguments: Any) -> None:
    """A role of a process; what it logs is of no interest."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    role(*arguments)


def begun(folder: str, pid: int) -> Path:
    """There once a process is at work: killing it earlier would only try how it starts."""
    return Path(folder) / f"begun.{pid}"


def take(folder: str, database: str, numbers: list[int], told: Connection) -> None:
    """Take reports one after the other and acknowledge each to ``told``, as the chat would with a receipt."""
    from bot.reports import ReportDraft, ReportService, receipts

    receipts._OPS, receipts._MEMORY = 1, 8192  # the cost of guessing receipts is not what is tried here
    service = ReportService(open_store(settings_of(folder, database)), list(TARGETS))
    begun(folder, os.getpid()).touch()
    for number in numbers:
        draft = ReportDraft(story=STORY.format(number), child_age=9, risk="high", kind="disclosure")
        while True:
            try:
                taken = service.take(draft, "web", "ab" * 16, f"draft {number}")
                break
            except sa.exc.SQLAlchemyError:
                time.sleep(0.1)  # the person presses the button again: the same draft
        told.send((number, taken.report_id))
        time.sleep(PAUSE)


def work(folder: str, database: str, primero: str, webhook: str) -> None:
    """One forwarding worker until it is killed."""
    import asyncio

    from bot.forwarding import DeskTarget, ForwardingWorker, PrimeroTarget, WebhookTarget

    settings = settings_of(folder, database)
    store = open_store(settings)
    targets = [
        DeskTarget(store),
        PrimeroTarget(primero, USER, PASSWORD, mapping=settings.primero_mapping, timeout=TIMEOUT),
        WebhookTarget(webhook, SECRET, timeout=TIMEOUT),
    ]
    worker = ForwardingWorker(store, targets, settings, claim_timeout=CLAIM_TIMEOUT)
    begun(folder, os.getpid()).touch()
    asyncio.run(worker.run(asyncio.Event()))


# --- the targets' troubles ------------------------------------------------------------------------
def webhook_plan(rng: random.Random) -> Callable[[int], Behaviour]:
    """Most requests go well, many do not."""
    bad = [
        Behaviour(delay=0.2),
        Behaviour(cut=True),
        Behaviour(cut=True, store=False),
        Behaviour(status=500),
        Behaviour(status=500, store=False),
        Behaviour(status=503, store=False, headers={"Retry-After": "1"}),
        Behaviour(delay=TIMEOUT + 0.3),
    ]
    return lambda _: rng.choice(bad) if rng.random() < 0.25 else Behaviour()


def primero_plan(rng: random.Random) -> Callable[[int, str, str], Trouble | None]:
    """Most requests go well, many do not."""
    bad = [
        Trouble(delay=0.2, keep=True),
        Trouble(cut=True, keep=True),
        Trouble(cut=True),
        Trouble(status=500, keep=True),
        Trouble(status=500),
        Trouble(status=503, headers={"Retry-After": "1"}),
        Trouble(delay=TIMEOUT + 0.3, keep=True),
    ]
    return lambda _n, _method, _path: rng.choice(bad) if rng.random() < 0.15 else None


# --- the play -------------------------------------------------------------------------------------
@dataclass
class Result:
    """What became of it."""

    database: str
    taken: int = 0
    delivered: int = 0
    duplicates: int = 0
    lost: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __str__(self) -> str:
        """The printed line."""
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (
            f"{self.database}: taken {self.taken}, delivered {self.delivered}, duplicates {self.duplicates}, "
            f"lost {self.lost}, kills {self.kills.total()} ({kinds}), {self.seconds:.0f} s"
        )


class Play:
    """One database, its processes, and somebody who kills them."""

    def __init__(self, name: str, folder: Path, database: str, reports: int, workers: int, seed: int) -> None:
        self.result = Result(name)
        self.folder, self.database, self.reports = str(folder), database, reports
        self.store: Store = open_store(settings_of(self.folder, database))
        self.rng = random.Random(seed)  # noqa: S311
        self.acknowledged: dict[int, str] = {}
        self.twice: set[int] = set()
        self.turns: list[str] = []
        self.next_harm, self.started_at = 0.0, dict[int, float]()
        self.primero: Primero
        self.webhook: WebhookReceiver
        self.workers: list[BaseProcess] = []
        self.wanted_workers = workers
        self.taker: BaseProcess | None = None
        self.reader: threading.Thread | None = None

    def run(self, longest: float) -> Result:
        """Play until everything that was acknowledged has arrived, or the time is over."""
        started = time.monotonic()
        with (
            running_primero(trouble=primero_plan(random.Random(self.rng.random()))) as self.primero,  # noqa: S311
            running_receiver(webhook_plan(random.Random(self.rng.random()))) as self.webhook,  # noqa: S311
        ):
            try:
                while (now := time.monotonic()) - started < longest:
                    self.keep_running()
                    time.sleep(0.2)
                    if len(self.acknowledged) == self.reports and self.open_deliveries() == 0:
                        break
                    if now >= self.next_harm and self.harm():
                        self.next_harm = now + self.rng.uniform(0.3, 4.0)
            finally:
                for process in [*self.workers, *([self.taker] if self.taker else [])]:
                    process.kill()
                    process.join()
                if self.reader:
                    self.reader.join(5)
            self.count()
        self.result.seconds = time.monotonic() - started
        return self.result

    def keep_running(self) -> None:
        """Start again what was killed, as a supervisor does."""
        self.workers = [worker for worker in self.workers if worker.is_alive()]
        while len(self.workers) < self.wanted_workers:
            self.workers.append(self.start(work, self.primero.url, self.webhook.url))
        if self.taker is None or not self.taker.is_alive():
            if self.reader:
                self.reader.join(5)
            left = [number for number in range(self.reports) if number not in self.acknowledged]
            if not left:
                return
            ours, theirs = FORK.Pipe(duplex=False)
            self.taker = self.start(take, left, theirs)
            theirs.close()  # so that the taker's end is the only one: its death ends the listening
            self.reader = threading.Thread(target=self.listen, args=(ours,), daemon=True)
            self.reader.start()

    def start(self, role: Callable[..., None], *arguments: Any) -> BaseProcess:
        """A process of our own."""
        process = FORK.Process(target=quietly, args=(role, self.folder, self.database, *arguments), daemon=True)
        process.start()
        assert process.pid is not None
        self.started_at[process.pid] = time.time()
        return process

    def listen(self, told: Connection) -> None:
        """What was acknowledged; the same draft must never become another report."""
        with suppress(EOFError, OSError):  # killed, perhaps in the middle of a message: nobody has read that one
            while True:
                number, report_id = told.recv()
                if self.acknowledged.setdefault(number, report_id) != report_id:
                    self.twice.add(number)

    def harm(self) -> bool:
        """Kill a worker, the taker, or the database's connections. Returns whether the moment was right."""
        if not self.turns:
            self.turns = ["worker", "worker", "taker", "database"]
            self.rng.shuffle(self.turns)
        choice = self.turns[-1]
        done = len(self.acknowledged) == self.reports and choice == "taker"
        if choice == "database":
            self.harm_database()
        elif not done:
            chosen = self.workers if choice == "worker" else [self.taker] if self.taker else []
            victim = self.rng.choice(chosen) if chosen else None
            if victim is None or not self.has_worked(victim):
                return False
            victim.kill()  # SIGKILL
            victim.join()
            self.result.kills[choice] += 1
        self.turns.pop()
        return True

    def has_worked(self, process: BaseProcess) -> bool:
        """Whether a process was at work for a random while: on a busy machine longer, as it takes longer to start."""
        assert process.pid is not None
        try:
            since = begun(self.folder, process.pid).stat().st_mtime
        except FileNotFoundError:
            return False
        start = since - self.started_at[process.pid]
        return process.is_alive() and time.time() - since >= self.rng.uniform(0.1, 2.0) * max(start, 1.0)

    def harm_database(self) -> None:
        """PostgreSQL: end some connections. SQLite: hold the write lock for a while."""
        if self.store.engine.dialect.name == "sqlite":
            with self.store.engine.begin():
                time.sleep(self.rng.uniform(0.1, 1.0))
            self.result.kills["lock held"] += 1
            return
        query = sa.text(
            "SELECT pid FROM pg_stat_activity WHERE application_name = :name AND pid <> pg_backend_pid() AND datname ="
            " current_database()"
        )
        name = sa.engine.make_url(self.database).query["application_name"]
        with self.store.engine.begin() as connection:
            found = list(connection.execute(query, {"name": name}).scalars())
            for pid in self.rng.sample(found, min(len(found), 3)):
                connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
                self.result.kills["connection"] += 1

    def open_deliveries(self) -> int:
        """How many deliveries have not arrived yet."""
        table = tables.deliveries
        query = sa.select(sa.func.count()).select_from(table).where(table.c.state != "delivered")
        with self.store.reader.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def count(self) -> None:
        """Compare what was acknowledged with what every target holds, asking the targets themselves."""
        with self.store.reader.connect() as connection:
            at_desk = list(connection.execute(sa.select(tables.desk_cases)).mappings())
            kept = list(connection.execute(sa.select(tables.reports.c.id)).scalars())
        desk = Counter((row["id"], self.story_at_desk(row)) for row in at_desk)
        bodies = [body["data"] for body in self.webhook.reports.values()]
        webhook = Counter((body["report_id"], body["story"]) for body in bodies)
        primero = Counter((case_id, story_in(case)) for case_id, case in self.primero.cases.items())
        result = self.result
        result.taken = len(self.acknowledged)
        for number, report_id in self.acknowledged.items():
            copies = [held[report_id, STORY.format(number)] for held in (desk, webhook, primero)]
            result.delivered += sum(count > 0 for count in copies)
            result.lost += sum(count == 0 for count in copies)
            result.duplicates += sum(max(count - 1, 0) for count in copies)
        # A copy that is no acknowledged report's, or has another one's words, is one too many.
        result.duplicates += sum(len(held) for held in (desk, webhook, primero)) - result.delivered
        result.duplicates += len(self.twice) + len(set(kept) - set(self.acknowledged.values()))
        result.duplicates += self.primero.created - len(self.primero.cases)
        result.lost += self.reports - len(self.acknowledged)

    def story_at_desk(self, row: Any) -> str:
        """The words of a case at the desk."""
        content = open_pair(self.store.sealer, "desk_cases", row["id"], row["data_key"], row["content"])
        return str(content["draft"]["story"])


def story_in(case: dict[str, Any]) -> str:
    """The words of a Primero case, from its notes; every note that tells a story counts."""
    texts = " ".join(note["note_text"] for note in case["notes_section"])
    return " + ".join(re.findall(STORY.format(r"\d+"), texts))


@contextmanager
def database_of(name: str, folder: Path) -> Iterator[str]:
    """SQLite in the folder, or a PostgreSQL schema of our own."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'chaos.db'}"
        return
    schema = f"an_tam_chaos_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(POSTGRES, future=True)
    with admin.begin() as connection:
        connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
    try:
        separator = "&" if "?" in POSTGRES else "?"
        yield f"{POSTGRES}{separator}options=-csearch_path%3D{schema}&application_name={schema}"
    finally:
        with admin.begin() as connection:
            connection.execute(sa.text(f'DROP SCHEMA "{schema}" CASCADE'))
        admin.dispose()


def run(name: str, reports: int, seed: int = 1, longest: float = 1800.0) -> Result:
    """One whole run; one worker on SQLite, three on PostgreSQL."""
    with tempfile.TemporaryDirectory() as text, database_of(name, Path(text)) as database:
        play = Play(name, Path(text), database, reports, 1 if name == "sqlite" else 3, seed)
        try:
            return play.run(longest)
        finally:
            play.store.engine.dispose()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Kill processes and connections; lose and double nothing.")
    parser.add_argument("--reports", type=int, default=2000)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    names = ["sqlite", "postgresql"] if chosen.database == "both" else [chosen.database]
    results = []
    for name in names:
        results.append(run(name, chosen.reports, chosen.seed, longest=7200.0))
        print(results[-1], flush=True)
    sys.exit(1 if any(result.lost or result.duplicates for result in results) else 0)


if __name__ == "__main__":
    main()
