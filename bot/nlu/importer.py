"""Rasa's file importer, which also trains on the messages as they would be typed without diacritics or in haste."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.entities_parser import find_entities_in_training_example
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from bot.nlu.noise import views_of


class Written(Message):  # type: ignore[misc]
    """A training message that is quick to copy and to hash.

    Rasa merges training data several times on the way to a model: each time it copies every message deeply, strips its
    intent and hashes it piece by piece. With 200,000 messages that took longer than the training.
    """

    _cached_fingerprint: str | None

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        """Set a property; what it already is leaves the hash as it was."""
        if add_to_output or self.data.get(prop) != info:
            super().set(prop, info, add_to_output)

    def fingerprint(self) -> str:
        """Changes with any property; with its features it is Rasa's own."""
        if self.features:
            return str(super().fingerprint())
        if self._cached_fingerprint is None:
            whole = json.dumps(self.data, sort_keys=True, ensure_ascii=False, default=str)
            self._cached_fingerprint = hashlib.sha256(whole.encode()).hexdigest()[:32]
        return str(self._cached_fingerprint)

    def __deepcopy__(self, memo: dict[int, Any]) -> Written:
        """A copy with its own properties and features; nested metadata, which nothing changes, is shared."""
        twin = Written(self.data, set(self.output_properties), self.time, list(self.features))
        twin._cached_fingerprint = self._cached_fingerprint
        return twin


class NotPlain(ValueError):
    """A file that holds more than written messages of intents, or is wrong."""


def read(path: str) -> TrainingData:
    """The training data of a file. Raises what Rasa raises on a wrong one.

    Rasa's reader loads a file four times over to check it, half a minute for all of ours; it still reads, and judges,
    every file with more in it than lists of written messages.
    """
    try:
        return TrainingData(list(_plain(Path(path))))
    except (NotPlain, yaml.YAMLError, OSError):
        data = load_data(path, "vi")
    data.training_examples = [Written(m.data, m.output_properties, m.time, m.features) for m in data.training_examples]
    return data


def _plain(path: Path) -> Iterator[Written]:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    if not isinstance(content, dict) or set(content) - {"version", "nlu"}:
        raise NotPlain
    for group in content.get("nlu") or [None]:
        if not isinstance(group, dict) or set(group) - {"intent", "metadata", "examples"}:
            raise NotPlain
        intent, examples = group.get("intent"), group.get("examples")
        if not (isinstance(intent, str) and isinstance(examples, str)) or "/" in intent:
            raise NotPlain
        lines = examples.splitlines()
        if not lines or not all(line.startswith("-") for line in lines) or find_entities_in_training_example(examples):
            raise NotPlain
        for line in lines:
            yield Written.build(line[1:].strip("\n\r "), intent, None, group.get("metadata"))


class ViewsImporter(RasaFileImporter):  # type: ignore[misc]
    """Adds views of every intent example at training time; the files hold written messages only.

    ``bare`` adds a copy without diacritics, ``noise`` is the share of messages that also get a noisy copy;
    ``seed`` makes other noise, the same on every run.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        bare: bool = True,
        noise: float = 0.5,
        seed: int = 1,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        self._bare = bare
        self._noise = noise
        self._seed = seed

    def get_nlu_data(self, language: str | None = "vi") -> TrainingData:  # noqa: ARG002 - the files are in one
        """The data of the files and the views. Rasa asks several times, in two languages, and copies what it gets."""
        return self._read()

    @cached_method  # type: ignore[untyped-decorator]
    def _read(self) -> TrainingData:
        data = TrainingData().merge(*map(read, self._nlu_files))
        views = [view for example in data.intent_examples for view in self._views(example)]
        return data.merge(TrainingData(training_examples=views))

    def _views(self, example: Message) -> list[Message]:
        text = example.get(TEXT)
        if not text or example.get("entities"):
            return []  # offsets of annotated entities would be wrong in a changed text
        return [Written({**example.data, TEXT: other}) for other in views_of(text, self._bare, self._noise, self._seed)]
