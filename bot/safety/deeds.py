"""Deeds and wishes of who writes, by words: sexual contact with a child, desire for children, and a carer who may hurt
a small child.

The one who was harmed and whoever tells of another are told apart by who acts (``bot.safety.writer``).
"""

from __future__ import annotations

from collections.abc import Callable

from bot.language.own_age import own_ages

from .reasons import reasons
from .told import treated
from .types import Assessment, Kind, Risk
from .writer import GROWN, apart, by_writer, says_grown_up, sign

CARE: dict[str, tuple[Risk, Kind]] = {
    "shaken": ("immediate", "emergency"),
    "die_together": ("immediate", "self_harm"),
    "harm_urge": ("immediate", "emergency"),
    "drugging": ("high", "disclosure"),
}
"""How grave a carer's deed or wish is."""


SHARED = ("con", "chau", "em")
"""What the writer may be, or the one they tell of ("cháu 13 tuổi, nó …")."""


def of_offender(text: str) -> tuple[str, ...]:
    """``admits_harm`` (with ``grown_up``, when they are) or ``desire_for_children``; nothing for everybody else."""
    bare = apart(text)
    if _not_meant(bare):
        return ()
    grown = says_grown_up(text)
    young = any(age.years < GROWN and age.pronoun not in SHARED for age in own_ages(text))
    if _did(bare, grown) or (not young and _agreed(bare)):
        return ("admits_harm", "grown_up") if grown else ("admits_harm",)
    return ("desire_for_children",) if _desires(bare) else ()


def of_carer(text: str) -> Assessment | None:
    """The danger from somebody who looks after a small child and says that they cannot go on."""
    bare = apart(text)
    if _not_meant(bare):
        return None
    for code, (risk, kind) in CARE.items():
        if _FOUND[code](bare) and not treated(text):
            return Assessment(risk, kind, 0.99, [reasons()[code]], (code,))
    return None


def _not_meant(bare: str) -> bool:
    return _has("denied", bare) or _has("story", bare)


def _has(name: str, bare: str) -> bool:
    return sign(name).search(bare) is not None


def _own(name: str, bare: str, silent: bool = False) -> bool:
    """Whether something of that kind is the writer's own."""
    return any(by_writer(bare, match.start(), silent=silent) for match in sign(name).finditer(bare))


def _did(bare: str, grown: bool) -> bool:
    """Whether the writer tells of their own sexual contact with a child."""
    slipped = _has("slip", bare)
    if not _has("child", bare) or (_has("ordinary", bare) and not slipped):
        return False
    if _own("grave_act", bare, slipped):
        return True
    if (slipped or _has("telling", bare)) and _own("lesser_act", bare, slipped):
        return True
    return grown and (_own("couple_tale", bare) or (_has("telling", bare) and _own("couple_act", bare)))


def _agreed(bare: str) -> bool:
    """Whether the writer says that the child let them."""
    return _has("child", bare) and _has("agreed", bare) and not _has("ordinary", bare)


def _desires(bare: str) -> bool:
    """Whether the writer says that they are drawn to children."""
    if _has("innocent", bare):
        return False
    drawn = _has("trouble", bare) and _own("drawn", bare, silent=True)
    aroused = _has("child", bare) and _own("aroused", bare)
    return drawn or aroused or _own("illness", bare, silent=True) or _own("lusts", bare) or _has("draws", bare)


_FOUND: dict[str, Callable[[str], bool]] = {
    "shaken": lambda bare: _has("small", bare) and _has("shaken", bare),
    "die_together": lambda bare: _own("die_together", bare, silent=True) or _own("both", bare, silent=True),
    "harm_urge": lambda bare: _has("baby", bare) and _own("harm_urge", bare, silent=True),
    "drugging": lambda bare: _has("ward", bare) and _own("drugging", bare, silent=True),
}
