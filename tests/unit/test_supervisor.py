"""supervisord's configuration."""

from __future__ import annotations

import configparser
from pathlib import Path

from bot.supervisor import BEHIND, write_config
from tests.conftest import make_settings


def test_what_thinks_gives_way_to_what_takes_messages_in(tmp_path: Path) -> None:
    config = configparser.RawConfigParser()
    config.read(write_config(make_settings(tmp_path / "var")))
    commands = {name: config.get(f"program:{name}", "command") for name in (*BEHIND, "gateway")}
    assert all(commands[name].startswith("nice -n 5 ") for name in BEHIND)
    assert "bot.app:create_app" in commands["gateway"]
    assert "nice" not in commands["gateway"].split()
