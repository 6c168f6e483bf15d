"""An officer in a real browser and a child on Telegram, through the whole program: the floor and its edges."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.settings import ROOT
from tests.e2e.conftest import World
from tests.e2e.test_webchat import WAIT, browser

__all__ = ["browser"]
pytestmark = pytest.mark.e2e
PASSWORD = "con meo ngoi tren mai nha"


@pytest.fixture(scope="module")
def desk(browser: Browser, world: World) -> Iterator[Page]:
    """An officer at the desk, on a small phone; a script error or a refused resource fails the test."""
    made = subprocess.run(
        [sys.executable, "-m", "bot", "officer", "add", "hoa"],
        cwd=ROOT,
        env=world.program.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    first = made.stdout.split()[-1]
    page = browser.new_context(viewport={"width": 360, "height": 740}, locale="vi-VN").new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if "Content Security Policy" in m.text else None)
    log_in(page, world, first)
    page.fill("input[name=old]", first)
    page.fill("input[name=new]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.click("button.main")
    page.wait_for_url("**/desk/login*", timeout=WAIT)
    log_in(page, world, PASSWORD)
    yield page
    assert troubles == []
    page.context.close()


def log_in(page: Page, world: World, password: str) -> None:
    page.goto(f"{world.program.url}/desk/login")
    page.fill("input[name=login]", "hoa")
    page.fill("input[name=password]", password)
    page.click("button.main")
    page.wait_for_url(re.compile(r"/desk/(password)?$"), timeout=WAIT)


def enter(desk: Page, world: World) -> None:
    """From the list of chats into the one that waits."""
    desk.goto(f"{world.program.url}/desk/chats")
    desk.locator("tr.fresh a.button").first.click(timeout=WAIT)
    desk.get_by_role("button", name="Vào trò chuyện").click(timeout=WAIT)
    expect(desk.locator("#talk")).to_be_visible(timeout=WAIT)


def chats_in_danger(desk: Page, world: World) -> set[str]:
    """The chats whose alerts of danger stand open (other tests leave theirs)."""
    desk.goto(f"{world.program.url}/desk/alerts")
    rows = desk.locator("tr.immediate", has_text="nguy hiểm ngay lúc này")
    links = rows.get_by_role("link", name="Mở trò chuyện").all()
    return {href for link in links if (href := link.get_attribute("href"))}


def hears(world: World, chat: int, part: str) -> None:
    world.telegram.wait_for(chat, lambda m: part in m.text, timeout=40)


def test_an_officer_comes_in_talks_and_hands_back(desk: Page, world: World) -> None:
    chat = 301
    world.telegram.say(chat, "chào cô, con mới mười tuổi")
    world.telegram.wait_for(chat, lambda _m: True, timeout=40)
    world.telegram.say(chat, "cho con gặp cán bộ")
    hears(world, chat, "báo cán bộ trực")
    enter(desk, world)
    assert "mười tuổi" not in desk.content(), "not the older chat"
    hears(world, chat, "cán bộ bảo vệ trẻ em vào")
    before = len(world.telegram.sent(chat))
    desk.fill("textarea[name=text]", "Cô là cán bộ, con nói đi")
    world.telegram.say(chat, "dạ con chào cô")
    expect(desk.locator("#talk .person").last).to_contain_text("dạ con chào cô", timeout=WAIT)  # by itself
    assert desk.input_value("textarea[name=text]") == "Cô là cán bộ, con nói đi", "what is being typed is kept"
    desk.click("form.write button.main")
    hears(world, chat, "Cô là cán bộ, con nói đi")
    world.telegram.say(chat, "ổng đang cầm dao đập cửa phòng con")
    expect(desk.locator("#talk .safety").last).to_contain_text("113", timeout=WAIT)
    sent = [message.text for message in world.telegram.sent(chat)[before:]]
    assert len(sent) == 2, "the bot says nothing else"
    assert "113" in sent[1]
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    desk.get_by_role("button", name="Trả lại cho máy").click()
    expect(desk.locator(".note")).to_contain_text("Đã trả", timeout=WAIT)
    hears(world, chat, "nói chuyện xong")
    world.telegram.say(chat, "số điện thoại gọi giúp là số mấy")
    world.telegram.wait_for(chat, lambda m: m in world.telegram.sent(chat)[before + 3 :], timeout=40)


def test_an_officer_comes_in_during_a_report_and_the_report_goes_on(desk: Page, world: World) -> None:
    chat = 302
    world.telegram.say(chat, "con muốn méc")
    hears(world, chat, "đồng ý")
    world.telegram.press(chat, "Đồng ý")
    hears(world, chat, "nguy hiểm không")
    world.telegram.press(chat, "Không")
    hears(world, chat, "Con kể một chút")
    world.telegram.say(chat, "con muốn gặp người thật")
    hears(world, chat, "báo cán bộ trực")
    enter(desk, world)
    so_far = desk.locator("aside")
    expect(so_far).to_contain_text("Đang nguy hiểm")
    expect(so_far).to_contain_text("đang làm dở")
    world.telegram.say(chat, "con kể cho cô nghe thôi")
    expect(desk.locator("#talk .person").last).to_contain_text("kể cho cô nghe", timeout=WAIT)
    desk.get_by_role("button", name="Trả lại cho máy").click()
    hears(world, chat, "vẫn còn")
    before = len(world.telegram.sent(chat))
    world.telegram.press(chat, "Kể tiếp")
    again = world.telegram.wait_for(chat, lambda m: m in world.telegram.sent(chat)[before:], timeout=40)
    assert "Con kể một chút" in again.text, "the same question, its answer not taken from the officer's talk"


def test_danger_reaches_the_desk_at_once_without_a_word_of_it(desk: Page, world: World) -> None:
    chat = 303
    before = chats_in_danger(desk, world)
    world.telegram.say(chat, "ổng đang cầm dao đập cửa phòng con")
    hears(world, chat, "113")
    until = time.monotonic() + 40
    while not (new := chats_in_danger(desk, world) - before):
        assert time.monotonic() < until, "the desk shows no alert"
        time.sleep(0.5)
    assert "đập cửa" not in desk.content()
    desk.locator(f'a[href="{new.pop()}"]').click()
    desk.get_by_role("button", name="Vào trò chuyện").click(timeout=WAIT)
    desk.locator(".openings summary").click()
    desk.locator(".openings button").first.click()
    desk.click("form.write button.main")
    hears(world, chat, "nhắn được lúc này không")
    before_last = world.telegram.sent(chat)[-2].text
    assert before_last.startswith("Từ đây là người thật nhắn với"), "no more than that a person writes now"
    world.telegram.say(chat, "thoát")
    expect(desk.get_by_text("Cuộc trò chuyện này không còn")).to_be_visible(timeout=WAIT)
