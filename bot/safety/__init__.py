"""Safety: the risk of every message, before and independent of Rasa, and the safe answers.

Imports no web, database or Rasa code.
"""

from .answers import SafetyAnswers, choose_form, in_writing
from .asked import Answered, answered, cannot_call, cannot_speak, offers_picture, question, unwell
from .assess import RiskAssessor
from .introductions import introduces, only_afraid
from .types import RISKS, Assessment, Context, Kind, Risk, RiskModelError

__all__ = [
    "RISKS",
    "Answered",
    "Assessment",
    "Context",
    "Kind",
    "Risk",
    "RiskAssessor",
    "RiskModelError",
    "SafetyAnswers",
    "answered",
    "cannot_call",
    "cannot_speak",
    "choose_form",
    "in_writing",
    "introduces",
    "offers_picture",
    "only_afraid",
    "question",
    "unwell",
]
