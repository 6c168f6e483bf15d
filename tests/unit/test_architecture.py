"""The arrows of docs/architecture.md, read from the imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT

FORBIDDEN = {
    "bot/encoder": ("bot.nlu", "bot.safety", "bot.dialogue", "bot.db", "rasa", "sqlalchemy", "starlette", "torch"),
    "bot/language": (
        "bot.knowledge",
        "bot.safety",
        "bot.dialogue",
        "bot.db",
        "bot.reports",
        "rasa",
        "sqlalchemy",
        "starlette",
        "httpx",
    ),
    "bot/safety": ("bot.db", "bot.reports", "bot.knowledge", "bot.bridges", "rasa", "sqlalchemy", "starlette", "httpx"),
    "bot/knowledge": ("bot.db", "bot.reports", "bot.bridges", "bot.desk", "rasa", "sqlalchemy", "starlette", "httpx"),
    "bot/db": ("bot.dialogue", "bot.reports", "bot.forwarding", "bot.desk", "bot.bridges", "rasa"),
    "bot/reports": ("bot.forwarding", "bot.desk", "bot.bridges", "rasa", "starlette"),
    "bot/forwarding": ("bot.desk", "bot.bridges", "bot.dialogue", "bot.alerts", "rasa"),
    "bot/alerts": ("bot.desk", "bot.bridges", "bot.dialogue", "bot.nlu", "rasa", "starlette"),
    "bot/bridges": ("bot.desk", "bot.reports", "bot.forwarding", "bot.knowledge", "bot.nlu", "rasa"),
    "bot/desk": ("bot.bridges", "bot.nlu", "rasa"),
    "bot/evaluation": ("bot.db", "bot.dialogue", "bot.reports", "bot.bridges", "bot.desk", "rasa", "sqlalchemy"),
}


def modules(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*.py") if "migrations" not in p.parts]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


# Commands are entry points like the command line itself: they may call upwards, lazily.
@pytest.mark.parametrize(("room", "forbidden"), FORBIDDEN.items())
def test_arrows_point_one_way(room: str, forbidden: tuple[str, ...]) -> None:
    for path in modules(ROOT / room):
        if path.name == "commands.py":
            continue
        wrong = [n for n in imported(path) for f in forbidden if within(n, f)]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_nothing_in_bot_imports_the_actions() -> None:
    for path in modules(ROOT / "bot"):
        assert not [n for n in imported(path) if within(n, "actions")], path


def test_the_program_runs_without_the_evaluation() -> None:
    for path in modules(ROOT / "bot"):
        if path.parent.name != "evaluation":
            assert not [n for n in imported(path) if within(n, "bot.evaluation")], path


def test_actions_hold_no_sql_and_no_http() -> None:
    for path in modules(ROOT / "actions"):
        assert not [
            n for n in imported(path) for f in ("sqlalchemy", "httpx", "requests", "aiohttp") if within(n, f)
        ], path


def test_the_gateway_and_the_launcher_load_no_rasa() -> None:
    code = "import sys, bot.app, bot.desk.web, bot.supervisor; sys.exit('rasa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
