"""The action server on loopback: ``python -m actions [--port N]``.

``rasa run actions`` works as well, but listens on every interface.
"""

from __future__ import annotations

import click
from rasa_sdk.endpoint import create_app

from actions.report import reports
from actions.shared import answerer, safety_answers
from bot.logs import configure_logging


@click.command()
@click.option("--port", default=5055, show_default=True)
def main(port: int) -> None:
    """Serve this package's actions on 127.0.0.1."""
    configure_logging()
    # The first person's answer must not wait for this.
    answerer()
    safety_answers()
    reports()
    app = create_app("actions")
    app.config.KEEP_ALIVE_TIMEOUT = 65
    app.run(host="127.0.0.1", port=port, workers=1, access_log=False, motd=False)


if __name__ == "__main__":
    main()
