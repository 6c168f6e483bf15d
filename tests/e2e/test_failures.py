"""Whatever is down, a message at risk gets a kind answer with the numbers; nothing is lost or doubled."""

from __future__ import annotations

import signal
import time

import pytest

from tests.e2e.conftest import World
from tests.e2e.test_telegram import RECEIPT, fill_the_form, receipt_of

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


@pytest.mark.parametrize(("chat", "after"), [(207, 0.0), (208, 0.1), (209, 0.4)])
def test_a_report_is_sent_once_though_the_gateway_is_killed_at_that_moment(
    world: World, chat: int, after: float
) -> None:
    """Killed around “gửi”: the receipt is told after all, and the case system and the desk have one report."""
    story = f"ba con nhậu vô là đánh con bằng roi số {chat}"
    world.telegram.say(chat, "con muốn méc")
    fill_the_form(world, chat, story)
    world.telegram.press(chat, "Gửi đi")
    time.sleep(after)
    world.program.kill("bot.app:create_app")
    world.program.wait_ready()
    receipt_of(world, chat, timeout=60)
    deadline = time.monotonic() + 30
    while world.program.unanswered() and time.monotonic() < deadline:
        time.sleep(0.3)

    def copies() -> int:
        with world.case_system.lock:
            return sum(body["data"].get("story", "").endswith(str(chat)) for body in world.case_system.reports.values())

    while not copies() and time.monotonic() < deadline + 130:  # a claim of the killed one is taken over after a while
        time.sleep(0.5)
    time.sleep(2)
    assert copies() == 1
    told = [RECEIPT.findall(message.text) for message in world.telegram.sent(chat)]
    assert len({receipt for found in told for receipt in found}) == 1, "one report, one receipt"


def test_risk_is_answered_while_the_database_takes_nothing(world: World) -> None:
    """Answered directly; and answered again, durably, when the platform delivers the update once more."""
    with world.program.full_database():
        expect_safety(world, 206, DISCLOSURE, seconds=60)
    count = len(world.telegram.sent(206))
    world.telegram.wait_for(206, lambda _m: len(world.telegram.sent(206)) > count, timeout=60)
