"""The main job over Telegram: ask, disclose, report, look up; the case system and the desk receive it once."""

from __future__ import annotations

import re
import time

import pytest

from tests.e2e.conftest import World

pytestmark = pytest.mark.e2e
RECEIPT = re.compile(r"\b\d{4} \d{4} \d{4} \d{4}\b")
NUMBERS = ("111", "113", "115")


def test_a_law_question_gets_a_cited_answer(world: World) -> None:
    world.telegram.say(101, "Hiếp dâm trẻ em dưới 16 tuổi thì bị xử tội gì?")
    reply = world.telegram.wait_for(101, lambda m: "Điều 142" in m.text, timeout=40)
    assert "có hiệu lực từ" in reply.text
    assert any("máy trả lời tự động" in m.text for m in world.telegram.sent(101)), "says that it is a machine"


def test_a_disclosure_without_diacritics_gets_the_safe_answer(world: World) -> None:
    world.telegram.say(102, "duong con hay so nguc con luc ma di cho, con so lam")
    reply = world.telegram.wait_for(102, lambda m: "113" in m.text, timeout=40)
    assert all(number in reply.text for number in NUMBERS)
    for message in world.telegram.sent(102):
        assert "tại sao" not in message.text.lower()
        assert "giữ bí mật" not in message.text.lower()


def answer_the_form(world: World, chat: int) -> str:
    """Fill the report as a child would, and send it; returns the receipt."""
    fill_the_form(world, chat)
    world.telegram.press(chat, "Gửi đi")
    return receipt_of(world, chat)


def receipt_of(world: World, chat: int, timeout: float = 40) -> str:
    """The receipt that was said, once it is."""
    message = world.telegram.wait_for(chat, lambda m: RECEIPT.search(m.text) is not None, timeout=timeout)
    found = RECEIPT.search(message.text)
    assert found is not None
    return found.group()


def fill_the_form(world: World, chat: int, story: str = "ba con nhậu vô là đánh con bằng roi") -> None:
    """Answer every question as a child would, with one of the child's own in the middle, up to the read-back."""
    telegram = world.telegram

    def expect(part: str) -> None:
        telegram.wait_for(chat, lambda m: part in m.text, timeout=40)

    expect("đồng ý")
    telegram.press(chat, "Đồng ý")
    expect("gặp nguy hiểm không")
    telegram.press(chat, "Không")
    expect("Con kể một chút")
    telegram.say(chat, story)
    expect("mấy tuổi")
    telegram.say(chat, "9 tuoi")
    expect("xã hay phường nào")
    telegram.say(chat, "số điện thoại gọi giúp là số mấy vậy cô")
    expect("Con nhớ ba số này")
    telegram.say(chat, "xã Tân Thạnh, huyện An Minh")
    expect("liên lạc cách nào an toàn")
    telegram.say(chat, "bỏ qua")
    expect("Cô đọc lại nghen")
    summary = telegram.wait_for(chat, lambda m: "Cô đọc lại" in m.text)
    assert "9" in summary.text
    assert "Xã Tân Thạnh" in summary.text


def test_a_child_reports_and_the_case_system_gets_it_once(world: World) -> None:
    chat = 103
    before = len(world.case_system.reports)
    world.telegram.say(chat, "con muốn méc")
    receipt = answer_the_form(world, chat)
    deadline = time.monotonic() + 20
    while len(world.case_system.reports) == before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(world.case_system.reports) == before + 1
    assert world.case_system.bad_signatures == 0
    report = list(world.case_system.reports.values())[-1]
    assert "đánh con bằng roi" in str(report)
    assert "Xã Tân Thạnh" in str(report)

    world.telegram.say(chat, f"mã của con {receipt}")
    status = world.telegram.wait_for(chat, lambda m: m.text == world.telegram.sent(chat)[-1].text, timeout=40)
    assert "đánh" not in status.text
    world.telegram.say(chat, "thoát")
    world.telegram.wait_for(chat, lambda m: "Đã thoát" in m.text, timeout=40)


def test_leaving_in_the_middle_forgets_the_draft(world: World) -> None:
    chat = 104
    world.telegram.say(chat, "con muốn méc")
    world.telegram.wait_for(chat, lambda m: "đồng ý" in m.text, timeout=40)
    world.telegram.press(chat, "Đồng ý")
    world.telegram.wait_for(chat, lambda m: "nguy hiểm không" in m.text, timeout=40)
    world.telegram.say(chat, "thoát")
    world.telegram.wait_for(chat, lambda m: "Đã thoát" in m.text, timeout=40)
    count = len(world.telegram.sent(chat))
    world.telegram.say(chat, "alo")
    world.telegram.wait_for(chat, lambda _m: len(world.telegram.sent(chat)) > count, timeout=40)
    assert all("nguy hiểm không" not in m.text for m in world.telegram.sent(chat)[count:])


def test_a_disclosure_inside_the_form_shows_the_numbers_in_the_same_turn(world: World) -> None:
    chat = 105
    world.telegram.say(chat, "con muốn méc")
    world.telegram.wait_for(chat, lambda m: "đồng ý" in m.text, timeout=40)
    count = len(world.telegram.sent(chat))
    world.telegram.say(chat, "ổng đang đập cửa phòng con, ổng cầm dao")
    world.telegram.wait_for(chat, lambda m: "113" in m.text and m in world.telegram.sent(chat)[count:], timeout=40)


def test_a_photo_is_answered_kindly_and_not_fetched(world: World) -> None:
    world.telegram.send_media(106, "photo")
    world.telegram.wait_for(106, lambda m: "111" in m.text, timeout=40)
    assert not world.telegram.calls("getFile")
