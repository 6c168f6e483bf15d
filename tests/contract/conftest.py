"""Fixtures of the bridges' contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.bridges.telegram import TelegramBridge
from bot.db.engine import Store, open_store
from bot.settings import Settings
from tests.contract.receiver import Receiver
from tests.contract.telegram_double import TelegramDouble
from tests.contract.zalo_double import ZaloDouble
from tests.contract.zalo_world import zalo_settings_for


@pytest.fixture
def telegram() -> Iterator[TelegramDouble]:
    with TelegramDouble() as double:
        yield double


@pytest.fixture
def telegram_settings(tmp_path: Path, telegram: TelegramDouble) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=tmp_path / "var",
        telegram_bot_token=telegram.token,
        telegram_api_base=telegram.base_url,
        public_url="",
    )


@pytest.fixture
def telegram_store(telegram_settings: Settings) -> Store:
    return open_store(telegram_settings)


@pytest.fixture
async def receiver(telegram_store: Store) -> Receiver:
    return Receiver(telegram_store)


@pytest.fixture
async def bridge(
    telegram_settings: Settings, telegram_store: Store, receiver: Receiver
) -> AsyncIterator[TelegramBridge]:
    """A started Telegram bridge."""
    bridge = TelegramBridge(telegram_settings, telegram_store)
    await bridge.start(receiver)
    yield bridge
    await bridge.stop()


@pytest.fixture
def zalo() -> Iterator[ZaloDouble]:
    with ZaloDouble() as double:
        yield double


@pytest.fixture
def zalo_settings(tmp_path: Path, zalo: ZaloDouble) -> Settings:
    return zalo_settings_for(tmp_path / "var", zalo)


@pytest.fixture
def zalo_store(zalo_settings: Settings) -> Store:
    return open_store(zalo_settings)
