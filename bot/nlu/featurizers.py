"""The linear model's views of a message as a Rasa featurizer."""

# ruff: noqa: ARG003 - Rasa's graph calls these by keyword

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import language
from bot.nlu import features, linear
from bot.nlu.linear import Views, fit_views, transform

FILE = "vectorisers.joblib"
_fitted: dict[str, Any] = {}
"""The matrix of the texts fitted last, by their hash: in a training Rasa has another instance of the component
featurize the very same texts, which takes minutes."""


class Row(Features):  # type: ignore[misc]
    """Features whose fingerprint is a hash of their bytes: Rasa's own writes every number out as text first."""

    def fingerprint(self) -> str:
        """Changes with any number or its place."""
        digest = hashlib.sha256(f"{self.type} {self.attribute} {self.origin}".encode())
        for part in (self.features.data, self.features.indices):
            digest.update(part.tobytes())
        return digest.hexdigest()[:32]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class VietnameseFeaturizer(SparseFeaturizer, GraphComponent):  # type: ignore[misc]
    """Sparse sentence features: accented words, accent-stripped character n-grams, word classes, pairs of words.

    All are made from ``bot.language``'s normal form, so the model sees one spelling.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Runs after a tokenizer (for the components that need tokens beside these features)."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["sklearn", "underthesea"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Which views, and how much each weighs."""
        return {**SparseFeaturizer.get_default_config(), "views": dict(features.VIEWS)}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Retrain when the normaliser or the word classes change."""
        code = Path(features.__file__).read_bytes() + Path(linear.__file__).read_bytes() + features.TABLE.read_bytes()
        return language.fingerprint() + hashlib.sha256(code).hexdigest()[:16]

    def __init__(self, config: dict[str, Any], name: str, storage: ModelStorage, resource: Resource) -> None:
        super().__init__(name, config)
        self._storage = storage
        self._resource = resource
        self._views: Views = []

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> VietnameseFeaturizer:
        """An untrained featurizer."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Refuse a view that does not exist."""
        unknown = set(config.get("views", {})) - {name for name, _ in features.vectorisers()}
        if unknown:
            raise ValueError(f"VietnameseFeaturizer has no view {', '.join(sorted(unknown))}")

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the vocabulary of each view."""
        texts = [str(m.get(TEXT)) for m in training_data.training_examples if m.get(TEXT)]
        self._views, matrix = fit_views(texts, self._config["views"])
        _fitted.clear()
        _fitted[_hash(texts)] = matrix
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._views, folder / FILE, compress=1)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> VietnameseFeaturizer:
        """The trained featurizer."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component._views = joblib.load(folder / FILE)
        return component

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Featurize every training example."""
        self._add([m for m in training_data.training_examples if m.get(TEXT)])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Featurize incoming messages."""
        self._add([m for m in messages if m.get(TEXT) is not None])
        return messages

    def _add(self, messages: list[Message]) -> None:
        if not messages or not self._views:
            return
        texts = [str(m.get(TEXT)) for m in messages]
        matrix = _fitted.pop(_hash(texts), None) if len(texts) > 1 else None
        if matrix is None:
            matrix = transform(self._views, texts)
        origin = self._identifier
        for row, message in enumerate(messages):
            message.add_features(Row(matrix[row], FEATURE_TYPE_SENTENCE, TEXT, origin))


def _hash(texts: list[str]) -> str:
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()
