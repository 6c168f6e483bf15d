"""Receipts: 16 digits in groups of four, divisible by seven, stored only as a slow keyed hash.

Divisibility by seven finds every single wrong digit and nearly every swap of neighbours, and leaves
10^16 / 7, more than 2^50 codes. The code is derived from the idempotency key with a keyed HMAC, so that a
repeated confirmation shows the same one although it is kept nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading

from nacl import pwhash

from bot.db.keys import Keyring

DIGITS = 16
CODES = 10**DIGITS // 7
_OPS = pwhash.argon2id.OPSLIMIT_INTERACTIVE
_MEMORY = pwhash.argon2id.MEMLIMIT_INTERACTIVE
# Each hash takes 64 MiB: two at a time bound the memory however many people ask at once.
_slots = threading.BoundedSemaphore(2)
_CODE = re.compile(r"(?<![0-9])(?:[0-9][\s.\-]*){15}[0-9](?![\s.\-]*[0-9])")


class TooManyAttempts(Exception):  # noqa: N818 - the name other rooms build to
    """Too many wrong codes, by this sender or by everybody; says nothing about any code."""


def derive(keys: Keyring, idempotency_hash: str, turn: int = 0) -> str:
    """The 16 digits for a report (``turn`` > 0 only if another report already has that code)."""
    digest = _keyed(keys, f"receipt\0{idempotency_hash}\0{turn}")
    return f"{int.from_bytes(digest, 'big') % CODES * 7:0{DIGITS}d}"


def show(digits: str) -> str:
    """As people read it: ``1234 5678 9012 3456``."""
    return " ".join(digits[start : start + 4] for start in range(0, DIGITS, 4))


def find(text: str) -> str | None:
    """The 16 digits in what a person wrote: spaces, dots and hyphens between them are welcome, other scripts'
    digits are not. ``None`` when there are not exactly 16 together or they are not divisible by seven."""
    match = _CODE.search(text)
    if match is None:
        return None
    digits = re.sub(r"[^0-9]", "", match.group())
    return digits if int(digits) % 7 == 0 else None


def lookup(keys: Keyring, digits: str) -> str:
    """What is stored: Argon2id under a keyed salt; the database alone does not even allow guessing."""
    salt = _keyed(keys, "receipt salt")[: pwhash.argon2id.SALTBYTES]
    with _slots:
        slow = pwhash.argon2id.kdf(32, digits.encode(), salt, opslimit=_OPS, memlimit=_MEMORY)
    return hmac.new(keys.receipt, slow, hashlib.sha256).hexdigest()


def hash_key(keys: Keyring, idempotency_key: str) -> str:
    """The stored form of a caller's idempotency key (which may be made from an address)."""
    return _keyed(keys, f"idempotency\0{idempotency_key}").hex()


def _keyed(keys: Keyring, name: str) -> bytes:
    return hmac.new(keys.receipt, f"an-tam {name}".encode(), hashlib.sha256).digest()
