"""Primero's own webhooks: not signed, not repeated, and so only a reason to ask. Over the real app."""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.db import tables
from bot.db.engine import Store
from bot.forwarding import ForwardingWorker, TargetError, forwarding_routes
from bot.reports import ReportService
from tests.conftest import make_settings
from tests.contract.primero_double import Primero
from tests.contract.test_primero import (  # noqa: F401 - fixtures
    SENDER,
    primero_server,
    quick_receipts,
    take,
    target,
)
from tests.unit.test_forwarding import Clock
from tests.unit.test_reports import rows

SECRET = "an-tam:hai-muoi-ky-tu-bi-mat"
KEY = {"x-api-key": SECRET}
BASIC = {"authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()}


def gateway(store: Store, secret: str = SECRET) -> TestClient:
    settings = make_settings(Path("unused"), primero_hook_secret=secret)
    return TestClient(Starlette(routes=forwarding_routes(store, settings)))


def body(case_id: str, record_type: str = "case", **fields: Any) -> str:
    """What Primero sends: the record's id and type, and every field that the webhook's role may read."""
    data = {"record_id": case_id, "record_type": record_type, "hostname": "primero.example.vn"}
    return json.dumps({"data": {**data, "name": "CANARY", **fields}})


class Asked:
    """A report in Primero that was asked about just now, and would not be again for an hour."""

    def __init__(self, store: Store, primero: Primero) -> None:
        self.clock = Clock()
        self.service = ReportService(store, ["primero"], clock=self.clock)
        self.taken = take(store)
        settings = make_settings(Path("x"), primero_poll=3600)
        self.worker = ForwardingWorker(store, [target(primero)], settings, clock=self.clock)
        with store.engine.begin() as connection:
            connection.execute(tables.deliveries.update().values(due_at=0))
        self.worker.run_once()
        self.worker.ask_once()
        self.clock.now += 60  # the turn of asking is over, the hour is not

    def told(self) -> tuple[str, bool]:
        self.worker.ask_once()
        status = self.service.status(self.taken.receipt, SENDER)
        assert status is not None
        return status.status, status.seen


@pytest.mark.parametrize("headers", [KEY, BASIC], ids=["api key", "basic"])
def test_a_webhook_makes_us_ask_at_once(primero: Primero, store: Store, headers: dict[str, str]) -> None:
    asked, http = Asked(store, primero), gateway(store)
    primero.cases[asked.taken.report_id]["owned_by"] = "lan"
    assert asked.told() == ("forwarded", False), "not asked again within the hour"
    answer = http.post("/hooks/primero", content=body(asked.taken.report_id, owned_by="lan"), headers=headers)
    assert answer.status_code == 200
    assert asked.told() == ("acknowledged", True)


def test_what_a_webhook_says_is_not_believed(primero: Primero, sqlite_store: Store) -> None:
    """Somebody who has got hold of the secret can make us ask, nothing else; a replay does no more."""
    asked, http = Asked(sqlite_store, primero), gateway(sqlite_store)
    for _ in range(3):
        http.post("/hooks/primero", content=body(asked.taken.report_id, status="closed"), headers=KEY)
    assert asked.told() == ("forwarded", False)


def test_what_is_not_primeros_is_refused(primero: Primero, sqlite_store: Store) -> None:
    asked, http = Asked(sqlite_store, primero), gateway(sqlite_store)
    good = body(asked.taken.report_id)
    count = len(primero.requests)

    def post(content: str, **headers: str) -> int:
        answer = http.post("/hooks/primero", content=content.encode(), headers=headers)
        assert "CANARY" not in answer.text
        return int(answer.status_code)

    with capture_logs() as logs:
        assert post(good) == 401
        assert post(good, **{"x-api-key": SECRET + "x"}) == 401
        assert post(good, authorization="Basic " + base64.b64encode(b"an-tam:khac").decode()) == 401
        assert post(good, authorization=f"Bearer {SECRET}") == 401
        assert post("CANARY {", **KEY) == 400
        assert post('["CANARY"]', **KEY) == 400
        assert post(body("CANARY"), **KEY) == 400
        assert post(body(str(uuid.uuid4())), **KEY) == 404
        assert post(body(asked.taken.report_id, "incident"), **KEY) == 200
        assert post("x" * 2_000_001, **KEY) == 413
    asked.worker.ask_once()
    assert len(primero.requests) == count, "none of these made us ask"
    assert "CANARY" not in str(logs) + str(rows(sqlite_store, tables.audit))


def test_without_a_secret_there_is_no_address(sqlite_store: Store) -> None:
    assert gateway(sqlite_store, "").post("/hooks/primero", content="{}").status_code == 404
    with pytest.raises(TargetError, match="HOTLINE_PRIMERO_HOOK_SECRET"):
        gateway(sqlite_store, "ngắn")
