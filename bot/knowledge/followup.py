"""Messages that lean on the last answer: "giải thích dễ hơn", "nguồn ở đâu", "thế còn 15 tuổi thì sao?".

Plain functions over what was shown last (:class:`Thread`); what is recognised stands in ``data/followups.yml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from bot.knowledge.models import AUDIENCES, Audience
from bot.knowledge.texts import load_data
from bot.language import bare_form, normalise

LONGEST = 90
"""Characters; a longer message asks for itself."""
LONGEST_ASKED = 300
BETWEEN, BESIDE = 4, 1
"""How many words of their own may stand between a lead and its tail, and beside an aspect after a lead."""
Kind = Literal["simpler", "source", "more", "voice", "ellipsis"]
_BOUND = r"(?:dưới|duoi|trên|tren|từ đủ|tu du|chưa đủ|chua du)"
_YEARS = r"\s*(?:tuổi|tuoi|t)\b"
_AGE = re.compile(rf"\b(?:{_BOUND} )?\d{{1,2}}{_YEARS}", re.IGNORECASE)
_BARE_AGE = re.compile(rf"\b({_BOUND} \d{{1,2}})\b(?!{_YEARS})", re.IGNORECASE)


@dataclass(frozen=True)
class Thread:
    """What a conversation about answers remembers: the items shown last (best first), which part of the first one,
    in whose voice, and the last question that could stand alone."""

    items: tuple[str, ...] = ()
    part: str = "short"
    voice: str | None = None
    asked: str = ""

    @classmethod
    def from_json(cls, data: Any) -> Thread:
        """From what :meth:`to_json` gave; anything else is an empty thread."""
        if not isinstance(data, dict):
            return cls()
        voice = data.get("voice")
        return cls(
            tuple(str(i) for i in data.get("items") or []),
            str(data.get("part") or "short"),
            voice if voice in AUDIENCES else None,
            str(data.get("asked") or ""),
        )

    def to_json(self) -> dict[str, Any]:
        """A mapping that JSON can hold. It has the person's words in it: keep it sealed."""
        return {"items": list(self.items), "part": self.part, "voice": self.voice, "asked": self.asked}

    def shown(self, items: Iterable[str], asked: str = "", part: str = "short", voice: str | None = None) -> Thread:
        """The thread after an answer; without a question of its own, the last one is kept."""
        found = tuple(items)
        return Thread(found or self.items, part, voice, asked[:LONGEST_ASKED] or self.asked) if found else self


@dataclass(frozen=True)
class FollowUp:
    """What a leaning message wants: a part, a voice (``audience``), or an answer to ``text`` in context."""

    kind: Kind
    audience: Audience | None = None
    text: str = ""
    said: str = ""
    """The message itself, of which ``text`` is what it means in context."""
    aspects: frozenset[str] = frozenset()

    @property
    def same_case(self) -> bool:
        """Whether it asks more about the same case ("phạt bao nhiêu?"), not about another ("còn 15 tuổi thì sao")."""
        return bool(self.aspects) and not self.aspects & {"age", "person", "voluntary", "site"}

    @property
    def intent(self) -> str | None:
        """The intent that the aspects suggest, if any."""
        known: dict[str, str] = load_data("followups.yml")["intents"]
        return next((intent for aspect, intent in known.items() if aspect in self.aspects), None)


@dataclass(frozen=True)
class _Tables:
    fillers: frozenset[str]
    kinds: dict[str, list[re.Pattern[str]]]
    voices: dict[str, list[re.Pattern[str]]]
    leads: re.Pattern[str]
    tails: re.Pattern[str]
    aspects: dict[str, list[re.Pattern[str]]]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    data = load_data("followups.yml")

    def compiled(table: dict[str, list[str]]) -> dict[str, list[re.Pattern[str]]]:
        return {name: [re.compile(rf"(?<!\w)(?:{p})(?!\w)") for p in cues] for name, cues in table.items()}

    def either(phrases: list[str]) -> str:
        return "|".join(re.escape(p) for p in sorted(phrases, key=len, reverse=True))

    ellipsis = data["ellipsis"]
    return _Tables(
        frozenset(str(data["fillers"]).split()),
        compiled(data["kinds"]),
        compiled(data["voices"]),
        re.compile(rf"^(?:(?:da|u|a|ok|oi|cho hoi|hoi|bot|co|ban) )*(?:{either(ellipsis['leads'])})(?!\w)"),
        re.compile(rf"(?<!\w)(?:{either(ellipsis['tails'])})(?: (?:a|ha|vay|bot|co|ban|nhi|khong))*$"),
        compiled(ellipsis["aspects"]),
    )


def read(text: str, thread: Thread) -> FollowUp | None:
    """What a message wants of the last answer, or None when it stands alone or there is none."""
    bare = re.sub(r"[^\w ]+", " ", bare_form(text))
    bare = re.sub(r"\s+", " ", bare).strip()
    if not bare or len(bare) > LONGEST or not (thread.items or thread.asked):
        return None
    tables = _tables()
    for audience, cues in tables.voices.items():
        if _only(bare, cues, tables.fillers):
            return FollowUp("voice", audience=audience)  # type: ignore[arg-type]
    for kind, cues in tables.kinds.items():
        if thread.items and _only(bare, cues, tables.fillers):
            return FollowUp(kind)  # type: ignore[arg-type]
    return _ellipsis(bare, text, thread, tables)


def asks_on(text: str) -> bool:
    """Whether a message only asks on about the last answer, whatever that was ("nguồn ở đâu", "phạt bao nhiêu")."""
    wanted = read(text, Thread(items=("",), asked=" "))
    return wanted is not None and (wanted.kind in ("simpler", "source", "more") or wanted.aspects == {"penalty"})


def _only(bare: str, cues: list[re.Pattern[str]], fillers: frozenset[str]) -> bool:
    """Whether a message holds a cue and nothing else that means something."""
    rest = bare
    for cue in cues:
        rest = cue.sub(" ", rest)
    return rest != bare and not _own(rest, fillers)


def _own(text: str, fillers: frozenset[str]) -> list[str]:
    return [word for word in text.split() if word not in fillers]


def _ellipsis(bare: str, text: str, thread: Thread, tables: _Tables) -> FollowUp | None:
    lead, tail = tables.leads.search(bare), tables.tails.search(bare)
    if lead and lead.group() == "con" and normalise(text).startswith("con ") and not text.isascii():
        lead = None  # "con bị…" is a child speaking, "còn…" leans on what was said
    start, end = lead.end() if lead else 0, tail.start() if tail else len(bare)
    middle = rest = bare[start : max(start, end)]
    aspects = set()
    for name, cues in tables.aspects.items():
        for cue in cues:
            if cue.search(middle):
                aspects.add(name)
                rest = cue.sub(" ", rest)
    own = len(_own(rest, tables.fillers))
    leans = bool(aspects) and own <= (BESIDE if lead else 0)
    if aspects == {"site"} and not (lead or tail or _site(thread.asked)):
        return None  # a name alone leans on nothing that named one
    if not leans and not (lead and tail and own <= BETWEEN):
        return None
    if not aspects and not own:
        return None
    return FollowUp("ellipsis", text=in_context(text, thread.asked), said=text, aspects=frozenset(aspects))


def _site(text: str) -> re.Match[str] | None:
    """Where a text names a site or an app."""
    return next((m for cue in _tables().aspects["site"] if (m := cue.search(text.lower()))), None)


def in_context(text: str, asked: str) -> str:
    """A question with something left out, put together with the one before: an age takes the place of the last age
    there ("18 tuổi quan hệ với bạn gái 15 tuổi", "thế còn 16 tuổi"), a site that of the site; the rest is added."""
    said = _BARE_AGE.sub(r"\1 tuổi", re.sub(r"^\W+|\W+$", "", text))
    here, there = _site(said), _site(asked)
    if here and there and not _AGE.search(said):
        return f"{asked[: there.start('site')]}{here['site']}{asked[there.end('site') :]}"
    new, old = list(_AGE.finditer(said)), list(_AGE.finditer(asked))
    if len(new) != 1 or not old:
        return f"{asked} {said}".strip()
    changed = asked[: old[-1].start()] + new[0].group() + asked[old[-1].end() :]
    rest = bare_form(said[: new[0].start()] + said[new[0].end() :])
    only_age = not _own(rest, _tables().fillers | {"sao", "neu", "voi"})
    return changed if only_age else f"{changed} {said}"
