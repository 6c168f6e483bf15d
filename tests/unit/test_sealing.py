"""Sealing: bound to its place, padded, and never silently wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.keys import Keyring, add_sealing_key, create_key_file
from bot.db.sealing import BLOCK, DataSealer, Sealer, SealError

KEYS = Keyring({1: b"a" * 32, 2: b"b" * 32}, 2, b"p" * 32, b"r" * 32, b"c" * 32)
SEALER = Sealer(KEYS)
HEAD = 3 + 24 + 16
PLACE = ("reports", "content", "row-1")


@given(st.binary(max_size=2000))
def test_what_is_sealed_is_opened(plain: bytes) -> None:
    assert SEALER.open(SEALER.seal(plain, *PLACE), *PLACE) == plain


@given(st.integers(0, BLOCK - 1), st.integers(0, BLOCK - 1))
def test_lengths_within_a_block_look_the_same(one: int, two: int) -> None:
    assert len(SEALER.seal(b"x" * one, *PLACE)) == len(SEALER.seal(b"y" * two, *PLACE)) == HEAD + BLOCK


@given(st.integers(0, 3000))
def test_length_is_a_whole_number_of_blocks(length: int) -> None:
    assert (len(SEALER.seal(b"x" * length, *PLACE)) - HEAD) % BLOCK == 0


@pytest.mark.parametrize(
    "place", [("desk_cases", "content", "row-1"), ("reports", "data_key", "row-1"), ("reports", "content", "row-2")]
)
def test_a_value_moved_elsewhere_does_not_open(place: tuple[str, str, str]) -> None:
    with pytest.raises(SealError):
        SEALER.open(SEALER.seal(b"x", *PLACE), *place)


@given(st.integers(0, HEAD + BLOCK - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    sealed = bytearray(SEALER.seal(b"plain", *PLACE))
    sealed[place] ^= change
    with pytest.raises(SealError):
        SEALER.open(bytes(sealed), *PLACE)


@given(st.binary(max_size=60))
def test_rubbish_does_not_open(rubbish: bytes) -> None:
    with pytest.raises(SealError):
        SEALER.open(rubbish, *PLACE)


def test_old_keys_open_and_the_current_one_seals() -> None:
    old = Sealer(Keyring({1: b"a" * 32}, 1, b"p" * 32, b"r" * 32, b"c" * 32))
    assert SEALER.open(old.seal(b"x", *PLACE), *PLACE) == b"x"
    with pytest.raises(SealError, match="not in the key file"):
        old.open(SEALER.seal(b"x", *PLACE), *PLACE)


def test_two_seals_of_one_value_differ() -> None:
    assert SEALER.seal(b"x", *PLACE) != SEALER.seal(b"x", *PLACE)


def test_a_data_key_of_another_record_does_not_open() -> None:
    sealed = DataSealer(b"1" * 32).seal_json({"a": "é"}, *PLACE)
    assert DataSealer(b"1" * 32).open_json(sealed, *PLACE) == {"a": "é"}
    with pytest.raises(SealError):
        DataSealer(b"2" * 32).open_json(sealed, *PLACE)


def test_a_running_process_finds_new_keys_and_survives_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    running = Sealer(create_key_file(path), path)
    newer = Sealer(add_sealing_key(path), path)
    assert running.open(newer.seal(b"x", *PLACE), *PLACE) == b"x"
    assert running.keys.current == 2
    path.write_text("{")
    running.refresh()
    assert running.open(running.seal(b"y", *PLACE), *PLACE) == b"y"


def test_another_installations_keys_are_not_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    running = Sealer(create_key_file(path), path)
    before = running.keys
    path.unlink()
    create_key_file(path)
    running.refresh()
    assert running.keys == before
