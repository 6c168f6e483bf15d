"""The running program with a Telegram server and a case system beside it, started once for all tests here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.contract.telegram_double import TelegramDouble
from tests.contract.webhook_receiver import SECRET, WebhookReceiver, running_receiver
from tests.e2e.program import Program


@dataclass
class World:
    """Everything an end-to-end test meets."""

    program: Program
    telegram: TelegramDouble
    case_system: WebhookReceiver


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not (ROOT / "models" / "an-tam.tar.gz").exists():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("no trained model: run 'make train'")
        pytest.skip("no trained model: run 'make train'")
    folder: Path = tmp_path_factory.mktemp("program")
    with TelegramDouble() as telegram, running_receiver() as case_system:
        program = Program(
            folder,
            TELEGRAM_BOT_TOKEN=telegram.token,
            TELEGRAM_API_BASE=telegram.base_url,
            HOTLINE_WEBHOOK_URL=case_system.url,
            HOTLINE_WEBHOOK_SECRET=SECRET,
        )
        try:
            program.start()
            yield World(program, telegram, case_system)
        finally:
            code = program.stop()
            assert code == 0, program.logs()
