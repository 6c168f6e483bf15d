"""The key file: a 0600 JSON file with the sealing keys, the pseudonym key and the receipt and cookie keys.

Created on first use. Losing it makes every sealed column unreadable, so a database without its key file (or
with another one) stops the start: ``open_store`` compares a fingerprint kept in the database.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path


class KeyFileError(Exception):
    """The key file is missing, readable by others, or damaged; the text says how to mend it (one line)."""


@dataclass(frozen=True)
class Keyring:
    """``sealing``: key id → 32-byte key, ``current`` the one that seals; the others have one purpose each."""

    sealing: dict[int, bytes]
    current: int
    pseudonym: bytes
    receipt: bytes
    cookie: bytes

    def fingerprint(self) -> str:
        """Hex digest that identifies the pseudonym key without revealing it; survives key rotation."""
        return hmac.new(self.pseudonym, b"an-tam key fingerprint", hashlib.sha256).hexdigest()[:32]

    def pseudonymise(self, channel: str, address: str) -> str:
        """Keyed HMAC (32 hex digits) of a channel's address: a person's only name outside sealed columns."""
        return hmac.new(self.pseudonym, f"{channel}\0{address}".encode(), hashlib.sha256).hexdigest()[:32]


def create_key_file(path: Path) -> Keyring:
    """Write a new key file with mode 0600 and return its keys. Raises ``KeyFileError`` if one is there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("pseudonym", "receipt", "cookie")}
    content = {
        "version": 1,
        "current": 1,
        "sealing": {"1": base64.b64encode(secrets.token_bytes(32)).decode()},
        **new,
    }
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists already; it was left as it is") from None
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return load_key_file(path)


def add_sealing_key(path: Path) -> Keyring:
    """Add a new sealing key and make it the current one. The file is replaced whole or not at all."""
    load_key_file(path)  # refuse a broken file before touching anything
    content = json.loads(path.read_text())
    new = max(int(key_id) for key_id in content["sealing"]) + 1
    if new >= 2**16:
        raise KeyFileError(f"key file {path} has used up its key numbers")
    content["sealing"][str(new)] = base64.b64encode(secrets.token_bytes(32)).decode()
    content["current"] = new
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return load_key_file(path)


def load_key_file(path: Path) -> Keyring:
    """Read the keys. Raises ``KeyFileError`` with a one-line remedy."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        raise KeyFileError(f"key file {path} is missing: restore it from your backup") from None
    if mode & 0o077:
        raise KeyFileError(f"key file {path} is readable by others: run 'chmod 600 {path}'")
    try:
        content = json.loads(path.read_text())
        sealing = {int(key_id): base64.b64decode(key, validate=True) for key_id, key in content["sealing"].items()}
        ring = Keyring(
            sealing=sealing,
            current=int(content["current"]),
            **{n: base64.b64decode(content[n], validate=True) for n in ("pseudonym", "receipt", "cookie")},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"key file {path} is damaged: restore it from your backup") from None
    lengths = [len(k) for k in [*ring.sealing.values(), ring.pseudonym, ring.receipt, ring.cookie]]
    if ring.current not in ring.sealing or set(lengths) != {32}:
        raise KeyFileError(f"key file {path} is damaged: restore it from your backup")
    return ring
