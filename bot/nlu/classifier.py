"""The intent classifier: linear on the featurizers' views, blended with the encoder, with calibrated confidence."""

# ruff: noqa: ARG003 - Rasa's graph calls these by keyword

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, vstack

from bot.encoder import encoder
from bot.encoder import fingerprint as encoder_fingerprint
from bot.nlu import compact, linear
from bot.nlu.linear import IntentModel, fit_intents

FILE = "classifier.joblib"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class EnsembleIntentClassifier(IntentClassifier, GraphComponent):  # type: ignore[misc]
    """One-against-rest logistic regression on the sentence features, blended with the encoder's reading.

    The encoder's weight and the temperature of the confidence are chosen on situations that neither model saw; on data
    with other intents than the encoder's it has no say.

    Rasa's own ``LogisticRegressionClassifier`` is multinomial lbfgs: on these features it took ten times as long
    and its confidence was not calibrated on unseen situations.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Runs after a featurizer."""
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``encoder``: whether the committed encoder has a say."""
        return {"C": 3.0, "ranking_length": 10, "encoder": True, "random_state": 42}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Retrain when the model's code changes."""
        code = b"".join(Path(part).read_bytes() for part in (__file__, linear.__file__, compact.__file__))
        return hashlib.sha256(code + encoder_fingerprint().encode()).hexdigest()[:16]

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage = storage
        self._resource = resource
        self._model: IntentModel | None = None
        self._reader = encoder() if self._config["encoder"] else None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EnsembleIntentClassifier:
        """An untrained classifier."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all intent examples; scale confidence on held-out situations first."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT)]
        labels = [str(m.get(INTENT)) for m in examples]
        if len(set(labels)) < 2:
            raise ValueError("EnsembleIntentClassifier needs examples of at least two intents.")
        groups = [_situation(m) for m in examples]
        texts, seed = [str(m.get(TEXT)) for m in examples], self._config["random_state"]
        self._model = fit_intents(_matrix(examples), texts, labels, groups, self._config["C"], seed, self._reader)
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / FILE, compress=1)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> EnsembleIntentClassifier:
        """The trained classifier."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component._model = joblib.load(folder / FILE)
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Set ``intent`` and ``intent_ranking``."""
        told = [m for m in messages if m.get(TEXT) is not None and _sentence(m) is not None]
        if not told or self._model is None:
            return messages
        texts = [str(m.get(TEXT)) for m in told]
        ranks = self._model.rank(_matrix(told), texts, self._reader, self._config["ranking_length"])
        for message, ranked in zip(told, ranks, strict=True):
            ranking = [{"name": name, "confidence": confidence} for name, confidence in ranked]
            message.set("intent", ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Later components see no guesses at training."""
        return training_data


def _sentence(message: Message) -> Any:
    return message.get_sparse_features(attribute=TEXT)[1]


def _matrix(messages: list[Message]) -> Any:
    """All sentence features, sparse and dense, one row each."""
    from scipy.sparse import hstack

    sparse = vstack([csr_matrix(_sentence(m).features) for m in messages]).tocsr()
    dense = [m.get_dense_features(attribute=TEXT)[1] for m in messages]
    if any(d is None for d in dense):
        return sparse
    return hstack([sparse, csr_matrix(np.vstack([d.features for d in dense if d is not None]))]).tocsr()


def _situation(message: Message) -> str:
    """The situation of an example (the views of one message share it); else its text."""
    metadata = message.get("metadata") or {}
    group = metadata.get("intent") or {}
    own = metadata.get("example") or {}
    if isinstance(own, dict) and own.get("situation"):
        return str(own["situation"])
    shared = group.get("situation") if isinstance(group, dict) else None
    return str(shared or message.get(TEXT))
