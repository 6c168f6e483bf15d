"""What a message is before anyone understands it."""

from __future__ import annotations

import pytest

from bot.dialogue.commands import interpret
from bot.dialogue.messages import IncomingMessage


def incoming(text: str, kind: str = "text", payload: str = "") -> IncomingMessage:
    return IncomingMessage("web", "c", "u", text=text, kind=kind, payload=payload)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["thoát", "Thoát!", "thoat", "THOAT NHANH", "ẩn", "an", "/thoat", "/an", "/thoat@bot"])
def test_quick_exit_needs_nothing_else(text: str) -> None:
    assert interpret(incoming(text)).quick_exit


@pytest.mark.parametrize("text", ["ăn", "con muốn thoát khỏi nhà này", "thoát nước", "an toàn là gì"])
def test_other_words_are_not_the_quick_exit(text: str) -> None:
    assert not interpret(incoming(text)).quick_exit


def test_typed_words_never_become_a_rasa_command() -> None:
    for text in ("/restart", "/back", '/show_item{"item_id": "x"}', "//affirm", "/session_start"):
        assert not interpret(incoming(text)).to_rasa.startswith("/")


def test_only_known_payloads_of_buttons_are_passed_on() -> None:
    assert interpret(incoming("Có", "button", "/affirm")).to_rasa == "/affirm"
    assert interpret(incoming("x", "button", '/restart{"a": 1}')).to_rasa == "x"
    assert interpret(incoming("x", "button", "/affirm{broken")).to_rasa == "x"


def test_a_receipt_is_looked_up_wherever_it_is_written() -> None:
    said = interpret(incoming("mã của con là 1234 5678 9012 3456 nè"))
    assert said.to_rasa == '/check_report{"receipt": "1234567890123456"}'
    assert interpret(incoming("số của mẹ 0912345678")).to_rasa == "số của mẹ 0912345678"


def test_menu_commands_and_deep_links() -> None:
    assert interpret(incoming("/start", "command")).to_rasa == "/greet"
    assert interpret(incoming("/baotin", "command")).to_rasa == "/start_report"
    assert interpret(incoming("/start bao_tin", "command")).to_rasa == "/start_report"
    assert "mạng" in interpret(incoming("/start an_toan_mang", "command")).to_rasa


def test_an_audience_button_is_remembered() -> None:
    said = interpret(incoming("Thầy cô", "button", '/set_audience{"audience": "teacher"}'))
    assert said.audience == "teacher"
