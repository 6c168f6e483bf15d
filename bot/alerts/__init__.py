"""Alerts: somebody on duty is told, and told again, until a person has taken the report on."""

from bot.alerts.ladder import acknowledge, close_for, count_open, open_alerts
from bot.alerts.worker import AlertWorker
from bot.reports.alarm import end_alarm, raise_alarm

__all__ = ["AlertWorker", "acknowledge", "close_for", "count_open", "end_alarm", "open_alerts", "raise_alarm"]
