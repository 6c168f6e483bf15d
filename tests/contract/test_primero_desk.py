"""Primero, seen by operators and officers: settings, mapping file, desk, command line; and what must not leak."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from structlog.testing import capture_logs

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding import DeskTarget, PrimeroTarget, TargetError, build_targets, configured_targets
from bot.reports import ReportService
from bot.reports.commands import report as report_command
from tests.conftest import make_settings
from tests.contract.primero_double import PASSWORD, USER, Primero, Trouble
from tests.contract.test_primero import (  # noqa: F401 - fixtures
    MAPPING,
    SENDER,
    message,
    primero_server,
    quick_receipts,
    take,
    target,
    team,
)
from tests.unit.test_desk import Officer, add, quick_passwords  # noqa: F401 - a fixture
from tests.unit.test_reports import rows


# --- configuration, and what must not leak --------------------------------------------------------
def test_no_word_of_a_report_is_in_logs_rows_or_alarms(primero: Primero, sqlite_store: Store) -> None:
    primero.trouble = lambda _n, method, _p: Trouble(status=422) if method == "POST" else None
    take(sqlite_store)
    with capture_logs() as logs:
        team(sqlite_store, target(primero)).run_once()
    seen = [logs, *(rows(sqlite_store, table) for table in (tables.deliveries, tables.audit, tables.alerts))]
    for word in ("CANARY", "dượng", PASSWORD):
        assert word not in str(seen)
    assert logs
    assert PASSWORD not in repr(target(primero))


def test_an_answer_cannot_put_words_into_our_rows(primero: Primero) -> None:
    sent, sender = message(), target(primero)
    sender.check()
    primero._wrong = lambda _kept: ["/age", "/CANARY_evil", "CANARY dượng", 7, None]  # type: ignore[method-assign, list-item, return-value]
    outcome = sender.send(sent)
    assert (outcome.code, outcome.fields) == ("http_422", ("age",))


def test_settings_make_the_target(tmp_path: Path, sqlite_store: Store) -> None:
    values = {"primero_url": "https://primero.example.vn/", "primero_user": "u", "primero_password": "p"}
    settings = make_settings(tmp_path, **values)
    assert configured_targets(settings) == ["desk", "primero"]
    assert [t.name for t in build_targets(sqlite_store, settings)] == ["desk", "primero"]
    assert "'p'" not in repr(settings)
    for wrong in ({"primero_password": ""}, {"primero_url": "http://primero.example.vn"}):
        with pytest.raises(TargetError, match="HOTLINE_PRIMERO"):
            build_targets(sqlite_store, make_settings(tmp_path, **{**values, **wrong}))


@pytest.mark.parametrize("text", ["fields: [", "fields: []", "notes: 3", "- 1"])
def test_a_broken_mapping_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "primero.yml"
    path.write_text(text)
    with pytest.raises(TargetError, match="HOTLINE_PRIMERO_MAPPING") as refused:
        PrimeroTarget("https://primero.example.vn", "u", "p", mapping=path)
    assert "\n" not in str(refused.value)


def test_every_mapped_field_has_a_name_for_people() -> None:
    loaded = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))
    assert all(rule["label"] for rule in loaded["fields"])


# --- the desk and the command line ----------------------------------------------------------------
def test_the_desk_says_in_plain_words_what_was_refused(primero: Primero, sqlite_store: Store) -> None:
    add(sqlite_store)
    sender = target(primero)
    sender.check()
    primero.lookups["lookup-risk-level"] = ["1"]
    take(sqlite_store)
    team(sqlite_store, sender).run_once()
    officer = Officer(sqlite_store, primero_url="https://primero.example.vn")
    officer.login()
    page = officer.get("/desk/deliveries").text
    assert "Nơi nhận không hiểu một ô nào đó (422): ô “Mức nguy cơ”" in page
    assert "CANARY" not in page


def test_the_desk_shows_a_stopped_target_and_lets_it_go_on(primero: Primero, sqlite_store: Store) -> None:
    add(sqlite_store)
    take(sqlite_store)
    team(sqlite_store, target(primero, password="old")).run_once()
    officer = Officer(sqlite_store)
    officer.login()
    assert "Primero đang dừng" in officer.get("/desk/deliveries").text
    assert officer.post("/desk/targets/primero/resume").headers["location"].endswith("note=resumed")
    assert "đang dừng" not in officer.get("/desk/deliveries").text


def test_check_command(primero: Primero, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {"primero_url": primero.url, "primero_user": USER, "primero_password": PASSWORD}
    monkeypatch.setattr("bot.reports.commands.get_settings", lambda: make_settings(tmp_path, **values))
    good = CliRunner().invoke(report_command, ["primero"])
    assert (good.exit_code, "the mapping fits" in good.output) == (0, True)
    primero.lookups["lookup-gender"] = ["m", "f"]
    del primero.fields["age"]
    bad = CliRunner().invoke(report_command, ["primero"])
    assert bad.exit_code == 1
    assert "sex: values not in the server's lookup: male, female" in bad.output
    assert "of another type: age" in bad.output
    primero.password = "other"
    assert "http_401" in CliRunner().invoke(report_command, ["primero"]).output


def test_the_desk_shows_what_was_added_and_withdrawn(sqlite_store: Store) -> None:
    add(sqlite_store)
    service, taken = ReportService(sqlite_store, []), take(sqlite_store)
    service.add(taken.receipt, SENDER, "con đang ở nhà <b>ngoại</b>", "m1")
    service.withdraw(taken.receipt, SENDER)
    for _ in range(3):
        team(sqlite_store, DeskTarget(sqlite_store)).run_once()
    officer = Officer(sqlite_store)
    officer.login()
    page = officer.get(f"/desk/cases/{taken.report_id}").text
    assert "con đang ở nhà &lt;b&gt;ngoại&lt;/b&gt;" in page
    assert "Người báo đã rút tin." in page
    assert "Người báo đã rút" in officer.get("/desk/").text
