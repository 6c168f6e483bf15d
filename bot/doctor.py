"""``python -m bot doctor``: what is configured, reachable and missing, one line each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click
import httpx
import sqlalchemy as sa

from bot.db.engine import Store, make_engine
from bot.db.keys import KeyFileError, load_key_file
from bot.db.sealing import SealError
from bot.settings import Settings, get_settings


@dataclass(frozen=True)
class Finding:
    """``state``: ok, off (not configured, which is fine), or missing (with the remedy in ``text``)."""

    name: str
    state: str
    text: str


def check_python(_settings: Settings) -> Finding:
    """The interpreter's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info[:2] == (3, 10)
    return Finding("python", "ok" if good else "missing", version if good else f"{version}: Rasa needs 3.10")


def check_keys(settings: Settings) -> Finding:
    """The key file, without creating it."""
    if not settings.keys.exists():
        return Finding("key file", "missing", f"{settings.keys} does not exist: 'make run' creates it on first use")
    try:
        load_key_file(settings.keys)
    except KeyFileError as error:
        return Finding("key file", "missing", str(error))
    return Finding("key file", "ok", str(settings.keys))


def check_database(settings: Settings) -> Finding:
    """The database answers."""
    if settings.database.startswith("sqlite") and not (settings.data_dir / "an_tam.db").exists():
        return Finding("database", "missing", "no database yet: 'make run' creates it on first use")
    engine = make_engine(settings.database)
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("select 1"))
            ready = sa.inspect(connection).has_table("meta")
    except sa.exc.SQLAlchemyError as error:
        return Finding("database", "missing", f"{engine.dialect.name}: {type(error).__name__}")
    return Finding("database", "ok" if ready else "missing", engine.dialect.name if ready else "not migrated yet")


def check_models(settings: Settings) -> Finding:
    """Both trained models load."""
    from bot.safety import RiskAssessor, RiskModelError

    if not (settings.models_dir / "an-tam.tar.gz").exists():
        return Finding("models", "missing", "no Rasa model: run 'make train'")
    try:
        RiskAssessor.load(settings.models_dir)
    except RiskModelError as error:
        return Finding("models", "missing", str(error))
    return Finding("models", "ok", str(settings.models_dir))


def check_knowledge(settings: Settings) -> Finding:
    """The knowledge base loads."""
    from bot.knowledge import KnowledgeBase

    try:
        items = len(KnowledgeBase.load(settings.knowledge_dir).items)
    except Exception as error:
        return Finding("knowledge", "missing", f"{type(error).__name__}: run 'python -m bot knowledge check'")
    return Finding("knowledge", "ok", f"{items} items")


def check_gateway(settings: Settings) -> Finding:
    """Whether the program is running here."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    try:
        status = httpx.get(f"http://{host}:{settings.port}/ready", timeout=3, trust_env=False).status_code
    except httpx.HTTPError:
        return Finding("gateway", "off", "not running: 'make run' starts it")
    return Finding("gateway", "ok" if status == 200 else "missing", "ready" if status == 200 else "up, but Rasa is not")


def check_telegram(settings: Settings) -> Finding:
    """The token is accepted by the Bot API server."""
    token = settings.telegram_bot_token.get_secret_value()
    if not token:
        return Finding("telegram", "off", "TELEGRAM_BOT_TOKEN is not set")
    try:
        answer = httpx.get(f"{settings.telegram_api_base}/bot{token}/getMe", timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        return Finding("telegram", "missing", f"{settings.telegram_api_base} not reachable ({type(error).__name__})")
    if answer.status_code == 401:
        return Finding("telegram", "missing", "the token is refused: get a new one from @BotFather")
    mode = "webhook" if settings.public_url else "long polling"
    return Finding("telegram", "ok" if answer.is_success else "missing", f"{mode}, http {answer.status_code}")


def check_zalo(settings: Settings) -> Finding:
    """What ``bridge zalo check`` finds, as one line: the first thing that is missing."""
    from bot.bridges import checks

    if not settings.zalo_app_id:
        return Finding("zalo", "off", "HOTLINE_ZALO_APP_ID is not set")
    try:
        store = Store(make_engine(settings.database), load_key_file(settings.keys), settings.keys)
        found = list(checks.check_zalo(settings, store))
    except checks.Wrong as error:
        return Finding("zalo", "missing", str(error))
    except (KeyFileError, SealError, sa.exc.SQLAlchemyError) as error:
        return Finding("zalo", "missing", f"the token cannot be read ({type(error).__name__}): see the lines above")
    wrong = [f"{one.name}: {one.text}" for one in found if one.state != checks.OK]
    if wrong:
        return Finding("zalo", "missing", wrong[0])
    return Finding("zalo", "ok", f"account {settings.zalo_oa_id}; 'python -m bot bridge zalo check' says more")


def check_webhook(settings: Settings) -> Finding:
    """The case system's webhook is configured completely."""
    if not settings.webhook_url:
        return Finding("case webhook", "off", "HOTLINE_WEBHOOK_URL is not set: reports go to the embedded desk only")
    if not settings.webhook_secret.get_secret_value():
        return Finding("case webhook", "missing", "HOTLINE_WEBHOOK_SECRET is not set")
    return Finding("case webhook", "ok", "configured; deliveries: 'python -m bot report deliveries'")


def check_primero(settings: Settings) -> Finding:
    """Primero is configured completely; whether it answers is asked by ``report primero``."""
    from bot.forwarding import TargetError, build_primero

    if not settings.primero_url:
        return Finding("primero", "off", "HOTLINE_PRIMERO_URL is not set")
    try:
        build_primero(settings).close()
    except TargetError as error:
        return Finding("primero", "missing", str(error))
    return Finding("primero", "ok", "configured; 'python -m bot report primero' asks the server")


def check_alerts(settings: Settings) -> Finding:
    """The duty roster can be read and somebody on it can be reached."""
    from bot.alerts.channels import build_channels
    from bot.forwarding import TargetError
    from bot.forwarding.roster import load_roster

    try:
        roster, channels = load_roster(settings.roster_file), build_channels(settings)
    except TargetError as error:
        return Finding("alerts", "missing", str(error))
    reached = [c.name for c in channels if any(c.address(person) for person in roster.people.values())]
    if not reached:
        return Finding("alerts", "off", f"shown at the desk only: no channel reaches anybody in {settings.roster_file}")
    return Finding("alerts", "ok", f"desk, {', '.join(reached)}; {len(roster.people)} people")


def check_disk(settings: Settings) -> Finding:
    """Free space where the data lives."""
    place = settings.data_dir if settings.data_dir.exists() else settings.data_dir.parent
    free = shutil.disk_usage(place).free // 2**20
    return Finding("disk", "ok" if free >= 500 else "missing", f"{free} MB free")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    check_python,
    check_disk,
    check_keys,
    check_database,
    check_models,
    check_knowledge,
    check_gateway,
    check_telegram,
    check_zalo,
    check_webhook,
    check_primero,
    check_alerts,
)


@click.command("doctor")
def doctor() -> None:
    """Say what is configured, reachable and missing; exit code 1 when something is missing."""
    settings = get_settings()
    findings = [check(settings) for check in CHECKS]
    for finding in findings:
        click.echo(f"{finding.state:8} {finding.name:13} {finding.text}")
    sys.exit(1 if any(f.state == "missing" for f in findings) else 0)
