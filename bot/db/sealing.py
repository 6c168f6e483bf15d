"""Sealing: XChaCha20-Poly1305 (PyNaCl), bound to table, column and row, padded to hide lengths.

Layout: version byte 1, key id (2 bytes, big endian), 24-byte nonce, ciphertext. The plaintext is padded with
ISO/IEC 7816-4 to a multiple of 256 bytes (``sodium_pad``).
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from nacl import bindings, utils
from nacl.exceptions import CryptoError

from bot.db.keys import KeyFileError, Keyring, load_key_file

NONCE = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
BLOCK = 256
REFRESH = 1.0
"""Seconds after which a process that seals looks whether the keys were rotated."""


class SealError(Exception):
    """The value was changed, moved to another place, or sealed with a key that is not in the key file."""


class Sealer:
    """Seals and opens values with a keyring. ``where`` is ``(table, column, row)``."""

    def __init__(self, keys: Keyring, key_file: Path | None = None) -> None:
        self.keys = keys
        self._key_file = key_file
        self._checked_at = time.monotonic()
        self._version = _version(key_file)

    def refresh(self) -> None:
        """Read the key file again if it was replaced (``keys rotate`` runs while the program does)."""
        self._checked_at = time.monotonic()
        version = _version(self._key_file)
        if self._key_file is None or version in (None, self._version):
            return
        try:
            found = load_key_file(self._key_file)
        except KeyFileError:
            return  # the keys in memory still work
        if found.fingerprint() == self.keys.fingerprint():
            self.keys, self._version = found, version

    def seal(self, plain: bytes, table: str, column: str, row: str) -> bytes:
        """Seal bytes for one place."""
        if time.monotonic() - self._checked_at > REFRESH:
            self.refresh()
        return self._seal(plain, self.keys.current, self.keys.sealing[self.keys.current], table, column, row)

    def open(self, sealed: bytes, table: str, column: str, row: str) -> bytes:
        """Open bytes of one place. Raises ``SealError``."""
        key_id = int.from_bytes(sealed[1:3], "big")
        if key_id not in self.keys.sealing:
            self.refresh()
        key = self.keys.sealing.get(key_id)
        if key is None:
            raise SealError("sealed with a key that is not in the key file")
        return self._open(sealed, key, table, column, row)

    def seal_json(self, value: Any, table: str, column: str, row: str) -> bytes:
        """Seal a JSON value for one place."""
        return self.seal(json.dumps(value, ensure_ascii=False).encode(), table, column, row)

    def open_json(self, sealed: bytes, table: str, column: str, row: str) -> Any:
        """Open a JSON value of one place. Raises ``SealError``."""
        return json.loads(self.open(sealed, table, column, row))

    def with_key(self, key: bytes) -> DataSealer:
        """A sealer for one record's own data key (deleting that key shreds the record)."""
        return DataSealer(key)

    @staticmethod
    def new_data_key() -> bytes:
        """32 random bytes."""
        return utils.random(32)

    @staticmethod
    def _seal(plain: bytes, key_id: int, key: bytes, table: str, column: str, row: str) -> bytes:
        nonce = utils.random(NONCE)
        padded = bindings.sodium_pad(plain, BLOCK)
        head = b"\x01" + key_id.to_bytes(2, "big")
        aad = _aad(head, table, column, row)
        return head + nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, aad, nonce, key)

    @staticmethod
    def _open(sealed: bytes, key: bytes, table: str, column: str, row: str) -> bytes:
        head, nonce, body = sealed[:3], sealed[3 : 3 + NONCE], sealed[3 + NONCE :]
        try:
            padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                body, _aad(head, table, column, row), nonce, key
            )
        except (CryptoError, ValueError, TypeError):
            raise SealError(f"{table}.{column} cannot be opened with this key file") from None
        return bindings.sodium_unpad(padded, BLOCK)


class DataSealer:
    """Seals with one data key (key id 0)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal_json(self, value: Any, table: str, column: str, row: str) -> bytes:
        """Seal a JSON value for one place."""
        return Sealer._seal(json.dumps(value, ensure_ascii=False).encode(), 0, self._key, table, column, row)

    def open_json(self, sealed: bytes, table: str, column: str, row: str) -> Any:
        """Open a JSON value of one place. Raises ``SealError``."""
        return json.loads(Sealer._open(sealed, self._key, table, column, row))


def _version(key_file: Path | None) -> tuple[int, int] | None:
    """What changes when the key file is replaced; ``None`` when it cannot be seen."""
    if key_file is None:
        return None
    try:
        found = key_file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _aad(head: bytes, table: str, column: str, row: str) -> bytes:
    return head + "\0".join((table, column, row)).encode()
