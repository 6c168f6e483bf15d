"""What a message tells that decides between safe words: who wants to die, whose wound, whose pictures, who comes back,
who hides or got away, who reads along, who asks what to do.

Signs only (``data/told.yml``): how grave a message is says the assessment, and what it follows says the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bot.language import bare_form

from .signs import any_of, read_signs

PLEA = 7
"""Words; whoever says more asks about something of its own."""


def denies_dying(text: str) -> bool:
    """Whether somebody says that they do not want to die, and nothing else in the message says that they do."""
    return _tells(text, "denies_dying") and not _sign("dying").search(_sign("denies_dying").sub(" ", bare_form(text)))


def says_dying(text: str) -> bool:
    """Whether a message names a wish to die that is not another's and not denied."""
    rest = _sign("another_dying").sub(" ", _sign("denies_dying").sub(" ", bare_form(text)))
    return _sign("dying").search(rest) is not None


def another_dying(text: str) -> bool:
    """Whether it is somebody else who wants to die, and not who writes, too."""
    return _tells(text, "another_dying") and not says_dying(text)


def belittles(text: str) -> bool:
    """Whether somebody thinks that another's words about dying were only a threat."""
    return _tells(text, "belittles")


def cuts(text: str) -> bool:
    """Whether a message is about hurting oneself."""
    return _tells(text, "cuts")


def asks_another_way(text: str) -> bool:
    """Whether somebody who hurts themselves asks what else would help."""
    return cuts(text) and _tells(text, "another_way")


def bleeds(text: str) -> bool:
    """Whether a message is about a wound."""
    return _tells(text, "bleeds")


def bleeds_hard(text: str) -> bool:
    """Whether it bleeds so that only an ambulance helps."""
    return bleeds(text) and _tells(text, "bleeds_hard")


def blackmails(text: str) -> bool:
    """Whether pictures are held over somebody."""
    return _tells(text, "blackmails")


def of_blackmail(text: str) -> bool:
    """Whether a message may go on about such pictures (money, a deadline, whoever asks for more)."""
    return _tells(text, "of_blackmail")


def comes_back(text: str) -> bool:
    """Whether somebody comes home later, or the night is feared; not that they stand at the door."""
    return _tells(text, "comes_back")


def hides(text: str) -> bool:
    """Whether somebody hides, or keeps a door shut against somebody; that it is from danger says the assessment."""
    return _tells(text, "hides") and not got_out(text)


def got_out(text: str) -> bool:
    """Whether somebody has come away from where they hid."""
    return _tells(text, "got_out")


def got_away(text: str) -> bool:
    """Whether somebody says that it is over or that help has come, and nothing in the message says otherwise."""
    return _tells(text, "got_away") and not _tells(text, "not_over")


def with_doctor(text: str) -> bool:
    """Whether a message is about being taken to a doctor."""
    return _tells(text, "with_doctor")


def treated(text: str) -> bool:
    """Whether a wound or a poison is in a doctor's hands or long over, and nothing says that it is bad again."""
    return _tells(text, "treated") and not _tells(text, "untreated")


def still_bad(text: str) -> bool:
    """Whether somebody who was told what to do says in a few words how it goes on ("nó khóc quá trời", "chưa ra")."""
    return len(text.split()) <= PLEA and _tells(text, "still_bad")


def wants_phone(text: str) -> bool:
    """Whether somebody wants to see or take the telephone of who writes."""
    return _tells(text, "wants_phone")


def reads_now(text: str) -> bool:
    """Whether somebody reads along at this moment ("ba đang đọc"): a short message and nothing else."""
    return len(text.split()) <= PLEA and _tells(text, "reads_now")


def unreachable(text: str) -> bool:
    """Whether somebody cannot be reached, or is alone behind a door."""
    return _tells(text, "unreachable")


def comforts(text: str) -> bool:
    """Whether somebody asks what to say to a child who is hurt ("con bé khóc hoài, tui nói gì với nó"), and nothing in
    the message lures one."""
    return _tells(text, "comforts") and not _tells(text, "lures")


def asks_what_to_do(text: str) -> bool:
    """Whether somebody who tells of a child asks what they should do."""
    return _tells(text, "what_to_do")


def pleads(text: str) -> bool:
    """Whether somebody only asks that, and tells nothing more ("con làm sao bây giờ")."""
    return len(text.split()) <= PLEA and asks_what_to_do(text)


def who_returns(text: str, before: Sequence[str]) -> bool:
    """Whether whoever comes home later was spoken of ``before``, or the night is feared ("mai mẹ về" may be good)."""
    if not comes_back(text):
        return False
    named = re.findall(rf"\b(?:{_table()['hurter']})\b", bare_form(text))
    told = [bare_form(said) for said in before]
    return not named or any(re.search(rf"\b{name}\b", said) for name in named for said in told)


def _tells(text: str, table: str) -> bool:
    return _sign(table).search(bare_form(text)) is not None


def _table() -> dict[str, Any]:
    return read_signs("told")


@lru_cache(maxsize=64)
def _sign(name: str) -> re.Pattern[str]:
    """A table as one expression; entries of one line are parts of others."""
    table = _table()
    return any_of(table[name], {key: value for key, value in table.items() if isinstance(value, str)})
