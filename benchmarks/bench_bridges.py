"""Load on the gateway by Zalo's webhook: so many signed deliveries a second, with ``kill -9`` in the middle.

    python benchmarks/bench_bridges.py [--rate 50] [--seconds 60] [--kills 2] [--people 200] [--rasa-ms 50]

The real gateway runs as a process of its own (SQLite, the risk model) beside a double of Zalo's API and a stand-in for
Rasa that quotes the message, one at a time, after ``--rasa-ms``; a third process delivers. So every answer names its
message, and a message without an answer or with two is counted as that. A delivery that could not connect is repeated
as Zalo repeats it, after 30 seconds. As a yardstick of this machine the same requests also go to a route that only
checks the signature. All of it shares the machine's cores; in the field Zalo's side is elsewhere.

Exit status 1 when a message is lost, not answered, or answered twice.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import click
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.bridges.zalo import WEBHOOK_PATH  # noqa: E402
from bot.bridges.zalo_client import Pair, is_signed  # noqa: E402
from bot.bridges.zalo_tokens import ZaloTokens  # noqa: E402
from bot.db.engine import open_store  # noqa: E402
from bot.settings import Settings  # noqa: E402
from tests.contract.served import served  # noqa: E402
from tests.contract.zalo_double import ZaloDouble  # noqa: E402

TARGET = 0.2
"""Seconds: the webhook's p99 at 50 deliveries a second."""
AGAIN = 30.0
"""Seconds after which Zalo repeats a delivery that could not connect."""
SETTLE = 300.0
NUMBER = re.compile(r"số (\d+)")


@dataclass
class Measured:
    """What a run saw: the seconds of first deliveries, those of repeated ones, and how late deliveries left."""

    seconds: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    refused: int = 0


def figures(seconds: list[float]) -> str:
    """p50, p99 and the slowest, in milliseconds."""
    if not seconds:
        return "none"
    middle, most = statistics.median(seconds) * 1000, max(seconds) * 1000
    return f"p50 {middle:.1f} ms, p99 {p99(seconds) * 1000:.1f} ms, max {most:.0f} ms"


def p99(seconds: list[float]) -> float:
    """The time that 99 in 100 do not exceed."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.99))]


class Gateway:
    """The gateway as a process."""

    def __init__(self, folder: Path, zalo: ZaloDouble, rasa: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "gateway.log"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("HOTLINE_", "TELEGRAM_"))},
            "HOTLINE_DATA_DIR": str(folder / "var"),
            "HOTLINE_RASA_PORT": rasa.rsplit(":", 1)[1],
            "HOTLINE_ZALO_APP_ID": zalo.app_id,
            "HOTLINE_ZALO_APP_SECRET": zalo.app_secret,
            "HOTLINE_ZALO_OA_SECRET": zalo.oa_secret,
            "HOTLINE_ZALO_OA_ID": zalo.oa_id,
            "HOTLINE_ZALO_API_BASE": zalo.base_url,
            "HOTLINE_ZALO_OAUTH_BASE": zalo.base_url,
            "PYTHONPATH": str(ROOT),
            "TELEGRAM_BOT_TOKEN": "",
        }
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> float:
        """Start and wait until it answers; returns the seconds that took."""
        started = time.monotonic()
        command = f"-m uvicorn --factory bot.app:create_app --port {self.port} --log-level warning --ws wsproto"
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, *command.split()], cwd=ROOT, env=self.environment, stderr=self.log.open("ab")
        )
        async with httpx.AsyncClient(trust_env=False) as client:
            while time.monotonic() - started < 300:
                try:
                    if (await client.get(f"{self.url}/health", timeout=1)).status_code == 200:
                        return time.monotonic() - started
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        raise SystemExit(f"the gateway did not start:\n{self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """``kill -9``."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[Gateway]:
    """The gateway, started, and gone in the end whatever happens."""
    try:
        await gateway.start()
        yield gateway
    finally:
        gateway.kill()


@dataclass(frozen=True)
class Load:
    """What the delivering process does: ``count`` messages of ``people`` to ``url``."""

    url: str
    rate: int
    count: int
    people: int


async def deliver_one(
    client: aiohttp.ClientSession, url: str, zalo: ZaloDouble, number: int, load: Load, seen: Measured
) -> None:
    """One delivery, as Zalo makes it: only a failed connection is tried again."""
    message = {"text": f"xin chào, câu hỏi số {number}", "msg_id": f"m{number}"}
    user = str(10_000 + number % load.people)
    raw, headers = zalo.request(zalo.event("user_send_text", user, zalo.oa_id, message=message))
    times = seen.seconds
    while True:
        started = time.monotonic()
        try:
            async with client.post(url, data=raw, headers=headers) as answer:
                times.append(time.monotonic() - started)
                seen.refused += answer.status != 200
                return
        except (aiohttp.ClientError, asyncio.TimeoutError):
            times = seen.again
            await asyncio.sleep(AGAIN)


async def deliver_all(load: Load) -> Measured:
    """Deliver at a steady rate whatever the answers do."""
    seen, zalo, tasks = Measured(), ZaloDouble(), []
    limits = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(15), connector=limits) as client:
        begun = time.monotonic()
        for number in range(load.count):
            due = begun + number / load.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            seen.late.append(time.monotonic() - due)
            tasks.append(asyncio.create_task(deliver_one(client, load.url, zalo, number, load, seen)))
        await asyncio.gather(*tasks)
    return seen


def deliver_apart(load: Load) -> Measured:
    """In a process of its own, so that what is measured does not wait for the doubles."""
    return asyncio.run(deliver_all(load))


async def delivered(load: Load) -> Measured:
    """What the delivering process saw."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return await asyncio.to_thread(pool.apply, deliver_apart, (load,))


async def yardstick(rate: int) -> Measured:
    """The same requests to a route that checks the signature and stores nothing."""
    zalo = ZaloDouble()

    async def check(request: Request) -> Response:
        raw = await request.body()
        event = json.loads(raw)
        given = request.headers["x-zevent-signature"]
        good = is_signed(given, zalo.app_id, raw, [event["timestamp"]], zalo.oa_secret)
        return Response(status_code=200 if good else 403)

    async with served(Starlette(routes=[Route("/", check, methods=["POST"])])) as address:
        return await delivered(Load(address + "/", rate, rate * 5, 50))


@asynccontextmanager
async def rasa_stand_in(seconds: float) -> AsyncIterator[str]:
    """Answers each message by quoting it, one after another, each after ``seconds``."""
    one = asyncio.Lock()

    async def answer(request: Request) -> Response:
        said = await request.json()
        async with one:
            await asyncio.sleep(seconds)
        return JSONResponse([{"recipient_id": said["sender"], "text": f"trả lời: {said['message']}"}])

    async with served(Starlette(routes=[Route("/webhooks/rest/webhook", answer, methods=["POST"])])) as address:
        yield address


async def settled(folder: Path, count: int) -> tuple[int, int]:
    """Wait until everything is answered: how many messages are stored, and how many wait for their answer."""
    settings = Settings(_env_file=None, data_dir=folder / "var")
    store = open_store(settings)
    until = time.monotonic() + SETTLE
    stored = waiting = 0
    while time.monotonic() < until:
        with store.reader.connect() as connection:
            stored = connection.exec_driver_sql("select count(*) from inbox").scalar_one()
            waiting = connection.exec_driver_sql("select count(*) from inbox where state = 'new'").scalar_one()
            waiting += connection.exec_driver_sql("select count(*) from replies where state = 'pending'").scalar_one()
        if stored >= count and waiting == 0:
            break
        await asyncio.sleep(0.5)
    store.engine.dispose()
    return stored, waiting


async def kill_in_between(gateway: Gateway, kills: int, seconds: int) -> list[float]:
    """``kill -9`` at even distances; the times that the restarts took."""
    restarts = []
    for _ in range(kills):
        await asyncio.sleep(seconds / (kills + 1))
        gateway.kill()
        restarts.append(await gateway.start())
    return restarts


@dataclass
class Run:
    """Everything a run saw."""

    base: Measured
    seen: Measured
    count: int
    stored: int
    waiting: int
    restarts: list[float]
    settled: float
    """Seconds from the last delivery to the last answer."""
    answers: Counter[int]
    """How many answers name each message."""
    others: Counter[tuple[str, str]]
    """The other replies (that this is a machine, who is writing?), which each person gets once."""

    @property
    def lost(self) -> int:
        return self.count - self.stored

    @property
    def missing(self) -> int:
        return sum(self.answers[number] == 0 for number in range(self.count))

    @property
    def twice(self) -> int:
        return sum(times > 1 for times in (*self.answers.values(), *self.others.values()))


async def run(rate: int, seconds: int, kills: int, people: int, rasa_seconds: float) -> Run:
    """The whole measurement."""
    base = await yardstick(rate)
    with tempfile.TemporaryDirectory() as name, ZaloDouble() as zalo:
        folder, count = Path(name), rate * seconds
        zalo.per_minute = 10**9  # the limit of a real account is far above what one answers here
        for number in range(people):
            zalo.act(str(10_000 + number))
        settings = Settings(_env_file=None, data_dir=folder / "var", zalo_app_id=zalo.app_id)
        store = open_store(settings)
        ZaloTokens(store, settings).save(Pair(zalo.access, zalo.refresh, 90000.0))
        store.engine.dispose()
        async with rasa_stand_in(rasa_seconds) as rasa, running(Gateway(folder, zalo, rasa)) as gateway:
            zalo.webhook_url = gateway.url + WEBHOOK_PATH
            killing = asyncio.create_task(kill_in_between(gateway, kills, seconds))
            seen = await delivered(Load(gateway.url + WEBHOOK_PATH, rate, count, people))
            restarts = await killing
            ended = time.monotonic()
            stored, waiting = await settled(folder, count)
            took = time.monotonic() - ended
            await asyncio.sleep(1.0)
        answers: Counter[int] = Counter()
        others: Counter[tuple[str, str]] = Counter()
        for message in zalo._sent:
            if found := NUMBER.search(message.text):
                answers[int(found[1])] += 1
            else:
                others[message.user_id, message.text] += 1
        return Run(base, seen, count, stored, waiting, restarts, took, answers, others)


def report(run: Run, before: float) -> None:
    """Print the figures."""
    seen, base = run.seen, run.base
    ratio = statistics.median(seen.seconds) / statistics.median(base.seconds)
    met = "met" if p99(seen.seconds) <= TARGET else "MISSED"
    rows = {
        "load average": f"{before:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores",
        "signature only": figures(base.seconds),
        "webhook": f"{figures(seen.seconds)} (target p99 {TARGET * 1000:.0f} ms: {met}; "
        f"p50 is {ratio:.1f} times the yardstick)",
        "  repeated by Zalo": f"{len(seen.again)}: {figures(seen.again)}",
        "deliveries": f"{run.count} messages, {seen.refused} refused, left up to {max(seen.late) * 1000:.0f} ms late",
        "kill -9": f"{len(run.restarts)} times, back after {', '.join(f'{s:.1f} s' for s in run.restarts) or '-'}",
        "lost": f"{run.lost}",
        "answered": f"{run.count - run.missing} once or more, {run.missing} not, {run.twice} replies came twice, "
        f"{run.waiting} still wait; the last {run.settled:.0f} s after the last delivery",
    }
    for name, text in rows.items():
        click.echo(f"{name:20} {text}")


@click.command()
@click.option("--rate", default=50, show_default=True, help="Deliveries a second.")
@click.option("--seconds", default=60, show_default=True)
@click.option("--kills", default=2, show_default=True)
@click.option("--people", default=200, show_default=True)
@click.option(
    "--rasa-ms", default=10, show_default=True, help="How long Rasa's stand-in thinks, one message at a time."
)
def main(rate: int, seconds: int, kills: int, people: int, rasa_ms: int) -> None:
    """Measure the webhook under load."""
    before = os.getloadavg()[0]
    seen = asyncio.run(run(rate, seconds, kills, people, rasa_ms / 1000))
    report(seen, before)
    sys.exit(1 if seen.lost or seen.missing or seen.twice or seen.seen.refused else 0)


if __name__ == "__main__":
    main()
