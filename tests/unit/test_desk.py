"""The desk over its real ASGI app: log in, list, open, acknowledge, failed deliveries; and what it must not do."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.db import tables
from bot.db.engine import Store
from bot.desk import create_officer, desk_routes, officers
from bot.desk.words import due_at, due_clock, words
from bot.forwarding import DeskTarget, ForwardingWorker, Outcome
from bot.reports import ReportDraft, ReportService
from tests.conftest import make_settings
from tests.unit.test_forwarding import Scripted
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
