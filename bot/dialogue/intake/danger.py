"""Danger now: told as happening, told as over, or denied at the read-back."""

from __future__ import annotations

import re

from bot.language import bare_form

from .whom import has, words


def is_now(text: str) -> bool:
    """Whether danger that is told of may be taken to be now. What is long over, treated, or a quarrel about who keeps a
    child is not written down as danger unless the words say that it goes on: the person is asked."""
    bare, signs = bare_form(text), words()["danger"]
    return not has(signs["not_now"], bare) or has(signs["now"], bare)


def said_of_it(text: str) -> bool | None:
    """What words at the read-back say against the line about danger ("nó đâu có nguy hiểm"); None when nothing."""
    bare, signs = bare_form(text), words()["danger"]
    if re.search(signs["held"], bare):
        return True
    return False if has(signs["over"], bare) and not re.search(signs["doubt"], bare) else None


def is_acute(text: str) -> bool:
    """Whether words say that somebody is near who is feared, or that somebody wants to die or has taken something."""
    return any(re.search(sign, bare_form(text)) for sign in words()["danger"]["acute"])


def value_of(said: str) -> bool | None:
    """The new value in a wish to correct that line ("thành không")."""
    bare, signs = bare_form(said), words()["danger"]["value"]
    if re.search(signs["over"], bare):
        return False
    return True if re.search(signs["still"], bare) else None


def fears_home(text: str) -> bool:
    """Whether the account says that the child is afraid where it lives."""
    return re.search(words()["fears_home"], bare_form(text)) is not None
