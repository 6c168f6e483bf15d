"""Reports: what a person tells us about a child, taken once, sealed, with a receipt to come back."""

from bot.reports.alarm import end_alarm, raise_alarm
from bot.reports.draft import ReportDraft
from bot.reports.messages import OfficerMessage
from bot.reports.receipts import TooManyAttempts, find, show
from bot.reports.safe_call import SafeCall
from bot.reports.service import ReportService, ReportStatus, Taken
from bot.reports.triage import Triage, triage
from bot.reports.words import status_words

__all__ = [
    "OfficerMessage",
    "ReportDraft",
    "ReportService",
    "ReportStatus",
    "SafeCall",
    "Taken",
    "TooManyAttempts",
    "Triage",
    "end_alarm",
    "find",
    "raise_alarm",
    "show",
    "status_words",
    "triage",
]
