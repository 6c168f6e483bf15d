"""Splitting, pacing, bounded memory and the translation of Telegram updates."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bridges.base import Bounded, SendLater, is_command, parse_object, split_text, utf16_length, whole_text
from bot.bridges.pacing import Pacer
from bot.bridges.telegram_updates import Translation, translate


# --- split_text ---------------------------------------------------------------------------------------------
def test_a_short_text_stays_whole():
    assert split_text("  Chào con. \n", 100) == ["Chào con."]
    assert split_text(" \n ", 100) == []


def test_paragraphs_are_preferred_to_sentences_and_those_to_words():
    assert split_text("Một hai ba. Bốn năm.\n\nSáu bảy tám chín.", 30) == ["Một hai ba. Bốn năm.", "Sáu bảy tám chín."]
    assert split_text("Một hai ba bốn. Năm sáu bảy tám chín.", 22) == ["Một hai ba bốn.", "Năm sáu bảy tám chín."]
    assert split_text("một hai ba bốn năm", 9) == ["một hai", "ba bốn", "năm"]


def test_a_legal_reference_is_not_torn_where_a_sentence_ends_before_it():
    parts = split_text("Theo Luật Trẻ em thì có. Xem Điều 25 khoản 1 nghen.", 40)
    assert parts == ["Theo Luật Trẻ em thì có.", "Xem Điều 25 khoản 1 nghen."]


def test_a_word_without_end_is_cut_but_never_inside_a_joined_emoji():
    family = "👨\u200d👩\u200d👧"
    parts = split_text("x" * 7 + family, 10, utf16_length)
    assert parts[0] == "x" * 7
    assert "".join(parts) == "x" * 7 + family


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab ạ\n.😀\u0301\u200d!"), max_size=300), st.integers(8, 40))
def test_nothing_is_lost_and_every_part_fits(text, limit):
    parts = split_text(text, limit, utf16_length)
    assert all(0 < utf16_length(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


# --- small helpers ------------------------------------------------------------------------------------------
def test_half_an_emoji_is_replaced_and_a_whole_one_kept():
    assert whole_text("a\ud83d\ude00b\ud83dc") == "a😀b\ufffdc"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/thoat", True),
        ("/start an_toan_mang", True),
        ("/thoat@bot", True),
        ('/show_item{"item_id": "x"}', True),
        ("thoát", False),
        ("/", False),
        ("/ thoat", False),
        ("/không", False),
        ("5/6", False),
    ],
)
def test_commands(text, command):
    assert is_command(text) is command


@pytest.mark.parametrize("body", [b"", b"[1]", b"nul", b"\xff", b"[" * 200_000, '"x"'])
def test_only_objects_are_parsed(body):
    assert parse_object(body) is None


def test_bounded_forgets_the_oldest():
    memory: Bounded[str, int] = Bounded(2)
    memory["a"], memory["b"], memory["a"], memory["c"] = 1, 2, 3, 4
    assert dict(memory) == {"a": 3, "c": 4}


# --- pacing -------------------------------------------------------------------------------------------------
class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


def pacer(clock, **options):
    return Pacer(clock=clock, sleep=clock.sleep, **options)


async def test_one_chat_waits_a_second_another_does_not():
    clock = Clock()
    pace = pacer(clock)
    moments = []
    for chat in ("a", "b", "a"):
        await pace.wait(chat)
        moments.append(clock.now - 100)
    assert moments == pytest.approx([0, 1 / 30, 1])


async def test_a_long_wait_is_handed_back():
    clock = Clock()
    pace = pacer(clock, max_wait=2)
    pace.hold("a", 30)
    with pytest.raises(SendLater) as caught:
        await pace.wait("a")
    assert caught.value.seconds == 30
    await pace.wait("b")
    assert clock.now == 100


async def test_two_chats_held_hold_everybody():
    clock = Clock()
    pace = pacer(clock, max_wait=2)
    pace.hold("a", 30)
    pace.hold("b", 10)
    with pytest.raises(SendLater) as caught:
        await pace.wait("c")
    assert caught.value.seconds == 10


async def test_many_at_once_keep_the_common_rate():
    clock = Clock()
    pace = pacer(clock, per_second=10, max_wait=100)
    await asyncio.gather(*(pace.wait(str(n)) for n in range(21)))
    assert clock.now - 100 > 1.99


# --- translation --------------------------------------------------------------------------------------------
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "chat",
                    "type",
                    "from",
                    "text",
                    "message",
                    "data",
                    "message_id",
                    "photo",
                    "reply_markup",
                    "inline_keyboard",
                    "callback_data",
                    "new_chat_member",
                    "status",
                    "date",
                    "private",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "new"]), JSON)
def test_no_update_makes_the_translation_fail(kind, content):
    assert isinstance(translate({"update_id": 1, kind: content}), Translation)


def test_other_bots_are_not_answered():
    message = {"message_id": 1, "chat": {"id": 5, "type": "private"}, "from": {"is_bot": True}, "text": "x"}
    assert translate({"update_id": 1, "message": message}) == Translation()


def test_a_channel_is_left_without_a_word():
    member = {"chat": {"id": -5, "type": "channel"}, "new_chat_member": {"status": "administrator"}}
    group = translate({"update_id": 1, "my_chat_member": member}).group
    assert group is not None
    assert (group.chat_id, group.can_write) == (-5, False)


def test_a_moving_location_is_not_a_new_message():
    message = {"message_id": 1, "chat": {"id": 5, "type": "private"}, "location": {}, "edit_date": 3}
    assert translate({"update_id": 1, "edited_message": message}) == Translation()


def test_a_press_on_a_message_that_is_gone_still_counts():
    query = {"id": "q", "from": {"id": 5}, "data": "/help", "message": {"chat": {"id": 5, "type": "private"}}}
    message = translate({"update_id": 1, "callback_query": query}).message
    assert message is not None
    assert (message.chat_id, message.payload, message.text) == ("5", "/help", "")
