"""Whatever is down, a message at risk gets a kind answer with the numbers; nothing is lost or doubled."""

from __future__ import annotations

import signal
import time

import pytest

from tests.e2e.conftest import World

pytestmark = pytest.mark.e2e
DISCLOSURE = "ba duong danh con chay mau dau, con so lam"


def expect_safety(world: World, chat: int, text: str, seconds: float = 45) -> None:
    count = len(world.telegram.sent(chat))
    world.telegram.say(chat, text)
    world.telegram.wait_for(
        chat,
        lambda m: all(n in m.text for n in ("111", "113", "115")) and m in world.telegram.sent(chat)[count:],
        timeout=seconds,
    )


def test_risk_is_answered_while_rasa_hangs(world: World) -> None:
    world.program.kill("bot.rasa_server", signal.SIGSTOP)
    try:
        expect_safety(world, 201, DISCLOSURE)
    finally:
        world.program.kill("bot.rasa_server", signal.SIGCONT)
    world.program.wait_ready()


def test_risk_is_answered_while_rasa_is_dead(world: World) -> None:
    world.program.kill("bot.rasa_server")
    expect_safety(world, 202, DISCLOSURE)
    world.program.wait_ready()


def test_risk_is_answered_while_the_action_server_is_dead(world: World) -> None:
    world.program.kill("-m actions", signal.SIGSTOP)
    try:
        expect_safety(world, 203, DISCLOSURE)
    finally:
        world.program.kill("-m actions", signal.SIGCONT)


def test_risk_is_answered_while_the_case_system_is_down(world: World) -> None:
    from tests.contract.webhook_receiver import Behaviour

    plan = world.case_system.plan
    world.case_system.plan = lambda _n: Behaviour(status=503, store=False)
    try:
        expect_safety(world, 204, DISCLOSURE)
    finally:
        world.case_system.plan = plan


def test_messages_survive_a_killed_gateway(world: World) -> None:
    """Killed in the middle of a burst, the gateway answers every message after it is back, none twice."""
    chat = 205
    for number in range(5):
        world.telegram.say(chat, f"luật trẻ em điều {number + 5} nói gì")
    time.sleep(0.3)
    world.program.kill("bot.app:create_app")
    world.program.wait_ready()
    deadline = time.monotonic() + 60
    texts: list[str] = []
    while time.monotonic() < deadline and (len(texts) < 5 or world.program.unanswered() > 0):
        time.sleep(0.5)
        texts = [m.text for m in world.telegram.sent(chat) if "máy trả lời tự động" not in m.text]
    assert world.program.unanswered() == 0
    assert len(texts) >= 5, texts


def test_risk_is_answered_while_the_database_takes_nothing(world: World) -> None:
    """Answered directly; and answered again, durably, when the platform delivers the update once more."""
    with world.program.full_database():
        expect_safety(world, 206, DISCLOSURE, seconds=60)
    count = len(world.telegram.sent(206))
    world.telegram.wait_for(206, lambda _m: len(world.telegram.sent(206)) > count, timeout=60)
