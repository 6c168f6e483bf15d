"""Officers, passwords and sessions at the desk."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.desk import OfficerError, create_officer, list_officers, officers, reset_officer
from bot.desk.sessions import IDLE, LONGEST, WRONG_IN_ALL, WRONG_PER_LOGIN, Gate
from bot.desk.words import words
from tests.unit.test_desk import PASSWORD, Officer, add, file, quick_passwords  # noqa: F401 - a fixture
from tests.unit.test_forwarding import Clock
from tests.unit.test_reports import rows


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
