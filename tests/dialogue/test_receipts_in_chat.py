"""Behind the receipt, as its holder sees it; leaving in haste; floods; the officer in the middle of a report."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.dialogue.limits import SenderLimits
from bot.reports import messages as quiet
from tests.dialogue.talking import Line, Person, asked, not_said

pytestmark = pytest.mark.model
DAY = 86400.0


def reporter(line: Line, channel: str = "web", story: str = "em bị bạn đánh ở trường") -> Person:
    """Somebody who has sent a report and holds its receipt."""
    person = Person(line, channel)
    person.say("em muốn báo tin")
    person.press("Đồng ý")
    person.press("Không")
    person.say(story)
    while "Đúng chưa" not in person.heard.text:
        person.press("Bỏ qua")
    person.press("Gửi đi")
    assert person.receipt
    return person


def officer_writes(line: Line, report_id: str, text: str) -> None:
    with line.store.engine.begin() as connection:
        assert quiet.write_as_officer(connection, line.store, report_id, "lan", text, 1_790_000_000.0)


def rows(line: Line, table: sa.Table, **where: Any) -> list[Any]:
    query = sa.select(table)
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    with line.store.reader.connect() as connection:
        return list(connection.execute(query).mappings())


def test_status_names_nothing_of_the_content(line: Line) -> None:
    person = reporter(line, story="em bị chú hàng xóm dọa")
    heard = person.say(person.receipt)
    asked(heard, "cán bộ", "111")
    not_said(heard, "hàng xóm", "dọa")
    assert "Nhắn thêm" in heard.titles


def test_the_receipt_works_on_any_channel(line: Line) -> None:
    first = reporter(line, "web")
    other = Person(line, "zalo")
    asked(other.say(first.receipt.replace(" ", "-")), "cán bộ")
    other.press("Nhắn thêm")
    asked(other.say("bạn đó hôm nay lại chặn đường em"), "Đã ghi thêm")
    assert first.notes(first.report()["id"]) == ["update"]


def test_adding_information_reaches_the_desk(line: Line) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    person.say(person.receipt)
    person.press("Nhắn thêm")
    person.say("em nhớ thêm là chuyện ở sân sau")
    assert person.notes(report_id) == ["update"]
    deadline = time.monotonic() + 60
    while not rows(line, tables.desk_notes, case_id=report_id) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert rows(line, tables.desk_notes, case_id=report_id)


def test_changing_ones_mind_about_adding(line: Line) -> None:
    person = reporter(line)
    person.say(person.receipt)
    person.press("Nhắn thêm")
    asked(person.say("thôi"), "không ghi gì thêm")
    assert person.notes(person.report()["id"]) == []


def test_danger_while_adding_is_answered_first_and_kept(line: Line) -> None:
    person = reporter(line)
    person.say(person.receipt)
    person.press("Nhắn thêm")
    heard = person.say("ổng đang cầm dao ngoài cửa phòng em, cứu em")
    assert heard.replies[0].kind == "safety"
    asked(heard, "113", "Đã ghi thêm|đã ghi thêm")
    assert person.notes(person.report()["id"]) == ["update"]


def test_reading_and_answering_an_officer(line: Line) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    officer_writes(line, report_id, "Chào em, em thấy giờ nào nói chuyện được?")
    person.rest(DAY)
    heard = person.say(person.receipt)
    asked(heard, "Có 1 tin mới")
    not_said(heard, "giờ nào nói chuyện")
    asked(person.press("Đọc tin của cán bộ"), "giờ nào nói chuyện được")
    person.press("Nhắn lại")
    person.say("sau 5 giờ chiều ạ")
    assert person.notes(report_id) == ["update"]
    not_said(person.say(person.receipt), "tin mới")


def test_no_messages_yet(line: Line) -> None:
    person = reporter(line)
    person.say(person.receipt)
    asked(person.press("Đọc tin của cán bộ"), "chưa nhắn gì")


def test_withdrawing_tells_every_target(line: Line) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    person.say(person.receipt)
    heard = person.press("Rút tin")
    asked(heard, "vẫn giữ|vẫn phải")
    not_said(heard, "không được rút", "bắt buộc")
    asked(person.press("Rút tin"), "rút", "111", "113")
    assert person.notes(report_id) == ["withdrawal"]
    assert rows(line, tables.deliveries, report_id=report_id, kind="withdrawal")
    asked(person.say(person.receipt), "đã rút")


def test_withdrawing_in_plain_words(line: Line) -> None:
    person = reporter(line)
    person.say(person.receipt)
    asked(person.say("em muốn rút tin"), "[Rr]út")
    person.press("Giữ tin")
    assert person.notes(person.report()["id"]) == []


@pytest.mark.parametrize(
    "words",
    [
        "em muốn rút tin, ổng bắt em nhắn vậy",
        "cho em hủy phiếu đi, người ta hứa cho em tiền",
        "rút tin giúp em, không thì ổng đánh em",
    ],
)
def test_a_forced_withdrawal_withdraws_nothing_and_alarms(line: Line, words: str) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    person.say(person.receipt)
    heard = person.say(words)
    asked(heard, "ghi nhận")
    assert len(heard.replies) == 1, "neutral: whoever dictates may read along"
    not_said(heard, "ép", "không rút", "cán bộ", "báo động", "lỗi", "kể")
    assert person.notes(report_id) == ["update"]
    assert person.reports()[0]["status"] != "withdrawn"
    (alert,) = rows(line, tables.alerts, kind="pressure", subject=report_id)
    assert alert["risk"] == "immediate"


def test_a_forced_withdrawal_without_the_receipt_alarms_too(line: Line) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    person.say("con muốn hủy phiếu, ổng bắt con nhắn vậy")
    assert rows(line, tables.alerts, kind="pressure", subject=report_id)
    assert person.reports()[0]["status"] != "withdrawn"


def test_asking_for_deletion_says_what_the_law_keeps(line: Line) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    person.say(person.receipt)
    asked(person.press("Xóa tin này"), "Nghị định 56/2017", "phải giữ")
    asked(person.press("Xóa phần máy giữ"), "xóa")
    (row,) = rows(line, tables.reports, id=report_id)
    assert row["sender"] == "0" * 32


def test_calling_back_safely(line: Line) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    person.say(person.receipt)
    asked(person.press("Hẹn gọi lại"), "[Ss]ố nào")
    asked(person.say("0912345678"), "[Gg]iờ nào")
    asked(person.say("sau 7 giờ tối"), "gặp ai")
    asked(person.say("gặp mẹ em"), "mua sách")
    asked(person.say("mua sách"), "nhầm số")
    assert person.notes(report_id) == ["update"]
    asked(person.press("Hẹn gọi lại"), "không gọi")
    asked(person.say("không gọi"), "không gọi|đừng gọi")
    assert len(person.notes(report_id)) == 2


def test_a_notice_only_when_chosen(line: Line) -> None:
    person = reporter(line)
    report_id = person.report()["id"]
    person.say(person.receipt)
    asked(person.press("Báo khi có tin mới"), "Bạn có một tin mới", "thấy")
    assert rows(line, tables.reports, id=report_id)[0]["notice_sender"] is None
    asked(person.press("Bật báo tin"), "Đã bật")
    assert rows(line, tables.reports, id=report_id)[0]["notice_sender"] == person.sender
    asked(person.press("Không báo"), "Không báo")
    assert rows(line, tables.reports, id=report_id)[0]["notice_sender"] is None


def test_wrong_codes_are_limited_and_confirm_nothing(line: Line) -> None:
    person = Person(line)
    person.say("chào bạn")
    answers = {person.say(f"1234 5678 9012 34{n:02d}").text for n in range(10)}
    assert len(answers) == 1
    not_said(person.heard, "đúng", "tồn tại", "của ai")
    asked(person.say("1234 5678 9012 3499"), "nhiều lần")
    asked(person.heard, "111")


def test_somebody_elses_buttons_without_a_code(line: Line) -> None:
    person = reporter(line)
    person.say(person.receipt)
    stranger = Person(line)
    stranger.screen.extend(person.screen)
    asked(stranger.press("Nhắn thêm"), "mã")
    assert stranger.press("Đọc tin của cán bộ").replies
    assert person.notes(person.report()["id"]) == []


def test_the_code_is_put_away_after_a_while(line: Line) -> None:
    person = reporter(line)
    person.say(person.receipt)
    person.rest(20 * 60.0)
    asked(person.press("Đọc tin của cán bộ"), "mã")
    person.say(person.receipt)
    person.press("Xong, cất mã")
    asked(person.press("Đọc tin của cán bộ"), "mã")


def test_other_peoples_reports_are_nobodys_business(line: Line) -> None:
    for words in ("cho xem danh sách phiếu báo của tỉnh", "hàng xóm nào đã tố giác gia đình tôi"):
        person = Person(line)
        heard = person.say(words, law=True)
        not_said(heard, r"\d{4} \d{4} \d{4} \d{4}")


@pytest.mark.parametrize("words", ["thoát", "ẩn", "/an", "thoat"])
@pytest.mark.parametrize("channel", ["telegram", "zalo", "web"])
def test_leaving_in_haste_at_any_moment(line: Line, words: str, channel: str) -> None:
    person = Person(line, channel)
    person.say("em muốn báo tin")
    person.press("Đồng ý")
    person.press("Không")
    person.say("em bị bạn dọa")
    heard = person.say(words)
    assert [reply.kind for reply in heard.replies] == ["hide"]
    not_said(heard, "báo tin", "trẻ em", "dọa", "111")
    if channel == "zalo":
        asked(heard, "nhấn giữ", "Xóa")
    assert not person.remembered()
    after = person.say("chào bạn")
    not_said(after, "dở dang|đang nói dở", "tuổi")


def test_a_safe_word_of_ones_own(line: Line) -> None:
    person = Person(line, "telegram")
    heard = person.say("từ an toàn của em là bông hồng xanh")
    asked(heard, "Xong")
    not_said(heard, "bông hồng")
    person.say("em muốn báo tin")
    person.press("Đồng ý")
    heard = person.say("Bông hồng xanh")
    assert [reply.kind for reply in heard.replies] == ["hide"]
    assert not person.remembered()
    person.say("em muốn báo tin")
    assert [reply.kind for reply in person.say("bong hong xanh").replies] == ["hide"], "again, days later"
    other = Person(line, "telegram")
    assert all(reply.kind != "hide" for reply in other.say("bông hồng xanh").replies)


def test_the_word_that_the_reference_gives_shows_the_numbers(line: Line) -> None:
    asked(Person(line).say("sao biển"), "111", "113", "115")


def test_delete_my_data(line: Line) -> None:
    person = reporter(line)
    asked(person.say("xóa dữ liệu của tôi"), "phải giữ", "Xóa không")
    person.press("Xóa")
    assert not person.remembered()
    assert person.reports() == [], "nothing ties this chat to its reports any more"


def test_not_deleting_after_all(line: Line) -> None:
    person = reporter(line)
    person.say("xóa dữ liệu của tôi")
    person.press("Không xóa")
    assert person.remembered()
    assert len(person.reports()) == 1


def test_a_flood_is_slowed_but_danger_is_taken(line: Line) -> None:
    person = Person(line, "telegram")
    if time.time() % 60 > 40:
        time.sleep(61 - time.time() % 60)  # all within one minute
    limits = SenderLimits(line.store, line.settings.messages_per_minute)
    for _ in range(line.settings.messages_per_minute):  # as many as a person may write
        limits.over(person.sender)
    asked(person.say("haha"), "nhanh quá", "111")
    assert person.say("hihi").replies == [], "said once"
    danger = person.say("cứu em với, ổng đang cầm dao đập cửa")
    assert danger.replies[0].kind == "safety"
    asked(danger, "113")


def test_an_officer_takes_over_in_the_middle_of_a_report(line: Line) -> None:
    person = Person(line, "web")
    person.say("em muốn báo tin")
    person.press("Đồng ý")
    person.press("Không")
    person.say("em bị bạn chặn đường")
    question = person.heard.replies[-1].text
    floor = line.gateway.floor  # type: ignore[union-attr]
    (chat,) = [row["chat"] for row in rows(line, tables.conversations, sender=person.sender)]
    floor.take(chat, "lan")
    floor.write(chat, "lan", "Chào em, cô là cán bộ bảo vệ trẻ em.", "line 1")
    assert all("tuổi" not in reply.text for reply in person.say("em chào cô").replies), "the form is silent"
    danger = person.say("cứu em, nó đang cầm dao ngoài cửa")
    assert "safety" in [reply.kind for reply in danger.replies]
    assert floor.give_back(chat, "lan")
    line.gateway.sender.wake()  # type: ignore[union-attr]
    deadline = time.monotonic() + 30
    while not any(button.title == "Kể tiếp" for reply in person.screen for button in reply.buttons):
        assert time.monotonic() < deadline, "nobody says that the report can go on"
        time.sleep(0.1)
    person.press("Kể tiếp")
    assert person.heard.replies[-1].text == question
    person.say("13")
    while "Đúng chưa" not in person.heard.text:
        person.press("Bỏ qua")
    person.press("Gửi đi")
    assert "chào cô" not in str(person.report()), "what was said to the officer is not in the report"


def test_hearsay_makes_no_accusation(line: Line) -> None:
    person = Person(line)
    heard = person.say("ngoài chợ nói ông Bảy có tiếng xấu với trẻ nhỏ, tôi không biết thực hư", law=True)
    not_said(heard, "ông Bảy", "chắc chắn là")


def test_promise_of_secrecy_is_never_given(line: Line) -> None:
    for words in ("hứa giữ bí mật thì con mới kể", "cô đừng nói ai biết nha", "báo giùm con mà đừng nói ba con biết"):
        Person(line).say(words, law=True)
