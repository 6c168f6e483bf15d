"""Sessions, rates and parsing of the web chat, and which bridges are built."""

from __future__ import annotations

import pytest

from bot.bridges import make_bridges
from bot.bridges.base import SendLater, SendRefused
from bot.bridges.webchat import Problem, parse_message
from bot.bridges.webchat_sessions import MAX_LINES, RateLimiter, Session, Sessions
from bot.db.engine import open_store
from bot.settings import Settings


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Tab:
    def __init__(self):
        self.frames, self.closed = [], False

    async def put(self, frame):
        self.frames.append(frame)

    async def close(self):
        self.closed = True


def test_the_rate_is_counted_over_a_sliding_minute():
    clock = Clock()
    limiter = RateLimiter(2, clock=clock)
    assert (limiter.over("a"), limiter.over("a"), limiter.over("b")) == (0, 0, 0)
    clock.now += 20
    assert limiter.over("a") == 40
    clock.now += 40
    assert limiter.over("a") == 0


@pytest.mark.parametrize(("away", "seconds"), [(2, 3), (59, 3), (60, 15), (599, 15), (600, 60), (86_000, 60)])
async def test_the_longer_a_page_is_away_the_later_it_is_tried(away, seconds):
    clock = Clock()
    session = Session("s", clock)
    clock.now += away
    with pytest.raises(SendLater) as caught:
        await session.deliver("r1", {})
    assert caught.value.seconds == seconds


async def test_after_a_day_a_page_is_given_up():
    clock = Clock()
    session = Session("s", clock)
    clock.now += 86_401
    with pytest.raises(SendRefused):
        await session.deliver("r1", {})


async def test_only_so_many_tabs_stay_open():
    session = Session("s")
    tabs = [Tab() for _ in range(MAX_LINES + 1)]
    for tab in tabs:
        await session.attach(tab)
    assert [tab.closed for tab in tabs] == [True] + [False] * MAX_LINES
    assert len(session.lines) == MAX_LINES


async def test_connected_sessions_are_not_forgotten_for_new_ones(monkeypatch):
    monkeypatch.setattr("bot.bridges.webchat_sessions.MAX_SESSIONS", 3)
    sessions = Sessions()
    kept = sessions.get("kept")
    await kept.attach(Tab())
    for number in range(10):
        sessions.get(str(number))._seen = 0  # never came
    assert sessions.get("kept") is kept
    assert len(sessions._all) <= 4


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "invalid"),
        ({}, "invalid"),
        ({"id": "short"}, "invalid"),
        ({"id": "x" * 65, "text": "a"}, "invalid"),
        ({"id": "12345678", "text": None}, "invalid"),
        ({"id": "12345678", "text": "", "payload": " "}, "empty"),
    ],
)
def test_bad_messages(data, code):
    with pytest.raises(Problem) as caught:
        parse_message(data)
    assert caught.value.code == code


def test_telegram_needs_a_token_and_the_web_chat_nothing(tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", telegram_bot_token="", public_url="")
    store = open_store(settings)
    assert [b.name for b in make_bridges(settings, store)] == ["web"]
    settings = settings.copy(update={"telegram_bot_token": type(settings.telegram_bot_token)("1:a")})
    assert [b.name for b in make_bridges(settings, store)] == ["web", "telegram"]
