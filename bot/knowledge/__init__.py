"""The knowledge base: what An Tâm may say, why, and since when it is so.

Imports no web, database or Rasa code, so that it can be tested and reused alone.
"""

from bot.knowledge.base import KnowledgeBase, KnowledgeError
from bot.knowledge.places import PlaceMatch, Places

__all__ = ["KnowledgeBase", "KnowledgeError", "PlaceMatch", "Places"]
