"""The key file: created once with 0600, refused when it is wrong, and rotated while the program runs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from bot.db import commands, rotation, tables
from bot.db.engine import Store, open_store
from bot.db.keys import KeyFileError, add_sealing_key, create_key_file, load_key_file
from bot.desk.commands import officer
from bot.forwarding import DeskTarget, ForwardingWorker, Outcome
from bot.reports import ReportService
from bot.reports.commands import report
from bot.reports.content import open_pair, open_report
from bot.reports.messages import write_as_officer
from tests.conftest import make_settings
from tests.unit.test_forwarding import Scripted
from tests.unit.test_reports import DRAFT, rows

SENDER = "ab" * 16


def test_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key_file(path) == keys
    with pytest.raises(KeyFileError, match="exists already"):
        create_key_file(path)
    assert load_key_file(path) == keys


def broken(path: Path, how: str) -> None:
    if how == "missing":
        path.unlink()
    elif how == "readable":
        path.chmod(0o644)
    elif how == "no json":
        path.write_text("{")
    elif how == "empty":
        path.write_text("")
    elif how == "list":
        path.write_text("[]")
    else:
        content = json.loads(path.read_text())
        changes: dict[str, Any] = {
            "short": {"pseudonym": "YWJj"},
            "no current": {"current": 7},
            "not base64": {"receipt": "!!!"},
            "lost": {"cookie": None},
        }
        content.update(changes[how])
        path.write_text(json.dumps(content))


BROKEN = ["missing", "readable", "no json", "empty", "list", "short", "no current", "not base64", "lost"]


@pytest.mark.parametrize("how", BROKEN)
def test_a_wrong_key_file_stops_the_start_and_touches_nothing(tmp_path: Path, how: str) -> None:
    settings = make_settings(tmp_path)
    open_store(settings).engine.dispose()
    broken(settings.keys, how)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.name != "opening.lock"}
    with pytest.raises(KeyFileError) as refused:
        open_store(settings)
    assert "\n" not in str(refused.value)
    assert "keys.json" in str(refused.value)
    after = {path: path.read_bytes() for path in tmp_path.iterdir() if path.name != "opening.lock"}
    assert {p: c for p, c in after.items() if not p.name.endswith(("-wal", "-shm"))} == {
        p: c for p, c in before.items() if not p.name.endswith(("-wal", "-shm"))
    }


def test_another_installations_key_file_is_refused(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    open_store(settings)
    settings.keys.unlink()
    create_key_file(settings.keys)
    with pytest.raises(KeyFileError, match="does not belong"):
        open_store(settings)


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from bot.db.engine import open_store; from tests.conftest import make_settings; "
        "print(open_store(make_settings(pathlib.Path(sys.argv[1]))).keys.fingerprint())"
    )
    with ThreadPoolExecutor(3) as pool:
        results = list(
            pool.map(
                lambda _: (
                    subprocess.run(
                        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
                    ).stdout
                ),
                range(3),
            )
        )
    assert len(set(results)) == 1


def test_threads_that_start_together_agree_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    settings = make_settings(tmp_path, database_url=postgres_url)
    with ThreadPoolExecutor(3) as pool:
        stores = list(pool.map(lambda _: open_store(settings), range(3)))
    assert len({store.keys.fingerprint() for store in stores}) == 1
    for store in stores:
        store.engine.dispose()


def test_a_new_key_keeps_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = create_key_file(path)
    new = add_sealing_key(path)
    assert (new.current, set(new.sealing)) == (2, {1, 2})
    assert new.sealing[1] == old.sealing[1]
    assert new.fingerprint() == old.fingerprint()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]


def fill(store: Store) -> dict[str, bytes]:
    """One value in every column that is sealed with the key file's key."""
    service = ReportService(store, ["desk"])
    taken = service.take(DRAFT, "web", SENDER, "k1")
    service.withdraw(taken.receipt, SENDER)
    team = ForwardingWorker(store, [DeskTarget(store)], make_settings(Path("unused")))
    team.run_once()
    team.run_once()  # what was added waits for the report
    seal = store.sealer.seal
    with store.engine.begin() as connection:
        base = {"channel": "web", "sender": SENDER}
        body = seal(b"inbox", "inbox", "body", "key-1")
        row = {**base, "update_key": "key-1", "body": body, "state": "new", "received_at": 0.0}
        connection.execute(tables.inbox.insert().values(**row))
        body = seal(b"reply", "replies", "body", "1/0")
        row = {**base, "inbox_id": 1, "seq": 0, "body": body, "state": "pending", "created_at": 0.0, "due_at": 0.0}
        connection.execute(tables.replies.insert().values(**row))
        chat = {name: seal(b"chat", "conversations", name, SENDER) for name in ("address", "context")}
        connection.execute(tables.conversations.insert().values(**base, **chat, floor="bot", updated_at=0.0))
        body = seal(b"tracker", "trackers", "body", SENDER)
        connection.execute(tables.trackers.insert().values(sender=SENDER, body=body, updated_at=0.0))
        body = seal(b"/show", "button_payloads", "payload", "t")
        connection.execute(tables.button_payloads.insert().values(token="t", payload=body, used_at=0.0))
        body = seal(b"{}", "platform_tokens", "body", "zalo")
        token = {"name": "zalo", "body": body, "state": "ready", "expires_at": 0.0, "renewed_at": 0.0}
        connection.execute(tables.platform_tokens.insert().values(**token))
        body = seal(b"7", "platform_messages", "ref", "k")
        connection.execute(tables.platform_messages.insert().values(key="k", sender=SENDER, ref=body, at=0.0))
        body = seal(b"7", "platform_sends", "ref", "r1")
        send = {"reply": "r1", "parts": 0, "state": "ready", "digest": "", "ref": body, "at": 0.0}
        connection.execute(tables.platform_sends.insert().values(**send))
        line = {"id": "l", "chat": "c", "seq": 0, "author": "person", "body": seal(b"{}", "floor_lines", "body", "l")}
        connection.execute(tables.floor_lines.insert().values(**line, created_at=0.0))
        assert write_as_officer(connection, store, taken.report_id, "lan", "CANARY", 0.0)
    return {f"{table.name}.{column.name}": b"" for table, column in rotation.master_sealed()}


def test_rotation_seals_everything_again(store: Store, tmp_path: Path) -> None:
    places = fill(store)
    settings = make_settings(tmp_path / "var")
    running = Store(store.engine, load_key_file(settings.keys), settings.keys)  # another process
    assert rotation.rotate(store, settings) == len(places)
    for table, column in rotation.master_sealed():
        for row in rows(store, table):
            assert row[column.name][1:3] == b"\x00\x02", f"{table.name}.{column.name}"
    assert rotation.check(store) == (len(places), 0)
    (kept,) = rows(store, tables.reports)
    assert open_report(running, kept)["draft"]["story"] == DRAFT.story  # it read the new key by itself
    (case,) = rows(store, tables.desk_cases)
    assert open_pair(running.sealer, "desk_cases", case["id"], case["data_key"], case["content"])["draft"]


def test_rotation_while_others_write(store: Store, tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "var")
    running = Store(store.engine, load_key_file(settings.keys), settings.keys)
    stop, failures = threading.Event(), []

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                ReportService(running, []).take(DRAFT, "web", SENDER, f"k{number}")
            except Exception as error:
                failures.append(type(error).__name__)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        rotation.rotate(store, settings)
    finally:
        stop.set()
        writer.join()
    assert failures == []
    assert rotation.check(store)[1] == 0
    assert {row["data_key"][1:3] for row in rows(store, tables.reports)} == {b"\x00\x02"}
    assert len(rows(store, tables.reports)) > 3


def test_check_counts_what_cannot_be_opened(sqlite_store: Store) -> None:
    places = fill(sqlite_store)
    with sqlite_store.engine.begin() as connection:
        connection.execute(tables.trackers.update().values(body=b"\x01\x00\x01" + b"x" * 100))
    assert rotation.check(sqlite_store) == (len(places) - 1, 1)


# --- the command line -----------------------------------------------------------------------------
@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    settings = make_settings(tmp_path / "var")
    monkeypatch.setattr(commands, "get_settings", lambda: settings)

    def call(command: Any, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return call


def test_officer_commands(run: Any) -> None:
    code, password = run(officer, "add", "lan")
    assert code == 0
    assert len(password.strip()) == 23
    assert run(officer, "add", "lan")[0] == 1
    assert run(officer, "reset", "lan")[1] != password
    assert run(officer, "reset", "ai")[0] == 1
    assert "lan" in run(officer, "list")[1]
    assert "outstanding" in run(officer, "list")[1]


def test_report_commands(run: Any, sqlite_store: Store) -> None:
    taken = ReportService(sqlite_store, ["webhook"]).take(DRAFT, "web", SENDER, "k1")
    ForwardingWorker(sqlite_store, [Scripted(Outcome("rejected", "http_422"))], make_settings(Path("x"))).run_once()
    listed = run(report, "deliveries")[1]
    assert taken.report_id in listed
    assert "http_422" in listed
    assert "CANARY" not in listed
    number = next(line.split()[0] for line in listed.splitlines() if "rejected" in line)
    assert run(report, "replay", "x")[0] == 1
    assert run(report, "replay", number) == (0, "1 to be sent again\n")
    assert run(report, "replay", number)[0] == 1
    assert run(report, "replay", "all") == (0, "0 to be sent again\n")
    assert len(run(report, "deliveries", "--all")[1].splitlines()) == 3
    assert len(run(report, "deliveries", "--state", "dead")[1].splitlines()) == 1


def test_key_and_database_commands(run: Any, sqlite_store: Store, tmp_path: Path) -> None:
    ReportService(sqlite_store, []).take(DRAFT, "web", SENDER, "k1")
    assert "2 values open, 0 do not" in run(commands.keys, "check")[1]
    assert "key 2 is current, 2 values sealed again" in run(commands.keys, "rotate")[1]
    assert "newest schema" in run(commands.db, "upgrade")[1]
    os.chmod(tmp_path / "var" / "keys.json", 0o644)
    code, output = run(commands.keys, "check")
    assert code == 1
    assert output.count("\n") == 1
    assert "chmod 600" in output


def test_migrations_make_exactly_the_tables(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.engine.begin() as connection:
        assert sa.inspect(connection).has_table("reports")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
