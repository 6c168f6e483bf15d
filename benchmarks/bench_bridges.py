"""Load on the gateway by Zalo's webhook: so many signed deliveries a second, with ``kill -9`` in the middle.

    python benchmarks/bench_bridges.py [--rate 50] [--seconds 60] [--kills 2] [--people 200]

The real gateway runs as a process of its own (SQLite, the risk model; Rasa is left out, so every message is answered
by the gateway itself) beside a double of Zalo's API. Printed: the webhook's p50, p99 and slowest answer, how many
messages were lost, and how many replies came twice. As a yardstick of this machine the same requests are also sent
to a route that only checks the signature. Exit status 1 when a message is lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import click
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
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

SETTLE = 90.0


@dataclass
class Measured:
    """What a run saw."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0

    def line(self) -> str:
        """p50, p99 and the slowest, in milliseconds."""
        ordered = sorted(self.seconds)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        p50 = statistics.median(ordered)
        return f"p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, max {ordered[-1] * 1000:.0f} ms"


class Gateway:
    """The gateway as a process."""

    def __init__(self, folder: Path, zalo: ZaloDouble) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "gateway.log"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("HOTLINE_", "TELEGRAM_"))},
            "HOTLINE_DATA_DIR": str(folder / "var"),
            "HOTLINE_RASA_PORT": "9",  # nobody listens there
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
            while time.monotonic() - started < 120:
                try:
                    if (await client.get(f"{self.url}/health", timeout=1)).status_code == 200:
                        return time.monotonic() - started
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        raise SystemExit(f"the gateway did not start:\n{self.log.read_text()[-2000:]}")

    def kill(self, how: int = signal.SIGKILL) -> None:
        """``kill -9`` by default."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait()


async def deliver(
    client: httpx.AsyncClient, url: str, zalo: ZaloDouble, event: dict[str, object], seen: Measured
) -> None:
    """One delivery, as Zalo makes it: only a failed connection is tried again."""
    raw, headers = zalo.request(event)
    while True:
        started = time.monotonic()
        try:
            answer = await client.post(url, content=raw, headers=headers)
        except httpx.HTTPError:
            await asyncio.sleep(0.5)
            continue
        seen.seconds.append(time.monotonic() - started)
        seen.refused += answer.status_code != 200
        return


async def load(
    url: str, zalo: ZaloDouble, rate: int, seconds: float, people: int, numbers: range
) -> tuple[Measured, list[str]]:
    """Deliver at a steady rate whatever the answers do."""
    seen, texts, tasks = Measured(), [], []
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with httpx.AsyncClient(timeout=15, trust_env=False, limits=limits) as client:
        begun = time.monotonic()
        for index, number in enumerate(numbers):
            await asyncio.sleep(max(0.0, begun + index / rate - time.monotonic()))
            user, text = str(10_000 + number % people), f"xin chào, câu hỏi số {number}"
            zalo.act(user)
            message = {"text": text, "msg_id": f"m{number}"}
            event = zalo.event("user_send_text", user, zalo.oa_id, message=message)
            texts.append(text)
            tasks.append(asyncio.create_task(deliver(client, url, zalo, event, seen)))
            if time.monotonic() - begun > seconds:
                break
        await asyncio.gather(*tasks)
    return seen, texts


async def yardstick(zalo: ZaloDouble, rate: int) -> Measured:
    """The same requests to a route that checks the signature and stores nothing."""

    async def check(request: Request) -> Response:
        raw = await request.body()
        event = json.loads(raw)
        given = request.headers["x-zevent-signature"]
        good = is_signed(given, zalo.app_id, raw, [event["timestamp"]], zalo.oa_secret)
        return Response(status_code=200 if good else 403)

    async with served(Starlette(routes=[Route("/", check, methods=["POST"])])) as address:
        seen, _ = await load(address + "/", zalo, rate, 5.0, 50, range(rate * 5))
    return seen


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


async def run(rate: int, seconds: int, kills: int, people: int) -> bool:
    """The whole measurement; whether nothing was lost."""
    with tempfile.TemporaryDirectory() as name, ZaloDouble() as zalo:
        folder = Path(name)
        zalo.echoes = True
        zalo.per_minute = 10**9  # the limit of a real account is far above what one answers here
        settings = Settings(_env_file=None, data_dir=folder / "var", zalo_app_id=zalo.app_id)
        store = open_store(settings)
        ZaloTokens(store, settings).save(Pair(zalo.access, zalo.refresh, 90000.0))
        store.engine.dispose()
        base = await yardstick(zalo, rate)
        gateway = Gateway(folder, zalo)
        await gateway.start()
        zalo.webhook_url = gateway.url + WEBHOOK_PATH
        killing = asyncio.create_task(kill_in_between(gateway, kills, seconds))
        seen, texts = await load(gateway.url + WEBHOOK_PATH, zalo, rate, seconds, people, range(rate * seconds))
        restarts = await killing
        stored, waiting = await settled(folder, len(texts))
        gateway.kill(signal.SIGTERM)
        report(zalo, base, seen, texts, stored, waiting, restarts, people)
        return stored == len(texts) and waiting == 0 and seen.refused == 0


async def kill_in_between(gateway: Gateway, kills: int, seconds: int) -> list[float]:
    """``kill -9`` at even distances; the times that the restarts took."""
    restarts = []
    for _ in range(kills):
        await asyncio.sleep(seconds / (kills + 1))
        gateway.kill()
        restarts.append(await gateway.start())
    return restarts


def report(
    zalo: ZaloDouble,
    base: Measured,
    seen: Measured,
    texts: list[str],
    stored: int,
    waiting: int,
    restarts: list[float],
    people: int,
) -> None:
    """Print the figures."""
    replies = Counter((m.user_id, m.text) for m in zalo._sent)
    ids = [m.message_id for m in zalo._sent]
    p50 = statistics.median(seen.seconds) / statistics.median(base.seconds)
    click.echo(f"signature only         {base.line()}")
    click.echo(f"webhook                {seen.line()}  (p50 is {p50:.1f} times the yardstick)")
    click.echo(f"deliveries             {len(texts)}, refused {seen.refused}, kill -9 {len(restarts)} times, "
               f"back after {', '.join(f'{s:.1f} s' for s in restarts) or '-'}")
    click.echo(f"lost                   {len(texts) - stored}, not answered {waiting}")
    per_person = Counter(m.user_id for m in zalo._sent)
    expected = answered_per_person(texts, people)
    twice = sum(max(0, per_person[user] - count) for user, count in expected.items())
    missing = sum(max(0, count - per_person[user]) for user, count in expected.items())
    click.echo(f"replies                {len(ids)} to {len(per_person)} people ({len(replies)} different), "
               f"too many {twice}, missing {missing}")


def answered_per_person(texts: list[str], people: int) -> Counter[str]:
    """How many replies each person should have: one for each message, and once that this is a machine."""
    count = Counter(str(10_000 + int(text.rsplit(" ", 1)[1]) % people) for text in texts)
    return Counter({user: messages + 1 for user, messages in count.items()})


@click.command()
@click.option("--rate", default=50, show_default=True, help="Deliveries a second.")
@click.option("--seconds", default=20, show_default=True)
@click.option("--kills", default=2, show_default=True)
@click.option("--people", default=200, show_default=True)
def main(rate: int, seconds: int, kills: int, people: int) -> None:
    """Measure the webhook under load."""
    sys.exit(0 if asyncio.run(run(rate, seconds, kills, people)) else 1)


if __name__ == "__main__":
    main()
