"""The command line: each room brings its own commands, loaded only when called."""

from __future__ import annotations

import importlib
import sys

import click
from pydantic import ValidationError

COMMANDS = {
    "run": "bot.supervisor:run",
    "train": "bot.train:train_command",
    "classify": "bot.nlu.commands:classify",
    "evaluate": "bot.evaluation.commands:evaluate",
    "ask": "bot.knowledge.commands:ask",
    "knowledge": "bot.knowledge.commands:knowledge",
    "report": "bot.reports.commands:report",
    "officer": "bot.desk.commands:officer",
    "bridge": "bot.bridges.commands:bridge",
    "outreach": "bot.outreach.commands:outreach",
    "keys": "bot.db.commands:keys",
    "db": "bot.db.commands:db",
    "doctor": "bot.doctor:doctor",
}


class LazyGroup(click.Group):
    """A group whose commands are imported on use, so that ``--help`` is quick and one broken room hurts no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.command(cls=LazyGroup, help="An Tâm: the child-protection chatbot. 'run' starts everything.")
def cli() -> None:
    """The root group."""


def main() -> None:
    """Run a command; a known operator error is one line on standard error and exit code 1."""
    from bot.db.keys import KeyFileError
    from bot.forwarding import TargetError
    from bot.safety import RiskModelError

    try:
        cli(prog_name="python -m bot")
    except (KeyFileError, RiskModelError, TargetError) as error:
        sys.exit(f"an-tam: {error}")
    except ValidationError as error:
        first = error.errors()[0]
        sys.exit(f"an-tam: setting {'.'.join(map(str, first['loc']))}: {first['msg']} (see .env or HOTLINE_*)")
