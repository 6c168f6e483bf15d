"""The desk's request handling: sessions, forms with their token, headers, templates."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.alerts import count_open
from bot.db.engine import Store
from bot.db.sealing import SealError
from bot.desk import words
from bot.desk.chats import Window, count_waiting
from bot.desk.sessions import LONGEST, Gate, Session, Sessions
from bot.forwarding import field_labels
from bot.forwarding.roster import RosterFile
from bot.forwarding.routing import Decision, router_of
from bot.reports.content import Shredded
from bot.reports.form01 import short_code
from bot.settings import Settings

log = structlog.get_logger("desk")
COOKIE, DEVICE_COOKIE = "desk", "desk_device"
LARGEST_FORM = 64_000
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

SCRIPTED = HEADERS["Content-Security-Policy"] + "; script-src 'self'; connect-src 'self'"
"""The policy of the one page with a script of ours: a chat, which must not lose what is being typed."""


@dataclass(frozen=True)
class Visit:
    """One request: who, what was asked, what was sent."""

    request: Request
    form: Mapping[str, str]
    token: str
    session: Session | None

    @property
    def login(self) -> str:
        """The officer. Only for pages that need one."""
        if self.session is None:
            raise PermissionError
        return self.session.login

    def query(self, name: str) -> str:
        """A query parameter."""
        return self.request.query_params.get(name, "")[:100]


Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class Desk:
    """What every page shares."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        windows: Mapping[str, Window] | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.windows = windows or {}
        self.sessions = Sessions(store, clock)
        self.gate = Gate(store, clock)
        self._secure = settings.cookies_secure
        self._knowledge_dir, self._roster = settings.knowledge_dir, RosterFile(settings.roster_file)
        folder = Path(__file__).parent / "templates"
        self._pages = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
        self._pages.globals.update(
            words=words.words(),
            moment=words.moment,
            iso=words.iso,
            due_clock=words.due_clock,
            clock_words=words.clock_words,
            error_words=words.error_words,
            field_words=words.field_words,
            labels=field_labels(settings),
            detail_words=words.detail_words,
            answer_words=words.answer_words,
            window_words=words.window_words,
            short_code=short_code,
        )

    def page(self, visit: Visit, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a template; every form in it gets the token of this browser session."""
        now = self.clock()
        note, problem = visit.query("note"), values.pop("problem", "")
        html = self._pages.get_template(template).render(
            officer=visit.session.login if visit.session else None,
            alarms=count_open(self.store) if visit.session else 0,
            chats_waiting=count_waiting(self.store) if visit.session else 0,
            csrf=self.sessions.csrf(visit.token),
            note=words.words()["notes"].get(note, ""),
            problem=words.words()["problems"].get(problem, ""),
            now=now,
            ago=lambda at: words.ago(at, now),
            **values,
        )
        return HTMLResponse(html, status_code=status)

    def route(self, content: Mapping[str, Any]) -> Decision:
        """Whom a report is to be passed to, by law and by today's roster."""
        draft, roster = content["draft"], self._roster.current()
        kind = draft.get("kind", "none")
        return router_of(self._knowledge_dir).route(draft["commune"], content["risk"], kind, roster, self.clock())

    def problem(self, visit: Visit, problem: str, status: int) -> HTMLResponse:
        """A page that says what went wrong."""
        return self.page(visit, "message.html", status=status, problem=problem)

    def endpoint(
        self, handler: Handler, *, public: bool = False, first: bool = False
    ) -> Callable[..., Awaitable[Response]]:
        """A route's endpoint. ``public``: without a session; ``first``: also before the password is changed."""

        async def run(request: Request) -> Response:
            form: Mapping[str, str] = {}
            if request.method == "POST":
                length = request.headers.get("content-length", "")
                if not length.isdigit() or int(length) > LARGEST_FORM:
                    return Response(status_code=413, headers=HEADERS)
                sent = await request.form()
                form = {name: value for name, value in sent.items() if isinstance(value, str)}
            return await run_in_threadpool(self._answer, request, form, handler, public, first)

        return run

    def _answer(
        self, request: Request, form: Mapping[str, str], handler: Handler, public: bool, first: bool
    ) -> Response:
        token = request.cookies.get(COOKIE, "")
        fresh = len(token) < 20
        if fresh:
            token = secrets.token_urlsafe(32)
        visit = Visit(request, form, token, None if fresh else self.sessions.find(token, touch=not live(request)))
        response = self._guarded(visit, handler, public, first)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if fresh and not any(COOKIE + "=" in value for value in response.headers.getlist("set-cookie")):
            self.set_cookie(response, COOKIE, token)
        return response

    def _guarded(self, visit: Visit, handler: Handler, public: bool, first: bool) -> Response:
        if not public:
            if visit.session is None:
                return redirect("/desk/login", "expired" if visit.request.method == "POST" else "")
            if visit.session.must_change and not first:
                return redirect("/desk/password")
        if visit.request.method == "POST":
            expected = self.sessions.csrf(visit.token)
            if not hmac.compare_digest(visit.form.get("csrf", "").encode(), expected.encode()):
                return self.problem(visit, "csrf", 403)
        try:
            return handler(visit)
        except (SealError, Shredded) as error:
            log.error("case_unreadable", code=type(error).__name__)
            return self.problem(visit, "unreadable", 500)

    def set_cookie(self, response: Response, name: str, value: str, max_age: int = int(LONGEST)) -> None:
        """A cookie that scripts and other sites never see."""
        response.set_cookie(
            name, value, max_age=max_age, path="/desk", secure=self._secure, httponly=True, samesite="strict"
        )


def live(request: Request) -> bool:
    """Whether a page refreshed itself: that keeps no session alive and is no view worth a line in the trail."""
    return request.method == "GET" and request.query_params.get("live") == "1"


def redirect(path: str, note: str = "") -> RedirectResponse:
    """After a form: a page that may be reloaded without sending the form again."""
    return RedirectResponse(f"{path}?note={note}" if note else path, status_code=303)
