"""Rasa as a server process on loopback: ``python -m bot.rasa_server --port N --actions-port N``.

Rasa's public ``serve_application`` with the REST channel only: its own HTTP API, which would show whole trackers,
stays off. Logging is ours, so that no record holds what a person wrote.
"""

from __future__ import annotations

import click
from rasa.core.run import serve_application
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import EndpointConfig

from bot.logs import configure_logging
from bot.settings import ROOT, get_settings


@click.command()
@click.option("--port", required=True, type=int)
@click.option("--actions-port", required=True, type=int)
def main(port: int, actions_port: int) -> None:
    """Serve the trained model on 127.0.0.1."""
    configure_logging()
    endpoints = AvailableEndpoints(
        action=EndpointConfig(f"http://127.0.0.1:{actions_port}/webhook"),
        tracker_store=EndpointConfig(type="bot.dialogue.tracker_store.SealedTrackerStore"),
    )
    serve_application(
        model_path=str(get_settings().models_dir / "an-tam.tar.gz"),
        interface="127.0.0.1",
        port=port,
        credentials=str(ROOT / "credentials.yml"),
        enable_api=False,
        endpoints=endpoints,
    )


if __name__ == "__main__":
    main()
