"""Sessions of the desk, and the gate that slows guessing of passwords."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from bot.db import audit
from bot.db.counters import Counter
from bot.db.engine import Store
from bot.db.tables import desk_sessions, officers
from bot.desk.officers import check_password, normal_login

IDLE = 30 * 60.0
LONGEST = 12 * 3600.0
WINDOW = 15 * 60.0
WRONG_PER_LOGIN = 5
WRONG_IN_ALL = 100
Answer = Literal["ok", "wrong", "wait"]


@dataclass(frozen=True)
class Session:
    """An officer at work."""

    login: str
    must_change: bool


class Sessions:
    """Opens, finds and closes sessions. Only a keyed hash of the token is stored."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def open(self, login: str) -> str:
        """A new session's token; sessions that are over are cleared away."""
        token, now = secrets.token_urlsafe(32), self._clock()
        row = {"token": self._hash(token), "login": login, "created_at": now, "seen_at": now}
        over = sa.or_(desk_sessions.c.seen_at < now - IDLE, desk_sessions.c.created_at < now - LONGEST)
        with self._store.engine.begin() as connection:
            connection.execute(desk_sessions.delete().where(over))
            connection.execute(desk_sessions.insert().values(**row))
            audit.record(connection, login, "login", login, at=now)
        return token

    def find(self, token: str, touch: bool = True) -> Session | None:
        """The session, unless it is over; being found (and ``touch``) keeps it alive."""
        now, hashed = self._clock(), self._hash(token)
        query = (
            sa.select(desk_sessions.c.login, officers.c.must_change, desk_sessions.c.seen_at)
            .join(officers, officers.c.login == desk_sessions.c.login)
            .where(
                desk_sessions.c.token == hashed,
                desk_sessions.c.seen_at >= now - IDLE,
                desk_sessions.c.created_at >= now - LONGEST,
                officers.c.active,
            )
        )
        with self._store.reader.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if touch and now - row.seen_at > 30:
            change = desk_sessions.update().where(desk_sessions.c.token == hashed)
            with self._store.engine.begin() as connection:
                connection.execute(change.values(seen_at=now))
        return Session(row.login, row.must_change)

    def close(self, token: str, login: str) -> None:
        """End a session."""
        with self._store.engine.begin() as connection:
            connection.execute(desk_sessions.delete().where(desk_sessions.c.token == self._hash(token)))
            audit.record(connection, login, "logout", login, at=self._clock())

    def csrf(self, token: str) -> str:
        """The token that every form of this browser session carries."""
        return _keyed(self._store, f"desk csrf\0{token}")

    def _hash(self, token: str) -> str:
        return _keyed(self._store, f"desk session\0{token}")


class Gate:
    """Checks passwords, and refuses after too many wrong ones.

    A browser from which an officer has logged in before holds a signed device mark and is counted on its own:
    a stranger who keeps guessing cannot lock officers out of the desk.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._per_login = Counter(store.keys, "desk login", WINDOW)
        self._in_all = Counter(store.keys, "desk logins", WINDOW)

    def attempt(self, login: str, password: str, device: str) -> Answer:
        """Whether this is the officer's password."""
        name, now = normal_login(login)[:64], self._clock()
        known_device = self._is_device(name, device)
        who = f"{name}\0{device}" if known_device else name
        with self._store.engine.begin() as connection:
            # Counted before the answer is known, so that guesses in parallel do not slip through.
            mine = self._per_login.hit(connection, who, now)
            everybody = 0 if known_device else self._in_all.hit(connection, "", now)
        if mine > WRONG_PER_LOGIN or everybody > WRONG_IN_ALL:
            return "wait"
        right = check_password(self._store, name, password)
        with self._store.engine.begin() as connection:
            if right:
                self._per_login.give_back(connection, who, now)
                if not known_device:
                    self._in_all.give_back(connection, "", now)
                return "ok"
            # What stands in the login field may be a password: only names that exist are written down.
            known = connection.execute(sa.select(officers.c.login).where(officers.c.login == name)).first()
            audit.record(connection, audit.SYSTEM, "login_failed", name if known else "unknown", at=now)
        return "wrong"

    def device(self, login: str) -> str:
        """A device mark for a browser where this officer has logged in."""
        nonce = secrets.token_urlsafe(12)
        return f"{nonce}.{_keyed(self._store, self._device_name(login, nonce))}"

    def _is_device(self, login: str, device: str) -> bool:
        nonce, _, mark = device.partition(".")
        return hmac.compare_digest(mark.encode(), _keyed(self._store, self._device_name(login, nonce)).encode())

    @staticmethod
    def _device_name(login: str, nonce: str) -> str:
        return f"desk device\0{login}\0{nonce}"


def _keyed(store: Store, name: str) -> str:
    return hmac.new(store.keys.cookie, name.encode(), hashlib.sha256).hexdigest()
