"""The web chat's page in a real browser: what a person sees and does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.dialogue.messages import Button, Reply
from bot.settings import Settings
from tests.contract.receiver import eventually
from tests.contract.website import Site, serve

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium")


@pytest.fixture
def web_settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "var", public_url="", web_messages_per_minute=3)


@pytest.fixture
async def site(web_settings: Settings) -> AsyncIterator[Site]:
    async with serve(web_settings) as site:
        yield site


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        await browser.close()


async def open_page(browser: Browser, site: Site, **options) -> Page:
    """The page on a small phone; any script error or refused resource fails the test at the end."""
    context = await browser.new_context(viewport={"width": 360, "height": 740}, **options)
    page = await context.new_page()
    page.troubles = []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("console", lambda m: page.troubles.append(m.text) if "Content Security Policy" in m.text else None)
    await page.goto(f"http://{site.address}/")
    await expect(page.locator("#state")).to_have_text("")
    return page


async def chat_of(page: Page, site: Site) -> str:
    cookies = await page.context.cookies()
    return site.bridge._signer.unsign(cookies[0]["value"]).decode()


async def test_a_person_writes_and_is_answered(site, browser):
    page = await open_page(browser, site)
    await expect(page.locator(".welcome")).to_contain_text("không phải người thật")
    for number in ("111", "113", "115"):
        await expect(page.locator(f'.numbers a[href="tel:{number}"]')).to_be_visible()
    await page.locator("#input").focus()
    await page.keyboard.type("Đánh con có phạm luật không?")
    await page.keyboard.press("Enter")
    await eventually(lambda: len(site.receiver.new) == 1)
    assert site.receiver.new[0].text == "Đánh con có phạm luật không?"
    await expect(page.locator("#typing")).to_be_visible()
    long = "Nguyễn" * 200
    reply = Reply(f"Có. Cần giúp thì gọi 111. Xem Điều 111.\n{long}", [Button("Xem luật", "/show_item")])
    await site.bridge.send(await chat_of(page, site), reply, "r1")
    await site.bridge.send(await chat_of(page, site), reply, "r1")
    bot = page.locator(".message.bot")
    await expect(bot).to_have_count(1)
    await expect(page.locator("#typing")).to_be_hidden()
    assert await bot.locator('a[href="tel:111"]').count() == 1  # the number to call, not the article of a law
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not await page.locator(".waiting").count()
    await page.locator(".choice", has_text="Xem luật").press("Enter")
    await eventually(lambda: len(site.receiver.new) == 2)
    assert site.receiver.new[1].payload == "/show_item"
    assert page.troubles == []


async def test_what_a_person_or_the_bot_writes_is_text_not_markup(site, browser):
    page = await open_page(browser, site)
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    await page.locator("#input").fill(evil)
    await page.locator("#send").click()
    await site.bridge.send(await chat_of(page, site), Reply(evil, [Button(evil, "/help")]), "r1")
    await expect(page.locator(".bot .bubble")).to_contain_text(evil)
    await expect(page.locator(".me .bubble")).to_contain_text(evil)
    assert await page.title() == "Trò chuyện"
    assert page.troubles == []


async def test_starters_send_their_question(site, browser):
    page = await open_page(browser, site)
    await page.locator(".starter", has_text="Báo tin").click()
    await page.locator(".starter", has_text="Hỏi luật").click()
    await eventually(lambda: len(site.receiver.new) == 2)
    assert [m.payload for m in site.receiver.new] == ["/start_report", "Đánh con có phạm luật không?"]


@pytest.mark.parametrize("way", ["button", "escape", "typed"])
async def test_the_quick_exit_leaves_nothing_behind(site, browser, way):
    page = await open_page(browser, site)
    await page.locator("#input").fill("chuyện riêng của con")
    await page.locator("#send").click()
    await eventually(lambda: len(site.receiver.new) == 1)
    if way == "button":
        await page.locator("#exit").click()
    elif way == "escape":
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
    else:
        await site.bridge.send(await chat_of(page, site), Reply("Đã thoát.", [], "hide"), "r1")
    await page.wait_for_url("**/tam")
    assert await page.title() == "Bảng cửu chương"
    if way != "typed":
        await eventually(lambda: site.receiver.new[-1].payload == "/quick_exit")
    assert await page.context.cookies() == []
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
    await page.go_back()
    assert page.url == "about:blank"  # the chat is not in the tab's history


async def test_one_escape_does_not_leave(site, browser):
    page = await open_page(browser, site)
    await page.keyboard.press("Escape")
    await page.wait_for_timeout(300)
    assert page.url.endswith("/")


async def test_messages_written_while_the_gateway_is_away_are_sent_once_it_is_back(web_settings, browser):
    async with serve(web_settings) as site:
        page = await open_page(browser, site)
        port = int(site.address.rsplit(":", maxsplit=1)[1])
    await expect(page.locator("#state")).to_contain_text("đang nối lại")
    await page.locator("#input").fill("tin lúc mất mạng")
    await page.locator("#send").click()
    await expect(page.locator(".me.waiting")).to_have_count(1)
    async with serve(web_settings, port) as site:
        await eventually(lambda: len(site.receiver.new) == 1, timeout=20)
        await expect(page.locator("#state")).to_have_text("")
        await expect(page.locator(".me.waiting")).to_have_count(0)
        await site.bridge.send(await chat_of(page, site), Reply("Máy nghe nè"), "r1")
        await expect(page.locator(".bot")).to_contain_text("Máy nghe nè")
        await page.wait_for_timeout(500)
        assert [m.text for m in site.receiver.new] == ["tin lúc mất mạng"]
        await page.close()


async def test_where_websockets_are_blocked_plain_http_serves(site, browser):
    context = await browser.new_context()
    page = await context.new_page()
    await page.add_init_script("window.WebSocket = class { constructor() { throw new Error('blocked'); } }")
    await page.goto(f"http://{site.address}/")
    await page.locator("#input").fill("alo")
    await page.locator("#send").click()
    await eventually(lambda: len(site.receiver.new) == 1)
    for number in range(3):
        await asyncio.wait_for(site.bridge.send(await chat_of(page, site), Reply(f"tin {number}"), f"r{number}"), 3)
    await expect(page.locator(".bot")).to_have_count(3)
    await site.bridge.send(await chat_of(page, site), Reply("Đã thoát.", [], "hide"), "r9")
    await page.wait_for_url("**/tam")


async def test_too_many_messages_are_answered_kindly_and_can_be_sent_again(site, browser):
    page = await open_page(browser, site)
    for number in range(4):
        await page.locator("#input").fill(f"tin {number}")
        await page.keyboard.press("Enter")
    await expect(page.locator(".bot.safety")).to_contain_text("111")
    await expect(page.locator(".failed")).to_have_count(1)
    site.bridge._messages.limit = 100
    await page.locator(".failed button").click()
    await eventually(lambda: [m.text for m in site.receiver.new] == [f"tin {n}" for n in range(4)])
    await expect(page.locator(".failed")).to_have_count(0)


async def test_everything_is_reachable_by_keyboard_and_named(site, browser):
    page = await open_page(browser, site)
    names = []
    for _ in range(14):
        await page.keyboard.press("Tab")
        names.append(
            await page.evaluate(
                "(e => e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].textContent)"
                " || e.textContent.trim())(document.activeElement)"
            )
        )
    assert names[0] == "Thoát nhanh"
    for wanted in ("111 trẻ em", "Tin nhắn của bạn", "Gửi"):
        assert wanted in names
    assert await page.locator("#log").get_attribute("aria-live") == "polite"
    assert await page.locator("html").get_attribute("lang") == "vi"


async def test_text_and_buttons_have_enough_contrast_in_light_and_dark(site, browser):
    for scheme in ("light", "dark"):
        page = await open_page(browser, site, color_scheme=scheme)
        await page.locator("#input").fill("alo")
        await page.locator("#send").click()
        reply = Reply("Gọi 113", [Button("Báo tin", "/start_report")], "safety")
        await site.bridge.send(await chat_of(page, site), reply, f"r-{scheme}")
        await expect(page.locator(".choice")).to_be_visible()
        poor = await page.evaluate(CONTRAST)
        assert poor == [], scheme


CONTRAST = """() => {
  const numbers = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = numbers(c).slice(0, 3).map((v) => {
    v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    const n = numbers(c); if (n.length === 3 || n[3] > 0) return c; } return "rgb(255, 255, 255)"; };
  const poor = [];
  for (const e of document.querySelectorAll(
    "h1, small, .exit, .numbers a, .welcome p, .starter strong, .starter span, .bubble, .choice")) {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${e.className || e.tagName}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
