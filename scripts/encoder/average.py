"""Averages the weights of runs that began from the same weights: better than each of them, and as quick as one.

    python scripts/encoder/average.py --out DIR bot/encoder/model RUN ...

Wortsman et al. 2022, "Model soups". The runs must have the same tokenizer.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from restore import state_of
from torch import Tensor


def names_of(run: Path) -> dict[str, list[str]]:
    """The intents and kinds of a run, or of a committed model's card."""
    path = run / "names.json"
    found = json.loads((path if path.exists() else run / "card.json").read_text())
    return {name: list(found[name]) for name in ("intents", "kinds")}


def mean(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each weight; what is no number with a fraction is taken from the first."""
    first = states[0]
    if any(set(state) != set(first) for state in states):
        raise SystemExit("these runs are different networks")
    return {
        name: torch.stack([s[name].float() for s in states]).mean(0) if value.is_floating_point() else value
        for name, value in first.items()
    }


def main() -> None:
    """Write the averaged run, ready for export.py."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("runs", type=Path, nargs="+")
    options = parser.parse_args()
    if len({(run / "tokenizer.json").read_bytes() for run in options.runs}) > 1:
        raise SystemExit("these runs cut texts into different pieces")
    names = [names_of(run) for run in options.runs]
    if any(other != names[0] for other in names):
        raise SystemExit("these runs know different intents or kinds")
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(mean([state_of(run) for run in options.runs]), options.out / "model.pt")
    (options.out / "names.json").write_text(json.dumps(names[0]))
    (options.out / "tokenizer.json").write_bytes((options.runs[0] / "tokenizer.json").read_bytes())


if __name__ == "__main__":
    main()
