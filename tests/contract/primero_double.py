"""Primero v2 over real HTTP, with its traps: silent drops, 204 and 409, strict lookups, 503, the account lock."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD, MODULE = "an_tam", "primer0-mat-khau", "primeromodule-cp"
LOCK_AFTER = 6
LOOKUPS = {
    "lookup-gender": ["male", "female"],
    "lookup-risk-level": ["high", "medium", "low"],
    "lookup-protection-concerns": ["sexually_exploited", "trafficked_smuggled", "mentally_distressed", "other"],
    "lookup-case-status": ["open", "closed", "transferred", "identified"],
}
NOTE_FIELDS = {"unique_id", "note_date", "note_subject", "note_text"}
FIELDS = {
    "name": ("text_field", ""),
    "age": ("numeric_field", ""),
    "estimated": ("tick_box", ""),
    "sex": ("select_box", "lookup lookup-gender"),
    "registration_date": ("date_field", ""),
    "other_agency_id": ("text_field", ""),
    "other_agency_name": ("text_field", ""),
    "address_current": ("textarea", ""),
    "telephone_current": ("text_field", ""),
    "risk_level": ("select_box", "lookup lookup-risk-level"),
    "urgent_protection_concern": ("radio_button", ""),
    "protection_concerns": ("select_box", "lookup lookup-protection-concerns"),
    "protection_concerns_other": ("text_field", ""),
    "notes_section": ("subform", ""),
}
CORE = {"id", "module_id", "owned_by", "status"}


@dataclass(frozen=True)
class Trouble:
    """How one request goes wrong. ``keep``: whether the server does its work before that."""

    status: int = 0
    keep: bool = False
    delay: float = 0.0
    cut: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Primero:
    """The server's state; tests change it as an administrator would."""

    trouble: Callable[[int, str, str], Trouble | None] = lambda _n, _method, _path: None
    password: str = PASSWORD
    may: set[str] = field(default_factory=lambda: {"create", "read", "write", "flag", "configuration"})
    writable: set[str] = field(default_factory=lambda: set(FIELDS))
    fields: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(FIELDS))
    lookups: dict[str, list[str]] = field(default_factory=lambda: {k: list(v) for k, v in LOOKUPS.items()})
    multi: set[str] = field(default_factory=lambda: {"protection_concerns"})
    changing_configuration: bool = False
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    flags: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    patched: list[set[str]] = field(default_factory=list)
    created: int = 0
    failed_logins: int = 0
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def locked(self) -> bool:
        return self.failed_logins >= LOCK_AFTER

    # --- one request --------------------------------------------------------------------------------
    def answer(self, method: str, path: str, authorization: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        with self.lock:
            if not self._logged_in(authorization):
                return self._error(401, path)
            if self.changing_configuration:
                status, errors, _ = self._error(503, path)
                return status, errors, {"Retry-After": "60"}
            try:
                return self._route(method, path, body)
            except PermissionError:
                return self._error(403, path)

    def _logged_in(self, authorization: str) -> bool:
        expected = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        if self.locked or authorization != f"Basic {expected}":
            self.failed_logins += 1
            return False
        self.failed_logins = 0
        return True

    def _need(self, permission: str) -> None:
        if permission not in self.may:
            raise PermissionError

    def _route(self, method: str, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(path)
        query, steps = parse_qs(parts.query), parts.path.removeprefix("/api/v2").strip("/").split("/")
        if method == "GET" and steps == ["forms"]:
            self._need("configuration")
            return self._forms(query)
        if method == "GET" and steps == ["lookups"]:
            self._need("configuration")
            return self._lookups(query)
        if steps[0] != "cases":
            return self._error(404, path)
        try:
            data = json.loads(body)["data"] if body else None
        except ValueError:
            return self._error(400, path)
        except KeyError:
            return self._error(422, path)
        if method == "POST" and steps == ["cases"]:
            self._need("create")
            return self._create(data, path)
        case = self.cases.get(steps[1]) if len(steps) > 1 else None
        if case is None:
            return self._error(404, path)
        if method == "GET" and len(steps) == 2:
            self._need("read")
            return 200, {"data": case}, {}
        if method == "PATCH" and len(steps) == 2:
            self._need("write")
            return self._patch(case, data, path)
        if method == "POST" and steps[2:] == ["flags"]:
            self._need("flag")
            return self._flag(data, path)
        return self._error(404, path)

    def _forms(self, query: dict[str, list[str]]) -> tuple[int, Any, dict[str, str]]:
        if query.get("module_id", [MODULE]) != [MODULE]:
            return 200, {"data": []}, {}
        fields = []
        for name, (kind, source) in self.fields.items():
            entry: dict[str, Any] = {"name": name, "type": kind, "display_name": {"en": name}}
            if source:
                entry.update(option_strings_source=source, multi_select=name in self.multi)
            fields.append(entry)
        return 200, {"data": [{"unique_id": "all_in_one", "parent_form": "case", "fields": fields}]}, {}

    def _lookups(self, query: dict[str, list[str]]) -> tuple[int, Any, dict[str, str]]:
        per = min(int(query.get("per", ["20"])[0]), 1000)
        found = [
            {"unique_id": name, "values": [{"id": value, "display_text": {"en": value}} for value in values]}
            for name, values in self.lookups.items()
        ]
        return 200, {"data": found[:per], "metadata": {"total": len(found), "per": per, "page": 1}}, {}

    def _create(self, data: Any, path: str) -> tuple[int, Any, dict[str, str]]:
        if not isinstance(data, dict) or not data:
            return self._error(422, path)
        identity = data.get("id")
        if identity in self.cases:
            return self._error(409, path)
        kept = self._permitted(data, data.get("module_id"))
        wrong = self._wrong(kept)
        if wrong:
            return self._error(422, path, wrong)
        self.created += 1
        case_id = identity or f"00000000-0000-4000-8000-{self.created:012d}"
        kept.setdefault("registration_date", date.today().isoformat())
        kept.setdefault("status", "open")
        self.cases[case_id] = {**kept, "id": case_id, "owned_by": USER, "case_id_display": case_id[-7:]}
        return (204, None, {}) if identity else (200, {"data": self.cases[case_id]}, {})

    def _patch(self, case: dict[str, Any], data: Any, path: str) -> tuple[int, Any, dict[str, str]]:
        kept = self._permitted(data, case.get("module_id"))
        wrong = self._wrong(kept)
        if wrong:
            return self._error(422, path, wrong)
        self.patched.append(set(data))
        for name, value in kept.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                entries = {entry["unique_id"]: entry for entry in case.get(name, [])}
                for entry in value:
                    entries[entry["unique_id"]] = {**entries.get(entry["unique_id"], {}), **entry}
                case[name] = list(entries.values())
            else:
                case[name] = value
        return 200, {"data": kept}, {}

    def _flag(self, data: Any, path: str) -> tuple[int, Any, dict[str, str]]:
        if data.get("id") in self.flags:
            return self._error(409, path)
        self.flags[data.get("id") or str(len(self.flags))] = data
        return (204, None, {}) if data.get("id") else (200, {"data": data}, {})

    def _permitted(self, data: dict[str, Any], module: Any) -> dict[str, Any]:
        """Without ``module_id`` no form field is writable; what may not be written goes without an error."""
        writable = self.writable & set(self.fields) if module == MODULE else set()
        return {name: value for name, value in data.items() if name in CORE or name in writable}

    def _wrong(self, kept: dict[str, Any]) -> list[str]:
        return [f"/{name}" for name, value in kept.items() if name in self.fields and not self._valid(name, value)]

    def _valid(self, name: str, value: Any) -> bool:
        kind, source = self.fields[name]
        if kind in ("text_field", "textarea"):
            return isinstance(value, str)
        if kind == "numeric_field":
            return value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31)
        if kind == "tick_box":
            return isinstance(value, bool)
        if kind == "radio_button":
            return isinstance(value, bool) or value in ("true", "false")
        if kind == "date_field":
            return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)))
        if kind == "subform":
            return isinstance(value, list) and all(isinstance(e, dict) and set(e) <= NOTE_FIELDS for e in value)
        allowed = self.lookups.get(source.removeprefix("lookup "), [])
        if name in self.multi:
            return isinstance(value, list) and all(one in allowed for one in value)
        return value in allowed

    @staticmethod
    def _error(status: int, path: str, detail: list[str] | None = None) -> tuple[int, Any, dict[str, str]]:
        error = {"code": status, "resource": path, "message": "no", **({"detail": detail} if detail else {})}
        return status, {"errors": [error]}, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    primero: Primero

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = urlsplit(self.path).path
        with self.primero.lock:
            number = len(self.primero.requests)
            self.primero.requests.append((self.command, path))
            self.primero.headers.append({name.lower(): value for name, value in self.headers.items()})
            trouble = self.primero.trouble(number, self.command, path) or Trouble(keep=True)
        status, content, headers = trouble.status, None, {}
        if trouble.keep:
            status, content, headers = self.primero.answer(
                self.command, self.path, self.headers.get("authorization", ""), body
            )
            status = trouble.status or status
        time.sleep(trouble.delay)
        if trouble.cut:
            self.close_connection = True
            self.connection.close()
            return
        raw = b"" if content is None or status == 204 else json.dumps(content).encode()
        try:
            self.send_response(status)
            for name, value in {**headers, **trouble.headers}.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = _do

    def log_message(self, *args: object) -> None:
        """Nothing on standard error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args: object) -> None:
        """A cut connection is part of the play."""


@contextmanager
def running_primero(port: int = 0, **options: Any) -> Iterator[Primero]:
    """A Primero on a loopback port until the block ends."""
    primero = Primero(**options)
    handler = type("Handler", (_Handler,), {"primero": primero})
    server = _Server(("127.0.0.1", port), handler)
    primero.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield primero
    finally:
        server.shutdown()
        server.server_close()
