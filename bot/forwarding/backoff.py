"""When to try again: full jitter, ``Retry-After``, and a breaker for a target that is down."""

from __future__ import annotations

import random
import threading
import time
from datetime import timezone
from email.utils import parsedate_to_datetime

FIRST_DELAY = 2.0
LONGEST_WISH = 24 * 3600.0
"""A longer ``Retry-After`` is taken for a mistake: a report does not wait longer than a day for a retry."""


def delay(attempts: int, longest: float, rng: random.Random) -> float:
    """Exponential backoff with full jitter, in seconds, after ``attempts`` failed ones."""
    return rng.uniform(0, min(longest, FIRST_DELAY * 2.0 ** min(attempts, 30)))


def retry_after(header: str | None, now: float | None = None) -> float | None:
    """``Retry-After`` (seconds or an HTTP date) as seconds from now; ``None`` when absent or senseless."""
    text = (header or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WISH)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    seconds = moment.timestamp() - (time.time() if now is None else now)
    return min(max(seconds, 0.0), LONGEST_WISH)


class Breaker:
    """Holds back a target that keeps failing, so that its reports do not use up their attempts.

    After ``limit`` failures in a row it is left alone for a while, twice as long each time up to ``longest``;
    then one delivery probes it.
    """

    def __init__(self, longest: float, limit: int = 5, first: float = 5.0) -> None:
        self._limit, self._first, self._longest = limit, first, longest
        self._failures = 0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def allowed(self, now: float) -> int:
        """How many deliveries may be tried now: 0 (held back), 1 (a probe) or many."""
        with self._lock:
            if now < self._closed_until:
                return 0
            return 1 if self._failures >= self._limit else 1_000_000

    def note(self, ok: bool, now: float, wish: float | None = None) -> None:
        """Count an attempt; ``wish`` is the target's own ``Retry-After``."""
        with self._lock:
            if ok:
                self._failures, self._closed_until = 0, 0.0
                return
            self._failures += 1
            if self._failures >= self._limit:
                pause = min(self._longest, self._first * 2.0 ** min(self._failures - self._limit, 20))
                self._closed_until = max(self._closed_until, now + pause)
            if wish is not None:
                self._closed_until = max(self._closed_until, now + wish)
