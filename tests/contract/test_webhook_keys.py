"""Two keys at once, client certificates, and status coming back: signed, once, and truthful."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import ssl
import threading
import uuid
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding import (
    DeskTarget,
    ForwardingWorker,
    TargetError,
    WebhookTarget,
    build_targets,
    forwarding_routes,
)
from bot.reports import ReportService
from bot.reports.content import payload
from tests.conftest import make_settings
from tests.contract.test_primero import quick_receipts  # noqa: F401 - a fixture
from tests.contract.test_webhook import MESSAGE, SCHEMA
from tests.contract.webhook_receiver import SECRET, running_receiver
from tests.unit.test_reports import DRAFT, rows

OTHER = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!").decode()
THIRD = "whsec_" + base64.b64encode(b"a third key of thirty-two bytes!").decode()
STATUS_SCHEMA = json.loads(Path("docs/webhook-status.schema.json").read_text(encoding="utf-8"))
SENDER = "ab" * 16


# --- two keys -------------------------------------------------------------------------------------
@pytest.mark.parametrize("secrets", [f"{OTHER} {SECRET}", f"{SECRET},{OTHER}", f"{OTHER}, {SECRET}"])
def test_a_receiver_with_either_key_verifies(secrets: str) -> None:
    for secret in (SECRET, OTHER):
        with running_receiver(secret=secret) as receiver:
            assert WebhookTarget(receiver.url, secrets).send(MESSAGE).state == "delivered"
            assert receiver.bad_signatures == 0
    with running_receiver(secret=THIRD) as receiver:
        assert WebhookTarget(receiver.url, secrets).send(MESSAGE).code == "http_401"


@pytest.mark.parametrize("secrets", [f"{SECRET} {OTHER} {THIRD}", f"{SECRET} whsec_YWJj", " ", ","])
def test_three_keys_or_a_weak_second_one_are_refused(secrets: str) -> None:
    with pytest.raises(TargetError, match="HOTLINE_WEBHOOK_SECRET"):
        WebhookTarget("https://case.example.vn", secrets)


# --- mTLS -----------------------------------------------------------------------------------------
def issue(folder: Path, name: str, issuer: Any = None) -> Any:
    """A certificate for 127.0.0.1, signed by itself or by an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    )
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / f"{name}.key").write_bytes(pem)
    return certificate, key


def test_the_receiver_sees_our_certificate(tmp_path: Path, sqlite_store: Store) -> None:
    authority = issue(tmp_path, "authority")
    issue(tmp_path, "server", authority)
    issue(tmp_path, "client", authority)
    issue(tmp_path, "stranger")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    server.load_verify_locations(tmp_path / "authority.pem")
    server.verify_mode = ssl.CERT_REQUIRED

    def send(client: str | None, ca: str | None = "authority") -> tuple[str, str]:
        chosen: dict[str, Any] = {"webhook_secret": SECRET, "webhook_url": receiver.url}
        if ca:
            chosen["webhook_ca"] = tmp_path / f"{ca}.pem"
        if client:
            chosen["webhook_client_cert"] = tmp_path / f"{client}.pem"
            chosen["webhook_client_key"] = tmp_path / f"{client}.key"
        target = build_targets(sqlite_store, make_settings(tmp_path, **chosen))[-1]
        outcome = target.send(MESSAGE)
        return outcome.state, outcome.code

    with running_receiver(tls=server) as receiver:
        assert send("client") == ("delivered", "")
        assert send("stranger")[0] != "delivered"
        assert send(None)[0] != "delivered"
        assert send("client", ca=None) == ("pending", "connect")  # their certificate is checked, too
    assert len(receiver.reports) == 1


def test_half_a_client_certificate_is_one_line(tmp_path: Path, sqlite_store: Store) -> None:
    base: dict[str, Any] = {"webhook_secret": SECRET, "webhook_url": "https://case.example.vn"}
    for wrong in (
        {"webhook_client_cert": tmp_path / "a.pem"},
        {"webhook_client_cert": tmp_path / "a.pem", "webhook_client_key": tmp_path / "a.key"},
    ):
        with pytest.raises(TargetError, match="HOTLINE_WEBHOOK") as refused:
            build_targets(sqlite_store, make_settings(tmp_path, **base, **wrong))
        assert "\n" not in str(refused.value)


# --- what is added later --------------------------------------------------------------------------
def test_updates_and_withdrawals_fit_the_schema_and_come_after_the_report(store: Store) -> None:
    with running_receiver() as receiver:
        service = ReportService(store, ["webhook"])
        taken = service.take(DRAFT, "web", SENDER, "k1")
        service.add(taken.receipt, SENDER, "thêm một điều", "m1")
        service.withdraw(taken.receipt, SENDER)
        team = ForwardingWorker(
            store, [DeskTarget(store), WebhookTarget(receiver.url, SECRET)], make_settings(Path("x"))
        )
        for _ in range(3):
            team.run_once()
    kinds = [body["type"] for body in receiver.reports.values()]
    assert kinds == ["report.created", "update.created", "withdrawal.created"]
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for body in receiver.reports.values():
        validator.validate(body)
        assert not validator.is_valid({**body, "type": "other"})
    update = next(body for body in receiver.reports.values() if body["type"] == "update.created")
    assert update["data"]["text"] == "thêm một điều"
    assert not validator.is_valid({**update, "type": "report.created"})
    assert not validator.is_valid({**payload(MESSAGE.content), "type": "update.created"})


# --- status coming back ---------------------------------------------------------------------------
class CaseSystem:
    """Posts status messages over the real app."""

    def __init__(self, store: Store, secrets: str = SECRET) -> None:
        settings = make_settings(Path("unused"), status_secret=secrets)
        self.http = TestClient(Starlette(routes=forwarding_routes(store, settings)))

    def post(
        self, report_id: str, status: str, *, key: str = SECRET, message_id: str = "", age: float = 0.0, **extra: Any
    ) -> int:
        body = json.dumps({"type": "status.changed", "data": {"report_id": report_id, "status": status}, **extra})
        return self.raw(body, key=key, message_id=message_id, age=age)

    def raw(self, body: str, *, key: str = SECRET, message_id: str = "", age: float = 0.0, sent: str = "") -> int:
        at = dt.datetime.now(dt.timezone.utc) - dt.timedelta(seconds=age)
        message_id = message_id or f"msg_{uuid.uuid4()}"
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(key).sign(message_id, at, body),
        }
        answer = self.http.post("/hooks/status", content=(sent or body).encode(), headers=headers)
        assert "CANARY" not in answer.text
        return int(answer.status_code)


def told(service: ReportService, taken: Any) -> tuple[str, bool]:
    status = service.status(taken.receipt, SENDER)
    assert status is not None
    return status.status, status.seen


def test_a_signed_status_reaches_the_reporter(store: Store) -> None:
    service = ReportService(store, ["webhook"])
    taken, system = service.take(DRAFT, "web", SENDER, "k1"), CaseSystem(store, f"{OTHER} {SECRET}")
    assert told(service, taken) == ("received", False)
    assert system.post(taken.report_id, "acknowledged") == 200
    assert told(service, taken) == ("acknowledged", True)
    assert system.post(taken.report_id, "closed", key=OTHER) == 200
    assert system.post(taken.report_id, "in_progress") == 200  # a step back is not taken
    assert told(service, taken) == ("closed", True)
    entry = [row for row in rows(store, tables.audit) if row["action"] == "status_received"][0]
    assert (entry["actor"], entry["subject"], entry["detail"]) == ("webhook", taken.report_id, "acknowledged")
    jsonschema.Draft202012Validator(STATUS_SCHEMA).validate(
        {"type": "status.changed", "data": {"report_id": taken.report_id, "status": "closed"}}
    )


def test_a_replayed_message_does_nothing(store: Store) -> None:
    service = ReportService(store, ["webhook"])
    taken, system = service.take(DRAFT, "web", SENDER, "k1"), CaseSystem(store)
    assert [system.post(taken.report_id, "acknowledged", message_id="m1") for _ in range(3)] == [200] * 3
    assert [row["action"] for row in rows(store, tables.audit)].count("status_received") == 1
    assert "m1" not in str(rows(store, tables.hook_messages))
    assert system.post(taken.report_id, "closed", message_id="m1") == 200  # same id, other words: known already
    assert told(service, taken)[0] == "acknowledged"


def test_the_same_message_at_once_is_taken_once(store: Store) -> None:
    service = ReportService(store, ["webhook"])
    taken, system = service.take(DRAFT, "web", SENDER, "k1"), CaseSystem(store)
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(system.post(taken.report_id, "acknowledged", message_id="m")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    assert [row["action"] for row in rows(store, tables.audit)].count("status_received") == 1


def test_what_is_not_ours_is_refused(sqlite_store: Store) -> None:
    service = ReportService(sqlite_store, ["webhook"])
    taken, system = service.take(DRAFT, "web", SENDER, "k1"), CaseSystem(sqlite_store)
    body = json.dumps({"type": "status.changed", "data": {"report_id": taken.report_id, "status": "closed"}})
    with capture_logs() as logs:
        assert system.post(taken.report_id, "closed", key=OTHER) == 401
        assert system.post(taken.report_id, "closed", age=600) == 401
        assert system.post(taken.report_id, "closed", age=-600) == 401
        assert system.raw(body, sent=body.replace("closed", "in_progress")) == 401
        assert system.http.post("/hooks/status", content=body).status_code == 401
        assert system.post(taken.report_id, "withdrawn") == 400
        assert system.post("CANARY", "closed") == 400
        assert system.raw("CANARY {") == 400
        assert system.raw('["CANARY"]') == 400
        assert system.post(str(uuid.uuid4()), "closed") == 404
        assert system.raw("x" * 20_000) == 413
        assert system.http.get("/hooks/status").status_code == 405
    assert told(service, taken) == ("received", False)
    assert "CANARY" not in str(logs)


def test_our_own_report_sent_back_to_us_is_not_a_status(sqlite_store: Store) -> None:
    system = CaseSystem(sqlite_store)
    assert system.raw(json.dumps(payload(MESSAGE.content))) == 400


def test_without_a_secret_there_is_no_address(sqlite_store: Store) -> None:
    assert forwarding_routes(sqlite_store, make_settings(Path("unused"))) == []
    with pytest.raises(TargetError, match="HOTLINE_STATUS_SECRET"):
        forwarding_routes(sqlite_store, make_settings(Path("unused"), status_secret="kurz"))
