"""Testing and preparing the platforms' side, for the command line and the doctor: one line for each finding."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from bot.bridges.base import load_texts, parse_object
from bot.bridges.telegram import WEBHOOK_PATH as TELEGRAM_PATH
from bot.bridges.telegram_client import webhook_secret
from bot.bridges.telegram_updates import ALLOWED_UPDATES
from bot.bridges.zalo import WEBHOOK_PATH as ZALO_PATH
from bot.bridges.zalo_client import ACCOUNT_PATH, NotSent, OutcomeUnknown, read_answer
from bot.bridges.zalo_tokens import ALARM, ASK_CONSENT, ZaloTokens
from bot.db.engine import Store
from bot.settings import Settings

OK, BAD = "ok", "missing"
GOVERNMENT, BUSINESS = 4, 2


@dataclass(frozen=True)
class Found:
    """``state``: ok or missing (then ``text`` says the remedy)."""

    name: str
    state: str
    text: str


class Wrong(Exception):
    """What is wrong and how to mend it, in one line."""


class TelegramApi:
    """The few calls that the set-up needs. Raises ``Wrong``; the token is never in its text."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.telegram_bot_token.get_secret_value()
        self._base = settings.telegram_api_base
        if not self._token:
            raise Wrong("TELEGRAM_BOT_TOKEN is not set: create a bot with @BotFather and put its token into .env")

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of a method."""
        url = f"{self._base}/bot{self._token}/{method}"
        try:
            answer = httpx.post(url, json=parameters, timeout=15, trust_env=False)
        except httpx.HTTPError as error:
            raise Wrong(f"{self._base} cannot be reached ({type(error).__name__}): check the network") from None
        body = parse_object(answer.content) or {}
        if answer.status_code in (401, 404) and not body.get("ok"):
            raise Wrong("Telegram refuses TELEGRAM_BOT_TOKEN: ask @BotFather for the token and put it into .env")
        if not body.get("ok"):
            raise Wrong(f"{method}: {body.get('description') or f'http {answer.status_code}'}")
        return body.get("result")


def set_up_telegram(settings: Settings, store: Store) -> Iterator[Found]:
    """Register webhook (or polling), menu and descriptions. Raises ``Wrong``."""
    api, texts = TelegramApi(settings), load_texts("telegram")
    me = api.call("getMe")
    yield Found("token", OK, f"@{me.get('username')}")
    if settings.public_url:
        if not settings.public_url.startswith("https://"):
            raise Wrong("HOTLINE_PUBLIC_URL must begin with https:// for Telegram's webhook")
        token = settings.telegram_bot_token.get_secret_value()
        api.call(
            "setWebhook",
            url=settings.public_url + TELEGRAM_PATH,
            secret_token=webhook_secret(store.keys.cookie, token),
            allowed_updates=ALLOWED_UPDATES,
            max_connections=20,
        )
        yield Found("webhook", OK, settings.public_url + TELEGRAM_PATH)
    else:
        api.call("deleteWebhook")
        yield Found("webhook", OK, "none: long polling (HOTLINE_PUBLIC_URL is not set)")
    api.call("setMyCommands", commands=texts["commands"])
    api.call("setMyDescription", description=texts["description"])
    api.call("setMyShortDescription", short_description=texts["short_description"])
    yield Found("menu", OK, f"{len(texts['commands'])} commands and both descriptions")


def check_telegram(settings: Settings) -> Iterator[Found]:
    """What Telegram says about the bot and its deliveries. Raises ``Wrong``."""
    api = TelegramApi(settings)
    me = api.call("getMe")
    yield Found("token", OK, f"@{me.get('username')}")
    if me.get("can_join_groups"):
        yield Found("groups", OK, "the bot leaves groups by itself; /setjoingroups at @BotFather would forbid them")
    hook = api.call("getWebhookInfo") or {}
    wanted = settings.public_url + TELEGRAM_PATH if settings.public_url else ""
    if hook.get("url", "") != wanted:
        yield Found("webhook", BAD, "not the one of HOTLINE_PUBLIC_URL: run 'python -m bot bridge telegram setup'")
    elif wanted and hook.get("last_error_message") and time.time() - float(hook.get("last_error_date", 0)) < 3600:
        yield Found("webhook", BAD, f"Telegram could not deliver lately: {hook['last_error_message']}")
    else:
        yield Found("webhook", OK, wanted or "long polling")
    waiting = int(hook.get("pending_update_count", 0))
    if waiting > 100:
        yield Found("waiting", BAD, f"{waiting} messages wait at Telegram: is the program running and quick enough?")
    commands = api.call("getMyCommands") or []
    names = [c["command"] for c in load_texts("telegram")["commands"]]
    good = [c.get("command") for c in commands] == names
    yield Found("menu", OK if good else BAD, "set" if good else "differs: run 'python -m bot bridge telegram setup'")


def zalo_settings_wrong(settings: Settings) -> str:
    """The first setting that Zalo needs and lacks, as one line; empty when there are all."""
    needed = {
        "HOTLINE_ZALO_APP_ID": settings.zalo_app_id,
        "HOTLINE_ZALO_APP_SECRET": settings.zalo_app_secret.get_secret_value(),
        "HOTLINE_ZALO_OA_SECRET": settings.zalo_oa_secret.get_secret_value(),
        "HOTLINE_PUBLIC_URL": settings.public_url,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        return f"{', '.join(missing)} not set: see docs/kenh-zalo.md"
    if not settings.public_url.startswith("https://"):
        return "HOTLINE_PUBLIC_URL must begin with https:// for Zalo's webhook"
    return ""


def check_zalo(settings: Settings, store: Store) -> Iterator[Found]:
    """Settings, token and what Zalo says about the account. Raises ``Wrong``."""
    if wrong := zalo_settings_wrong(settings):
        raise Wrong(wrong)
    yield Found("settings", OK, f"app {settings.zalo_app_id}")
    kept = ZaloTokens(store, settings).read()
    if kept is None or kept.state == "lost":
        raise Wrong(f"no token that works: {ASK_CONSENT}")
    left = kept.dies_at - time.time()
    state = OK if left > ALARM else BAD
    yield Found("token", state, f"renews itself; the refresh token lives {left / 86400:.0f} more days")
    account = zalo_account(settings, kept.access)
    yield from judge_account(settings, account)
    yield Found("webhook", OK, f"must be {settings.public_url}{ZALO_PATH} in the console (Zalo has no call to ask)")


def zalo_account(settings: Settings, access: str) -> dict[str, Any]:
    """What Zalo says about the account. Raises ``Wrong``."""
    try:
        with httpx.Client(timeout=15, trust_env=False) as client:
            url = settings.zalo_api_base + ACCOUNT_PATH
            answer = read_answer(client.get(url, headers={"access_token": access}))
    except httpx.HTTPError as error:
        raise Wrong(f"{settings.zalo_api_base} cannot be reached ({type(error).__name__}): check the network") from None
    except (NotSent, OutcomeUnknown) as error:
        raise Wrong(f"{settings.zalo_api_base} does not answer properly ({error}): try again later") from None
    if answer.error in (-216, -220):
        raise Wrong("Zalo refuses the access token; the running program renews it, or run 'bridge zalo setup' again")
    if answer.error:
        raise Wrong(f"Zalo answers with error {answer.error}: see docs/kenh-zalo.md")
    data = answer.body.get("data")
    return data if isinstance(data, dict) else {}


def judge_account(settings: Settings, account: dict[str, Any]) -> Iterator[Found]:
    """Whether the account is the right one and may send."""
    number = str(account.get("oaid", ""))
    if settings.zalo_oa_id and number != settings.zalo_oa_id:
        yield Found("account", BAD, f"the token belongs to account {number}: HOTLINE_ZALO_OA_ID says another one")
    elif not settings.zalo_oa_id:
        yield Found("account", BAD, f"set HOTLINE_ZALO_OA_ID={number}, so that other accounts' events are left out")
    else:
        yield Found("account", OK, number)
    verified = bool(account.get("is_verified"))
    yield Found("verified", OK if verified else BAD, "yes" if verified else "have the account verified at oa.zalo.me")
    kind = account.get("oa_type")
    if kind is not None and kind not in (BUSINESS, GOVERNMENT, str(BUSINESS), str(GOVERNMENT)):
        yield Found("type", BAD, f"type {kind}: only business and government accounts may use this API")
    if package := account.get("package_name"):
        yield Found("package", OK, f"{package}, until {account.get('package_valid_through_date', '?')}")
