"""The real program for tests: ``python -m bot run`` with its own data folder and free ports."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bot.settings import ROOT

START_SECONDS = 150.0
PASSWORD = re.compile(r"one-time password\s+(\S+)")


def free_port() -> int:
    """A TCP port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Program:
    """One running An Tâm. ``lines``: what it printed; ``password``: the first officer's, from those lines."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port, self.rasa_port, self.actions_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("HOTLINE_", "TELEGRAM_"))},
            "HOTLINE_DATA_DIR": str(folder),
            "HOTLINE_PORT": str(self.port),
            "HOTLINE_RASA_PORT": str(self.rasa_port),
            "HOTLINE_ACTIONS_PORT": str(self.actions_port),
            "HOTLINE_FORWARD_POLL": "0.2",
            **environment,
        }
        self.lines: list[str] = []
        self.password = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Program:
        """Start and wait until it says that it is running."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run", "--no-train"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, args=(output,), daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                line = output.get(timeout=1)
                if line is None:
                    break
                found = PASSWORD.search(line)
                if found:
                    self.password = found.group(1)
                if "Ctrl-C stops it" in line:
                    return self
        raise AssertionError("the program did not start:\n" + "\n".join(self.lines) + "\n" + self.logs())

    def _read(self, output: queue.Queue[str | None]) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            output.put(line)
        output.put(None)

    def logs(self) -> str:
        """Everything the children logged."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted((self.folder / "log").glob("*.log"))
        )

    def pids(self, part: str) -> list[int]:
        """The processes of this program whose command line contains ``part``."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                mine = (path.parent / "environ").read_bytes().split(b"\0")
                if part in command and f"HOTLINE_DATA_DIR={self.folder}".encode() in mine:
                    found.append(int(path.parent.name))
        return found

    def kill(self, part: str, sig: int = signal.SIGKILL) -> None:
        """Kill the child whose command line contains ``part`` (supervisord starts it again)."""
        pids = self.pids(part)
        assert pids, f"no process {part}"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)

    def unanswered(self) -> int:
        """Messages in the inbox that wait for their answer, and Telegram replies that wait to be sent."""
        waiting = "select (select count(*) from inbox where state = 'new')"
        waiting += " + (select count(*) from replies where state = 'pending' and channel = 'telegram')"
        with sqlite3.connect(f"file:{self.folder / 'an_tam.db'}?mode=ro", uri=True) as connection:
            (count,) = connection.execute(waiting).fetchone()
        return int(count)

    @contextlib.contextmanager
    def full_database(self) -> Iterator[None]:
        """Nothing more can be written: the inbox refuses every row, as a full disk would."""
        trigger = "create trigger full before insert on inbox begin select raise(abort, 'full'); end"
        with sqlite3.connect(self.folder / "an_tam.db", timeout=30) as connection:
            connection.execute(trigger)
        try:
            yield
        finally:
            with sqlite3.connect(self.folder / "an_tam.db", timeout=30) as connection:
                connection.execute("drop trigger full")

    def wait_ready(self, seconds: float = 90) -> None:
        """Wait until the gateway says that Rasa is ready."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/ready", timeout=2, trust_env=False).status_code == 200:
                    return
            time.sleep(0.3)
        raise AssertionError("not ready\n" + self.logs())

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
