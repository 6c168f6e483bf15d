"""The entity finder as a Rasa component."""

# ruff: noqa: ARG003 - Rasa's graph calls these by keyword

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot import language
from bot.knowledge.places import Places
from bot.nlu import doers, entities, names, phrases, spans
from bot.nlu.entities import EntityFinder
from bot.settings import get_settings


@lru_cache(maxsize=1)
def _finder() -> EntityFinder:
    return EntityFinder(Places.load(get_settings().knowledge_dir))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class VietnameseEntityExtractor(GraphComponent):  # type: ignore[misc]
    """Age, sex, relation, commune, time, platform, phone, law_ref and name, by spaCy patterns and the gazetteer."""

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["spacy"]

    @staticmethod
    def supported_languages() -> list[str]:
        """Vietnamese only."""
        return ["vi"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """The patterns are code and tables, not training data."""
        modules = [Path(str(module.__file__)) for module in (doers, entities, names, phrases, spans)]
        content = b"".join(path.read_bytes() for path in (*modules, doers.DOERS, names.NAMES, phrases.TABLE))
        return language.fingerprint() + hashlib.sha256(content).hexdigest()[:16]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> VietnameseEntityExtractor:
        """A component; the patterns are compiled at the first message."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities of each message a person typed."""
        for message in messages:
            text = message.get(TEXT)
            if not text or str(text).startswith("/"):
                continue
            found = [
                {"entity": e.entity, "value": e.value, "start": e.start, "end": e.end, "extractor": type(self).__name__}
                for e in _finder().find(str(text))
            ]
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), *found], add_to_output=True)
        return messages
