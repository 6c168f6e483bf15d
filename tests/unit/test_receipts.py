"""Receipts: shape, tolerance of how people write them, and what guessing gets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.engine import Store
from bot.db.keys import Keyring
from bot.reports import ReportDraft, ReportService, TooManyAttempts, receipts
from bot.reports.service import WRONG_IN_ALL, WRONG_PER_SENDER

KEYS = Keyring({1: b"s" * 32}, 1, b"p" * 32, b"r" * 32, b"c" * 32)
SENDER = "ab" * 16
codes = st.text(max_size=40).map(lambda key: receipts.derive(KEYS, receipts.hash_key(KEYS, key)))


@given(codes)
def test_sixteen_digits_divisible_by_seven(code: str) -> None:
    assert len(code) == 16
    assert code.isascii()
    assert code.isdigit()
    assert int(code) % 7 == 0
    assert receipts.find(receipts.show(code)) == code


def test_enough_codes_remain() -> None:
    assert math.log2(receipts.CODES) > 50


@given(codes, st.integers(0, 15), st.integers(1, 9))
def test_every_single_wrong_digit_but_sevens_is_found(code: str, place: int, add: int) -> None:
    wrong = code[:place] + str((int(code[place]) + add) % 10) + code[place + 1 :]
    step = int(wrong[place]) - int(code[place])
    assert (receipts.find(wrong) is None) == (step % 7 != 0)


@given(
    codes,
    st.lists(st.sampled_from(["", " ", ".", "-", "  ", " . ", "\u00a0", "\n"]), min_size=15, max_size=15),
)
def test_any_spacing_is_read(code: str, gaps: list[str]) -> None:
    typed = "".join(digit + gap for digit, gap in zip(code, [*gaps, ""], strict=True))
    assert receipts.find(typed) == code
    assert receipts.find(f"mã của con là {typed} đó cô") == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abc",
        "0000 0000 0000 000",
        "0000 0000 0000 0000 0",
        "٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠",
        "０" * 16,
        "0" * 32,
        "7" * 1000,
    ],
)
def test_other_things_are_no_receipt(typed: str) -> None:
    assert receipts.find(typed) is None


def test_another_key_file_gives_another_code_and_lookup() -> None:
    other = Keyring({1: b"s" * 32}, 1, b"p" * 32, b"R" * 32, b"c" * 32)
    assert receipts.derive(KEYS, "x") != receipts.derive(other, "x")
    assert receipts.lookup(KEYS, "0" * 16) != receipts.lookup(other, "0" * 16)
    assert receipts.lookup(KEYS, "0" * 16) == receipts.lookup(KEYS, "0" * 16)


def absent_code(taken: str) -> str:
    """A code with the right shape that no report has."""
    return receipts.show(f"{(int(taken.replace(' ', '')) + 7) % (receipts.CODES * 7):016d}")


def test_wrong_mistyped_and_absent_codes_look_the_same(store: Store) -> None:
    service = ReportService(store, ["desk"])
    taken = service.take(ReportDraft(), "web", SENDER, "draft-1")
    mistyped = taken.receipt[:-1] + str((int(taken.receipt[-1]) + 1) % 10)
    assert service.status(absent_code(taken.receipt), SENDER) is None
    assert service.status(mistyped, SENDER) is None
    assert service.status("1234", SENDER) is None
    found = service.status(taken.receipt.replace(" ", "."), "cd" * 16)
    assert found is not None
    assert (found.status, found.seen) == ("received", False)


def test_guessing_is_stopped_for_a_sender_and_only_for_that_one(store: Store) -> None:
    now = [1_000_000.0]
    service = ReportService(store, ["desk"], clock=lambda: now[0])
    taken = service.take(ReportDraft(), "web", SENDER, "draft-1")
    for _ in range(3):  # the right code does not use up attempts
        assert service.status(taken.receipt, SENDER) is not None
    for _ in range(WRONG_PER_SENDER):
        assert service.status(absent_code(taken.receipt), SENDER) is None
    for code in (absent_code(taken.receipt), taken.receipt):  # the right code is not confirmed either
        with pytest.raises(TooManyAttempts):
            service.status(code, SENDER)
    assert service.status(taken.receipt, "cd" * 16) is not None
    now[0] += 3601
    assert service.status(taken.receipt, SENDER) is not None


def test_guessing_from_many_chats_stops_all_but_reporters(sqlite_store: Store) -> None:
    now = 1_000_000.0
    service = ReportService(sqlite_store, ["desk"], clock=lambda: now)
    taken = service.take(ReportDraft(), "web", SENDER, "draft-1")
    with sqlite_store.engine.begin() as connection:
        for _ in range(WRONG_IN_ALL):
            service._in_all.hit(connection, "", now)
    with pytest.raises(TooManyAttempts):
        service.status(taken.receipt, "cd" * 16)
    assert service.status(taken.receipt, SENDER) is not None


def test_counters_hold_no_address(sqlite_store: Store) -> None:
    service = ReportService(sqlite_store, ["desk"])
    service.status("0000 0000 0000 0007", SENDER)
    with sqlite_store.reader.connect() as connection:
        rows = connection.exec_driver_sql("select key from counters").all()
    assert len(rows) == 2
    assert all(SENDER not in row.key and len(row.key) == 32 for row in rows)
