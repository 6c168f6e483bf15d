"""Marked text sent through every route appears in no database file, log, error body or metric."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.e2e.conftest import World

pytestmark = pytest.mark.e2e
CANARY = "chimhoami7391"
CHAT = 7_391_000_111


def test_no_canary_anywhere_at_rest(world: World) -> None:
    telegram, program = world.telegram, world.program
    bodies = []
    telegram.say(CHAT, f"con tên {CANARY} bị ba đánh ở xã Tân Thạnh")
    telegram.wait_for(CHAT, lambda m: "113" in m.text, timeout=40)
    telegram.say(CHAT, f"luật nói gì về {CANARY}")
    telegram.say(CHAT, f"/restart {CANARY}")
    telegram.say(CHAT, f"con muốn báo chuyện của {CANARY}")
    telegram.send_media(CHAT, "photo", caption=f"hình của {CANARY}")
    with httpx.Client(base_url=program.url, trust_env=False) as client:
        for method, path, content in (
            ("GET", f"/{CANARY}", None),
            ("GET", f"/desk/cases/{CANARY}", None),
            ("POST", "/chat/messages", f'{{"id": "1", "text": "{CANARY}'),
            ("POST", "/chat/messages", f'{{"id": "{CANARY}", "text": "con tên {CANARY} bị đánh"}}'),
            ("POST", "/desk/login", f"login={CANARY}&password={CANARY}"),
            ("POST", "/telegram/webhook", f'{{"update_id": "{CANARY}"}}'),
        ):
            response = client.request(method, path, content=content)
            bodies.append(response.text)
        bodies.append(client.get("/metrics").text)
    for port, path in (
        (program.rasa_port, "/webhooks/rest/webhook"),
        (program.actions_port, "/webhook"),
    ):
        with httpx.Client(trust_env=False) as client:
            for content in (
                f'{{"sender": "x", "message": "{CANARY}"}}',
                f"{{{CANARY}",
                f'{{"next_action": "{CANARY}"}}',
            ):
                client.post(f"http://127.0.0.1:{port}{path}", content=content)
    deadline = time.monotonic() + 30
    while program.unanswered() and time.monotonic() < deadline:
        time.sleep(0.3)
    time.sleep(1)
    for body in bodies:
        assert CANARY not in body
    files = [p for p in program.folder.rglob("*") if p.is_file()]
    assert any(p.name == "an_tam.db" for p in files)
    assert any(p.suffix == ".log" for p in files)
    for path in files:
        content = path.read_bytes()
        for mark in (CANARY.encode(), str(CHAT).encode(), telegram.token.encode()):
            assert mark not in content, f"{mark!r} in {path.name}"
    assert CANARY not in "\n".join(program.lines)
