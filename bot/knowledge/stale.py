"""``knowledge stale``: what expires, starts, or awaits review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from bot.knowledge.answer import day_text
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.models import Item
from bot.knowledge.texts import say


def stale(base: KnowledgeBase, on: date, days: int = 90) -> list[str]:
    """One line for each thing an editor should look at, as of a day and some days ahead."""
    horizon = on + timedelta(days=days)
    lines = [line for item in base.items.values() for line in _item(base, item, on, horizon)]
    for document in base.documents.values():
        if document.ends and on < document.ends <= horizon:
            lines.append(say("stale.document_ends", id=document.id, day=day_text(document.ends)))
        if not document.certain():
            lines.append(say("stale.document_unclear", id=document.id))
    lines += [say("stale.hotline", id=h.id) for h in base.hotlines if h.needs_local_check]
    if unreviewed := sum(1 for item in base.items.values() if not item.reviewed_on):
        lines.append(say("stale.unreviewed", count=unreviewed))
    return lines or [say("stale.none")]


def changes(base: KnowledgeBase, since: date, until: date) -> list[str]:
    """One line for each item and document that begins or ends between two days: what a check as of a later day
    must not pass over in silence."""
    lines = []
    for item in base.items.values():
        if item.valid_to and since <= item.valid_to < until:
            lines.append(say("stale.ends", id=item.id, day=day_text(item.valid_to + timedelta(days=1))))
        if item.valid_from and since < item.valid_from <= until:
            lines.append(say("stale.starts", id=item.id, day=day_text(item.valid_from)))
        if item.review_due and since < item.review_due <= until:
            lines.append(say("stale.review", id=item.id, day=day_text(item.review_due)))
    for document in base.documents.values():
        if document.ends and since < document.ends <= until:
            lines.append(say("stale.document_ends", id=document.id, day=day_text(document.ends)))
        if document.effective and since < document.effective <= until:
            lines.append(say("stale.document_starts", id=document.id, day=day_text(document.effective)))
    return lines


def _item(base: KnowledgeBase, item: Item, on: date, horizon: date) -> Iterator[str]:
    if item.valid_to and item.valid_to < on:
        yield say("stale.ended", id=item.id, day=day_text(item.valid_to + timedelta(days=1)))
    elif item.valid_to and item.valid_to <= horizon:
        yield say("stale.ends", id=item.id, day=day_text(item.valid_to + timedelta(days=1)))
    if item.valid_from and on < item.valid_from:
        yield say("stale.starts", id=item.id, day=day_text(item.valid_from))
    if item.review_due and item.review_due <= horizon:
        yield say("stale.review", id=item.id, day=day_text(item.review_due))
    if not base.certain(item):
        yield say("stale.unverified", id=item.id, reason=item.verification)
