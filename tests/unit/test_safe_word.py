"""A person's own safe word: kept only as a keyed hash, works again, and is nobody else's."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.db import tables
from bot.db.engine import Store
from bot.dialogue.doorway import Doorway
from bot.dialogue.inbox import Pending
from bot.dialogue.messages import IncomingMessage
from bot.dialogue.safe_word import SafeWords, asked, usable

ME, OTHER = "a" * 32, "b" * 32


def pending(text: str, sender: str = ME, kind: str = "text") -> Pending:
    return Pending(1, "k", sender, 0, IncomingMessage("telegram", "7", "u", text=text, kind=kind))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("đặt từ an toàn là bông hồng", "bong hong"),
        ("từ an toàn của con là: Bông Hồng", "bong hong"),
        ("tu an toan cua em la bong hong", "bong hong"),
        ("con muốn đặt từ an toàn mới là “mưa rơi”", "mua roi"),
        ("từ an toàn", ""),
        ("tu an toan?", ""),
    ],
)
def test_setting_a_word(text: str, word: str) -> None:
    assert asked(text) == word


@pytest.mark.parametrize("text", ["con không an toàn", "chào cô", "em muốn biết quy tắc an toàn", ""])
def test_other_talk_sets_none(text: str) -> None:
    assert asked(text) is None


@pytest.mark.parametrize("word", ["", "abc", "co", "khong", "bo qua", "1234567", "chao", "xin chao", "a" * 41, "la gi"])
def test_words_that_one_says_anyway_are_refused(word: str) -> None:
    assert not usable(word)


def test_the_word_is_kept_as_a_keyed_hash_only(store: Store) -> None:
    words = SafeWords(store)
    assert words.set(ME, "bong hong")
    assert words.set(OTHER, "bong hong")
    with store.reader.connect() as connection:
        rows = connection.execute(sa.select(tables.safe_words)).all()
    assert all("bong" not in str(value) for row in rows for value in row)
    assert len({row.word for row in rows}) == 2, "the same word of two people looks different"
    assert words.matches(ME, " Bông hồng! ")
    assert not words.matches(ME, "bông hồng đẹp quá")
    assert not words.matches("c" * 32, "bông hồng")
    assert words.set(ME, "mua roi")
    assert not words.matches(ME, "bông hồng"), "one word each"


def test_at_the_door_the_word_is_the_quick_exit(sqlite_store: Store) -> None:
    door = Doorway(sqlite_store)
    reply = door.see(pending("từ an toàn của con là bông hồng"), "child").reply
    assert reply is not None
    assert "hồng" not in reply.text, "it is not shown again"
    seen = door.see(pending("bong hong"), "child")
    assert (seen.message.payload, seen.message.text, seen.reply) == ("/quick_exit", "", None)
    assert door.see(pending("bong hong", OTHER), "child").message.text == "bong hong"
    refused = door.see(pending("từ an toàn là có"), None).reply
    assert refused is not None
    assert not SafeWords(sqlite_store).matches(ME, "có")
    how = door.see(pending("từ an toàn"), None).reply
    assert how is not None


def test_who_writes_much_is_counted_without_an_address(sqlite_store: Store) -> None:
    door = Doorway(sqlite_store, per_minute=3, per_hour=100)
    over = [door.see(pending(f"tin {n}"), None).over for n in range(5)]
    assert over[-1] >= 1
    assert over[0] == 0
    assert door.see(pending("tin", OTHER), None).over == 0
    again = Pending(1, "k", ME, 1, IncomingMessage("web", "7", "u", text="tin"))
    assert door.see(again, None).over == 0, "a message that is tried again is not counted twice"
    with sqlite_store.reader.connect() as connection:
        for row in connection.execute(sa.select(tables.counters)):
            assert ME not in str(row)
