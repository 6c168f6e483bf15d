# ruff: noqa: ARG003 - the signature is Rasa's
"""The audience as an entity, so that the responses' conditions and the actions see whose voice to use.

The gateway knows the conversation and sends the audience along; in ``rasa shell`` and ``rasa test`` it is guessed
from the message alone.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.language.audience import AUDIENCES, guess_audience


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class AudienceComponent(GraphComponent):  # type: ignore[misc]
    """Adds ``{"entity": "audience", "value": …}``; nothing when nobody knows."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> AudienceComponent:
        """See the parent class."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entity to each message."""
        for message in messages:
            text = message.get(TEXT) or ""
            audience = (message.get("metadata") or {}).get("audience") or guess_audience(text)
            if audience in AUDIENCES:
                entity = {
                    "entity": "audience",
                    "value": audience,
                    "start": 0,
                    "end": len(text),
                    "extractor": type(self).__name__,
                }
                message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages
