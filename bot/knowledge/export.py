"""``knowledge export``: an item as a website column, a loudspeaker script, or a one-page handout; Markdown or DOCX."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import docx
from docx.shared import Pt

from bot.knowledge.answer import Wording, day_text
from bot.knowledge.models import Item
from bot.knowledge.spoken import read_aloud
from bot.knowledge.texts import count_words, load_data, sentences
from bot.language import strip_accents

Format = Literal["website", "loudspeaker", "handout"]
FORMATS: tuple[Format, ...] = ("website", "loudspeaker", "handout")
SITUATIONS = 3


@dataclass(frozen=True)
class Block:
    """A piece of a document: a heading, a paragraph, or the lines of a list."""

    kind: Literal["title", "heading", "paragraph", "bullets", "numbers"]
    lines: tuple[str, ...]


def _data(name: str) -> dict[str, Any]:
    section: dict[str, Any] = load_data("export.yml")[name]
    return section


def blocks(wording: Wording, item: Item, form: Format, on: date) -> list[Block]:
    """The pieces of an item in a format, as of a day."""
    if form == "loudspeaker":
        return list(_loudspeaker(wording, item))
    made = list(_website(wording, item, on) if form == "website" else _handout(wording, item))
    note = wording.validity_note(item, on)
    return [made[0], Block("paragraph", (note,)), *made[1:]] if note else made


def _website(wording: Wording, item: Item, on: date) -> Iterator[Block]:
    words = _data("website")
    yield Block("title", (item.topic,))
    yield Block("paragraph", (wording.spoken(item, "parent"),))
    if item.details:
        yield from (Block("heading", (words["details"],)), Block("paragraph", (item.details,)))
    if item.steps:
        yield from (Block("heading", (words["steps"],)), Block("numbers", tuple(item.steps)))
    young = tuple(item.variants[who] for who in ("child", "teen") if who in item.variants)
    if young:
        yield from (Block("heading", (words["children"],)), Block("bullets", young))
    basis = wording.basis_or_mark(item)
    if basis:
        yield from (Block("heading", (words["basis"],)), Block("paragraph", (basis,)))
    yield from (Block("heading", (words["help"],)), Block("paragraph", (words["numbers"],)))
    if item.sources:
        yield from (Block("heading", (words["sources"],)), Block("bullets", tuple(item.sources)))
    yield Block("paragraph", (words["checked"].format(day=day_text(on)),))


def _loudspeaker(wording: Wording, item: Item) -> Iterator[Block]:
    """The script: what does not fit into two minutes is left out, whole sentences at a time."""
    words, limit = _data("loudspeaker"), load_data("export.yml")["words"]["loudspeaker"]
    opening = read_aloud(words["opening"].format(topic=item.topic[0].lower() + item.topic[1:]))
    closing = read_aloud(words["closing"])
    body = [f"{s}." for s in sentences(read_aloud(wording.spoken(item, "parent")))]
    rest = [f"{s}." for s in sentences(read_aloud(item.details or ""))]
    if item.steps:
        steps = [words["step"].format(number=n, text=text) for n, text in enumerate(item.steps, 1)]
        rest = [words["steps"], *(read_aloud(step).rstrip(".") + "." for step in steps), *rest]
    room = limit - count_words(opening) - count_words(closing) - sum(count_words(s) for s in body)
    for sentence in rest:
        room -= count_words(sentence)
        if room < 0:
            break
        body.append(sentence)
    yield Block("title", (read_aloud(item.topic),))
    yield from (Block("paragraph", (part,)) for part in (opening, " ".join(body), closing))


def _handout(wording: Wording, item: Item) -> Iterator[Block]:
    words, limit = _data("handout"), load_data("export.yml")["words"]["handout"]
    yield Block("title", (words["title"].format(topic=item.topic),))
    asked = [q for q in item.questions if strip_accents(q) != q][:SITUATIONS]
    yield from (Block("heading", (words["situations"],)), Block("bullets", tuple(_sentence(q) for q in asked)))
    room = limit
    for heading, who in (("small", "child"), ("big", "teen")):
        if said := item.variants.get(who):  # type: ignore[call-overload]
            room -= count_words(said)
            yield from (Block("heading", (words[heading],)), Block("paragraph", (said,)))
    if item.steps and (room := room - sum(count_words(s) for s in item.steps)) > 0:
        yield from (Block("heading", (words["steps"],)), Block("numbers", tuple(item.steps)))
    yield from (Block("heading", (words["teacher"],)), Block("paragraph", (wording.spoken(item, "teacher"),)))
    if item.details and room - count_words(item.details) > 0:
        yield Block("paragraph", (item.details,))
    yield Block("paragraph", (words["care"],))
    if basis := wording.basis_or_mark(item):
        yield Block("paragraph", (basis,))
    yield Block("paragraph", (words["numbers"],))


def _sentence(question: str) -> str:
    return question[0].upper() + question[1:].rstrip("?. ") + "?"


def markdown(made: list[Block]) -> str:
    """The pieces as Markdown."""
    parts = []
    for block in made:
        if block.kind in ("title", "heading"):
            parts.append(f"{'#' if block.kind == 'title' else '##'} {block.lines[0]}")
        elif block.kind == "bullets":
            parts.append("\n".join(f"- {line}" for line in block.lines))
        elif block.kind == "numbers":
            parts.append("\n".join(f"{n}. {line}" for n, line in enumerate(block.lines, 1)))
        else:
            parts.append(block.lines[0])
    return "\n\n".join(parts) + "\n"


def word(made: list[Block], large: bool = False) -> bytes:
    """The pieces as a DOCX file; ``large`` letters for a script that is read from paper."""
    document = docx.Document()
    document.styles["Normal"].font.name = "Times New Roman"
    document.styles["Normal"].font.size = Pt(16 if large else 12)
    styles = {"bullets": "List Bullet", "numbers": "List Number"}
    for block in made:
        if block.kind in ("title", "heading"):
            document.add_heading(block.lines[0], level=0 if block.kind == "title" else 2)
            continue
        for line in block.lines:
            document.add_paragraph(line, style=styles.get(block.kind))
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()
