"""Writes ``knowledge/schema/*.schema.json`` from the models, for completion in editors:
``python -m bot.knowledge.schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.schema import schema

from bot.knowledge.models import Agency, Document, Hotline, Item, Place
from bot.settings import ROOT

MODELS: dict[str, type[BaseModel]] = {
    "item": Item, "document": Document, "hotline": Hotline, "place": Place, "agency": Agency,
}  # fmt: skip


def list_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a file that holds a list of a model's records."""
    definitions = schema([model], by_alias=True)["definitions"]
    for definition in definitions.values():
        for name, field in definition.get("properties", {}).items():
            if name not in definition.get("required", []):  # pydantic 1 does not say that None is allowed
                definition["properties"][name] = {"anyOf": [field, {"type": "null"}]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "array",
        "items": {"$ref": f"#/definitions/{model.__name__}"},
        "definitions": definitions,
    }


def write(folder: Path) -> None:
    """Write every schema."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in MODELS.items():
        text = json.dumps(list_schema(model), ensure_ascii=False, indent=2) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(ROOT / "knowledge" / "schema")
