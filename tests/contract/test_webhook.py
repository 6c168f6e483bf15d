"""The webhook target against a real HTTP receiver: signature, schema, every kind of answer, addresses."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given

from bot.forwarding import Message, TargetError, WebhookTarget
from bot.forwarding import addresses as rules
from bot.reports import ReportDraft, triage
from bot.reports.content import payload
from tests.contract.webhook_receiver import SECRET, Behaviour, WebhookReceiver, running_receiver
from tests.unit.test_reports import DRAFT, content_of, drafts

SCHEMA = json.loads(Path("docs/webhook-report.schema.json").read_text(encoding="utf-8"))
REPORT = "3f2a1b4c-0000-4000-8000-000000000000"
MESSAGE = Message(f"report_{REPORT}", REPORT, "report", 1_795_500_000.0, content_of(DRAFT))


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(drafts)
def test_every_payload_fits_the_schema(draft: ReportDraft) -> None:
    result = triage(draft)
    content = {**content_of(draft), "risk": result.risk, "reasons": list(result.reasons)}
    body = json.loads(json.dumps(payload(content)))
    jsonschema.Draft202012Validator(SCHEMA).validate(body)


def test_schema_refuses_a_payload_without_the_story() -> None:
    body = payload(content_of(DRAFT))
    del body["data"]["story"]
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(body)


def test_report_arrives_signed_and_whole() -> None:
    with running_receiver() as receiver:
        assert WebhookTarget(receiver.url, SECRET).send(MESSAGE).state == "delivered"
    (request,) = receiver.requests
    assert receiver.reports[MESSAGE.id] == payload(MESSAGE.content)
    assert receiver.reports[MESSAGE.id]["data"]["story"].startswith("CANARY-STORY")
    headers = request["headers"]
    assert headers["idempotency-key"] == headers["webhook-id"] == MESSAGE.id
    assert "." not in headers["webhook-id"]
    assert headers["host"] == httpx.URL(receiver.url).netloc.decode()
    assert headers["content-type"].startswith("application/json")
    assert request["path"] == "/reports"


def test_wrong_secret_is_refused_by_the_receiver_and_shown() -> None:
    other = "whsec_" + "QUJD" * 8
    with running_receiver() as receiver:
        outcome = WebhookTarget(receiver.url, other).send(MESSAGE)
    assert (outcome.state, outcome.code) == ("rejected", "http_401")
    assert receiver.bad_signatures == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "delivered"),
        (202, "delivered"),
        (409, "delivered"),
        (408, "pending"),
        (425, "pending"),
        (429, "pending"),
        (500, "pending"),
        (503, "pending"),
        (400, "rejected"),
        (401, "rejected"),
        (404, "rejected"),
        (410, "rejected"),
        (422, "rejected"),
    ],
)
def test_every_status(status: int, state: str) -> None:
    with running_receiver(lambda _: Behaviour(status=status, store=False)) as receiver:
        outcome = WebhookTarget(receiver.url, SECRET).send(MESSAGE)
    assert outcome.state == state
    assert outcome.code in ("", f"http_{status}")


def test_redirects_are_not_followed() -> None:
    with running_receiver() as other:
        away = Behaviour(status=307, store=False, headers={"Location": other.url})
        with running_receiver(lambda _: away) as receiver:
            outcome = WebhookTarget(receiver.url, SECRET).send(MESSAGE)
    assert (outcome.state, outcome.code) == ("rejected", "http_307")
    assert other.requests == []


@pytest.mark.parametrize("kind", ["seconds", "date"])
def test_retry_after_is_understood(kind: str) -> None:
    wish = "120" if kind == "seconds" else formatdate(time.time() + 120, usegmt=True)
    busy = Behaviour(status=503, store=False, headers={"Retry-After": wish})
    with running_receiver(lambda _: busy) as receiver:
        outcome = WebhookTarget(receiver.url, SECRET).send(MESSAGE)
    assert outcome.retry_after is not None
    assert 115 < outcome.retry_after <= 121


def test_silence_after_accepting_is_unknown() -> None:
    with running_receiver(lambda _: Behaviour(delay=2)) as receiver:
        outcome = WebhookTarget(receiver.url, SECRET, timeout=0.3).send(MESSAGE)
        assert list(receiver.reports) == [MESSAGE.id]
    assert (outcome.state, outcome.code) == ("unknown", "timeout")


def test_a_cut_after_accepting_is_unknown() -> None:
    with running_receiver(lambda _: Behaviour(cut=True)) as receiver:
        outcome = WebhookTarget(receiver.url, SECRET).send(MESSAGE)
        assert list(receiver.reports) == [MESSAGE.id]
    assert (outcome.state, outcome.code) == ("unknown", "cut")


def test_nobody_listening_is_not_sent() -> None:
    with running_receiver() as receiver:
        url = receiver.url
    outcome = WebhookTarget(url, SECRET, timeout=1).send(MESSAGE)
    assert (outcome.state, outcome.code) == ("pending", "connect")


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    entries = [(2, 1, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_o: entries)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.8", "192.168.1.1", "172.16.0.1", "fd00::1", "100.64.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"],
)
def test_private_addresses_are_refused_unless_allowed(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, address)
    outcome = WebhookTarget("https://case.example.vn/in", SECRET).send(MESSAGE)
    assert (outcome.state, outcome.code) == ("rejected", "private_address")
    assert rules.resolve("case.example.vn", 443, allow_private=True) == [address]


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "255.255.255.255"])  # noqa: S104
def test_some_addresses_are_never_allowed(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, address)
    outcome = WebhookTarget("https://case.example.vn/in", SECRET, allow_private=True).send(MESSAGE)
    assert (outcome.state, outcome.code) == ("rejected", "private_address")


def test_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34", "10.0.0.8")
    assert WebhookTarget("https://case.example.vn/in", SECRET).send(MESSAGE).code == "private_address"


def test_the_checked_address_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is asked once: a second answer (DNS rebinding) cannot lead elsewhere."""
    asked = []
    with running_receiver() as receiver:
        port = httpx.URL(receiver.url).port

        def answer(host: str, *_args: Any, **_options: Any) -> list[Any]:
            asked.append(host)
            return [(2, 1, 6, "", ("127.0.0.1", port))]

        target = WebhookTarget(f"http://localhost:{port}/reports", SECRET)
        monkeypatch.setattr("bot.forwarding.addresses.socket.getaddrinfo", answer)
        assert target.send(MESSAGE).state == "delivered"
    assert asked.count("localhost") == 1
    assert receiver.requests[0]["headers"]["host"] == f"localhost:{port}"


def test_unknown_name_is_tried_again() -> None:
    outcome = WebhookTarget("https://case.invalid/in", SECRET).send(MESSAGE)
    assert (outcome.state, outcome.code) == ("pending", "dns")


@pytest.mark.parametrize(
    "url",
    [
        "http://case.example.vn/in",
        "http://10.0.0.1/in",
        "http://127.0.0.1.example.vn/in",
        "ftp://case.example.vn/in",
        "case.example.vn",
        "https://user:pass@case.example.vn/in",
        "https://",
        "",
    ],
)
def test_bad_urls_are_refused_at_the_start(url: str) -> None:
    with pytest.raises(TargetError) as refused:
        WebhookTarget(url, SECRET)
    assert "HOTLINE_WEBHOOK_URL" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_YWJj", "ngắn", "whsec_!!!!"])
def test_weak_secrets_are_refused_at_the_start(secret: str) -> None:
    with pytest.raises(TargetError) as refused:
        WebhookTarget("https://case.example.vn/in", secret)
    assert "HOTLINE_WEBHOOK_SECRET" in str(refused.value)
    assert len(secret) < 7 or secret not in str(refused.value)


def test_receiver_double_checks_signatures() -> None:
    receiver = WebhookReceiver()
    headers = {"webhook-id": "a", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
    assert receiver.receive(headers, b"{}", "/").status == 401
