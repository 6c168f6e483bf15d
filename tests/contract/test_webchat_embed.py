"""The web chat on another site, and deep links: over HTTP, and in a real browser with a strict host page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import websockets
from playwright.async_api import Browser, async_playwright, expect
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bot.dialogue.messages import Button, Reply
from bot.settings import Settings
from tests.conftest import make_settings
from tests.contract.receiver import eventually
from tests.contract.served import served
from tests.contract.website import Site, serve

CHROMIUM = Path("/usr/bin/chromium")
SCHOOL = "https://truong.example"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serve(make_settings(tmp_path / "var", embed_origins=f"{SCHOOL}, https://xa.example/")) as site:
        yield site


def token_of(page: str) -> str:
    found = re.search(r'data-session="([^"]+)"', page)
    assert found is not None
    return found.group(1)


async def test_only_the_allowed_sites_may_frame_it(site):
    async with site.browser() as browser:
        page = await browser.get("/nhung")
        policy = page.headers["content-security-policy"]
        assert f"frame-ancestors 'self' {SCHOOL} https://xa.example;" in policy + ";"
        assert "default-src 'none'" in policy
        assert "x-frame-options" not in page.headers
        assert "set-cookie" not in page.headers
        assert page.headers["cache-control"] == "no-store"
        usual = await browser.get("/")
        assert "frame-ancestors 'none'" in usual.headers["content-security-policy"]
        assert 'data-session=""' in usual.text


async def test_it_is_off_unless_somebody_is_allowed(tmp_path):
    async with serve(make_settings(tmp_path / "var")) as site, site.browser() as browser:
        assert (await browser.get("/nhung")).status_code == 404
        assert (await browser.get("/nhung.js")).status_code == 404


@pytest.mark.parametrize("value", ["*", "https://a.example; script-src *", "javascript:1", "https://a b", "'self'"])
def test_what_is_no_origin_stops_the_start(tmp_path, value):
    with pytest.raises(ValueError, match="origins"):
        Settings(_env_file=None, data_dir=tmp_path, embed_origins=value)


async def test_an_embedded_page_carries_its_own_session(site):
    async with site.browser() as browser, site.browser() as other:
        token = token_of((await browser.get("/nhung")).text)
        assert token != token_of((await browser.get("/nhung")).text)
        message = {"id": "message-1", "text": "alo"}
        answer = await browser.post("/chat/messages", json=message, headers={"X-Phien": token})
        assert answer.status_code == 202
        assert (await other.post("/chat/messages", json=message)).status_code == 401
        assert (await other.post("/chat/messages", json=message, headers={"X-Phien": token + "x"})).status_code == 401
        evil = {"X-Phien": token, "Origin": SCHOOL}  # the host page itself may not speak for the person
        assert (await other.post("/chat/messages", json=message, headers=evil)).status_code == 401
        assert len(site.receiver.new) == 1


async def test_an_embedded_page_by_websocket(site):
    async with site.browser() as browser:
        token = token_of((await browser.get("/nhung")).text)
    options = {"extra_headers": {"Origin": f"http://{site.address}"}, "subprotocols": ["an-tam", token]}
    async with websockets.connect(f"ws://{site.address}/chat/ws", **options) as socket:
        assert socket.subprotocol == "an-tam"
        await socket.send(json.dumps({"id": "message-1", "text": "alo"}))
        assert json.loads(await asyncio.wait_for(socket.recv(), 10)) == {"received": "message-1"}
    options["subprotocols"] = ["an-tam", "forged.a.b"]
    with pytest.raises(websockets.InvalidStatusCode):
        async with websockets.connect(f"ws://{site.address}/chat/ws", **options):
            pass


async def test_new_embedded_sessions_are_limited_too(site):
    site.bridge._new_by_address.limit = 1
    async with site.browser() as browser:
        assert (await browser.get("/nhung")).status_code == 200
        over = await browser.get("/nhung")
        assert over.status_code == 429
        assert "111" in over.text
        assert SCHOOL in over.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("query", "topic"), [("?chu_de=luat", "luat"), ("?chu_de=khac", ""), ("", ""), ('?chu_de="><script>', "")]
)
async def test_only_our_topics_are_opened(site, query, topic):
    async with site.browser() as browser:
        for path in ("/", "/nhung"):
            page = await browser.get(path + query)
            assert f'data-topic="{topic}"' in page.text
            assert "<script>" not in page.text


# --- in a browser ---------------------------------------------------------------------------------------------
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        await browser.close()


@needs_chromium
async def test_a_school_embeds_the_chat_under_a_strict_policy(tmp_path, chromium):
    ours: list[str] = []

    async def home(_request: Request) -> HTMLResponse:
        script = f'<script src="{ours[0]}/nhung.js" data-chu-de="bat_nat" async></script>'
        policy = f"default-src 'none'; script-src {ours[0]}; frame-src {ours[0]}"
        return HTMLResponse(f"<h1>Trường em</h1>{script}", headers={"Content-Security-Policy": policy})

    async with served([Route("/", home)]) as school:
        school = school.replace("127.0.0.1", "localhost")  # another site for the browser
        async with serve(make_settings(tmp_path / "var", embed_origins=school)) as site:
            ours.append(f"http://{site.address}")
            page = await chromium.new_page(viewport={"width": 400, "height": 760})
            troubles: list[str] = []
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda m: troubles.append(m.text) if "Content Security Policy" in m.text else None)
            sockets: list[str] = []
            page.on("websocket", lambda socket: sockets.append(socket.url))
            await page.goto(school)
            assert await page.locator("iframe").count() == 0  # nothing is loaded until it is wanted
            await page.get_by_role("button", name="Hỏi máy An Tâm").click()
            chat = page.frame_locator("iframe")
            await expect(chat.locator(".message.me")).to_contain_text("Bị bắt nạt")
            await eventually(lambda: len(site.receiver.new) == 1)
            (message,) = site.receiver.new
            assert (message.kind, message.payload) == ("button", "/start bat_nat")
            sending = asyncio.create_task(
                site.bridge.send(message.chat_id, Reply("Không phải lỗi của bạn", [Button("Có", "/affirm")]), "r1")
            )
            await expect(chat.locator(".message.bot").last).to_contain_text("Không phải lỗi của bạn")
            await asyncio.wait_for(sending, 10)
            await chat.locator("#exit").click()
            await expect(page.locator("#an-tam")).to_have_count(0)
            await eventually(lambda: any(m.payload == "/quick_exit" for m in site.receiver.new))
            assert page.url.rstrip("/") == school
            assert len(sockets) == 1
            assert troubles == []


@needs_chromium
async def test_another_site_cannot_frame_it(tmp_path, chromium):
    ours: list[str] = []

    async def home(_request: Request) -> HTMLResponse:
        return HTMLResponse(f'<iframe src="{ours[0]}/nhung"></iframe><iframe src="{ours[0]}/"></iframe>')

    settings = make_settings(tmp_path / "var", embed_origins=SCHOOL)
    async with served([Route("/", home)]) as evil, serve(settings) as site:
        ours.append(f"http://{site.address}")
        page = await chromium.new_page()
        refused: list[str] = []
        page.on("console", lambda m: refused.append(m.text) if "frame-ancestors" in m.text else None)
        await page.goto(evil.replace("127.0.0.1", "localhost"))
        await eventually(lambda: len(refused) >= 2, lambda: refused)


@needs_chromium
async def test_a_deep_link_opens_its_topic_once(site, chromium):
    page = await chromium.new_page()
    await page.goto(f"http://{site.address}/?chu_de=an_toan_mang")
    await expect(page.locator(".message.me")).to_contain_text("An toàn trên mạng")
    await eventually(lambda: len(site.receiver.new) == 1)
    assert site.receiver.new[0].payload == "/start an_toan_mang"
    assert page.url == f"http://{site.address}/"
    await page.reload()
    await expect(page.locator("#state")).to_have_text("")
    assert len(site.receiver.new) == 1
