"""Reading the YAML an editor writes, keeping the line of every value for a helpful message."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from bot.knowledge.texts import say

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Route = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Problem:
    """Something an editor has to mend, with its place."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass
class Source:
    """A YAML file: its value and the line of every value in it."""

    path: Path
    name: str
    value: Any = None
    lines: dict[Route, int] = field(default_factory=dict)

    def line(self, *route: str | int) -> int:
        """The line of a value, or of the nearest one around it."""
        while route and route not in self.lines:
            route = route[:-1]
        return self.lines.get(route, 1)

    def problem(self, message: str, *route: str | int) -> Problem:
        """A problem at a value."""
        return Problem(self.name, self.line(*route), message)


def read(path: Path, root: Path) -> tuple[Source, list[Problem]]:
    """Read a YAML file; a syntax error or a key given twice is a problem, not an exception."""
    source = Source(path, str(path.relative_to(root.parent)))
    try:
        loader = Loader(path.read_text(encoding="utf-8"))
        try:
            node = loader.get_single_node()
            if node is None:
                return source, []
            problems = _walk(source, node, ())
            source.value = loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = say("yaml", reason=getattr(error, "problem", None) or "UTF-8?")
        return source, [Problem(source.name, mark.line + 1 if mark else 1, reason)]
    return source, problems


def _walk(source: Source, node: yaml.Node, route: Route) -> list[Problem]:
    """Remember the line of every node below ``route``; report keys given twice."""
    problems = []
    source.lines[route] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                problems.append(Problem(source.name, key.start_mark.line + 1, say("twice", key=name)))
            seen.add(name)
            inner = (*route, name)
            problems += _walk(source, value, inner)
            source.lines[inner] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            problems += _walk(source, value, (*route, index))
    return problems


@dataclass(frozen=True)
class Located:
    """A typed record and where it stands."""

    record: Any
    source: Source
    index: int

    def problem(self, message: str, *route: str | int) -> Problem:
        """A problem inside the record."""
        name = getattr(self.record, "id", None) or getattr(self.record, "name", "")
        return self.source.problem(f"{name}: {message}", self.index, *route)


def records(source: Source, model: type[BaseModel]) -> tuple[list[Located], list[Problem]]:
    """The typed records of a file that holds a list; what does not fit is a problem with its line."""
    if source.value is None:
        return [], []
    if not isinstance(source.value, list):
        return [], [source.problem(say("not_a_list"))]
    found, problems = [], []
    for index, value in enumerate(source.value):
        try:
            found.append(Located(model.parse_obj(value), source, index))
        except ValidationError as error:
            name = str(value.get("id", value.get("name", "?"))) if isinstance(value, dict) else "?"
            for detail in error.errors():
                place = ".".join(str(part) for part in detail["loc"])
                route = tuple(part for part in detail["loc"] if part != "__root__" and part != "__key__")
                text = say("field", field=place, reason=_reason(detail))
                problems.append(source.problem(f"{name}: {text}", index, *route))
    return found, problems


def _reason(detail: Any) -> str:
    """What is wrong with a field, in the editor's language."""
    kind = str(detail["type"])
    if kind == "value_error.const":
        return say("choice", allowed=", ".join(str(v) for v in detail["ctx"]["permitted"]))
    known = {
        "value_error.missing": "missing", "value_error.extra": "extra", "value_error.date": "date",
        "value_error.str.regex": "pattern", "value_error.any_str.min_length": "empty",
        "type_error.none.not_allowed": "empty", "value_error.list.min_items": "empty",
    }  # fmt: skip
    return say(known[kind]) if kind in known else say("value", reason=detail["msg"])
