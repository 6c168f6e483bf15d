"""A Zalo bridge before its double, for the tests of both."""

from __future__ import annotations

from pathlib import Path

from bot.bridges.pacing import Pacer
from bot.bridges.zalo import ZaloBridge
from bot.bridges.zalo_client import Pair
from bot.db.engine import Store
from bot.settings import Settings
from tests.conftest import make_settings
from tests.contract.zalo_double import ZaloDouble

CHILD = "246845883529197922"


def zalo_settings_for(folder: Path, zalo: ZaloDouble, **more: object) -> Settings:
    return make_settings(
        folder,
        zalo_app_id=zalo.app_id,
        zalo_app_secret=zalo.app_secret,
        zalo_oa_secret=zalo.oa_secret,
        zalo_oa_id=zalo.oa_id,
        zalo_api_base=zalo.base_url,
        zalo_oauth_base=zalo.base_url,
        **more,
    )


def make_bridge(settings: Settings, store: Store, zalo: ZaloDouble) -> ZaloBridge:
    bridge = ZaloBridge(settings, store, Pacer(per_chat=0.0, per_second=1000), clock=zalo.now)
    if bridge.tokens.read() is None:
        bridge.tokens.save(Pair(zalo.access, zalo.refresh, 90000.0))
    return bridge
