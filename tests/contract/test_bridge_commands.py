"""``python -m bot bridge …`` against the doubles."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from bot.bridges import commands
from bot.bridges.zalo_client import Pair
from bot.bridges.zalo_tokens import REFRESH_LIFE, ZaloTokens
from bot.db.engine import open_store
from bot.settings import Settings
from tests.conftest import make_settings
from tests.contract.telegram_double import TelegramDouble
from tests.contract.zalo_double import ZaloDouble

Run = Callable[..., Result]
SITE = "https://an-tam.example"


@pytest.fixture
def zalo() -> Iterator[ZaloDouble]:
    with ZaloDouble() as double:
        yield double


def runner(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Run:
    monkeypatch.setattr(commands, "get_settings", lambda: settings)

    def run(*arguments: str, **options: str) -> Result:
        return CliRunner().invoke(commands.bridge, list(arguments), **options)  # type: ignore[arg-type]

    return run


def telegram_runner(monkeypatch, folder: Path, telegram: TelegramDouble, **more: object) -> Run:
    settings = Settings(
        _env_file=None,
        data_dir=folder / "var",
        **{"telegram_bot_token": telegram.token, "telegram_api_base": telegram.base_url, **more},
    )
    return runner(monkeypatch, settings)


def zalo_runner(monkeypatch, folder: Path, zalo: ZaloDouble, **more: object) -> tuple[Run, Settings]:
    values = {
        "zalo_app_id": zalo.app_id,
        "zalo_app_secret": zalo.app_secret,
        "zalo_oa_secret": zalo.oa_secret,
        "zalo_oa_id": zalo.oa_id,
        "zalo_api_base": zalo.base_url,
        "zalo_oauth_base": zalo.base_url,
        "public_url": SITE,
    }
    settings = make_settings(folder / "var", **{**values, **more})
    return runner(monkeypatch, settings), settings


# --- Telegram -------------------------------------------------------------------------------------------------
def test_telegram_setup_and_check(telegram, tmp_path, monkeypatch):
    run = telegram_runner(monkeypatch, tmp_path, telegram, public_url=SITE)
    before = run("telegram", "check")
    assert before.exit_code == 1
    assert "bridge telegram setup" in before.output
    done = run("telegram", "setup")
    assert done.exit_code == 0, done.output
    assert telegram.webhook["url"] == SITE + "/telegram/webhook"
    assert telegram.webhook["secret_token"]
    assert [c["command"] for c in telegram.commands] == ["trogiup", "baotin", "sogoi", "thoat"]
    assert run("telegram", "check").exit_code == 0


def test_telegram_without_a_public_address_polls(telegram, tmp_path, monkeypatch):
    telegram.webhook = {"url": "https://old.example"}
    run = telegram_runner(monkeypatch, tmp_path, telegram)
    assert run("telegram", "setup").exit_code == 0
    assert telegram.webhook == {}
    assert "long polling" in run("telegram", "check").output


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"telegram_bot_token": ""}, "TELEGRAM_BOT_TOKEN is not set"),
        ({"telegram_bot_token": "1:wrong"}, "BotFather"),
        ({"telegram_api_base": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"public_url": "http://an-tam.example"}, "https://"),
    ],
)
def test_what_is_wrong_with_telegram_is_one_line(telegram, tmp_path, monkeypatch, more, line):
    result = telegram_runner(monkeypatch, tmp_path, telegram, **more)("telegram", "setup")
    assert result.exit_code == 1
    last = str(result.output).strip().splitlines()[-1]
    assert last.startswith("an-tam: ")
    assert line in last
    assert telegram.token not in result.output


def test_what_waits_at_telegram_is_reported(telegram, tmp_path, monkeypatch):
    run = telegram_runner(monkeypatch, tmp_path, telegram)
    run("telegram", "setup")
    for number in range(101):
        telegram.say(1, str(number))
    result = run("telegram", "check")
    assert result.exit_code == 1
    assert "101 messages wait" in result.output


# --- Zalo -----------------------------------------------------------------------------------------------------
def test_zalo_setup_by_consent(zalo, tmp_path, monkeypatch):
    run, settings = zalo_runner(monkeypatch, tmp_path, zalo)
    shown: list[str] = []
    seen = threading.Event()

    def echo(text: str = "", **_: object) -> None:
        shown.append(text)
        if "code_challenge=" in text:
            zalo.codes["the-code"] = parse_qs(urlsplit(text).query)["code_challenge"][0]
            seen.set()

    def prompt(*_: object, **__: object) -> str:
        assert seen.wait(5)
        state = parse_qs(urlsplit(next(t for t in shown if "state=" in t)).query)["state"][0]
        return f"{SITE}/?code=the-code&oa_id={zalo.oa_id}&state={state}"

    monkeypatch.setattr(commands.click, "echo", echo)
    monkeypatch.setattr(commands.click, "prompt", prompt)
    result = run("zalo", "setup")
    assert result.exit_code == 0, (result.output, shown)
    kept = ZaloTokens(open_store(settings), settings).read()
    assert kept is not None
    assert (kept.access, kept.refresh) == (zalo.access, zalo.refresh)
    assert any(SITE + "/zalo/webhook" in text for text in shown)
    assert not any(zalo.access in text or zalo.refresh in text for text in shown)


def test_zalo_setup_by_a_copied_refresh_token(zalo, tmp_path, monkeypatch):
    run, settings = zalo_runner(monkeypatch, tmp_path, zalo)
    result = run("zalo", "setup", "--refresh-token", input="refresh-0\n")
    assert result.exit_code == 0, result.output
    assert "refresh-0" not in result.output
    assert run("zalo", "setup", "--refresh-token", input="refresh-0\n").exit_code == 1  # spent
    assert run("zalo", "check").exit_code == 0


def test_an_address_of_another_attempt_is_not_taken(zalo, tmp_path, monkeypatch):
    run, _ = zalo_runner(monkeypatch, tmp_path, zalo)
    result = run("zalo", "setup", input=f"{SITE}/?code=x&state=old\n")
    assert result.exit_code == 1
    assert "another attempt" in result.output
    assert zalo.refresh_calls == 0


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"zalo_app_secret": ""}, "HOTLINE_ZALO_APP_SECRET"),
        ({"public_url": ""}, "HOTLINE_PUBLIC_URL"),
        ({}, "bridge zalo setup"),
    ],
)
def test_what_is_wrong_with_zalo_is_one_line(zalo, tmp_path, monkeypatch, more, line):
    run, _ = zalo_runner(monkeypatch, tmp_path, zalo, **more)
    result = run("zalo", "check")
    assert result.exit_code == 1
    assert re.search(rf"^an-tam: .*{line}", result.output, re.MULTILINE)


def test_a_foreign_account_and_a_dying_token_are_told(zalo, tmp_path, monkeypatch):
    run, settings = zalo_runner(monkeypatch, tmp_path, zalo, zalo_oa_id="1")
    long_ago = time.time() - REFRESH_LIFE + 5 * 86400
    ZaloTokens(open_store(settings), settings, lambda: long_ago).save(Pair(zalo.access, zalo.refresh, 90 * 86400.0))
    result = run("zalo", "check")
    assert result.exit_code == 1
    assert re.search(r"^missing +token .* 5 more days", result.output, re.MULTILINE)
    assert re.search(r"^missing +account ", result.output, re.MULTILINE)
