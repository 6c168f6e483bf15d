"""Primero v2 as a target: a case for each report, created once under the report's own UUID, then read back.

A 204 does not prove that the fields were kept: keys that are unknown, or that the role may not write, are dropped
without a word. Refused credentials stop the target at once, because six failures lock the account.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from bot.forwarding.backoff import retry_after
from bot.forwarding.calling import Answer, Caller, CallFailed
from bot.forwarding.primero_mapping import (
    CaseMapping,
    Server,
    build_case,
    build_note,
    has_note,
    load_mapping,
    not_kept,
)
from bot.forwarding.targets import CaseStatus, Message, Outcome, TargetError
from bot.reports.form01 import VIETNAM

CONFIGURATION_LIVES = 3600.0
REFUSED_FOR = 30.0
"""So long nothing of this process logs in after a refusal; by then the stop is in the database."""
REFUSED = Outcome("pending", "http_401", stop=True)
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_POINTER = re.compile(r"[A-Za-z0-9_]{1,64}")


class PrimeroTarget:
    """Creates cases, adds notes, asks how cases stand."""

    name = "primero"
    most_at_once = 3
    """With one worker that asks about cases: at most four refused log-ins before everybody knows; six lock."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        mapping: Path,
        module: str = "primeromodule-cp",
        allow_private: bool = False,
        timeout: float = 20.0,
        verify: Literal[True] | str = True,
    ) -> None:
        if not user or not password:
            raise TargetError("HOTLINE_PRIMERO_URL is set: set HOTLINE_PRIMERO_USER and HOTLINE_PRIMERO_PASSWORD, too")
        self.credentials = f"{url}\0{user}\0{password}"
        self.mapping: CaseMapping = load_mapping(mapping)
        self._user, self._module = user, module
        self._caller = Caller(
            url,
            "HOTLINE_PRIMERO_URL",
            allow_private=allow_private,
            timeout=timeout,
            verify=verify,
            auth=(user, password),
        )
        self._lock = threading.Lock()
        self._refused_at = -REFUSED_FOR
        self._server: Server | None = None
        self._read_at = 0.0

    def __repr__(self) -> str:
        """Without the credentials."""
        return "PrimeroTarget()"

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()

    # --- sending ------------------------------------------------------------------------------------
    def send(self, message: Message) -> Outcome:
        """Create the case, or add a note to it; delivered only when it was read back."""
        try:
            server = self.check()
            if message.kind != "report":
                return self._add_note(message)
            return self._create(message, server)
        except CallFailed as failed:
            return failed.outcome

    def _create(self, message: Message, server: Server) -> Outcome:
        case, path = build_case(message.content, self._module, self.mapping, server), f"/cases/{message.report_id}"
        if message.again:  # perhaps it is there: ask, do not hope
            answer = self._call("GET", path)
            if answer.status not in (403, 404):
                return self._kept(case, answer, server)
        answer = self._call("POST", "/cases", case)
        if answer.status not in (200, 201, 204, 409):
            outcome = judge(answer, case)
            if outcome.code == "http_422":
                self._server = None  # the configuration may have changed: look again before the next one
            return outcome
        # 409: an earlier attempt has created it. Either way only reading it tells what was kept.
        answer = self._call("GET", path)
        if answer.status in (403, 404):
            return Outcome("delivered", alarm="readback_denied")
        return self._kept(case, answer, server)

    def _kept(self, case: Mapping[str, Any], answer: Answer, server: Server) -> Outcome:
        """What of a case the server kept, by its own answer."""
        if answer.status != 200:
            return _again(answer)
        lost = not_kept(case, _data(answer))
        return Outcome("delivered", fields=lost, alarm="keys_dropped" if lost else self._mapping_alarm(server))

    def _mapping_alarm(self, server: Server) -> str:
        return "mapping_incomplete" if server.problems(self.mapping) else ""

    def _add_note(self, message: Message) -> Outcome:
        """Only a note, never a field that officers own. One that is there already is left as officers made it."""
        note, path = build_note(message.content, message.kind, message.ref, self.mapping), f"/cases/{message.report_id}"
        if not (message.again and has_note(note, _data(self._call("GET", path)))):
            answer = self._call("PATCH", path, note)
            if answer.status not in (200, 204):
                return judge(answer, note)
            answer = self._call("GET", path)
            if answer.status != 200:
                return _again(answer)
            lost = not_kept(note, _data(answer))
            if lost:
                return Outcome("rejected", "note_dropped", fields=lost)
        return self._flag(message) if message.kind == "withdrawal" else Outcome("delivered")

    def _flag(self, message: Message) -> Outcome:
        today = datetime.fromtimestamp(message.content["at"], VIETNAM).date().isoformat()
        flag = {
            "id": str(uuid.uuid5(uuid.UUID(message.ref), "flag")),
            "date": today,
            "message": self.mapping.notes.subjects["withdrawal"],
        }
        answer = self._call("POST", f"/cases/{message.report_id}/flags", flag, stop_on_403=False)
        if answer.status in (200, 201, 204, 409):
            return Outcome("delivered")
        if answer.status == 403:
            return Outcome("delivered", alarm="flag_denied")
        return judge(answer, flag)

    # --- the server's configuration -----------------------------------------------------------------
    def check(self) -> Server:
        """What the server knows, read at the start and once an hour. Raises ``CallFailed``."""
        with self._lock:
            if self._server is not None and time.monotonic() - self._read_at < CONFIGURATION_LIVES:
                return self._server
            record = {"record_type": "case", "module_id": self._module}
            forms = self._list("/forms", record)
            lookups = self._list("/lookups", {"per": "1000"})
            try:
                self._server = Server.read(forms, lookups)
            except (KeyError, TypeError, AttributeError):
                raise CallFailed(Outcome("pending", "configuration_unreadable")) from None
            self._read_at = time.monotonic()
            return self._server

    def gaps(self) -> tuple[str, ...]:
        """The mapping's fields that the server lacks, has as another type, or whose values it does not know."""
        server = self.check()
        return tuple(dict.fromkeys([*server.problems(self.mapping), *server.unknown_values(self.mapping)]))

    def _list(self, path: str, query: Mapping[str, str]) -> list[Any]:
        answer = self._call("GET", path, query=query)
        if answer.status != 200:
            raise CallFailed(_again(answer))
        found = _content(answer).get("data")
        return found if isinstance(found, list) else []

    # --- how a case stands --------------------------------------------------------------------------
    def case_status(self, report_id: str) -> CaseStatus:
        """Ask; an open case that nobody was given says nothing."""
        try:
            answer = self._call("GET", f"/cases/{report_id}", stop_on_403=False)
        except CallFailed as failed:
            return CaseStatus(None, failed.outcome.code, failed.outcome.stop)
        if answer.status != 200:
            return CaseStatus(None, f"http_{answer.status}")
        case = _data(answer)
        status: str | None = self.mapping.status.get(str(case.get("status")))
        if status is None and case.get("owned_by") not in (None, "", self._user):
            status = self.mapping.assigned
        return CaseStatus(status)

    def _call(
        self,
        method: str,
        path: str,
        data: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        stop_on_403: bool = True,
    ) -> Answer:
        """One request. Raises ``CallFailed`` without an answer, and when the log-in was refused."""
        if time.monotonic() - self._refused_at < REFUSED_FOR:
            raise CallFailed(REFUSED)
        body = b"" if data is None else json.dumps({"data": data}, ensure_ascii=False).encode()
        answer = self._caller.call(method, f"/api/v2{path}", body=body, headers=HEADERS, query=query)
        if answer.status == 401:
            self._refused_at = time.monotonic()
            raise CallFailed(REFUSED)
        if answer.status == 403 and stop_on_403 and (method != "GET" or path in ("/forms", "/lookups")):
            raise CallFailed(Outcome("pending", "http_403", stop=True))
        return answer


def judge(answer: Answer, sent: Mapping[str, Any]) -> Outcome:
    """What a refusal means (401 and 403 are dealt with before)."""
    if answer.status == 422:
        return Outcome("rejected", "http_422", fields=pointers(answer, sent))
    if answer.status in (408, 425, 429, 503) or answer.status >= 500:
        return _again(answer)
    return Outcome("rejected", f"http_{answer.status}")


def _again(answer: Answer) -> Outcome:
    wish = retry_after(answer.headers.get("retry-after"))
    state = "pending" if answer.status in (408, 425, 429, 503) else "unknown"
    return Outcome(state, f"http_{answer.status}", wish)  # type: ignore[arg-type]


def pointers(answer: Answer, sent: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that a 422 points at, and only those that we sent: an answer's words are never kept."""
    named: list[str] = []
    errors = _content(answer).get("errors")
    for error in errors if isinstance(errors, list) else []:
        detail = error.get("detail") if isinstance(error, dict) else None
        for pointer in detail if isinstance(detail, list) else [detail]:
            first = _POINTER.search(str(pointer or ""))
            if first and first.group() in sent:
                named.append(first.group())
    return tuple(dict.fromkeys(named))


def _content(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _data(answer: Answer) -> dict[str, Any]:
    found = _content(answer).get("data")
    return found if isinstance(found, dict) else {}
