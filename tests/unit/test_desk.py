"""The desk over its real ASGI app: log in, list, open, acknowledge, failed deliveries; and what it must not do."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.db import tables
from bot.db.engine import Store
from bot.desk import OfficerError, create_officer, desk_routes, list_officers, officers, reset_officer
from bot.desk.sessions import IDLE, LONGEST, WRONG_IN_ALL, WRONG_PER_LOGIN, Gate
from bot.desk.words import due_at, due_clock, words
from bot.forwarding import DeskTarget, ForwardingWorker, Outcome
from bot.reports import ReportDraft, ReportService
from tests.conftest import make_settings
from tests.unit.test_forwarding import Clock, Scripted
from tests.unit.test_reports import DRAFT, rows

PASSWORD = "con meo ngoi tren mai"
SENDER = "ab" * 16


class Officer:
    """A browser at the desk."""

    def __init__(self, store: Store, clock: Any = time.time, **settings: Any) -> None:
        app = Starlette(routes=desk_routes(store, make_settings(Path("unused"), **settings), clock))
        self.http = TestClient(app, base_url="https://desk.example.vn", follow_redirects=False)

    def get(self, path: str) -> Any:
        return self.http.get(path)

    def csrf(self, path: str = "/desk/login") -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.http.get(path).text)
        assert found
        return found.group(1)

    def post(self, path: str, page: str = "/desk/password", **form: str) -> Any:
        return self.http.post(path, data={"csrf": self.csrf(page), **form})

    def login(self, login: str = "lan", password: str = PASSWORD) -> Any:
        return self.post("/desk/login", page="/desk/login", login=login, password=password)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work that Argon2id allows: these tests are not about its cost."""
    monkeypatch.setattr(officers, "_OPS", 1)
    monkeypatch.setattr(officers, "_MEMORY", 8192)
    officers._nobody.cache_clear()


def add(store: Store, login: str = "lan") -> None:
    create_officer(store, login)
    officers.change_password(store, login, PASSWORD)


def file(store: Store, key: str = "k1", **draft: Any) -> tuple[ReportService, Any]:
    """A report that has arrived at the desk."""
    service = ReportService(store, ["desk"])
    taken = service.take(ReportDraft(**draft) if draft else DRAFT, "web", SENDER, key)
    ForwardingWorker(store, [DeskTarget(store)], make_settings(Path("unused"))).run_once()
    return service, taken


def actions(store: Store) -> list[tuple[str, str]]:
    return [(row["actor"], row["action"]) for row in rows(store, tables.audit)]


# --- logging in -----------------------------------------------------------------------------------
def test_first_log_in_must_change_the_password(store: Store) -> None:
    one_time = create_officer(store, "Lan")
    officer = Officer(store)
    assert officer.login(password=one_time).status_code == 303
    assert officer.get("/desk/").headers["location"] == "/desk/password"
    for new, again, problem in (
        ("ngắn", "ngắn", "password_short"),
        (PASSWORD, PASSWORD + "x", "password_differs"),
        (one_time, one_time, "password_same"),
        ("lan-dep-qua-troi", "lan-dep-qua-troi", "password_simple"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "password_simple"),
    ):
        answer = officer.post("/desk/password", old=one_time, new=new, again=again)
        assert answer.status_code == 400
        assert words()["problems"][problem] in answer.text
    assert officer.post("/desk/password", old="sai", new=PASSWORD, again=PASSWORD).status_code == 400
    done = officer.post("/desk/password", old=one_time, new=PASSWORD, again=PASSWORD)
    assert done.headers["location"] == "/desk/login?note=password"
    assert officer.get("/desk/").headers["location"] == "/desk/login"
    assert officer.login(password=one_time).status_code == 403
    assert officer.login().status_code == 303
    assert officer.get("/desk/").status_code == 200


def test_without_a_session_every_page_leads_to_the_log_in(store: Store) -> None:
    add(store)
    _, taken = file(store)
    officer = Officer(store)
    for path in ("/desk/", f"/desk/cases/{taken.report_id}", "/desk/deliveries", "/desk/trail", "/desk/password"):
        assert officer.get(path).headers["location"].startswith("/desk/login"), path
    for path in (f"/desk/cases/{taken.report_id}/acknowledge", "/desk/deliveries/1/replay", "/desk/logout"):
        answer = officer.http.post(path, data={"csrf": officer.csrf()})
        assert answer.headers["location"].startswith("/desk/login"), path
    assert rows(store, tables.desk_cases)[0]["status"] == "new"


def test_wrong_login_and_wrong_password_look_the_same(store: Store) -> None:
    add(store)
    wrong, nobody = Officer(store).login(password="sai sai sai sai"), Officer(store).login(login="ai-do")
    assert wrong.status_code == nobody.status_code == 403
    assert re.sub(r'value="[^"]*"', "", wrong.text) == re.sub(r'value="[^"]*"', "", nobody.text)
    failed = [row["subject"] for row in rows(store, tables.audit) if row["action"] == "login_failed"]
    assert failed == ["lan", "unknown"]


def test_an_unknown_login_costs_the_same_work(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add(sqlite_store)
    officers._nobody()
    calls: list[str] = []
    real = officers.pwhash.verify
    monkeypatch.setattr(officers.pwhash, "verify", lambda h, p: (calls.append(h.decode()), real(h, p))[1])
    assert not officers.check_password(sqlite_store, "ai-do", "x")
    assert not officers.check_password(sqlite_store, "lan", "x")
    assert len(calls) == 2
    assert calls[0].split("$")[:4] == calls[1].split("$")[:4]


def test_guessing_is_slowed_but_the_officer_at_the_own_browser_gets_in(store: Store) -> None:
    add(store)
    clock = Clock()
    own, stranger = Officer(store, clock), Officer(store, clock)
    assert own.login().status_code == 303
    assert own.post("/desk/logout").status_code == 303
    for _ in range(WRONG_PER_LOGIN):
        assert stranger.login(password="sai sai sai sai").status_code == 403
    refused = stranger.login()
    assert refused.status_code == 429
    assert words()["problems"]["wait"] in refused.text
    assert own.login().status_code == 303
    clock.now += 15 * 60 + 1
    assert Officer(store, clock).login().status_code == 303


def test_guessing_many_logins_is_slowed_too(sqlite_store: Store) -> None:
    add(sqlite_store)
    gate = Gate(sqlite_store, Clock())
    answers = [gate.attempt(f"ten-{number}", "x", "") for number in range(WRONG_IN_ALL)]
    assert set(answers) == {"wrong"}
    assert gate.attempt("lan", PASSWORD, "") == "wait"
    assert gate.attempt("lan", PASSWORD, gate.device("lan")) == "ok"
    assert gate.attempt("lan", PASSWORD, gate.device("khac")) == "wait"


def test_a_session_ends_when_idle_and_after_a_day_of_work(store: Store) -> None:
    add(store)
    clock = Clock()
    officer = Officer(store, clock)
    officer.login()
    for _ in range(3):
        clock.now += IDLE - 60
        assert officer.get("/desk/").status_code == 200
    clock.now += IDLE + 60
    assert officer.get("/desk/").status_code == 303
    officer.login()
    for _ in range(int(LONGEST / 1000)):
        clock.now += 1000
        officer.get("/desk/")
    clock.now += 1000
    assert officer.get("/desk/").status_code == 303


def test_cookies_and_tokens(store: Store) -> None:
    add(store)
    officer = Officer(store, secure_cookies=True)
    before = officer.get("/desk/login").cookies["desk"]
    answer = officer.login()
    header = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("desk="))
    assert all(part in header for part in ("HttpOnly", "SameSite=strict", "Secure", "Path=/desk"))
    token = officer.http.cookies["desk"]
    assert token != before
    (session,) = rows(store, tables.desk_sessions)
    assert token not in session["token"]
    assert "Secure" not in Officer(store, secure_cookies=False).get("/desk/login").headers["set-cookie"]


def test_logging_out_ends_the_session_for_a_stolen_cookie_too(store: Store) -> None:
    add(store)
    officer = Officer(store)
    officer.login()
    token = officer.http.cookies["desk"]
    officer.post("/desk/logout")
    officer.http.cookies.set("desk", token)
    assert officer.get("/desk/").headers["location"] == "/desk/login"


def test_a_reset_officer_is_logged_out(store: Store) -> None:
    add(store)
    officer = Officer(store)
    officer.login()
    one_time = reset_officer(store, "lan")
    assert officer.get("/desk/").status_code == 303
    assert officer.login().status_code == 403
    assert officer.login(password=one_time).status_code == 303


def test_every_form_needs_its_token(store: Store) -> None:
    add(store)
    _, taken = file(store)
    officer, other = Officer(store), Officer(store)
    officer.login()
    foreign = other.csrf()
    for form in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": "é"}):
        answer = officer.http.post(f"/desk/cases/{taken.report_id}/acknowledge", data=form)
        assert answer.status_code == 403
        assert words()["problems"]["csrf"] in answer.text
    assert rows(store, tables.desk_cases)[0]["acknowledged_by"] is None
    assert other.http.post("/desk/login", data={"login": "lan", "password": PASSWORD}).status_code == 403


def test_too_large_a_form_is_refused(sqlite_store: Store) -> None:
    assert Officer(sqlite_store).http.post("/desk/login", data={"login": "x" * 100_000}).status_code == 413


# --- headers --------------------------------------------------------------------------------------
def test_every_answer_has_the_headers(sqlite_store: Store) -> None:
    add(sqlite_store)
    _, taken = file(sqlite_store)
    officer = Officer(sqlite_store)
    answers = [officer.get("/desk/"), officer.get("/desk/login"), officer.login()]
    answers += [officer.get("/desk/"), officer.get(f"/desk/cases/{taken.report_id}"), officer.get("/desk/cases/x")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    for answer in answers:
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert not re.search(r"<title>.*(trẻ|báo|xâm|bạo).*</title>", answer.text)
        assert not re.search(r'(src|href)="https?:', answer.text)


def test_what_a_person_wrote_is_never_markup(sqlite_store: Store) -> None:
    add(sqlite_store)
    evil = '<script>alert(1)</script><img src=x onerror="x">'
    _, taken = file(sqlite_store, story=evil, commune=evil, contact=evil, extra={"ho_ten_me": evil})
    officer = Officer(sqlite_store)
    officer.login()
    for path in ("/desk/", f"/desk/cases/{taken.report_id}"):
        assert "<script" not in officer.get(path).text
        assert "<img" not in officer.get(path).text
    assert "&lt;script&gt;" in officer.get(f"/desk/cases/{taken.report_id}").text


# --- cases ----------------------------------------------------------------------------------------
def test_an_officer_reads_takes_on_and_ends_a_case(store: Store) -> None:
    add(store)
    service, taken = file(store)
    officer = Officer(store)
    officer.login()
    path = f"/desk/cases/{taken.report_id}"

    def told() -> tuple[str, bool]:
        status = service.status(taken.receipt, SENDER)
        assert status is not None
        return status.status, status.seen

    assert told() == ("forwarded", False)
    page = officer.get(path).text
    assert "CANARY-STORY" in page
    assert "Có lời kể về việc bị làm hại" in page
    assert "Họ và tên mẹ (5) - Tuổi - Nghề nghiệp" in page
    assert "0912 345 678" in page
    assert told() == ("forwarded", True)
    assert officer.post(f"{path}/acknowledge").headers["location"] == f"{path}?note=acknowledged"
    assert told() == ("acknowledged", True)
    officer.post(f"{path}/status", status="in_progress")
    assert told() == ("in_progress", True)
    officer.post(f"{path}/status", status="closed")
    assert told() == ("closed", True)
    officer.post(f"{path}/status", status="in_progress")
    assert told() == ("in_progress", True)
    (case,) = rows(store, tables.desk_cases)
    assert (case["status"], case["acknowledged_by"]) == ("in_progress", "lan")
    done = [action for actor, action in actions(store) if actor == "lan"]
    for action in ("view_case", "case_acknowledged", "case_status", "report_status"):
        assert action in done


def test_two_officers_and_one_case(store: Store) -> None:
    add(store)
    add(store, "minh")
    _, taken = file(store)
    first, second = Officer(store), Officer(store)
    first.login("lan")
    second.login("minh")
    path = f"/desk/cases/{taken.report_id}"
    assert first.post(f"{path}/acknowledge").headers["location"].endswith("note=acknowledged")
    assert second.post(f"{path}/acknowledge").headers["location"].endswith("note=taken")
    assert rows(store, tables.desk_cases)[0]["acknowledged_by"] == "lan"
    assert second.post(f"{path}/status", status="withdrawn").headers["location"].endswith("note=unchanged")


def test_unknown_cases(store: Store) -> None:
    add(store)
    officer = Officer(store)
    officer.login()
    missing = "00000000-0000-4000-8000-000000000000"
    assert officer.get(f"/desk/cases/{missing}").status_code == 404
    assert officer.get("/desk/cases/%2e%2e").status_code == 404
    assert officer.post(f"/desk/cases/{missing}/acknowledge").status_code == 404
    assert officer.post(f"/desk/cases/{missing}/status", status="closed").status_code == 404


def test_an_unreadable_case_is_said_so_and_the_list_lives(sqlite_store: Store) -> None:
    add(sqlite_store)
    _, taken = file(sqlite_store)
    with sqlite_store.engine.begin() as connection:
        connection.execute(tables.desk_cases.update().values(content=b"\x01\x00\x00" + b"x" * 300))
    officer = Officer(sqlite_store)
    officer.login()
    answer = officer.get(f"/desk/cases/{taken.report_id}")
    assert answer.status_code == 500
    assert words()["problems"]["unreadable"] in answer.text
    assert "không mở được" in officer.get("/desk/").text


def codes(page: str) -> list[str]:
    return re.findall(r'class="code" href="/desk/cases/([0-9a-f-]{36})"', page)


def test_list_sorts_and_filters(store: Store) -> None:
    add(store)
    now = time.time()
    made = {}
    for name, risk, hours, age in (
        ("a", "high", 5, 9),
        ("b", "immediate", 1, 9),
        ("c", "low", 9, 9),
        ("d", "high", 8, 9),
    ):
        service = ReportService(store, ["desk"], clock=lambda hours=hours: now - hours * 3600)  # type: ignore[misc]
        made[service.take(ReportDraft(risk=risk, child_age=age), "web", SENDER, name).report_id] = name
    ForwardingWorker(store, [DeskTarget(store)], make_settings(Path("unused"))).run_once()
    officer = Officer(store)
    officer.login()

    def seen(query: str = "") -> str:
        return "".join(made[code] for code in codes(officer.get(f"/desk/{query}").text))

    assert seen() == "bdac"
    assert seen("?sort=newest") == "badc"
    assert seen("?sort=oldest") == "cdab"
    assert seen("?sort=due") == "bdac"
    assert seen("?risk=high") == "da"
    case_b = next(code for code, name in made.items() if name == "b")
    officer.post(f"/desk/cases/{case_b}/status", status="closed")
    assert seen() == "dac"
    assert seen("?status=closed") == "b"
    assert seen("?status=all") == "bdac"
    assert seen("?risk='; drop table reports--&sort=x&page=0") == "dac"
    assert seen("?page=99") == ""
    assert ("lan", "view_list") in actions(store)


def test_due_clock() -> None:
    assert due_clock("immediate", "new", 0, 3600) | {"basis": "", "title": "", "at": 0} == {
        "text": "còn 11 giờ 00 phút",
        "late": False,
        "title": "",
        "basis": "",
        "at": 0,
    }
    assert due_clock("immediate", "acknowledged", 0, 13 * 3600)["text"] == "quá hạn 1 giờ 00 phút"
    assert due_clock("immediate", "acknowledged", 0, 13 * 3600)["late"]
    assert due_clock("immediate", "in_progress", 0, 13 * 3600)["text"] == "Xong"
    assert "Điều 26 khoản 3" in due_clock("immediate", "new", 0, 0)["basis"]
    assert due_clock("low", "new", 0, 0)["text"] == "—"
    friday = 1_795_752_000.0  # 27 November 2026, 11:00 in Vietnam
    until = due_at("medium", friday)
    assert until is not None
    assert until - friday == 5 * 86_400


# --- deliveries and trail -------------------------------------------------------------------------
def test_failed_deliveries_are_shown_in_plain_words_and_sent_again(store: Store) -> None:
    add(store)
    ReportService(store, ["webhook"]).take(DRAFT, "web", SENDER, "k1")
    team = ForwardingWorker(store, [Scripted(Outcome("rejected", "http_422"))], make_settings(Path("unused")))
    team.run_once()
    officer = Officer(store)
    officer.login()
    assert "1 tin gửi chưa tới nơi" in officer.get("/desk/").text
    page = officer.get("/desk/deliveries").text
    assert "Nơi nhận không hiểu một ô nào đó (422)" in page
    number = re.search(r"/desk/deliveries/(\d+)/replay", page)
    assert number
    assert officer.post(f"/desk/deliveries/{number.group(1)}/replay").headers["location"].endswith("note=replayed")
    assert officer.post(f"/desk/deliveries/{number.group(1)}/replay").headers["location"].endswith("note=unchanged")
    team.run_once()
    assert "Mọi tin đều đã tới nơi" in officer.get("/desk/deliveries").text


def test_trail_shows_who_did_what_and_is_itself_audited(store: Store) -> None:
    add(store)
    _, taken = file(store)
    officer = Officer(store)
    officer.login()
    officer.get(f"/desk/cases/{taken.report_id}")
    page = officer.get("/desk/trail").text
    assert "Xem hồ sơ" in page
    assert "CANARY" not in page
    assert ("lan", "view_audit") in actions(store)
    only = officer.get(f"/desk/trail?subject={taken.report_id}").text
    assert "Xem hồ sơ" in only
    assert "Đăng nhập" not in only
    assert officer.get("/desk/trail?before=1").status_code == 200
    assert officer.get("/desk/trail?before=٣x").status_code == 200


# --- officers -------------------------------------------------------------------------------------
def test_officers_are_added_once_with_a_good_login(store: Store) -> None:
    assert len(create_officer(store, " Lan ").replace("-", "")) == 20
    with pytest.raises(OfficerError, match="already"):
        create_officer(store, "lan")
    for bad in ("", "a", "lan nguyen", "lan/../x", "x" * 40, "-lan"):
        with pytest.raises(OfficerError):
            create_officer(store, bad)
    with pytest.raises(OfficerError, match="no officer"):
        reset_officer(store, "ai")
    assert [(entry["login"], entry["must_change"]) for entry in list_officers(store)] == [("lan", True)]


def test_passwords_are_kept_only_as_argon2id(store: Store) -> None:
    add(store)
    with store.reader.connect() as connection:
        kept = connection.execute(sa.select(tables.officers.c.password)).scalar_one()
    assert kept.startswith("$argon2id$")


def test_an_inactive_officer_is_out(store: Store) -> None:
    add(store)
    officer = Officer(store)
    officer.login()
    with store.engine.begin() as connection:
        connection.execute(tables.officers.update().values(active=False))
    assert officer.get("/desk/").status_code == 303
    assert officer.login().status_code == 403
