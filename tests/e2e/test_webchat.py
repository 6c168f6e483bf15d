"""The main job in the web chat, in a real browser at the size of a small phone, and the desk that receives it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.conftest import World

pytestmark = pytest.mark.e2e
CHROMIUM = "/usr/bin/chromium"
RECEIPT = re.compile(r"\d{4} \d{4} \d{4} \d{4}")
WAIT = 45_000
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
        pytest.skip(f"{CHROMIUM} is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Browser, world: World) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="vi-VN")
    page = context.new_page()
    page.foreign = []  # type: ignore[attr-defined]
    page.on("request", lambda r: None if world.program.url.split("//")[1] in r.url else page.foreign.append(r.url))  # type: ignore[attr-defined]
    page.goto(world.program.url)
    yield page
    context.close()


def say(page: Page, text: str) -> None:
    page.fill("#input", text)
    page.press("#input", "Enter")


def hear(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.locator("#log").get_by_text(text).last).to_be_visible(timeout=WAIT)


def press(page: Page, title: str) -> None:
    page.locator("#log").get_by_role("button", name=title).last.click(timeout=WAIT)


def test_ask_disclose_report_and_look_up(phone: Page, world: World, browser: Browser) -> None:
    say(phone, "hiep dam tre em duoi 16 tuoi bi toi gi")
    hear(phone, re.compile("Điều 142"))
    say(phone, "co oi duong con hay so nguc con luc ma di cho, con so lam")
    hear(phone, re.compile("113"))
    press(phone, "Kể để được giúp")
    hear(phone, re.compile("đồng ý"))
    press(phone, "Đồng ý")
    hear(phone, re.compile("nguy hiểm không"))
    press(phone, "Không")
    hear(phone, re.compile("mấy tuổi"))
    say(phone, "10")
    hear(phone, re.compile("xã hay phường"))
    say(phone, "Rạch Giá")
    hear(phone, re.compile("liên lạc"))
    press(phone, "Bỏ qua")
    hear(phone, re.compile("đọc lại"))
    press(phone, "Gửi đi")
    hear(phone, RECEIPT)
    found = RECEIPT.findall(phone.locator("#log").inner_text())
    say(phone, found[-1])
    hear(phone, re.compile("cán bộ|Cán bộ|cô chú"))
    assert phone.foreign == []  # type: ignore[attr-defined]
    scroll = phone.evaluate("document.documentElement.scrollWidth")
    assert scroll <= 360, "nothing is wider than the phone"
    officer_sees_the_case(browser, world)


def officer_sees_the_case(browser: Browser, world: World) -> None:
    page = browser.new_context().new_page()
    chosen = "mot cau that dai va kho doan"
    log_in(page, world, world.program.password)
    page.fill("input[name=old]", world.program.password)
    page.fill("input[name=new]", chosen)
    page.fill("input[name=again]", chosen)
    page.click("button.main")
    page.wait_for_url("**/desk/login*", timeout=WAIT)
    log_in(page, world, chosen)
    cases = page.locator("a.code[href*='/desk/cases/']")
    expect(cases.first).to_be_visible(timeout=WAIT)
    links = [str(cases.nth(n).get_attribute("href")) for n in range(cases.count())]
    texts = []
    for link in links:  # other tests have made reports too
        page.goto(f"{world.program.url}{link}")
        texts.append(page.locator("body").inner_text())
    assert all("tiếp nhận thông tin trẻ em" in text.lower() for text in texts)
    assert sum("hay so nguc" in text for text in texts) == 1, "the report is at the desk, once"


def log_in(page: Page, world: World, password: str) -> None:
    page.goto(f"{world.program.url}/desk/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", password)
    page.click("button.main")
    page.wait_for_url(re.compile(r"/desk/(password)?$"), timeout=WAIT)


def test_quick_exit_leaves_nothing(phone: Page) -> None:
    say(phone, "con muốn méc")
    hear(phone, re.compile("đồng ý"))
    phone.click("#exit")
    expect(phone.locator("body")).not_to_contain_text("méc", timeout=WAIT)
    assert "tam" in phone.url
    assert phone.evaluate("localStorage.length + sessionStorage.length") == 0
    phone.go_back()
    assert "méc" not in phone.content()


def test_the_page_reconnects_and_loses_nothing(phone: Page, world: World) -> None:
    say(phone, "chào cô")
    hear(phone, re.compile("111"))
    world.program.kill("bot.app:create_app")
    say(phone, "so dien thoai goi giup la so may")
    hear(phone, re.compile("so dien thoai goi giup"))
    expect(phone.locator("#log").get_by_text(re.compile("115")).last).to_be_visible(timeout=90_000)
    world.program.wait_ready()
