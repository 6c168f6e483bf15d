"""Officers: who may log in at the desk. Passwords are kept only as Argon2id hashes."""

from __future__ import annotations

import re
import secrets
import threading
import time
import unicodedata
from functools import cache

import sqlalchemy as sa
from nacl import pwhash
from nacl.exceptions import CryptoError

from bot.db import audit
from bot.db.engine import Store
from bot.db.tables import desk_sessions, officers

SHORTEST = 12
LONGEST = 200
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_OPS = pwhash.argon2id.OPSLIMIT_INTERACTIVE + 1
_MEMORY = pwhash.argon2id.MEMLIMIT_INTERACTIVE
# No 0/O, 1/l/I: the password is read aloud or copied from a terminal.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
# Each hash takes 64 MiB: two at a time bound the memory however many people log in at once.
_slots = threading.BoundedSemaphore(2)


class OfficerError(Exception):
    """The login cannot be used; the text is one line for the operator."""


def normal_login(text: str) -> str:
    """A login as it is stored."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def create_officer(store: Store, login: str) -> str:
    """Add an officer and return the one-time password, which must be changed at the first log-in."""
    name, password = normal_login(login), _one_time_password()
    if not LOGIN.fullmatch(name):
        raise OfficerError("a login has 2 to 32 of the characters a-z, 0-9, '.', '_' and '-'")
    row = {"login": name, "password": _hash(password), "must_change": True, "active": True, "created_at": time.time()}
    try:
        with store.engine.begin() as connection:
            connection.execute(officers.insert().values(**row))
            audit.record(connection, audit.SYSTEM, "officer_added", name)
    except sa.exc.IntegrityError:
        raise OfficerError(f"there is an officer '{name}' already: use 'officer reset'") from None
    return password


def reset_officer(store: Store, login: str) -> str:
    """Give an officer a new one-time password and end the officer's sessions."""
    name, password = normal_login(login), _one_time_password()
    if not _set_password(store, name, _hash(password), must_change=True, action="officer_reset", actor=audit.SYSTEM):
        raise OfficerError(f"there is no officer '{name}'")
    return password


def change_password(store: Store, login: str, password: str) -> None:
    """Set the password that an officer chose; ends every session of that officer."""
    _set_password(store, login, _hash(_normal(password)), must_change=False, action="password_changed", actor=login)


def list_officers(store: Store) -> list[dict[str, object]]:
    """Login, whether a one-time password is outstanding, and when added."""
    query = sa.select(officers.c.login, officers.c.must_change, officers.c.active, officers.c.created_at)
    with store.reader.connect() as connection:
        return [dict(row) for row in connection.execute(query.order_by(officers.c.login)).mappings()]


def check_password(store: Store, login: str, password: str) -> bool:
    """Whether an active officer has this password; as much work for a login that does not exist."""
    nobody = _nobody()
    query = sa.select(officers.c.password).where(officers.c.login == login, officers.c.active)
    with store.reader.connect() as connection:
        found = connection.execute(query).scalar_one_or_none()
    return _verify(found or nobody, _normal(password)) and found is not None


def weakness(login: str, old: str, new: str, again: str) -> str | None:
    """Why a new password is not taken (a key of ``words.yml``), or ``None``."""
    plain = _normal(new)
    if plain != _normal(again):
        return "password_differs"
    if not SHORTEST <= len(plain) <= LONGEST:
        return "password_short"
    if plain == _normal(old):
        return "password_same"
    if login in plain.lower() or len(set(plain)) < 5:
        return "password_simple"
    return None


def _set_password(store: Store, login: str, hashed: str, must_change: bool, action: str, actor: str) -> bool:
    query = officers.update().where(officers.c.login == login)
    with store.engine.begin() as connection:
        if connection.execute(query.values(password=hashed, must_change=must_change)).rowcount != 1:
            return False
        connection.execute(desk_sessions.delete().where(desk_sessions.c.login == login))
        audit.record(connection, actor, action, login)
    return True


def _one_time_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _hash(password: str) -> str:
    with _slots:
        return pwhash.argon2id.str(password.encode(), opslimit=_OPS, memlimit=_MEMORY).decode("ascii")


@cache
def _nobody() -> str:
    """The hash that a login which does not exist is checked against."""
    return _hash(secrets.token_urlsafe(32))


def _verify(hashed: str, password: str) -> bool:
    with _slots:
        try:
            return bool(pwhash.verify(hashed.encode(), password.encode()))
        except (CryptoError, ValueError):
            return False
