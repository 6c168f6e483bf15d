"""The safety assessment as an entity, so that Rasa's rules and ``rasa test`` see it too."""

# ruff: noqa: ARG003 - Rasa's graph calls these by keyword

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.safety import RiskAssessor
from bot.settings import get_settings


@lru_cache(maxsize=1)
def _assessor() -> RiskAssessor:
    return RiskAssessor.load(get_settings().models_dir)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class RiskComponent(GraphComponent):  # type: ignore[misc]
    """Adds ``{"entity": "risk", "value": "high"}``; nothing while training. Needs the risk model of bot.safety."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RiskComponent:
        """A component; the risk model is loaded at the first message."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Assess each message a person typed (a pressed button ``/intent`` carries no text to assess)."""
        for message in messages:
            text = message.get(TEXT)
            if not text or str(text).startswith("/"):
                continue
            found = {
                "entity": "risk",
                "value": _assessor().assess(str(text)).risk,
                "start": 0,
                "end": len(text),
                "extractor": type(self).__name__,
            }
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), found], add_to_output=True)
        return messages
