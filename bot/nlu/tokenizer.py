"""Vietnamese words of a message as Rasa tokens, with offsets in the original text."""

from __future__ import annotations

import unicodedata
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


def locate(words: list[str], text: str) -> list[tuple[str, int, int]]:
    """Each word with its place in ``text``; letters are compared, whatever white space stands between them."""
    places: list[tuple[str, int, int]] = []
    at = 0
    for word in words:
        start = end = -1
        probe = at
        for char in word.replace(" ", ""):
            while probe < len(text) and text[probe] != char:
                probe += 1
            if probe == len(text):
                break
            start = probe if start < 0 else start
            end = probe = probe + 1
        else:
            if start >= 0:
                places.append((text[start:end], start, end))
                at = end
    return places


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class UnderthseaTokenizer(Tokenizer):  # type: ignore[misc]
    """Splits by ``underthesea.word_tokenize``: "học sinh" is one token."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """What Rasa's tokenizers understand; ``words: false`` splits at white space only (faster)."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
            "words": True,
        }

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["underthesea"]

    @staticmethod
    def supported_languages() -> list[str]:
        """Vietnamese only."""
        return ["vi"]

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """One token a message at training: nothing here learns from tokens, and Rasa hashes each of them many times.

        Segmenting and hashing took more than half of the training's time.
        """
        for example in training_data.training_examples:
            text = str(example.get(TEXT) or "")
            if text:
                example.set(TOKENS_NAMES[TEXT], [Token(text, 0)])
        return training_data

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The tokens of one attribute."""
        text = str(message.get(attribute))
        composed = unicodedata.normalize("NFC", text)
        words = composed.split()
        if self._config["words"] and composed == text and len(text) <= 1000:
            from underthesea import word_tokenize

            words = word_tokenize(text) or words
        elif composed != text:
            words = text.split()
        tokens = [Token(word, start, end) for word, start, end in locate(words, text)]
        split: list[Token] = self._apply_token_pattern(tokens or [Token(text or " ", 0)])
        return split
