"""The gateway: one ASGI app with the bridges, the desk, health and metrics, and the workers behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.alerts import AlertWorker
from bot.bridges import ZaloBotBridge, make_bridges
from bot.db.engine import Store, open_store
from bot.desk import Window, desk_routes
from bot.dialogue.conversation import Conversation
from bot.dialogue.doorway import Doorway
from bot.dialogue.duty import Duty
from bot.dialogue.floor import Floor, Limits
from bot.dialogue.information import ByChannel, InformationOnly
from bot.dialogue.janitor import Janitor
from bot.dialogue.rasa_client import RasaClient
from bot.dialogue.worker import InboxWorker, ReplySender
from bot.forwarding import ForwardingWorker, build_targets, forwarding_routes
from bot.knowledge import Answerer, KnowledgeBase
from bot.logs import configure_logging
from bot.reports.retention import Retention
from bot.safety import RiskAssessor, SafetyAnswers
from bot.settings import Settings, get_settings

log = structlog.get_logger(__name__)


class Gateway:
    """Everything the gateway runs, wired once. Raises at construction when safety cannot be loaded."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self.settings = settings
        self.store = store or open_store(settings)
        self.rasa = RasaClient(settings.rasa_url, settings.rasa_timeout, self.store)
        informing = InformationOnly(lambda: Answerer(KnowledgeBase.load(settings.knowledge_dir)))
        understanding = ByChannel(self.rasa, {ZaloBotBridge.name: informing})
        conversation = Conversation(RiskAssessor.load(settings.models_dir), SafetyAnswers.load(), understanding)
        self.bridges = {bridge.name: bridge for bridge in make_bridges(settings, self.store)}
        self.sender = ReplySender(self.store, self.bridges)
        doorway = Doorway(self.store, settings.messages_per_minute, settings.messages_per_hour)
        self.floor = Floor(self.store, Duty(self.store, settings.roster_file), Limits.of(settings))
        self.inbox = InboxWorker(self.store, conversation, self.sender, self.floor, doorway)
        self.forwarding = ForwardingWorker(self.store, build_targets(self.store, settings), settings)
        self.alerts = AlertWorker(self.store, settings)
        retention = Retention(self.store, settings.report_keep_days, settings.desk_keep_days)
        self.janitor = Janitor(self.store, retention)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Start the workers and the bridges; stop them in the opposite order."""
        stop = asyncio.Event()
        rooms = (self.sender, self.forwarding, self.alerts, self.janitor)
        loops = (self.inbox.run, self.inbox.watch, *(room.run for room in rooms))
        workers = [asyncio.create_task(loop(stop)) for loop in loops]
        for bridge in self.bridges.values():
            bridge.on_connect(self.sender.connected)
            bridge.on_human(partial(self.inbox.human_wrote, bridge.name))
            await bridge.start(self.inbox.accept)
        log.info("gateway.started", bridges=sorted(self.bridges))
        try:
            yield
        finally:
            for bridge in self.bridges.values():
                await bridge.stop()
            stop.set()
            await asyncio.wait(workers, timeout=20)
            await self.rasa.close()
            log.info("gateway.stopped")

    def windows(self) -> dict[str, Window]:
        """The reply windows of the channels that have one, for the desk."""
        found = {}
        for bridge in self.bridges.values():
            can = bridge.capabilities
            if can.window_hours is not None:
                until = can.paid_window_hours or can.window_hours
                found[bridge.name] = Window(can.window_hours, until, self.settings.zalo_paid_messages)
        return found

    async def health(self, _request: Request) -> Response:
        """Alive: the process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _request: Request) -> Response:
        """Ready: Rasa has its model and the action server answers. 503 otherwise; messages at risk are answered
        all the same."""
        state = await self.rasa.ready(self.settings.actions_port)
        return JSONResponse(state, status_code=200 if all(state.values()) else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text, for this machine only: a proxied request carries forwarding headers and is refused."""
        local = request.client is not None and request.client.host in ("127.0.0.1", "::1")
        if not local or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
            return JSONResponse({"error": "not found"}, status_code=404)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"error": status}, status_code=status, headers=headers)


async def _server_error(request: Request, error: Exception) -> Response:
    """No error page may repeat what was sent."""
    log.error("gateway.error", route=_route_name(request), error=type(error).__name__)
    return JSONResponse({"error": 500}, status_code=500)


def _route_name(request: Request) -> str:
    route = request.scope.get("route")
    return str(getattr(route, "path", "unknown"))


def create_app() -> Starlette:
    """The ASGI app for uvicorn (``uvicorn --factory bot.app:create_app``)."""
    configure_logging()
    settings = get_settings()
    gateway = Gateway(settings)
    routes = [
        Route("/health", gateway.health),
        Route("/ready", gateway.ready),
        Route("/metrics", gateway.metrics),
        *desk_routes(gateway.store, settings, windows=gateway.windows()),
        *forwarding_routes(gateway.store, settings),
    ]
    for bridge in gateway.bridges.values():
        routes.extend(bridge.routes())
    return Starlette(
        routes=routes,
        lifespan=gateway.lifespan,
        exception_handlers={HTTPException: _http_error, Exception: _server_error},
    )
