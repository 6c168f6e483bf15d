"""A text as it is read aloud: numbers and short forms in Vietnamese words, no links, no brackets."""

from __future__ import annotations

import re
from typing import Any

from num2words import num2words

from bot.knowledge.texts import load_data

_LINK = re.compile(
    r"\s*\([^()]*(?:https?:|www\.)[^()]*\)|(?:https?://|www\.)\S+|\b[\w-]+\.(?:vn|com|org|net)\b(?:/\S*)?"
)
_DATE = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)(?!\d)")
_NUMBERED = re.compile(r"(?<![\d/])(\d{1,4})/((?:19|20)\d\d)(?:/([A-ZĐ]+\d*(?:-[A-ZĐ]+)*))?(?![\d/])")
_RANGE = re.compile(r"(?<=\d)\s*[-–]\s*(?=\d)")
_DOTTED = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?![\d])")
_DECIMAL = re.compile(r"(?<![\d.,])(\d+),(\d+)(?!\d)")
_PHONE = re.compile(r"(?<![Đđ]iều )(?<![\d.,/])(?:11[1-5]|0\d{8,10}|1[89]00\d{4,6}|156|5656)(?![\d/]|[.,]\d)")
_WHOLE = re.compile(r"\d+")


def _spoken() -> dict[str, Any]:
    spoken: dict[str, Any] = load_data("export.yml")["spoken"]
    return spoken


def number(value: int) -> str:
    """A whole number in words. ``num2words`` reads groups of three; between them Vietnamese says "không trăm"."""
    data = _spoken()
    groups: list[int] = []
    while True:
        value, rest = divmod(value, 1000)
        groups.append(rest)
        if not value:
            break
    parts: list[str] = []
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group and (parts or place):
            continue
        said = num2words(group, lang="vi")
        if parts and group < 100:
            said = f"{data['no_hundred']} {data['odd'] + ' ' if group < 10 else ''}{said}"
        unit = data["groups"][place] if place < len(data["groups"]) else ""
        parts.append(f"{said} {unit}".strip())
    return " ".join(parts)


def digits(text: str) -> str:
    """A telephone number, digit by digit."""
    names = _spoken()["digits"]
    return " ".join(names[int(d)] for d in text if d.isdigit())


def read_aloud(text: str) -> str:
    """The text without links, figures or short forms."""
    data = _spoken()
    text = _LINK.sub("", text)
    text = re.sub(r"\s*\([^()]*\b(?:đang chờ đối chiếu|số \d)[^()]*\)", "", text)
    text = _NUMBERED.sub(_numbered, _DATE.sub(_date, text))  # before "NĐ-CP" and its like are spelt out
    for short, said in sorted(data["short"].items(), key=lambda pair: -len(pair[0])):
        pattern = rf"(?<!\w){re.escape(short)}(?!\w)" if short != "%" else r"\s*%"
        text = re.sub(pattern, said if short != "%" else f" {said}", text)
    text = _PHONE.sub(lambda m: digits(m.group()), text)
    text = _RANGE.sub(f" {data['to']} ", text)
    text = _DOTTED.sub(lambda m: number(int(m.group().replace(".", ""))), text)
    text = _DECIMAL.sub(lambda m: f"{number(int(m.group(1)))} {data['comma']} {digits(m.group(2))}", text)
    text = _WHOLE.sub(lambda m: number(int(m.group())), text)
    text = re.sub(r"(?<=\w)/(?=\w)", f" {data['over']} ", text)
    text = re.sub(r"[()\[\]“”\"«»*•]", "", text)
    return re.sub(r"[ \t]+([.,;:?!])", r"\1", re.sub(r"[ \t]{2,}", " ", text)).strip()


def _date(match: re.Match[str]) -> str:
    day, month, year = (number(int(part)) for part in match.groups())
    return str(_spoken()["date"].format(day=day, month=month, year=year))


def _numbered(match: re.Match[str]) -> str:
    said = str(_spoken()["of_year"].format(number=number(int(match.group(1))), year=number(int(match.group(2)))))
    issuer = _spoken()["short"].get(match.group(3) or "")
    return f"{said} {issuer}" if issuer else said
