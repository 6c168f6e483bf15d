"""The training data as plain rows, for the safety model and the evaluation. Imports no Rasa."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class DataError(ValueError):
    """A training file that does not say what it must; the message names file and remedy, in one line."""


@dataclass(frozen=True)
class Example:
    """One written message with what is known about it."""

    text: str
    intent: str
    situation: str
    audience: str
    risk: str


@dataclass(frozen=True)
class Request:
    """One written message that asks for what must be refused. ``kind`` is a refusal of ``knowledge/phrases.yml``."""

    text: str
    kind: str
    situation: str


RISKS = ("none", "low", "medium", "high", "immediate")


def load_examples(nlu_dir: Path | str) -> list[Example]:
    """Every example of ``nlu_dir`` (Rasa NLU YAML whose groups carry situation, audience and risk)."""
    paths = sorted(Path(nlu_dir).rglob("*.yml"))
    if not paths:
        raise DataError(f"No training data in {Path(nlu_dir).name}/: check out nlu_data/nlu again.")
    return [example for path in paths for example in _file(path)]


def load_requests(folder: Path | str) -> list[Request]:
    """Every request of ``nlu_data/refused``: lists of ``{kind, situation, messages}``. Raises ``DataError``."""
    found = []
    for path in sorted(Path(folder).glob("*.yml")):
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or []:
            try:
                kind, situation, messages = (entry[key] for key in ("kind", "situation", "messages"))
                if not isinstance(messages, list):
                    raise TypeError
                found += [Request(text.strip(), str(kind), str(situation)) for text in messages]
            except (KeyError, TypeError, AttributeError):
                where = entry.get("situation", "an entry") if isinstance(entry, dict) else "an entry"
                raise DataError(f"{path.name}: {where} is not {{kind, situation, messages: [texts]}}.") from None
    if not found:
        raise DataError(f"No requests in {Path(folder).name}/: check out nlu_data/refused again.")
    return found


def _file(path: Path) -> Iterator[Example]:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for group in content.get("nlu", []):
        if "intent" not in group:
            continue
        meta = group.get("metadata") or {}
        for text, own in _examples(group["examples"]):
            values = {**meta, **own}
            try:
                situation, audience, risk = (str(values[k]) for k in ("situation", "audience", "risk"))
            except KeyError as error:
                raise DataError(f"{path.name}: a group of {group['intent']} lacks {error} in its metadata.") from None
            if risk not in RISKS:
                raise DataError(f"{path.name}: {situation} has the risk {risk!r}; use one of {', '.join(RISKS)}.")
            yield Example(text, str(group["intent"]), situation, audience, risk)


def _examples(raw: str | list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(raw, str):
        for line in raw.splitlines():
            if line.strip():
                yield line.strip()[2:].strip(), {}
        return
    for item in raw:
        yield str(item["text"]).strip(), dict(item.get("metadata") or {})


def fingerprint(nlu_dir: Path | str) -> str:
    """Changes whenever a training file changes."""
    digest = hashlib.sha256()
    for path in sorted(Path(nlu_dir).rglob("*.yml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
