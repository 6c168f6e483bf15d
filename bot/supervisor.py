"""``python -m bot run``: prepare, then start Rasa, the action server and the gateway under supervisord.

supervisord (a maintained library) restarts what crashes and stops everything on Ctrl-C; this module checks what
could be wrong beforehand, says it in one line, and shows progress.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click
import httpx

from bot.settings import ROOT, Settings, get_settings

MIN_FREE = 500 * 2**20
START_LIMIT = 180.0
BEHIND = ("rasa", "actions")
"""What thinks about messages gives way to the gateway, which takes them in."""
NICENESS = 5


@click.command("run")
@click.option("--no-train", is_flag=True, help="Start with the models that are there.")
def run(no_train: bool) -> None:
    """Start the whole program; Ctrl-C stops it."""
    settings = get_settings()
    check_machine(settings)
    first_password = prepare(settings)
    if not no_train:
        from bot.train import train_command

        train_command.callback()  # type: ignore[misc]
    config = write_config(settings)
    click.echo("Starting Rasa, the action server and the gateway …", err=True)
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)],
        cwd=ROOT,
        env=child_environment(settings),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )

    def stop(_signal: int, _frame: object) -> None:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if wait_until_ready(settings, child):
        announce(settings, first_password)
    code = child.wait()
    click.echo("Stopped.", err=True)
    sys.exit(0 if code in (0, -signal.SIGTERM) else 1)


def check_machine(settings: Settings) -> None:
    """Raise ``ClickException`` with one line for what would stop the start."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(settings.data_dir).free
    if free < MIN_FREE:
        raise click.ClickException(
            f"only {free // 2**20} MB free on the disk of {settings.data_dir}: free at least {MIN_FREE // 2**20} MB"
        )
    for name, host, port in (
        ("HOTLINE_PORT", settings.host, settings.port),
        ("HOTLINE_RASA_PORT", "127.0.0.1", settings.rasa_port),
        ("HOTLINE_ACTIONS_PORT", "127.0.0.1", settings.actions_port),
    ):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise click.ClickException(
                    f"port {port} on {host} cannot be used ({error.strerror}): stop what uses it or set {name}"
                ) from None


def prepare(settings: Settings) -> str | None:
    """Create the key file and the database on first use; returns the first officer's one-time password then."""
    from bot.db.engine import open_store
    from bot.desk import create_officer, list_officers

    store = open_store(settings)
    password = None if list_officers(store) else create_officer(store, "admin")
    store.engine.dispose()
    return password


def child_environment(settings: Settings) -> dict[str, str]:
    """The children's environment: quiet, no telemetry, the same settings."""
    return {
        "MALLOC_ARENA_MAX": "2",  # many threads, little allocation: tens of MB less
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "LOG_LEVEL": "ERROR",
        "LOG_LEVEL_LIBRARIES": "ERROR",
        "SANIC_BACKLOG": "100",
        "OMP_NUM_THREADS": "1",
        "HOTLINE_DATA_DIR": str(settings.data_dir),
        "PYTHONPATH": str(ROOT),
    }


def write_config(settings: Settings) -> Path:
    """Write supervisord's configuration and return its path."""
    folder = settings.data_dir / "run"
    logs = settings.data_dir / "log"
    for path in (folder, logs):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    python = sys.executable
    rasa = f"{python} -m bot.rasa_server --port {settings.rasa_port} --actions-port {settings.actions_port}"
    gateway = (
        f"{python} -m uvicorn --factory bot.app:create_app --host {settings.host} --port {settings.port}"
        " --no-access-log --no-server-header --log-level warning --no-proxy-headers"
        " --ws wsproto --ws-max-size 65536 --timeout-graceful-shutdown 10"
    )
    programs = {
        "rasa": rasa,
        "actions": f"{python} -m actions --port {settings.actions_port}",
        "gateway": gateway,
    }
    lines = [
        "[supervisord]",
        f"logfile={logs / 'supervisor.log'}",
        f"pidfile={folder / 'supervisor.pid'}",
        f"childlogdir={logs}",
        "umask=077",
        f"user={getpass.getuser()}",
        "logfile_maxbytes=5MB",
        "loglevel=warn",
        "",
    ]
    for name, command in programs.items():
        if name in BEHIND:
            command = f"nice -n {NICENESS} {command}"
        lines += [
            f"[program:{name}]",
            f"command={command.replace('%', '%%')}",
            f"directory={ROOT}",
            "autorestart=true",
            "startsecs=3",
            "startretries=1000000",
            "stopwaitsecs=20",
            "stopasgroup=true",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={logs / (name + '.log')}",
            "stdout_logfile_maxbytes=5MB",
            "stdout_logfile_backups=3",
            "",
        ]
    path = folder / "supervisord.conf"
    path.write_text("\n".join(lines))
    path.chmod(0o600)
    return path


def wait_until_ready(settings: Settings, child: subprocess.Popen[bytes]) -> bool:
    """Poll the gateway until Rasa has its model; says what it waits for. False when supervisord ended."""
    base = f"http://{local_host(settings)}:{settings.port}"
    deadline, said = time.monotonic() + START_LIMIT, ""
    while time.monotonic() < deadline and child.poll() is None:
        state = "waiting for the gateway"
        try:
            if httpx.get(f"{base}/ready", timeout=2, trust_env=False).status_code == 200:
                return True
            state = "gateway is up, Rasa and the actions are loading"
        except httpx.HTTPError:
            pass
        if state != said:
            click.echo(f"  … {state}", err=True)
            said = state
        time.sleep(0.5)
    if child.poll() is None:
        click.echo(f"Not ready after {START_LIMIT:.0f} s: look into {settings.data_dir / 'log'}", err=True)
    return False


def announce(settings: Settings, first_password: str | None) -> None:
    """Print where everything is, and once the first officer's password."""
    base = settings.public_url or f"http://{local_host(settings)}:{settings.port}"
    click.echo("\nAn Tâm is running.")
    click.echo(f"  Web chat  {base}/")
    click.echo(f"  Desk      {base}/desk")
    telegram = "on" if settings.telegram_bot_token.get_secret_value() else "off (set TELEGRAM_BOT_TOKEN)"
    click.echo(f"  Telegram  {telegram}")
    if first_password:
        click.echo(f"  First officer: login 'admin', one-time password  {first_password}")
        click.echo("  (shown this once; it must be changed at the first log-in)")
    click.echo("Ctrl-C stops it.")
    sys.stdout.flush()


def local_host(settings: Settings) -> str:
    """The address under which this machine reaches its own gateway."""
    return "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
