"""Wishes about a report that was sent, in plain words: what is one, what is not, and who seems to be forced."""

from __future__ import annotations

import pytest

from bot.dialogue import follow
from bot.dialogue.commands import Said
from bot.dialogue.conversation import Memory, rephrased


@pytest.mark.parametrize("text", ["em muốn rút tin", "cho tôi hủy phiếu đã báo", "rut lai tin giup con", "hủy báo cáo"])
def test_withdrawing(text: str) -> None:
    assert follow.wish(text) == "/withdraw_report"


@pytest.mark.parametrize(
    "text",
    [
        "mình muốn rút tin, ổng bắt con nhắn vậy",
        "con muốn hủy phiếu, ba ép con",
        "rút tin đi, không thì ổng đánh con",
        "họ hứa cho em tiền để em rút tin",
        "má biểu con rút tin",
    ],
)
def test_forced(text: str) -> None:
    assert follow.wish(text) == '/withdraw_report{"forced": "yes"}'


@pytest.mark.parametrize(
    "text",
    [
        "rút đơn tố cáo có bị phạt không",
        "con muốn xóa tin nhắn trong máy",
        "bạn em hủy kết bạn với em",
        "em muốn báo tin",
        "ba bắt con học hoài",
        "rút tiền ở đâu",
    ],
)
def test_other_talk_is_no_wish(text: str) -> None:
    assert follow.wish(text) is None


def test_deleting_what_was_sent() -> None:
    assert follow.wish("xóa tin đã gửi giúp em") == "/delete_report"


def said(text: str) -> Said:
    return Said(text, text)


def test_the_next_words_go_to_the_step_that_waits() -> None:
    memory = Memory(awaits="add_information")
    assert rephrased(said('nó nói "im đi"\nrồi bỏ đi'), memory).to_rasa.startswith("/add_information{")
    assert memory.awaits == "", "only the next ones"
    assert rephrased(said("tin khác"), memory).to_rasa == "tin khác"


def test_a_button_ends_the_waiting() -> None:
    memory = Memory(awaits="arrange_call")
    pressed = Said("", "/contact_hotlines")
    assert rephrased(pressed, memory) == pressed
    assert memory.awaits == ""


def test_taking_up_a_draft_only_when_there_is_one() -> None:
    assert rephrased(said("kể tiếp"), Memory(draft=True)).to_rasa == "/start_report"
    assert rephrased(said("kể tiếp"), Memory()).to_rasa == "kể tiếp"
    assert rephrased(said("rút tin"), Memory(in_form=True)).to_rasa == "rút tin", "the form takes it"


@pytest.mark.parametrize("text", ["thôi", "Thôi.", "khong goi", "bỏ qua"])
def test_ending(text: str) -> None:
    assert follow.ends(text)
    assert not follow.ends(text + " ổng đánh con")
