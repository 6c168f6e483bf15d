"""National form 01 (Mẫu số 01, Decree 56/2017, article 25): a report's content under the official labels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from bot.reports.safe_call import SafeCall
from bot.reports.words import load

VIETNAM = timezone(timedelta(hours=7))
_PHONE = re.compile(r"(?<!\d)(?:\+84|0)(?:[\s.\-]?\d){8,10}(?!\d)")


@dataclass(frozen=True)
class Field:
    """One field of the form; ``source`` says who fills it: machine, reporter or officer."""

    key: str
    label: str
    value: str
    source: str
    required: str


@dataclass(frozen=True)
class Section:
    """One titled part of the form."""

    title: str
    fields: tuple[Field, ...]


def sections(content: dict[str, Any]) -> list[Section]:
    """The whole form for a report's content (see ``bot.reports.content``), empty fields included."""
    filled = values(content)
    return [
        Section(
            part["title"],
            tuple(
                Field(f["key"], f["label"], filled.get(f["key"], ""), f["source"], f["required"])
                for f in part["fields"]
            ),
        )
        for part in load("form01")["sections"]
    ]


def keys() -> list[str]:
    """The keys of all fields, in the form's order."""
    return [field["key"] for part in load("form01")["sections"] for field in part["fields"]]


def about() -> dict[str, str]:
    """The form's name and legal basis."""
    words = load("form01")
    return {"name": words["name"], "basis": words["basis"]}


def short_code(report_id: str) -> str:
    """How people refer to a report: the first eight digits of its UUID."""
    return report_id[:8].upper()


def values(content: dict[str, Any]) -> dict[str, str]:
    """The form's filled fields by key."""
    words, draft = load("form01"), content["draft"]
    found = {**_machine(content, words), **_child(draft, words), **_reporter(draft, words)}
    known = set(keys())
    extra = {key: text for key, text in draft["extra"].items() if key in known}
    if extra.get("ghi_chu"):
        extra["ghi_chu"] = "\n".join(part for part in (extra["ghi_chu"], found.get("ghi_chu")) if part)
    found.update(extra)
    return {key: text for key, text in found.items() if text}


def _machine(content: dict[str, Any], words: dict[str, Any]) -> dict[str, str]:
    taken = datetime.fromtimestamp(content["taken_at"], VIETNAM)
    when = {"day": taken.day, "month": taken.month, "year": taken.year, "place": words["place"]}
    channel = words["channels"].get(content["channel"], words["channels"]["other"])
    subject = words["subjects"][content["draft"]["subject"] or "none"]
    return {
        "ten_co_quan": words["agency"],
        "so_bao_cao": words["number"].format(code=short_code(content["report_id"])),
        "dia_danh_ngay": words["date_line"].format(**when),
        "nguon_thong_qua": f"{channel} ({subject})",
        "gio": words["time"].format(hour=taken.hour, minute=taken.minute),
        "ngay": words["date"].format(**when),
    }


def _child(draft: dict[str, Any], words: dict[str, Any]) -> dict[str, str]:
    age = draft["child_age"]
    state = [words["danger"][_tri(draft["danger_now"])], words["near"][_tri(draft["person_near"])]]
    if draft["near_text"]:
        state.append(words["near_text"].format(text=draft["near_text"]))
    if draft.get("time_text"):
        state.append(words["when"].format(time=draft["time_text"]))
    if draft["story"]:
        state.append(words["story"].format(story=draft["story"]))
    return {
        "ngay_sinh": (draft["age_text"] or "") if age is None else words["age"].format(age=age),
        "gioi_tinh": words["sex"][draft["child_sex"] or "none"],
        "dia_diem_vu_viec": ", ".join(part for part in (draft["place_text"], draft["commune"]) if part),
        "tinh_trang_hien_tai": "\n".join(part for part in state if part),
    }


def _reporter(draft: dict[str, Any], words: dict[str, Any]) -> dict[str, str]:
    contact, relation, notes = draft["contact"], draft["relation"], []
    if draft["reporter_role"]:
        notes.append(words["reporters"][draft["reporter_role"]])
    if relation:
        phrase = "relation_self" if draft["subject"] == "self" else "relation_other"
        notes.append(words[phrase].format(relation=relation))
    notes.append(words["contact"].format(contact=contact) if contact else words["no_contact"])
    call = SafeCall(**(draft.get("safe_call") or {}))
    if call.lines():
        notes.append(load("safe_call")["form"].format(call=call.words()))
    if draft.get("assent_at"):
        at = datetime.fromtimestamp(draft["assent_at"], VIETNAM)
        voice = words["assent_voices"][draft.get("assent_voice") or "teen"]
        notes.append(words["assent"].format(at=f"{at:%H:%M %d/%m/%Y}", voice=voice))
    phone = _PHONE.search(contact or "") or _PHONE.search(call.number or "")
    return {"nguoi_bao_sdt": phone.group() if phone else "", "ghi_chu": "\n".join(notes)}


def _tri(value: bool | None) -> Any:
    return "none" if value is None else value
