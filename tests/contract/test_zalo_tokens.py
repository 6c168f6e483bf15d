"""The single-use refresh token: never spent twice, never lost by us, and an alarm before it dies."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.bridges.zalo_client import Pair, consent_url, new_verifier
from bot.bridges.zalo_tokens import ALARM, REFRESH_LIFE, TokenLater, TokenLost, ZaloTokens
from bot.db.engine import open_store
from bot.settings import Settings
from tests.contract.zalo_double import ZaloDouble
from tests.contract.zalo_world import zalo_settings_for

DAY = 86400.0


@pytest.fixture(params=["sqlite", "postgresql"])
def zalo_settings(request, tmp_path: Path, zalo: ZaloDouble) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return zalo_settings_for(tmp_path / "var", zalo, database_url=url)


@pytest.fixture
def tokens(zalo: ZaloDouble, zalo_settings: Settings) -> ZaloTokens:
    found = ZaloTokens(open_store(zalo_settings), zalo_settings, zalo.now)
    found.save(Pair(zalo.access, zalo.refresh, 90000.0))
    return found


def renew_in_a_process(settings: Settings, refused: str) -> None:
    asyncio.run(ZaloTokens(open_store(settings), settings).renew(refused))


async def test_the_new_pair_is_saved_before_it_is_used(zalo, tokens, zalo_settings):
    await tokens.renew(refused=zalo.access)
    other = ZaloTokens(open_store(zalo_settings), zalo_settings, zalo.now).read()
    assert other is not None
    assert (other.access, other.refresh, other.state) == (zalo.access, zalo.refresh, "ready")


async def test_many_threads_spend_one_token_once(zalo, tokens, zalo_settings):
    stores = [ZaloTokens(open_store(zalo_settings), zalo_settings, zalo.now) for _ in range(6)]
    results = await asyncio.gather(*(t.renew(refused="access-0") for t in stores))
    assert set(results) == {zalo.access}
    assert (zalo.refresh_calls, zalo.spent_twice) == (1, 0)


def test_processes_spend_one_token_once(zalo, tokens, zalo_settings):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=renew_in_a_process, args=(zalo_settings, "access-0")) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert (zalo.refresh_calls, zalo.spent_twice) == (1, 0)


async def test_it_is_renewed_early_and_not_before(zalo, tokens):
    zalo.offset += 20 * 3600
    await tokens.tend()
    assert zalo.refresh_calls == 0
    zalo.offset += 2 * 3600
    kept = await tokens.tend()
    assert zalo.refresh_calls == 1
    assert kept is not None
    assert kept.access == zalo.access
    assert await tokens.access() == zalo.access


async def test_an_expired_token_is_renewed_when_needed(zalo, tokens):
    zalo.offset += 30 * 3600
    assert await tokens.access() == zalo.access
    assert zalo.refresh_calls == 1


async def test_a_platform_out_of_reach_or_busy_costs_no_token(zalo, tokens):
    zalo.fail_next("token", code=-32)
    with pytest.raises(TokenLater):
        await tokens.renew(refused="access-0")
    zalo.fail_next("token", status=503)
    with pytest.raises(TokenLater):
        await tokens.renew(refused="access-0")
    assert await tokens.renew(refused="access-0") == zalo.access


async def test_an_answer_that_never_arrived_is_found_out_and_reported(zalo, tokens):
    zalo.fail_next("token", status=502, after=True)  # spent at Zalo's, and the new pair lost on the way
    with pytest.raises(TokenLater):
        await tokens.renew(refused="access-0")
    kept = tokens.read()
    assert kept is not None
    assert kept.state == "spending"
    with capture_logs() as logs, pytest.raises(TokenLost, match="bridge zalo setup"):
        await tokens.renew(refused="access-0")
    assert [e["event"] for e in logs if e["log_level"] == "error"] == ["zalo.token_refused", "zalo.token_lost"]
    assert zalo.refresh_calls == 2
    with pytest.raises(TokenLost):
        await tokens.renew(refused="access-0")
    assert zalo.refresh_calls == 2  # what is lost is not offered again and again


async def test_the_alarm_sounds_before_the_refresh_token_dies(zalo, tokens):
    zalo.fail_next("token", status=503, times=100)
    zalo.offset += REFRESH_LIFE - ALARM - DAY
    with capture_logs() as logs:
        await tokens.tend()
    assert "zalo.token_dies" not in [e["event"] for e in logs]
    zalo.offset += 2 * DAY
    with capture_logs() as logs:
        await tokens.tend()
    (alarm,) = [e for e in logs if e["event"] == "zalo.token_dies"]
    assert alarm["log_level"] == "error"
    assert 12 < alarm["days"] < 14


async def test_without_any_token_the_remedy_is_named(zalo, zalo_settings):
    tokens = ZaloTokens(open_store(zalo_settings), zalo_settings, zalo.now)
    with pytest.raises(TokenLost, match="bridge zalo setup"):
        await tokens.access()
    with capture_logs() as logs:
        assert await tokens.tend() is None
    assert logs[0]["event"] == "zalo.no_token"


def test_consent_gives_the_first_pair(zalo, zalo_settings):
    tokens = ZaloTokens(open_store(zalo_settings), zalo_settings, zalo.now)
    verifier, challenge = new_verifier()
    assert len(verifier) == 43
    address = consent_url("https://oauth.example", zalo.app_id, "https://an-tam.example/", challenge, "s")
    assert f"code_challenge={challenge}" in address
    zalo.codes["code-1"] = challenge
    with pytest.raises(TokenLost):
        tokens.exchange("another", verifier)
    assert tokens.exchange("code-1", verifier).access == zalo.access
    with pytest.raises(TokenLost):
        tokens.exchange("code-1", verifier)  # works once
    assert tokens.read().refresh == zalo.refresh  # type: ignore[union-attr]


def test_the_lock_is_shared(zalo, tokens, zalo_settings):
    """While one holds it, another one waits, also through another store."""
    other = ZaloTokens(open_store(zalo_settings), zalo_settings, zalo.now)
    done = threading.Event()

    def renew() -> None:
        asyncio.run(other.renew("access-0"))
        done.set()

    with tokens._alone():
        thread = threading.Thread(target=renew)
        thread.start()
        assert not done.wait(0.5)
        assert zalo.refresh_calls == 0
    assert done.wait(30)
    thread.join()
