"""The desk: the officers' web pages under ``/desk``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.db.engine import Store
from bot.desk.chat_pages import ChatPages
from bot.desk.chats import Window
from bot.desk.officers import OfficerError, create_officer, list_officers, reset_officer
from bot.desk.pages import Pages
from bot.desk.web import Desk
from bot.dialogue.duty import Duty
from bot.dialogue.floor import Floor, Limits
from bot.settings import Settings


def desk_routes(
    store: Store,
    settings: Settings,
    clock: Callable[[], float] = time.time,
    windows: Mapping[str, Window] | None = None,
) -> list[BaseRoute]:
    """The routes of the desk, for the gateway's app. ``windows``: the reply windows of the channels that have one."""
    desk = Desk(store, settings, clock, windows)
    page, end = Pages(desk), desk.endpoint
    talk = ChatPages(desk, Floor(store, Duty(store, settings.roster_file), Limits.of(settings), clock))
    routes: list[BaseRoute] = [
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="desk-static"),
        Route("/login", end(page.login_form, public=True), methods=["GET"]),
        Route("/login", end(page.login, public=True), methods=["POST"]),
        Route("/logout", end(page.logout, first=True), methods=["POST"]),
        Route("/password", end(page.password_form, first=True), methods=["GET"]),
        Route("/password", end(page.password, first=True), methods=["POST"]),
        Route("/", end(page.list), methods=["GET"]),
        Route("/cases/{case_id}", end(page.case), methods=["GET"]),
        Route("/cases/{case_id}/acknowledge", end(page.acknowledge), methods=["POST"]),
        Route("/cases/{case_id}/status", end(page.status), methods=["POST"]),
        Route("/cases/{case_id}/message", end(talk.message), methods=["POST"]),
        Route("/chats", end(talk.list), methods=["GET"]),
        Route("/chats/{chat}", end(talk.chat), methods=["GET"]),
        Route("/chats/{chat}/take", end(talk.take), methods=["POST"]),
        Route("/chats/{chat}/write", end(talk.write), methods=["POST"]),
        Route("/chats/{chat}/back", end(talk.back), methods=["POST"]),
        Route("/alerts", end(page.alerts), methods=["GET"]),
        Route("/alerts/{alert_id}/acknowledge", end(page.acknowledge_alert), methods=["POST"]),
        Route("/deliveries", end(page.deliveries), methods=["GET"]),
        Route("/deliveries/{number:int}/replay", end(page.replay), methods=["POST"]),
        Route("/targets/{target}/resume", end(page.resume), methods=["POST"]),
        Route("/trail", end(page.trail), methods=["GET"]),
    ]
    return [Route("/desk", lambda _request: RedirectResponse("/desk/", 307)), Mount("/desk", routes=routes)]


__all__ = ["OfficerError", "Window", "create_officer", "desk_routes", "list_officers", "reset_officer"]
