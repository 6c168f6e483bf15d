"""A receipt does not stay in the memory of a chat."""

from __future__ import annotations

import json
from typing import Any

from bot.dialogue.trackers import RECEIPT_OPEN, without_receipts

CODE, DIGITS = "1234 5678 9012 3456", "1234567890123456"


def user(text: str, receipt: str | None = None) -> dict[str, Any]:
    entities = [] if receipt is None else [{"entity": "receipt", "value": receipt}]
    return {
        "event": "user",
        "text": text,
        "parse_data": {"text": text, "entities": entities},
        "timestamp": 1764203100.12,
    }


def opened(at: float | None) -> dict[str, Any]:
    value = None if at is None else {"digits": DIGITS, "at": at}
    return {"event": "slot", "name": "receipt_open", "value": value}


def kept(*events: dict[str, Any], now: float = 1000.0) -> str:
    return json.dumps(without_receipts({"events": list(events)}, now))


def test_receipts_of_earlier_turns_are_gone() -> None:
    asked = user(f'/check_report{{"receipt": "{DIGITS}"}}', DIGITS)
    shown = {"event": "bot", "text": f"Mã của con: {CODE}"}
    left = kept(asked, shown, user("cảm ơn cô"))
    assert DIGITS not in left
    assert CODE not in left
    assert "1764203100.12" in left, "numbers that are no receipts stay"


def test_the_last_turn_can_be_repeated_after_a_crash() -> None:
    assert CODE in kept(user("gửi đi"), {"event": "bot", "text": f"Mã của con: {CODE}"})


def test_an_opened_receipt_stays_for_a_quarter_of_an_hour() -> None:
    assert DIGITS in kept(opened(900.0), user("nhắn thêm"))
    assert DIGITS not in kept(opened(900.0), user("nhắn thêm"), now=901.0 + RECEIPT_OPEN)
    assert DIGITS not in kept(opened(900.0), user("xong"), opened(None))
