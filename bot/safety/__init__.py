"""Safety: the risk of every message, before and independent of Rasa, and the safe answers.

Imports no web, database or Rasa code.
"""

from .answers import SafetyAnswers
from .assess import RiskAssessor
from .types import RISKS, Assessment, Context, Kind, Risk, RiskModelError

__all__ = [
    "RISKS",
    "Assessment",
    "Context",
    "Kind",
    "Risk",
    "RiskAssessor",
    "RiskModelError",
    "SafetyAnswers",
]
