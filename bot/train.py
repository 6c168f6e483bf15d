"""Training: the risk model and the Rasa model, each only when its data, configuration or code changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import click

from bot.settings import ROOT, Settings, get_settings

DATA = ROOT / "nlu_data"
MODEL, FINGERPRINT = "an-tam", "rasa.fingerprint.json"


def train_risk(settings: Settings) -> Path:
    """Train the risk model if needed; returns its path."""
    from bot.safety.train import train

    return train(DATA / "nlu", settings.models_dir)


def rasa_fingerprint() -> str:
    """Changes with whatever the Rasa model is made from: data, domain, pipeline, our components, Rasa."""
    from bot import encoder, language

    digest = hashlib.sha256(f"{version('rasa')} {language.fingerprint()} {encoder.fingerprint()}".encode())
    files = [*DATA.rglob("*.yml"), ROOT / "domain.yml", ROOT / "config.yml"]
    files += [p for p in (ROOT / "bot" / "nlu").rglob("*") if p.suffix in (".py", ".yml")]
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def train_rasa(settings: Settings) -> None:
    """Train the Rasa model if needed. Raises ``CalledProcessError``.

    Rasa's own fingerprints find out as well that nothing changed, but take minutes over so many messages.
    """
    wanted, stamp = rasa_fingerprint(), settings.models_dir / FINGERPRINT
    model = settings.models_dir / f"{MODEL}.tar.gz"
    if model.is_file() and stamp.is_file() and json.loads(stamp.read_text())["fingerprint"] == wanted:
        return
    arguments = ["--fixed-model-name", MODEL, "--out", str(settings.models_dir), "--data", str(DATA)]
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
    subprocess.run(  # noqa: S603 - our own interpreter and arguments
        [sys.executable, "-m", "rasa", "train", *arguments],
        cwd=ROOT,
        env={**os.environ, "LOG_LEVEL": "ERROR", **quiet},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stamp.write_text(json.dumps({"fingerprint": wanted}))


def index_knowledge(settings: Settings) -> None:
    """Segment the knowledge base's texts once, so that every later start is quick."""
    from bot.knowledge import Answerer, KnowledgeBase

    Answerer(KnowledgeBase.load(settings.knowledge_dir))


@click.command("train")
def train_command() -> None:
    """Train the risk and Rasa models if their data changed."""
    settings = get_settings()
    click.echo("Training the risk and Rasa models, indexing the knowledge (what is unchanged is skipped) …", err=True)
    with ThreadPoolExecutor(1) as beside:  # Rasa trains in a process of its own, on the other core
        rasa = beside.submit(train_rasa, settings)
        train_risk(settings)
        index_knowledge(settings)
        try:
            rasa.result()
        except subprocess.CalledProcessError as error:
            click.echo(error.stdout, err=True)
            raise click.ClickException(f"rasa train failed with exit code {error.returncode}; see above") from None
    click.echo("Models are ready.", err=True)
