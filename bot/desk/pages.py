"""The desk's pages."""

from __future__ import annotations

import re
import secrets

from starlette.responses import Response

from bot.alerts import acknowledge, open_alerts
from bot.alerts.words import notice
from bot.desk import cases, chats, officers
from bot.desk.web import COOKIE, DEVICE_COOKIE, Desk, Visit, live, redirect
from bot.forwarding import outbox, stopping
from bot.reports import form01

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LATE_DELIVERY = 600.0
YEAR = 365 * 86_400


class Pages:
    """One method for each page or form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # --- coming and going ---------------------------------------------------------------------------
    def login_form(self, visit: Visit) -> Response:
        """Log in."""
        if visit.session:
            return redirect("/desk/")
        return self._desk.page(visit, "login.html", login="")

    def login(self, visit: Visit) -> Response:
        """Check the password; the session gets a new token."""
        login, password = visit.form.get("login", ""), visit.form.get("password", "")[: officers.LONGEST]
        answer = self._desk.gate.attempt(login, password, visit.request.cookies.get(DEVICE_COOKIE, ""))
        if answer != "ok":
            status = 429 if answer == "wait" else 403
            problem = "wait" if answer == "wait" else "login"
            return self._desk.page(visit, "login.html", status=status, login=login[:64], problem=problem)
        name = officers.normal_login(login)
        response = redirect("/desk/")
        self._desk.set_cookie(response, COOKIE, self._desk.sessions.open(name))
        self._desk.set_cookie(response, DEVICE_COOKIE, self._desk.gate.device(name), max_age=YEAR)
        return response

    def logout(self, visit: Visit) -> Response:
        """End the session."""
        self._desk.sessions.close(visit.token, visit.login)
        response = redirect("/desk/login", "logout")
        response.delete_cookie(COOKIE, path="/desk")
        return response

    def password_form(self, visit: Visit) -> Response:
        """Change the password."""
        return self._password_page(visit)

    def password(self, visit: Visit) -> Response:
        """Take a new password; every session of the officer ends."""
        old, new = visit.form.get("old", ""), visit.form.get("new", "")
        answer = self._desk.gate.attempt(visit.login, old, visit.request.cookies.get(DEVICE_COOKIE, ""))
        if answer != "ok":
            return self._password_page(visit, "wait" if answer == "wait" else "old_password")
        problem = officers.weakness(visit.login, old, new, visit.form.get("again", ""))
        if problem:
            return self._password_page(visit, problem)
        officers.change_password(self._desk.store, visit.login, new)
        response = redirect("/desk/login", "password")
        response.delete_cookie(COOKIE, path="/desk")
        return response

    def _password_page(self, visit: Visit, problem: str = "") -> Response:
        first = bool(visit.session and visit.session.must_change)
        status = 400 if problem else 200
        return self._desk.page(visit, "password.html", status=status, first=first, problem=problem)

    # --- cases --------------------------------------------------------------------------------------
    def list(self, visit: Visit) -> Response:
        """The cases, the most urgent first."""
        page = visit.query("page")
        wanted = cases.Filter(
            risk=visit.query("risk"),
            status=visit.query("status") or "open",
            sort=visit.query("sort") or "risk",
            page=max(1, int(page[:6])) if page.isascii() and page.isdigit() else 1,
        )
        rows, count = cases.list_cases(self._desk.store, wanted, visit.login, self._desk.clock())
        failed = len(outbox.overview(self._desk.store, outbox.FAILED))
        pages = max(1, -(-count // cases.PAGE))
        return self._desk.page(visit, "cases.html", rows=rows, count=count, wanted=wanted, pages=pages, failed=failed)

    def case(self, visit: Visit) -> Response:
        """One case, laid out as national form 01."""
        case_id = visit.request.path_params["case_id"]
        found = None
        if UUID.fullmatch(case_id):
            found = cases.view_case(self._desk.store, case_id, visit.login, self._desk.clock())
        if found is None:
            return self._desk.problem(visit, "not_found", 404)
        form = form01.sections(found["content"])
        store, now, notice = self._desk.store, self._desk.clock(), found["notice"]
        reach = notice and chats.reach_of_case(store, notice.sender, notice.channel, self._desk.windows, now)
        return self._desk.page(
            visit,
            "case.html",
            case=found,
            form=form,
            form_words=form01.about(),
            route=self._desk.route(found["content"]),
            chat=chats.chat_of_case(store, case_id, now),
            reach=reach,
            key=secrets.token_hex(16),
        )

    def acknowledge(self, visit: Visit) -> Response:
        """Take a case on."""
        case_id = visit.request.path_params["case_id"]
        note = cases.acknowledge(self._desk.store, case_id, visit.login, self._desk.clock())
        return self._back_to_case(visit, case_id, note)

    def status(self, visit: Visit) -> Response:
        """Set a case's status."""
        case_id = visit.request.path_params["case_id"]
        status = visit.form.get("status", "")
        note = cases.set_status(self._desk.store, case_id, status, visit.login, self._desk.clock())
        return self._back_to_case(visit, case_id, note)

    def _back_to_case(self, visit: Visit, case_id: str, note: str) -> Response:
        if note == "not_found":
            return self._desk.problem(visit, "not_found", 404)
        return redirect(f"/desk/cases/{case_id}", note)

    # --- deliveries and trail -----------------------------------------------------------------------
    def deliveries(self, visit: Visit) -> Response:
        """What has not arrived, and why."""
        now = self._desk.clock()
        failed = outbox.overview(self._desk.store, outbox.FAILED)
        waiting = [
            row
            for row in outbox.overview(self._desk.store, ("pending", "sending", "unknown"))
            if row["attempts"] > 0 or now - row["created_at"] > LATE_DELIVERY
        ]
        cases.note_view(self._desk.store, visit.login, "view_deliveries", "deliveries", now)
        stopped = stopping.all_stopped(self._desk.store)
        return self._desk.page(visit, "deliveries.html", failed=failed, waiting=waiting, stopped=stopped)

    def alerts(self, visit: Visit) -> Response:
        """What nobody has acknowledged yet; refreshes itself."""
        rows = open_alerts(self._desk.store)
        for row in rows:
            commune = row["commune"]
            row["words"] = notice(row["kind"], row["subject"], row["risk"], commune, row["detail"], 0, "")
        if not live(visit.request):
            cases.note_view(self._desk.store, visit.login, "view_alerts", "alerts", self._desk.clock())
        return self._desk.page(visit, "alerts.html", rows=rows)

    def acknowledge_alert(self, visit: Visit) -> Response:
        """Take on an alert about the machine."""
        alert_id = visit.request.path_params["alert_id"]
        done = acknowledge(self._desk.store, alert_id, visit.login, self._desk.clock())
        return redirect("/desk/alerts", "alert_acknowledged" if done else "unchanged")

    def resume(self, visit: Visit) -> Response:
        """Let a stopped target be used again."""
        target = visit.request.path_params["target"]
        done = stopping.resume(self._desk.store, target, visit.login, self._desk.clock())
        return redirect("/desk/deliveries", "resumed" if done else "unchanged")

    def replay(self, visit: Visit) -> Response:
        """Send a failed delivery again."""
        number = visit.request.path_params["number"]
        done = outbox.replay(self._desk.store, number, visit.login, self._desk.clock())
        return redirect("/desk/deliveries", "replayed" if done else "unchanged")

    def trail(self, visit: Visit) -> Response:
        """Who did what."""
        before, subject = visit.query("before"), visit.query("subject")
        number = int(before[:15]) if before.isascii() and before.isdigit() else None
        rows = cases.audit_trail(self._desk.store, visit.login, self._desk.clock(), number, subject)
        more = rows[-1]["id"] if len(rows) == 2 * cases.PAGE else None
        return self._desk.page(visit, "trail.html", rows=rows, more=more, subject=subject)
