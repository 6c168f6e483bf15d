"""The knowledge base: what An Tâm may say, why, and since when it is so.

Imports no web, database or Rasa code, so that it can be tested and reused alone. What needs the search index is
loaded on first use: places and models are wanted where scientific libraries are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.knowledge.base import KnowledgeBase, KnowledgeError
from bot.knowledge.places import PlaceMatch, Places

if TYPE_CHECKING:
    from bot.knowledge.answer import Answer, AnswerItem
    from bot.knowledge.answerer import Answerer

__all__ = ["Answer", "AnswerItem", "Answerer", "KnowledgeBase", "KnowledgeError", "PlaceMatch", "Places"]


def __getattr__(name: str) -> Any:
    if name in ("Answer", "AnswerItem"):
        from bot.knowledge import answer

        return getattr(answer, name)
    if name == "Answerer":
        from bot.knowledge.answerer import Answerer

        return Answerer
    raise AttributeError(name)
