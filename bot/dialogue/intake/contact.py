"""An answer to "how may we reach you" that is a warning ("đừng gọi, ảnh coi máy chị"): no way to reach anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.language import bare_form

from .fields import CONTACT, MISSES, NOTE, SKIPPED
from .message import Message
from .step import Step
from .whom import words

NO_SAFE_WAY = "no_safe_contact"
"""Key of what is said: nobody calls then, and another time or person may be named."""


def warns(text: str) -> bool:
    """Whether words warn against calling and name no way all the same ("đừng gọi, nhắn Zalo 09…" does)."""
    signs, bare = words()["no_contact"], bare_form(text)
    warned = any(re.search(sign, bare) for sign in (*signs["warns"], signs["reads"]))
    rest = re.sub(signs["reads"], " ", bare)
    for sign in signs["warns"][:1]:
        rest = re.sub(sign, " ", rest)
    return warned and re.search(signs["way"], rest) is None


def names_way(text: str) -> bool:
    """Whether words name whom or where to call, beside a warning against another way."""
    return re.search(words()["no_contact"]["way"], bare_form(text)) is not None


def noted(slots: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """The warning among the notes for the officers."""
    before = slots.get(NOTE)
    lines = [] if before in (None, SKIPPED) else str(before).split("\n")
    return {NOTE: "\n".join(dict.fromkeys([*lines, message.text.strip()]))}


def warned(slots: Mapping[str, Any], message: Message) -> Step:
    """The warning is kept for the officers and is no contact; asked once more for another way, then left empty."""
    if slots.get(NOTE) not in (None, SKIPPED):
        return Step({**noted(slots, message), CONTACT: SKIPPED, MISSES: 0})
    return Step({**noted(slots, message), CONTACT: None, MISSES: 0}, say=NO_SAFE_WAY)
