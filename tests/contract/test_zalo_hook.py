"""Zalo's webhook: what is signed, fresh and stored gets 200, all else the right status."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from starlette.applications import Starlette

from bot.bridges.zalo import WEBHOOK_PATH
from tests.contract.receiver import Receiver, eventually
from tests.contract.zalo_double import ZaloDouble
from tests.contract.zalo_world import CHILD, make_bridge

HOUR = 3600.0


@pytest.fixture
async def hook(zalo, zalo_settings, zalo_store):
    bridge, receiver = make_bridge(zalo_settings, zalo_store, zalo), Receiver(zalo_store)
    await bridge.start(receiver)
    transport = httpx.ASGITransport(Starlette(routes=bridge.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="https://an-tam.example") as client:
        yield client, receiver
    await bridge.stop()


def event(zalo: ZaloDouble, text: str = "alo", **more: object) -> dict:
    return {
        "app_id": zalo.app_id,
        "event_name": "user_send_text",
        "sender": {"id": CHILD},
        "recipient": {"id": zalo.oa_id},
        "message": {"text": text, "msg_id": "m1"},
        "timestamp": str(int(time.time() * 1000)),
        **more,
    }


async def test_200_only_after_the_message_is_stored_and_what_is_not_is_tried_again(zalo, hook, monkeypatch):
    client, receiver = hook
    raw, headers = zalo.request(event(zalo))
    receiver.down = True
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 503
    receiver.down = False
    await eventually(lambda: len(receiver.new) == 1)  # Zalo may never deliver it again
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 200
    assert len(receiver.new) == 1


@pytest.mark.parametrize("header", [None, "", "mac=", "mac=" + "0" * 64, "ký tự lạ".encode()])
async def test_a_wrong_signature_is_refused(zalo, hook, header):
    client, receiver = hook
    raw, headers = zalo.request(event(zalo))
    del headers["X-ZEvent-Signature"]
    if header is not None:
        headers["X-ZEvent-Signature"] = header
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 403
    assert receiver.offered == 0


async def test_the_signature_covers_the_raw_body_and_the_secret_of_the_account(zalo, hook):
    client, receiver = hook
    raw, headers = zalo.request(event(zalo))
    again = json.dumps(json.loads(raw)).encode()  # the same JSON, other bytes
    assert (await client.post(WEBHOOK_PATH, content=again, headers=headers)).status_code == 403
    zalo.oa_secret = zalo.app_secret
    raw, headers = zalo.request(event(zalo))
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 403


async def test_without_prefix_and_with_the_headers_moment_it_is_valid_too(zalo, hook):
    client, receiver = hook
    raw, headers = zalo.request(event(zalo))
    headers["X-ZEvent-Signature"] = headers["X-ZEvent-Signature"].removeprefix("mac=").upper()
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 200
    raw, _ = zalo.request(event(zalo, "hai"))
    headers = {"X-ZEvent-Signature": zalo.sign(raw, "123"), "X-ZEvent-Timestamp": "123"}
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 200


@pytest.mark.parametrize("hours", [-25, 2])
async def test_an_old_recording_is_refused(zalo, hook, hours):
    client, receiver = hook
    raw, headers = zalo.request(event(zalo, timestamp=str(int((time.time() + hours * HOUR) * 1000))))
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 403


async def test_the_latest_repeat_of_zalo_is_still_taken(zalo, hook):
    client, receiver = hook
    raw, headers = zalo.request(event(zalo, timestamp=str(int((time.time() - 2 * HOUR) * 1000))))
    assert (await client.post(WEBHOOK_PATH, content=raw, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b" \n", 200),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b" " * 300_000, 413),
        (b"{}", 403),
    ],
)
async def test_what_is_no_event(hook, body, status):
    assert (await hook[0].post(WEBHOOK_PATH, content=body)).status_code == status
