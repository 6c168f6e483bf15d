"""A printable A5 poster: a topic, a QR code that opens the chat on it, and the numbers to call. Vector graphics."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
import yaml
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

DATA = Path(__file__).parent / "data" / "posters.yml"
A5 = (148 / 25.4, 210 / 25.4)
"""Inches."""
MAIN, INK, SOFT, TINT = "#0b665c", "#1d2b2a", "#4f605e", "#e2f0ec"
QUIET = 4
"""Empty modules around a QR code, as its standard asks."""
CODE_MM = 74.0
FORMATS = (".svg", ".pdf")


class PosterError(Exception):
    """What is wrong, in one line."""


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The posters' texts."""
    loaded: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return loaded


def link(channel: str, topic: str, *, site: str = "", bot: str = "", account: str = "") -> str:
    """The address behind the code. Raises ``PosterError`` when what it needs is not configured."""
    if channel == "telegram":
        if not bot:
            raise PosterError("the bot's name is not known: give --bot-name, or set TELEGRAM_BOT_TOKEN")
        return f"https://t.me/{bot}?start={topic}"
    if channel == "zalo":
        if not account:
            raise PosterError("HOTLINE_ZALO_OA_ID is not set")
        return f"https://zalo.me/{account}"
    if not site.startswith("https://"):
        raise PosterError("HOTLINE_PUBLIC_URL (https://…) is not set: a code needs a public address")
    return f"{site}/?chu_de={topic}"


def modules(address: str) -> list[list[bool]]:
    """The QR code without its quiet zone, row by row; a quarter of it may be damaged or dirty."""
    code = segno.make(address, error="q", boost_error=False, micro=False)
    return [[bool(module) for module in row] for row in code.matrix]


def draw(topic: str, channel: str, address: str, output: Path) -> None:
    """Write the poster as SVG or PDF, by the file's ending. Raises ``PosterError``."""
    texts = words()
    if topic not in texts["topics"]:
        raise PosterError(f"no topic {topic!r}: there are {', '.join(texts['topics'])}")
    if output.suffix.lower() not in FORMATS:
        raise PosterError(f"{output.name}: the file's name must end in .svg or .pdf")
    figure = compose(texts, topic, channel, address)
    # No date and no program's name in the file: the same poster is the same file.
    metadata = {"Date": None} if output.suffix.lower() == ".svg" else {"CreationDate": None}
    figure.savefig(output, metadata=metadata)


def compose(texts: dict[str, Any], topic: str, channel: str, address: str) -> Figure:
    """The drawing, in millimetres from the lower left corner."""
    figure = Figure(figsize=A5)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, 148)
    axes.set_ylim(0, 210)
    axes.set_axis_off()

    def say(x: float, y: float, text: str, size: float, **more: Any) -> None:
        axes.text(x, y, text, fontsize=size, va="center", **{"ha": "center", "color": INK, **more})

    axes.add_patch(Rectangle((0, 164), 148, 46, color=MAIN, linewidth=0))
    chosen = texts["topics"][topic]
    say(74, 194, chosen["title"], 25, color="white", weight="bold")
    for number, line in enumerate(chosen["lines"]):
        say(74, 181 - 8 * number, line, 12, color="white")
    add_code(axes, address, 74 - CODE_MM / 2, 82)
    say(74, 76, texts["scan"][channel], 11, weight="bold")
    say(74, 69.5, address.removeprefix("https://"), 8.5, color=SOFT)
    axes.add_patch(Rectangle((0, 18), 148, 46, color=TINT, linewidth=0))
    for number, entry in enumerate(texts["numbers"]):
        y = 56 - 15 * number
        say(16, y, entry["number"], 22, ha="left", color=MAIN, weight="bold")
        say(42, y, entry["label"], 11, ha="left")
    say(74, 11.5, texts["name"], 12, weight="bold", color=MAIN)
    say(74, 5.5, texts["note"], 8, color=SOFT)
    return figure


def add_code(axes: Any, address: str, left: float, bottom: float) -> None:
    """Draw the code with its quiet zone into a square of ``CODE_MM``."""
    rows = modules(address)
    size = CODE_MM / (len(rows) + 2 * QUIET)
    axes.add_patch(Rectangle((left, bottom), CODE_MM, CODE_MM, color="white", linewidth=0))
    points: list[tuple[float, float]] = []
    steps: list[Any] = []
    for down, row in enumerate(rows):
        top = bottom + CODE_MM - (down + QUIET) * size
        for across, start, length in runs(row):
            x, width = left + (start + QUIET) * size, length * size
            if across:
                points += [(x, top), (x + width, top), (x + width, top - size), (x, top - size), (x, top)]
                steps += [Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY]
    axes.add_patch(PathPatch(Outline(points, steps), facecolor="black", linewidth=0, antialiased=False))


def runs(row: list[bool]) -> list[tuple[bool, int, int]]:
    """Neighbouring modules of one colour: (dark, start, length). Drawn as one, no hairline shows between them."""
    found: list[tuple[bool, int, int]] = []
    for index, dark in enumerate(row):
        if found and found[-1][0] == dark:
            found[-1] = (dark, found[-1][1], found[-1][2] + 1)
        else:
            found.append((dark, index, 1))
    return found
