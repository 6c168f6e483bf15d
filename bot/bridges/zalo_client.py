"""Zalo's OpenAPI over HTTP: what an answer means, and nothing of it in a log.

Zalo answers most errors with status 200 and a code in the body; ``ERRORS`` says what each is good for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import httpx

from bot.bridges.base import parse_object

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
SEND_PATH = "/v3.0/oa/message/cs"
ACCOUNT_PATH = "/v2.0/oa/getoa"
TOKEN_PATH = "/v4/oa/access_token"  # noqa: S105 - an address
CONSENT_PATH = "/v4/oa/permission"

Act = Literal["wait", "refuse", "blocked", "hold", "token", "operator", "morning", "few"]
ERRORS: dict[int, tuple[Act, float]] = {
    -32: ("wait", 20.0),  # too many requests
    -100: ("few", 60.0),  # unknown error: a few more tries
    -201: ("refuse", 0.0),  # a field is not valid
    -204: ("operator", 900.0),  # the account is disabled
    -205: ("operator", 900.0),  # the account does not exist
    -211: ("operator", 3600.0),  # quota used up
    -213: ("blocked", 0.0),  # does not follow
    -216: ("token", 0.0),
    -217: ("blocked", 0.0),
    -218: ("wait", 3600.0),  # the person has received as much as they may
    -220: ("token", 0.0),
    -221: ("operator", 900.0),  # account not verified
    -224: ("operator", 900.0),  # needs a higher package
    -227: ("blocked", 0.0),
    -230: ("hold", 0.0),  # no action within 7 days
    -232: ("hold", 0.0),
    -233: ("refuse", 0.0),
    -234: ("morning", 0.0),  # not between 22:00 and 06:00
    -235: ("refuse", 0.0),
    -240: ("operator", 900.0),  # this API version is closed
    -242: ("operator", 900.0),  # appsecret_proof wrong
    -244: ("blocked", 0.0),
    -248: ("operator", 900.0),  # against the platform's policy
    -249: ("refuse", 0.0),
    -320: ("operator", 900.0),  # no Zalo Cloud Account
    -321: ("operator", 900.0),  # without funds
}
"""Zalo's error codes: what to do, and after how many seconds. ``operator``: somebody has to see to it; the reply
waits meanwhile."""
UNKNOWN_CODE: tuple[Act, float] = ("few", 60.0)


class NotSent(Exception):
    """The request did not leave: trying again repeats nothing. ``str`` is a code."""


class OutcomeUnknown(Exception):
    """The request left and no usable answer came: it may or may not have been done. ``str`` is a code."""


@dataclass(frozen=True)
class Answer:
    """``error`` 0: done; else Zalo's code."""

    error: int
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """A new pair of tokens; ``expires_in`` seconds for the access token."""

    access: str
    refresh: str
    expires_in: float


def read_answer(response: httpx.Response) -> Answer:
    """The answer in a response. Raises ``OutcomeUnknown``."""
    if response.status_code == 429:
        return Answer(-32)
    if response.status_code >= 500:
        raise OutcomeUnknown(f"http_{response.status_code}")
    body = parse_object(response.content)
    if body is None:
        raise OutcomeUnknown("unreadable")
    try:
        return Answer(int(body.get("error", 0)), body)
    except (TypeError, ValueError):
        return Answer(-100, body)


async def post(client: httpx.AsyncClient, url: str, token: str, body: dict[str, Any]) -> Answer:
    """One call of the OpenAPI. Raises ``NotSent`` or ``OutcomeUnknown``."""
    try:
        response = await client.post(url, json=body, headers={"access_token": token})
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent(type(error).__name__) from None
    except httpx.HTTPError as error:
        raise OutcomeUnknown(type(error).__name__) from None
    return read_answer(response)


def ask_for_pair(base: str, secret: str, form: dict[str, str]) -> Pair | int:
    """Exchange a code or spend a refresh token (blocking). The new pair, or Zalo's error code.

    Raises ``NotSent`` or ``OutcomeUnknown``.
    """
    try:
        with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
            response = client.post(base + TOKEN_PATH, data=form, headers={"secret_key": secret})
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise NotSent(type(error).__name__) from None
    except httpx.HTTPError as error:
        raise OutcomeUnknown(type(error).__name__) from None
    answer = read_answer(response)
    access, refresh = answer.body.get("access_token"), answer.body.get("refresh_token")
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        return answer.error or -100
    try:
        seconds = float(answer.body.get("expires_in", 0))
    except (TypeError, ValueError):
        seconds = 0.0
    return Pair(access, refresh, seconds or 25 * 3600.0)


def new_verifier() -> tuple[str, str]:
    """A PKCE verifier (43 characters) and its S256 challenge."""
    verifier = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def consent_url(base: str, app_id: str, redirect: str, challenge: str, state: str) -> str:
    """The page on which an administrator of the account allows the app."""
    query = {"app_id": app_id, "redirect_uri": redirect, "code_challenge": challenge, "state": state}
    return f"{base}{CONSENT_PATH}?{urlencode(query)}"


def signature(app_id: str, raw: bytes, timestamp: str, secret: str) -> str:
    """What Zalo writes into ``X-ZEvent-Signature``: SHA-256 over the concatenation."""
    return hashlib.sha256(app_id.encode() + raw + timestamp.encode() + secret.encode()).hexdigest()


def is_signed(given: str, app_id: str, raw: bytes, timestamps: list[str], secret: str) -> bool:
    """Whether the header fits the body, with the body's own moment or the one in a header."""
    mac = given.strip().removeprefix("mac=").strip().lower().encode("utf-8", "replace")
    found = False
    for timestamp in timestamps:
        found |= hmac.compare_digest(mac, signature(app_id, raw, timestamp, secret).encode())
    return found and bool(secret)
