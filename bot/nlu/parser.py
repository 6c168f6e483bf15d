"""The newest trained Rasa model, run in process for its understanding only (no policies, no server).

A pipeline of this project's own components is run without importing Rasa (which costs ten seconds and 400 MB of
TensorFlow); any other pipeline goes through Rasa's own graph runner, with the same results.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anyio
import joblib

from bot.encoder import Encoder, encoder
from bot.knowledge.places import Places
from bot.nlu.entities import EntityFinder
from bot.nlu.linear import IntentModel, Views, transform
from bot.settings import get_settings

FALLBACK = "nlu_fallback"
_INTERNAL = ("risk", "audience")
_CLASSIFIER = "bot.nlu.classifier.EnsembleIntentClassifier"
_FEATURIZER = "bot.nlu.featurizers.VietnameseFeaturizer"
_EXTRACTOR = "bot.nlu.extractor.VietnameseEntityExtractor"
_HARMLESS = {
    "bot.nlu.tokenizer.UnderthseaTokenizer",
    "bot.nlu.risk.RiskComponent",
    "bot.nlu.audience.AudienceComponent",
    "rasa.nlu.classifiers.fallback_classifier.FallbackClassifier",
    "rasa.nlu.classifiers.regex_message_handler.RegexMessageHandler",
    "rasa.graph_components.converters.nlu_message_converter.NLUMessageConverter",
    "rasa.graph_components.providers.domain_provider.DomainProvider",
}


class ModelError(RuntimeError):
    """No usable trained model; the message is one line with the remedy."""


@dataclass(frozen=True)
class Parsed:
    """What a message means. ``intent`` is the likeliest real intent; ``unsure`` when Rasa would fall back."""

    text: str
    intent: str
    confidence: float
    ranking: list[tuple[str, float]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)
    unsure: bool = False


class _Backend(Protocol):
    def parse(self, texts: Sequence[str]) -> list[Parsed]: ...


class Parser:
    """Understands messages with the newest model of a folder."""

    def __init__(self, backend: _Backend) -> None:
        self._backend = backend

    @classmethod
    def load(cls, models_dir: Path | str, *, through_rasa: bool = False) -> Parser:
        """Load the newest ``*.tar.gz`` of a folder. Raises ``ModelError`` with a one-line remedy."""
        archive = newest(Path(models_dir))
        try:
            nodes, target = _schema(archive)
            own = {node["uses"] for node in nodes.values()} <= {*_HARMLESS, _CLASSIFIER, _FEATURIZER, _EXTRACTOR}
            if own and not through_rasa:
                return cls(_Own.load(archive, nodes))
            return cls(_Rasa(archive, target))
        except (KeyError, StopIteration, OSError, tarfile.TarError, json.JSONDecodeError, AttributeError):
            raise ModelError(f"The model {archive.name} cannot be read: delete it and run 'make train'.") from None

    async def parse(self, text: str) -> Parsed:
        """Understand one message, off the event loop."""
        return await anyio.to_thread.run_sync(self.parse_now, text)

    def parse_now(self, text: str) -> Parsed:
        """Understand one message."""
        return self._backend.parse([text])[0]

    def parse_all(self, texts: Sequence[str]) -> list[Parsed]:
        """Understand many messages at once (faster than one by one)."""
        return self._backend.parse(texts) if texts else []


def newest(models_dir: Path) -> Path:
    """The newest model archive of a folder."""
    archives = sorted(models_dir.glob("*.tar.gz"), key=lambda p: p.stat().st_mtime)
    if not archives:
        raise ModelError(f"No trained model in {models_dir}: run 'make train' first.")
    return archives[-1]


def _schema(archive: Path) -> tuple[dict[str, Any], str]:
    """The nodes of the understanding part of a model, and the node whose output is the result."""
    with tarfile.open(archive) as tar:
        member = next(m for m in tar.getmembers() if m.name.endswith("metadata.json"))
        extracted = tar.extractfile(member)
        assert extracted is not None
        metadata = json.loads(extracted.read())
    nodes, needed = metadata["predict_schema"]["nodes"], {metadata["nlu_target"]}
    waiting = list(needed)
    while waiting:
        for parent in nodes.get(waiting.pop(), {}).get("needs", {}).values():
            if parent in nodes and parent not in needed:
                needed.add(parent)
                waiting.append(parent)
    return {name: node for name, node in nodes.items() if name in needed}, metadata["nlu_target"]


class _Own:
    """This project's components, without Rasa around them."""

    def __init__(
        self,
        views: Views,
        model: IntentModel,
        reader: Encoder | None,
        finder: EntityFinder | None,
        threshold: tuple[float, float],
    ) -> None:
        self._views, self._model, self._reader, self._finder = views, model, reader, finder
        self._threshold, self._ambiguity = threshold

    @classmethod
    def load(cls, archive: Path, nodes: dict[str, Any]) -> _Own:
        by_class = {node["uses"]: node for node in nodes.values()}
        with tarfile.open(archive) as tar:

            def stored(uses: str, name: str) -> Any:
                path = f"components/{by_class[uses]['resource']['name']}/{name}"
                member = next(m for m in tar.getmembers() if m.name.endswith(path))
                extracted = tar.extractfile(member)
                assert extracted is not None
                return joblib.load(io.BytesIO(extracted.read()))

            views, model = stored(_FEATURIZER, "vectorisers.joblib"), stored(_CLASSIFIER, "classifier.joblib")
        finder = EntityFinder(Places.load(get_settings().knowledge_dir)) if _EXTRACTOR in by_class else None
        fallback: dict[str, Any] = next(
            (n["config"] for u, n in by_class.items() if u.endswith("FallbackClassifier")), {}
        )
        limits = (float(fallback.get("threshold", 0.0)), float(fallback.get("ambiguity_threshold", 0.0)))
        reader = encoder() if by_class[_CLASSIFIER]["config"].get("encoder", True) else None
        return cls(views, model, reader, finder, limits)

    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        ranks = self._model.rank(transform(self._views, texts), texts, self._reader)
        return [self._parsed(text, ranking) for text, ranking in zip(texts, ranks, strict=True)]

    def _parsed(self, text: str, ranking: list[tuple[str, float]]) -> Parsed:
        (intent, confidence), gap = ranking[0], ranking[0][1] - ranking[1][1]
        found = self._finder.find(text) if self._finder else []
        entities = [{"entity": e.entity, "value": e.value, "start": e.start, "end": e.end} for e in found]
        unsure = confidence < self._threshold or gap < self._ambiguity
        return Parsed(text, intent, confidence, ranking, entities, unsure)


class _Rasa:
    """Any other pipeline, through Rasa's graph runner."""

    def __init__(self, archive: Path, target: str) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from rasa.engine.graph import ExecutionContext
        from rasa.engine.runner.dask import DaskGraphRunner
        from rasa.engine.storage.local_model_storage import LocalModelStorage

        self._target = target
        with tempfile.TemporaryDirectory() as folder:
            storage, metadata = LocalModelStorage.from_model_archive(Path(folder), archive)
            schema = metadata.predict_schema.minimal_graph_schema([target])
            context = ExecutionContext(graph_schema=schema, model_id=metadata.model_id)
            self._runner = DaskGraphRunner.create(schema, storage, context)

    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        from rasa.core.channels.channel import UserMessage

        inputs = {"__message__": [UserMessage(text) for text in texts]}
        outputs = self._runner.run(inputs, targets=[self._target])[self._target]
        return [self._parsed(message) for message in outputs]

    @staticmethod
    def _parsed(message: Any) -> Parsed:
        guessed = message.get("intent_ranking") or [message.get("intent")]
        ranking = [(r["name"], float(r["confidence"])) for r in guessed if r["name"] != FALLBACK]
        entities = [
            {key: entity[key] for key in ("entity", "value", "start", "end")}
            for entity in message.get("entities") or []
            if entity["entity"] not in _INTERNAL
        ]
        unsure = (message.get("intent") or {}).get("name") == FALLBACK
        intent, confidence = ranking[0] if ranking else ("out_of_scope", 0.0)
        return Parsed(message.get("text"), intent, confidence, ranking, entities, unsure)
