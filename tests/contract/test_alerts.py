"""Alerts over real SMTP and a real Bot API server: who is told, when, what is said, and what is never said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.alerts import AlertWorker, count_open, open_alerts, raise_alarm
from bot.alerts.channels import EmailChannel, build_channels
from bot.db import tables
from bot.db.engine import Store
from bot.desk import cases
from bot.forwarding import DeskTarget, ForwardingWorker, TargetError
from bot.reports import ReportService
from tests.conftest import make_settings
from tests.contract.smtp_double import Mailbox, running_smtp
from tests.contract.telegram_double import TelegramDouble
from tests.contract.test_primero import quick_receipts  # noqa: F401 - a fixture
from tests.unit.test_desk import Officer, add, quick_passwords  # noqa: F401 - a fixture
from tests.unit.test_forwarding import Clock
from tests.unit.test_reports import DRAFT, rows

SENDER = "ab" * 16
URGENT = DRAFT.copy(update={"danger_now": True})
ROSTER = """
people:
  lan: {telegram: 11, email: lan@example.vn}
  minh: {email: minh@example.vn}
  sep: {email: sep@example.vn}
  may: {email: may@example.vn, telegram: 99}
communes: {Xã Tân Thạnh: [lan]}
duty: [{people: [minh]}]
leads: [sep]
operators: [may]
"""


class Stage:
    """A store with its alert worker, a mail server and a Bot API server."""

    def __init__(self, store: Store, folder: Path, mail: Mailbox, port: int, telegram: TelegramDouble) -> None:
        self.store, self.mail, self.telegram, self.clock = store, mail, telegram, Clock()
        self.roster = folder / "roster.yml"
        self.roster.write_text(ROSTER)
        for chat in (11, 99):
            telegram.say(chat, "/start")
        self.settings = make_settings(
            folder / "var",
            roster=self.roster,
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_from="an-tam@example.vn",
            smtp_tls="none",
            alert_telegram_token=telegram.token,
            telegram_api_base=telegram.base_url,
            public_url="https://an-tam.example.vn",
        )
        self.service = ReportService(store, [], clock=self.clock)
        self.worker = AlertWorker(store, self.settings, clock=self.clock)
        self.worker._beat_at = float("inf")  # the heartbeat has tests of its own

    def take(self, key: str = "k1", draft: Any = URGENT) -> Any:
        return self.service.take(draft, "web", SENDER, key)

    async def after(self, seconds: float = 0.0) -> None:
        self.clock.now += seconds
        for _ in range(3):
            await self.worker.run_once()

    def told(self) -> list[str]:
        """Who got how many messages, as ``name:n``."""
        mails = [address.split("@")[0] for address, _ in self.mail.messages]
        chats = [f"tg{chat}" for chat in (11, 99) for _ in self.telegram.sent(chat)]
        return sorted([*mails, *chats])

    def texts(self) -> list[str]:
        mails = [f"{m['subject']}\n{m.get_content()}" for _, m in self.mail.messages]
        return mails + [m.text for chat in (11, 99) for m in self.telegram.sent(chat)]


@pytest.fixture(name="stage")
def make_stage(store: Store, tmp_path: Path) -> Iterator[Stage]:
    with running_smtp() as (mail, port), TelegramDouble() as telegram:
        yield Stage(store, tmp_path, mail, port, telegram)


# --- the ladder -----------------------------------------------------------------------------------
async def test_immediate_danger_climbs_until_somebody_comes(stage: Stage) -> None:
    taken = stage.take()
    await stage.after()
    assert stage.told() == ["lan", "minh", "tg11"]  # the commune's officer and the province's duty at once
    await stage.after(119)
    assert len(stage.told()) == 3
    await stage.after(2)  # two minutes
    assert len(stage.told()) == 6
    await stage.after(180)  # five: the leads, too
    assert stage.told().count("sep") == 1
    await stage.after(300)  # ten: everybody
    assert stage.told().count("may") == 1
    assert stage.told().count("sep") == 2
    await stage.after(600)  # and again every ten minutes
    assert stage.told().count("sep") == 3
    steps = [row["detail"] for row in rows(stage.store, tables.audit) if row["action"] == "alert_step"]
    assert steps == ["step=0 told=4", "step=1 told=4", "step=2 told=5", "step=3 told=7", "step=4 told=7"]
    assert {row["subject"] for row in rows(stage.store, tables.audit) if row["action"] == "alert_step"} == {
        taken.report_id
    }


async def test_an_acknowledgement_ends_it(stage: Stage) -> None:
    taken = stage.take()
    await stage.after()
    ForwardingWorker(stage.store, [DeskTarget(stage.store)], stage.settings).run_once()
    assert cases.acknowledge(stage.store, taken.report_id, "lan", stage.clock.now) == "acknowledged"
    assert count_open(stage.store) == 0
    before = stage.told()
    await stage.after(3600)
    assert stage.told() == before
    entry = [row for row in rows(stage.store, tables.audit) if row["action"] == "alert_acknowledged"][0]
    assert (entry["actor"], entry["subject"]) == ("lan", taken.report_id)


async def test_a_case_taken_on_elsewhere_ends_it_too(stage: Stage) -> None:
    taken = stage.take()
    await stage.after()
    with stage.store.engine.begin() as connection:
        connection.execute(tables.reports.update().values(status="in_progress"))
    before = stage.told()
    await stage.after(121)
    assert stage.told() == before
    assert count_open(stage.store) == 0
    assert rows(stage.store, tables.alerts)[0]["subject"] == taken.report_id


async def test_a_withdrawal_alone_does_not_end_it(stage: Stage) -> None:
    """It may have been forced: somebody must look."""
    taken = stage.take()
    await stage.after()
    stage.service.withdraw(taken.receipt, SENDER)
    before = len(stage.told())
    await stage.after(121)
    assert len(stage.told()) > before


async def test_lower_risks_are_told_less_often(stage: Stage) -> None:
    stage.take("high", DRAFT.copy(update={"relation": None}))
    stage.take("medium", DRAFT.copy(update={"risk": "medium", "relation": None}))
    stage.take("low", DRAFT.copy(update={"risk": "none", "relation": None}))
    risks = sorted(row["risk"] for row in rows(stage.store, tables.alerts))
    assert risks == ["high", "medium"]
    await stage.after()
    first = len(stage.told())
    await stage.after(29 * 60)
    assert len(stage.told()) == first
    await stage.after(2 * 60)
    assert len(stage.told()) == first + 3


async def test_steps_can_be_set(stage: Stage) -> None:
    settings = stage.settings.copy(update={"alert_steps": "1,3"})
    stage.worker = AlertWorker(stage.store, settings, clock=stage.clock)
    stage.worker._beat_at = float("inf")
    stage.take()
    await stage.after()
    await stage.after(61)
    assert len(stage.told()) == 6
    for wrong in ("", "5,2", "0,1", "a", "2,2"):
        with pytest.raises(TargetError, match="HOTLINE_ALERT_STEPS"):
            AlertWorker(stage.store, settings.copy(update={"alert_steps": wrong}))


async def test_without_a_roster_the_desk_still_shows_it(stage: Stage) -> None:
    stage.roster.unlink()
    stage.take()
    await stage.after()
    assert stage.told() == []
    assert [row["risk"] for row in open_alerts(stage.store)] == ["immediate"]
    sends = [(row["channel"], row["state"]) for row in rows(stage.store, tables.alert_sends)]
    assert sends == [("desk", "sent")]


async def test_an_unknown_commune_reaches_the_province(stage: Stage) -> None:
    stage.take(draft=URGENT.copy(update={"commune": None}))
    await stage.after()
    assert stage.told() == ["minh"]
    assert "chưa rõ xã, phường" in stage.texts()[0]


# --- what is said ---------------------------------------------------------------------------------
async def test_an_alert_names_risk_commune_and_link_and_nothing_else(stage: Stage) -> None:
    taken = stage.take()
    with capture_logs() as logs:
        for seconds in (0, 121, 180, 300):
            await stage.after(seconds)
    assert len(stage.texts()) > 10
    for text in stage.texts():
        assert "KHẨN CẤP" in text
        assert "Xã Tân Thạnh" in text
        assert f"https://an-tam.example.vn/desk/cases/{taken.report_id}" in text
        for word in ("CANARY", "dượng", "0912", "9 tuổi", "gái", "mắng", taken.receipt):
            assert word not in text
    for table in (tables.alerts, tables.alert_sends, tables.audit):
        assert "CANARY" not in str(rows(stage.store, table))
        assert "Tân Thạnh" not in str(rows(stage.store, table))
    assert "CANARY" not in str(logs)
    assert "example.vn" not in str(rows(stage.store, tables.alert_sends))
    assert "Nhắc lần 2" in "".join(stage.texts())


async def test_a_place_in_somebodys_words_is_not_repeated(stage: Stage) -> None:
    """Only a commune of today is named; whatever else was told as the place is for whoever opens the case."""
    stage.take("k1", URGENT.copy(update={"commune": "CANARY-PLACE nhà bà Bảy sau chợ\r\nBcc: x@example.vn"}))
    stage.take("k2", URGENT.copy(update={"commune": "phường Vĩnh Thanh Vân, thành phố Rạch Giá"}))
    await stage.after()
    told = "\n".join(stage.texts())
    assert "CANARY" not in told
    assert "bà Bảy" not in told
    assert "chưa rõ xã, phường" in told
    assert "Phường Rạch Giá" in told
    assert "Vĩnh Thanh Vân" not in told
    assert stage.told() == ["minh", "minh"]


async def test_a_group_is_told(stage: Stage) -> None:
    stage.roster.write_text("people: {nhom: {telegram: '-1001234567890'}}\nduty: [{people: [nhom]}]")
    stage.telegram.say(-1001234567890, "/start")
    stage.take()
    await stage.after()
    assert "KHẨN CẤP" in stage.telegram.sent(-1001234567890)[0].text


async def test_the_reporter_is_told_the_truth(stage: Stage) -> None:
    """Told is not seen: only a person who opens the report has seen it."""
    taken = stage.take()
    desk = ForwardingWorker(stage.store, [DeskTarget(stage.store)], stage.settings, clock=stage.clock)
    desk.run_once()
    await stage.after(121)

    def words() -> str:
        status = stage.service.status(taken.receipt, SENDER)
        assert status is not None
        return status.words("child")

    assert stage.told()
    assert "Chưa có ai mở xem" in words()
    cases.view_case(stage.store, taken.report_id, "lan", stage.clock.now)
    assert "Đã có một cán bộ mở xem" in words()
    cases.acknowledge(stage.store, taken.report_id, "lan", stage.clock.now)
    assert "Một cán bộ đã nhận tin" in words()


# --- channels that fail ---------------------------------------------------------------------------
async def test_a_busy_mail_server_is_tried_again(stage: Stage) -> None:
    stage.mail.busy = 3
    stage.take()
    await stage.after()
    for _ in range(4):
        await stage.after(20)
    assert stage.told() == ["lan", "minh", "tg11"]


async def test_a_refused_address_is_told_on_the_other_channels(stage: Stage) -> None:
    stage.mail.unknown.add("lan@example.vn")
    stage.take()
    await stage.after()
    alarms = {row["kind"]: row for row in rows(stage.store, tables.alerts)}
    assert alarms["channel_failed"]["subject"] == "email"
    assert alarms["channel_failed"]["detail"] == "lan smtp_550"
    assert "tg99" in stage.told()  # the operator, on the channel that works
    assert "may" not in stage.told()
    assert "thư điện tử" in stage.telegram.sent(99)[-1].text


async def test_a_dead_mail_server_is_told_by_telegram(stage: Stage) -> None:
    stage.settings = stage.settings.copy(update={"smtp_port": 1})
    stage.worker = AlertWorker(stage.store, stage.settings, clock=stage.clock)
    stage.worker._beat_at = float("inf")
    stage.take()
    for seconds in (0, 10, 20, 40, 70, 70, 70):
        await stage.after(seconds)
    assert any(row["kind"] == "channel_failed" for row in open_alerts(stage.store))
    assert "thư điện tử" in stage.telegram.sent(99)[-1].text


async def test_a_chat_that_blocked_the_bot_is_given_up_and_told(stage: Stage) -> None:
    stage.telegram.block(11)
    stage.take()
    await stage.after()
    (alarm,) = [row for row in open_alerts(stage.store) if row["kind"] == "channel_failed"]
    assert (alarm["subject"], alarm["detail"]) == ("telegram", "lan http_403")
    assert stage.told() == ["lan", "may", "minh"]


async def test_telegrams_wish_is_obeyed(stage: Stage) -> None:
    stage.telegram.fail_next("sendMessage", status=429, retry_after=40)
    stage.take()
    await stage.after()
    await stage.after(38)
    assert "tg11" not in stage.told()
    await stage.after(3)
    assert "tg11" in stage.told()


async def test_two_workers_tell_everybody_once(stage: Stage) -> None:
    for number in range(5):
        stage.take(f"k{number}")
    other = AlertWorker(stage.store, stage.settings, clock=stage.clock)
    other._beat_at = float("inf")
    for _ in range(4):
        await asyncio.gather(stage.worker.run_once(), other.run_once())
    assert len(stage.told()) == 15


async def test_run_survives_a_broken_database_and_stops(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.take()
    stop, calls, real = asyncio.Event(), [], stage.worker._ladder.climb

    def sometimes(now: float) -> int:
        calls.append(now)
        if len(calls) < 3:
            raise RuntimeError("CANARY")
        return real(now)

    monkeypatch.setattr(stage.worker._ladder, "climb", sometimes)
    with capture_logs() as logs:
        task = asyncio.create_task(stage.worker.run(stop))
        for _ in range(200):
            if len(stage.told()) == 3:
                break
            await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(task, 5)
    assert len(stage.told()) == 3
    assert [entry["code"] for entry in logs if entry["event"] == "alerts_round_failed"] == ["RuntimeError"] * 2
    assert "CANARY" not in str(logs)


# --- settings -------------------------------------------------------------------------------------
def test_mail_without_encryption_is_for_this_machine_only(tmp_path: Path) -> None:
    base = {"smtp_host": "mail.example.vn", "smtp_from": "a@example.vn"}
    assert [c.name for c in build_channels(make_settings(tmp_path, **base))] == ["email"]
    for wrong in ({"smtp_tls": "none"}, {"smtp_from": ""}):
        with pytest.raises(TargetError, match="HOTLINE_SMTP"):
            EmailChannel(make_settings(tmp_path, **{**base, **wrong}))


# --- the desk -------------------------------------------------------------------------------------
def test_the_desk_counts_and_shows_alerts_live(sqlite_store: Store) -> None:
    add(sqlite_store)
    taken = ReportService(sqlite_store, []).take(URGENT, "web", SENDER, "k1")
    with sqlite_store.engine.begin() as connection:
        raise_alarm(connection, sqlite_store, "channel_failed", "email", now=1.0, detail="lan smtp_550")
    ForwardingWorker(sqlite_store, [DeskTarget(sqlite_store)], make_settings(Path("x"))).run_once()
    officer = Officer(sqlite_store)
    officer.login()
    page = officer.get("/desk/alerts").text
    assert "<title>(2) Báo động</title>" in page
    assert 'content="15;url=/desk/alerts?live=1"' in page
    assert "Xã Tân Thạnh" in page
    assert "CANARY" not in page
    assert 'Báo động <span class="count">2</span>' in officer.get("/desk/").text
    alarm = re.search(r"/desk/alerts/([0-9a-f-]{36})/acknowledge", page)
    assert alarm
    assert officer.post(f"/desk/alerts/{alarm.group(1)}/acknowledge").headers["location"].endswith("acknowledged")
    officer.post(f"/desk/cases/{taken.report_id}/acknowledge")
    assert "Không có báo động nào" in officer.get("/desk/alerts").text


def test_a_page_that_refreshes_itself_keeps_no_session_alive(sqlite_store: Store) -> None:
    add(sqlite_store)
    clock = Clock()
    officer = Officer(sqlite_store, clock)
    officer.login()
    views = lambda: [row["action"] for row in rows(sqlite_store, tables.audit)].count("view_alerts")  # noqa: E731
    officer.get("/desk/alerts")
    for _ in range(29):
        clock.now += 60
        assert officer.get("/desk/alerts?live=1").status_code == 200
    assert views() == 1
    clock.now += 120
    assert officer.get("/desk/alerts?live=1").headers["location"] == "/desk/login"
