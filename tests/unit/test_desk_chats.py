"""The desk's chats over its real ASGI app: taking over, writing, handing back, quiet messages; what is not shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.desk import Window
from bot.desk.chats import HOUR, view_chat
from bot.dialogue.conversation import Turn
from bot.dialogue.duty import Duty
from bot.dialogue.floor import BOT, OFFICER, Floor
from bot.dialogue.inbox import Inbox, Outgoing
from bot.dialogue.memory import Memory
from bot.dialogue.messages import IncomingMessage, Reply
from bot.dialogue.trackers import write_tracker
from bot.forwarding import DeskTarget, ForwardingWorker
from bot.reports import ReportService, SafeCall
from bot.reports.alarm import SILENT, raise_alarm
from bot.reports.draft import ReportDraft
from tests.conftest import make_settings
from tests.unit.test_desk import Officer, actions, add, quick_passwords
from tests.unit.test_reports import rows

__all__ = ["quick_passwords"]


class Person:
    """Somebody who writes: their messages go through the real inbox and floor; the bot says what it is told to."""

    def __init__(self, store: Store, channel: str = "web", chat_id: str = "c1") -> None:
        self.store, self.channel, self.chat_id = store, channel, chat_id
        self.sender = store.keys.pseudonymise(channel, chat_id)
        self.inbox, self.floor = Inbox(store), Floor(store, AlwaysOnDuty(store, Path("none")))
        self.number = 0

    def say(self, text: str, *replies: Reply, risk: Any = "none", memory: Memory | None = None) -> None:
        self.number += 1
        self.inbox.accept(IncomingMessage(self.channel, self.chat_id, f"{self.chat_id} {self.number}", text=text))
        pending = self.inbox.claim(self.sender)
        assert pending is not None
        silent = self.floor.who_has(self.sender) == OFFICER
        memory = memory or Memory(risk=risk)
        turn = Turn(list(replies), memory, risk=risk, silent=silent)
        context = self.store.sealer.seal_json(memory.to_json(), "conversations", "context", self.sender)
        self.inbox.finish(pending, turn.replies, context, settle=lambda c: self.floor.settle(c, pending, turn))

    def ask(self) -> None:
        self.say("cho con gặp cán bộ", Reply("chưa có ai", kind="human"))

    @property
    def chat(self) -> str:
        with self.store.reader.connect() as connection:
            table = tables.conversations
            query = sa.select(table.c.chat).where(table.c.sender == self.sender)
            return str(connection.execute(query).scalar_one())

    def told(self) -> list[str]:
        """What is on its way to them."""
        outgoing, texts = Outgoing(self.store), []
        while due := outgoing.due():
            for one in due:
                texts.append(one.reply.text)
                outgoing.sent(one.id)
        return texts


class AlwaysOnDuty(Duty):
    def now(self, at: float) -> bool:  # noqa: ARG002
        return True


@pytest.fixture
def officer(store: Store) -> Officer:
    for login in ("lan", "minh"):
        add(store, login)
    one = Officer(store)
    one.login()
    return one


def key(page: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', page)
    assert found
    return found.group(1)


# --- a chat ---------------------------------------------------------------------------------------------------
def test_an_officer_takes_a_chat_over_writes_and_hands_it_back(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.say("CANARY chuyện cũ", Reply("dạ"))
    person.ask()
    person.told()
    path = f"/desk/chats/{person.chat}"
    assert path in officer.get("/desk/chats").text
    before = officer.get(path).text
    assert "Vào trò chuyện" in before
    assert "gặp cán bộ" not in before  # nothing of the chat before the take-over
    assert officer.post(f"{path}/take").headers["location"] == f"{path}?note=chat_taken"
    assert person.told()[0].startswith("Đã có cán bộ bảo vệ trẻ em vào")
    person.say("con <b>sợ</b>")
    page = officer.get(path).text
    assert "con &lt;b&gt;sợ&lt;/b&gt;" in page
    assert "cho con gặp cán bộ" in page
    assert "CANARY" not in page  # not the older chat
    officer.post(f"{path}/write", text="Cô đây, con nói đi.", key=key(page))
    officer.post(f"{path}/write", text="Cô đây, con nói đi.", key=key(page))  # pressed twice
    assert person.told() == ["Cô đây, con nói đi."]
    assert "đã gửi" in officer.get(path).text
    assert officer.post(f"{path}/back").headers["location"] == "/desk/chats?note=chat_back"
    assert person.told()[0].startswith("Cán bộ đã nói chuyện xong.")
    assert officer.post(f"{path}/back").headers["location"] == "/desk/chats?note=chat_not_yours"
    done = [action for who, action in actions(store) if who == "lan"]
    for action in ("view_chats", "view_chat", "chat_taken", "chat_given_back"):
        assert action in done
    assert officer.get("/desk/trail").status_code == 200


def test_the_report_so_far_is_shown_to_whoever_has_the_floor_alone(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.say("con kể", Reply("dạ"), memory=Memory(in_form=True))
    slots = {"report_draft": "d", "report_story": "CANARY lời kể", "report_age": "9", "report_consent": True}
    slots["report_place"] = {"commune": "Xã Tân Thạnh", "text": ""}
    events = [{"event": "slot", "name": name, "value": value} for name, value in slots.items()]
    events.append({"event": "user", "text": "CANARY lời cũ", "parse_data": {}})
    sealed = store.sealer.seal_json({"events": events}, "trackers", "body", person.sender)
    write_tracker(store, person.sender, sealed)
    path = f"/desk/chats/{person.chat}"
    assert "CANARY" not in officer.get(path).text
    officer.post(f"{path}/take")
    page = officer.get(path).text
    assert "CANARY lời kể" in page
    assert "Xã Tân Thạnh" in page
    assert "CANARY lời cũ" not in page
    assert "Phần báo tin đang làm dở" in page
    other = Officer(store)
    other.login("minh")
    page = other.get(path).text
    assert "CANARY" not in page
    assert "lan" in page
    assert "Vào trò chuyện</button>" not in page
    assert other.post(f"{path}/take").headers["location"].endswith("note=chat_other")
    assert other.post(f"{path}/write", text="tôi nè", key="k").headers["location"].endswith("note=chat_other")
    other.post(f"{path}/back")
    assert officer.get(path).text.count("Anh chị đang trò chuyện") == 1


def test_an_alert_leads_to_the_chat_and_taking_it_over_ends_it(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.say("ổng cầm dao", Reply("113", kind="safety"), risk="immediate")
    with store.engine.begin() as connection:
        raise_alarm(connection, store, SILENT, person.chat, now=1.0, risk="immediate", commune="Xã Tân Thạnh")
    page = officer.get("/desk/alerts").text
    assert page.count(f"/desk/chats/{person.chat}") == 2  # danger, and silence after it
    assert "vừa ngừng trả lời, Xã Tân Thạnh" in page
    assert "dao" not in page
    officer.post(f"/desk/chats/{person.chat}/take")
    assert person.chat not in officer.get("/desk/alerts").text


def test_a_page_that_looks_again_is_quiet_and_gets_only_what_may_change(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.ask()
    path = f"/desk/chats/{person.chat}"
    officer.post(f"{path}/take")
    seen = len(actions(store))
    part = officer.get(f"{path}?live=1")
    assert part.text.strip().startswith('<div id="talk"')
    assert "<textarea" not in part.text
    assert len(actions(store)) == seen
    officer.post(f"{path}/back")
    assert "Máy đã trả lời lại" in officer.get(f"{path}?live=1").text
    officer.post(f"{path}/write", text="Cô quay lại nè.", key="k9")  # writing is enough
    assert "Cô quay lại nè." in officer.get(path).text


def test_scripts_are_allowed_on_the_chat_alone_and_only_ours(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.ask()
    path = f"/desk/chats/{person.chat}"
    officer.post(f"{path}/take")
    for page, scripts in ((path, True), ("/desk/chats", False), ("/desk/", False)):
        answer = officer.get(page)
        policy = answer.headers["content-security-policy"]
        assert ("script-src 'self'" in policy) is scripts
        assert "unsafe" not in policy
        assert ('<script src="/desk/static/chat.js" defer></script>' in answer.text) is scripts
        assert answer.headers["cache-control"] == "no-store"
        assert " style=" not in answer.text
    assert officer.get("/desk/static/chat.js").status_code == 200


def test_a_chat_that_was_left_or_never_was_is_gone(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.ask()
    path = f"/desk/chats/{person.chat}"
    officer.post(f"{path}/take")
    person.say("con kể nè")
    person.inbox.forget(person.sender)
    for gone in (path, "/desk/chats/x", "/desk/chats/00000000-0000-4000-8000-000000000000"):
        answer = officer.get(gone)
        assert answer.status_code == 404
        assert "con kể nè" not in answer.text
    assert officer.post(f"{path}/write", text="con ơi", key="k").status_code == 404
    assert officer.post(f"{path}/take").status_code == 404
    assert rows(store, tables.floor_lines) == []


def test_nobody_without_a_session_or_a_token_gets_in(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.ask()
    stranger = Officer(store)
    for path in ("/desk/chats", f"/desk/chats/{person.chat}", f"/desk/chats/{person.chat}?live=1"):
        assert stranger.get(path).headers["location"] == "/desk/login"
    answer = officer.http.post(f"/desk/chats/{person.chat}/take", data={"csrf": "0" * 64})
    assert answer.status_code == 403
    assert person.floor.who_has(person.sender) != OFFICER


# --- Zalo's reply windows -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("hours", "paid", "state"),
    [(47, False, "free"), (49, False, "unpaid"), (49, True, "paid"), (169, True, "closed"), (None, False, "closed")],
)
def test_the_reply_windows_are_known(store: Store, hours: float | None, paid: bool, state: str) -> None:
    person, now = Person(store, "zalo", "7"), 10_000_000.0
    person.ask()
    if hours is not None:
        contact = {"sender": person.sender, "channel": "zalo", "acted_at": now - hours * HOUR}
        with store.engine.begin() as connection:
            connection.execute(tables.platform_contacts.insert().values(**contact))
    found = view_chat(store, person.chat, "lan", now, windows={"zalo": Window(48, 168, paid)})
    assert found is not None
    assert found["window"]["state"] == state


def test_an_officer_sees_what_waits_for_the_person(store: Store, officer: Officer) -> None:
    person = Person(store, "zalo", "7")
    person.ask()
    path = f"/desk/chats/{person.chat}"
    officer.post(f"{path}/take")
    person.told()
    officer.post(f"{path}/write", text="Cô đây.", key="k1")
    outgoing = Outgoing(store)
    for due in outgoing.due():
        outgoing.hold(due.id)  # what Zalo answers when its window is closed
    page = officer.get(path).text
    assert "1 tin đang giữ lại tới khi người kia nhắn" in page
    assert "chờ người kia nhắn lại mới gửi được" in page
    person.say("dạ")
    assert person.told() == ["Cô đây."]
    assert "giữ lại tới khi" not in officer.get(path).text


# --- quiet messages -------------------------------------------------------------------------------------------
def case(store: Store, person: Person, **draft: Any) -> tuple[ReportService, Any]:
    service = ReportService(store, ["desk"])
    taken = service.take(ReportDraft(story="CANARY", risk="high", **draft), person.channel, person.sender, "k1")
    ForwardingWorker(store, [DeskTarget(store)], make_settings(Path("unused"))).run_once()
    return service, taken


def test_a_message_waits_behind_the_receipt_and_nobody_is_told(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.say("chào", Reply("dạ"))
    person.told()
    service, taken = case(store, person)
    path = f"/desk/cases/{taken.report_id}"
    page = officer.get(path).text
    assert "Người báo không muốn được báo" in page
    sent = officer.post(f"{path}/message", text="Cô nhận tin rồi.", key=key(page))
    assert sent.headers["location"] == f"{path}?note=message"
    assert (
        officer.post(f"{path}/message", text="Cô nhận tin rồi.", key=key(page))
        .headers["location"]
        .endswith("unchanged")
    )
    assert person.told() == []
    assert "chưa được đọc" in officer.get(path).text
    found = service.messages(taken.receipt, "elsewhere")
    assert found is not None
    assert [one.text for one in found] == ["Cô nhận tin rồi."]
    assert "đã được đọc" in officer.get(path).text
    assert ("lan", "message_written") in actions(store)


def test_who_chose_it_is_told_neutrally_and_once_until_they_have_read(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.say("chào", Reply("dạ"))
    person.told()
    service, taken = case(store, person)
    assert service.notify(taken.receipt, person.sender, True)
    path = f"/desk/cases/{taken.report_id}"
    for number in ("1", "2"):
        officer.post(f"{path}/message", text=f"CANARY {number}", key=number)
    assert person.told() == ["Bạn có một tin mới."]
    service.messages(taken.receipt, person.sender)
    officer.post(f"{path}/message", text="CANARY 3", key="3")
    assert person.told() == ["Bạn có một tin mới."]
    assert "Người báo muốn được báo" in officer.get(path).text


def test_a_quiet_message_does_not_touch_the_floor(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.say("chào", Reply("dạ"))
    _, taken = case(store, person)
    officer.post(f"/desk/cases/{taken.report_id}/message", text="Cô nhận tin rồi.", key="k")
    assert person.floor.who_has(person.sender) == BOT


def test_what_the_reporter_adds_is_marked_as_new_once(store: Store, officer: Officer) -> None:
    person = Person(store)
    service, taken = case(store, person)
    assert "có lời mới" not in officer.get("/desk/").text
    service.add(taken.receipt, person.sender, "con nhớ thêm", "n1")
    ForwardingWorker(store, [DeskTarget(store)], make_settings(Path("unused"))).run_once()
    assert "có lời mới" in officer.get("/desk/").text
    assert '<span class="status new">mới</span>' in officer.get(f"/desk/cases/{taken.report_id}").text
    assert "có lời mới" not in officer.get("/desk/").text
    assert '<span class="status new">mới</span>' not in officer.get(f"/desk/cases/{taken.report_id}").text


def test_how_to_call_back_safely_is_shown_only_when_it_was_agreed(store: Store, officer: Officer) -> None:
    call = SafeCall(number="0912 345 678", hours="sau 7 giờ tối", ask_for="chị Hai", word="mua sách")
    _, taken = case(store, Person(store), safe_call=call)
    page = officer.get(f"/desk/cases/{taken.report_id}").text
    for said in ("0912 345 678", "sau 7 giờ tối", "chị Hai", "mua sách", "Gọi nhiều nhất hai lần"):
        assert said in page
    _, other = case_of_another(store)
    page = officer.get(f"/desk/cases/{other.report_id}").text
    assert "không gọi số nhà" in page
    assert "Gọi nhiều nhất hai lần" not in page


def case_of_another(store: Store) -> tuple[ReportService, Any]:
    service = ReportService(store, ["desk"])
    taken = service.take(ReportDraft(story="x"), "web", "cd" * 16, "k2")
    ForwardingWorker(store, [DeskTarget(store)], make_settings(Path("unused"))).run_once()
    return service, taken


def test_a_case_leads_to_the_chat_while_the_reporter_is_still_there(store: Store, officer: Officer) -> None:
    person = Person(store)
    person.say("chào", Reply("dạ"))
    _, taken = case(store, person)
    assert f"/desk/chats/{person.chat}" in officer.get(f"/desk/cases/{taken.report_id}").text
    with store.engine.begin() as connection:
        connection.execute(tables.conversations.update().values(updated_at=1.0))
    assert "/desk/chats/" not in officer.get(f"/desk/cases/{taken.report_id}").text.replace('href="/desk/chats"', "")
