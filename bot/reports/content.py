"""A report at rest: its content sealed with its own data key, which is sealed with the key file's.

Deleting the data key shreds the content, wherever a copy of the database lies.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from bot.db.engine import Store
from bot.db.sealing import Sealer, SealError
from bot.reports import form01

VERSION = "1"


class Shredded(Exception):  # noqa: N818 - a state, not a mishap
    """The content's data key was deleted: there is nothing to read any more."""


def seal_pair(sealer: Sealer, table: str, row: str, content: Any) -> dict[str, bytes]:
    """The two sealed columns ``data_key`` and ``content`` of a row, with a new data key."""
    key = sealer.new_data_key()
    return {
        "data_key": sealer.seal(key, table, "data_key", row),
        "content": sealer.with_key(key).seal_json(content, table, "content", row),
    }


def open_pair(sealer: Sealer, table: str, row: str, data_key: bytes | None, content: bytes) -> Any:
    """Open what ``seal_pair`` made. Raises ``Shredded`` or ``SealError``."""
    if data_key is None:
        raise Shredded
    key = sealer.open(data_key, table, "data_key", row)
    return sealer.with_key(key).open_json(content, table, "content", row)


def payload(content: dict[str, Any], kind: str = "report") -> dict[str, Any]:
    """What a target receives: versioned, described by ``docs/webhook-report.schema.json``."""
    if kind != "report":
        return note_payload(content, kind)
    draft = content["draft"]
    return {
        "type": f"{kind}.created",
        "version": VERSION,
        "timestamp": _utc(content["taken_at"]),
        "data": {
            "report_id": content["report_id"],
            "code": form01.short_code(content["report_id"]),
            "channel": content["channel"],
            "risk": content["risk"],
            "reasons": content["reasons"],
            "reporter_role": draft["reporter_role"],
            "subject": draft["subject"],
            "danger_now": draft["danger_now"],
            "person_near": draft["person_near"],
            "near_text": draft["near_text"],
            "child": {"age": draft["child_age"], "age_text": draft["age_text"], "sex": draft["child_sex"]},
            "relation": draft["relation"],
            "place": {"commune": draft["commune"], "text": draft["place_text"]},
            "kind": draft.get("kind") or "none",
            "story": draft["story"],
            "contact": draft["contact"],
            "safe_call": draft.get("safe_call"),
            "form01": form01.values(content),
        },
    }


def note_payload(content: dict[str, Any], kind: str) -> dict[str, Any]:
    """What a target receives later: words added by the reporter, or that the report is withdrawn."""
    data = {
        "report_id": content["report_id"],
        "code": form01.short_code(content["report_id"]),
        "update_id": content["update_id"],
    }
    if kind == "update":
        data["text"] = content["text"]
    return {"type": f"{kind}.created", "version": VERSION, "timestamp": _utc(content["at"]), "data": data}


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def open_update(store: Store, row: Any) -> dict[str, Any]:
    """The content of a row of ``report_updates``. Raises ``Shredded`` or ``SealError``."""
    content: dict[str, Any] = open_pair(store.sealer, "report_updates", row["id"], row["data_key"], row["content"])
    return content


def open_report(store: Store, row: Any) -> dict[str, Any]:
    """The content of a row of ``reports``. Raises ``Shredded`` or ``SealError``."""
    content: dict[str, Any] = open_pair(store.sealer, "reports", row["id"], row["data_key"], row["content"])
    return content


__all__ = ["VERSION", "SealError", "Shredded", "open_pair", "open_report", "open_update", "payload", "seal_pair"]
