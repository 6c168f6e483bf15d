"""From a report to a Primero case: the mapping file, checked against what the server knows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ValidationError

from bot.forwarding.targets import TargetError
from bot.reports import form01
from bot.reports.words import load

TYPES = {
    "text": ("text_field", "textarea"),
    "integer": ("numeric_field",),
    "boolean": ("tick_box", "radio_button"),
    "select": ("select_box", "radio_button"),
    "multi": ("multi_select_box",),
    "date": ("date_field",),
}


class FieldRule(BaseModel):
    """How one of the server's fields is filled."""

    field: str
    label: str
    source: str | None = None
    constant: str | None = None
    type: Literal["text", "integer", "boolean", "select", "multi", "date"] = "text"
    values: dict[str, str] | None = None
    other: str | None = None
    other_field: str | None = None
    texts: dict[str, str] = {}

    class Config:
        extra = "forbid"
        fields = {"source": "from"}


class NoteRule(BaseModel):
    """The subform that takes notes, and the words of ours in it."""

    field: str
    date: str
    subject: str
    text: str
    label: str
    subjects: dict[str, str]
    withdrawn: str
    more: str
    reasons: str


class CaseMapping(BaseModel):
    """The whole file."""

    notes: NoteRule
    fields: list[FieldRule]
    status: dict[str, Literal["acknowledged", "in_progress", "closed"]]
    assigned: Literal["acknowledged", "in_progress"] | None = None

    class Config:
        extra = "forbid"

    def labels(self) -> dict[str, str]:
        """Names for people, by the server's field."""
        return {**{rule.field: rule.label for rule in self.fields}, self.notes.field: self.notes.label}


def load_mapping(path: Path) -> CaseMapping:
    """Read the mapping file. Raises ``TargetError`` with a one-line remedy."""
    try:
        return CaseMapping.parse_obj(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError:
        raise TargetError(f"HOTLINE_PRIMERO_MAPPING: {path} cannot be read") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise TargetError(f"HOTLINE_PRIMERO_MAPPING: {path} line {line} is not YAML") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise TargetError(f"HOTLINE_PRIMERO_MAPPING: {path}: {where}: {first['msg']}") from None


@dataclass(frozen=True)
class Server:
    """What the server's configuration knows: field types, and the values of those with a lookup."""

    types: Mapping[str, str]
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, forms: Any, lookups: Any) -> Server:
        """From the answers of ``/forms`` and ``/lookups``."""
        known = {
            lookup["unique_id"]: frozenset(str(v["id"]) for v in lookup.get("values") or [] if not v.get("disabled"))
            for lookup in lookups
        }
        types: dict[str, str] = {}
        values: dict[str, frozenset[str]] = {}
        for form in forms:
            for entry in form.get("fields") or []:
                name = entry["name"]
                kind = entry.get("type", "text_field")
                types[name] = "multi_select_box" if kind == "select_box" and entry.get("multi_select") else kind
                source = str(entry.get("option_strings_source") or "")
                inline = entry.get("option_strings_text")
                if source.startswith("lookup "):
                    values[name] = known.get(source.removeprefix("lookup ").strip(), frozenset())
                elif isinstance(inline, list):
                    values[name] = frozenset(str(v["id"]) for v in inline if isinstance(v, dict) and "id" in v)
        return cls(types, values)

    def problems(self, mapping: CaseMapping) -> tuple[str, ...]:
        """The mapping's fields that this server does not have, or not of that type."""
        wrong = [rule.field for rule in mapping.fields if not self.fits(rule)]
        if self.types.get(mapping.notes.field) != "subform":
            wrong.append(mapping.notes.field)
        return tuple(wrong)

    def unknown_values(self, mapping: CaseMapping) -> dict[str, tuple[str, ...]]:
        """The mapping's values that are not in the server's lookup, by field."""
        found = {}
        for rule in mapping.fields:
            values = (rule.values or {}).values() if self.fits(rule) else ()
            unknown = tuple(dict.fromkeys(value for value in values if not self.takes(rule.field, value)))
            if unknown:
                found[rule.field] = unknown
        return found

    def fits(self, rule: FieldRule) -> bool:
        """Whether this field exists and takes this type."""
        return self.types.get(rule.field) in TYPES[rule.type]

    def takes(self, name: str, value: str) -> bool:
        """Whether a value is in the field's lookup."""
        return value in self.values.get(name, frozenset())


def sources(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a mapping may draw from."""
    draft = content["draft"]
    filled = form01.values(dict(content))
    taken = datetime.fromtimestamp(content["taken_at"], form01.VIETNAM)
    return {
        "age": draft["child_age"],
        "age_estimated": None if draft["child_age"] is None else True,
        "sex": draft["child_sex"],
        "taken_date": taken.date().isoformat(),
        "code": form01.short_code(content["report_id"]),
        "place": filled.get("dia_diem_vu_viec"),
        "phone": filled.get("nguoi_bao_sdt"),
        "risk": content["risk"],
        "urgent": content["risk"] == "immediate",
        "kind": None if draft.get("kind", "none") == "none" else draft["kind"],
        "subject": draft["subject"],
        "relation": draft["relation"],
        "commune": draft["commune"],
    }


def build_case(content: Mapping[str, Any], module: str, mapping: CaseMapping, server: Server) -> dict[str, Any]:
    """The body of ``POST /cases``: only fields and values that the server knows; the rest goes into the note."""
    found, left = sources(content), list[str]()
    case: dict[str, Any] = {"id": content["report_id"], "module_id": module}
    for rule in mapping.fields:
        value = rule.constant if rule.source is None else found.get(rule.source)
        if value in (None, ""):
            continue
        if not server.fits(rule):
            if rule.source is not None:
                left.append(_in_words(rule, value))
            continue
        if rule.values is None:
            case[rule.field] = value
        else:
            _choose(case, rule, str(value), server, left)
    note = _note(mapping, "report", content["report_id"], content["taken_at"], _story(content, mapping, left))
    case[mapping.notes.field] = [note]
    return case


def _choose(case: dict[str, Any], rule: FieldRule, value: str, server: Server, left: list[str]) -> None:
    """One value of a lookup; what the server does not know goes to ``other`` with words, or into the note."""
    wanted = (rule.values or {}).get(value)
    known = wanted is not None and server.takes(rule.field, wanted)
    chosen = wanted if known else rule.other
    if chosen is None or not server.takes(rule.field, chosen):
        left.append(_in_words(rule, value))
        return
    case[rule.field] = [chosen] if rule.type == "multi" else chosen
    if chosen == rule.other:
        if rule.other_field and rule.other_field in server.types:
            case[rule.other_field] = rule.texts.get(value, value)
        else:
            left.append(_in_words(rule, value))


def _in_words(rule: FieldRule, value: Any) -> str:
    """A field and its value as an officer reads them."""
    return f"{rule.label}: {rule.texts.get(str(value).lower(), value)}"


def _story(content: Mapping[str, Any], mapping: CaseMapping, left: list[str]) -> str:
    """National form 01 as text, with why the risk is what it is."""
    filled = form01.values(dict(content))
    labels = {entry["key"]: entry["label"] for part in load("form01")["sections"] for entry in part["fields"]}
    lines = [f"{labels[key]}: {text}" for key, text in filled.items() if key in labels]
    lines.append(f"{mapping.notes.reasons}: {'; '.join(content['reasons'])}")
    if left:
        lines.append(f"{mapping.notes.more}: {'; '.join(left)}")
    return "\n".join(lines)


def build_note(content: Mapping[str, Any], kind: str, ref: str, mapping: CaseMapping) -> dict[str, Any]:
    """The body of the PATCH that adds a note: nothing but the note."""
    words = content["text"] if kind == "update" else mapping.notes.withdrawn
    return {mapping.notes.field: [_note(mapping, kind, ref, content["at"], words)]}


def _note(mapping: CaseMapping, kind: str, ref: str, at: float, words: str) -> dict[str, Any]:
    moment = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "unique_id": str(uuid.uuid5(uuid.UUID(ref), "note")),
        mapping.notes.date: moment,
        mapping.notes.subject: mapping.notes.subjects[kind],
        mapping.notes.text: words,
    }


def has_note(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    """Whether a case holds the note of ``build_note``, whatever officers have made of it."""
    ((name, (note,)),) = sent.items()
    there = kept.get(name)
    entries = there if isinstance(there, list) else []
    return any(isinstance(entry, dict) and entry.get("unique_id") == note["unique_id"] for entry in entries)


def not_kept(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[str, ...]:
    """The sent fields that the server dropped or changed."""
    return tuple(name for name, value in sent.items() if not _same(value, kept.get(name)))


def _same(sent: Any, kept: Any) -> bool:
    if isinstance(sent, list) and isinstance(kept, list):
        if sent and isinstance(sent[0], dict):
            there = {entry.get("unique_id"): entry for entry in kept if isinstance(entry, dict)}
            return all(_part(entry, there.get(entry["unique_id"])) for entry in sent)
        return set(sent) <= set(kept)
    if isinstance(sent, bool) or isinstance(kept, bool):
        return str(sent).lower() == str(kept).lower()
    return bool(sent == kept)


def _part(sent: Mapping[str, Any], kept: Any) -> bool:
    # The date is the server's to write in its own form.
    return isinstance(kept, dict) and all(
        kept.get(name) == value for name, value in sent.items() if not name.endswith("_date")
    )
