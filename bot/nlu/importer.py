"""Rasa's file importer, which also trains on the messages as they would be typed without diacritics or in haste."""

from __future__ import annotations

from copy import deepcopy

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.noise import views_of


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

    def get_nlu_data(self, language: str | None = "vi") -> TrainingData:
        """The data of the files and the views."""
        data = super().get_nlu_data(language)
        extra = [copy for example in data.intent_examples for copy in self._views(example)]
        return data.merge(TrainingData(training_examples=extra))

    def _views(self, example: Message) -> list[Message]:
        text = example.get(TEXT)
        if not text or example.get("entities"):
            return []  # offsets of annotated entities would be wrong in a changed text
        copies = []
        for other in views_of(text, self._bare, self._noise, self._seed):
            copy = Message(deepcopy(example.data))
            copy.set(TEXT, other)
            copies.append(copy)
        return copies
