"""What a message costs on one core, and what the models weigh.

The measuring is done in a process of its own (``python -m bot.evaluation.timing``, texts as JSON on standard input),
so that neither the evaluation's memory nor its other core counts.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.settings import ROOT, get_settings

WARM_UP = 20
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def measure(texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds a message (NLU and risk together) at the median and the 95th percentile; peak memory in MB.

    ``wall`` is what a person waits, ``cpu`` what the core works: on a busy machine the first is the longer.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bot.evaluation.timing"],
        input=json.dumps(list(texts)),
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def sizes(models_dir: Path) -> dict[str, float]:
    """Megabytes of each model on disk."""
    encoder = ROOT / "bot" / "encoder" / "model"
    files = [p for p in (*models_dir.glob("*.tar.gz"), *models_dir.glob("*.joblib"), *encoder.glob("*")) if p.is_file()]
    return {path.name: path.stat().st_size / 1e6 for path in sorted(files)}


def _measure_here(texts: Sequence[str]) -> dict[str, float]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from .system import System

    system = System.load(get_settings().models_dir)
    for text in texts[:WARM_UP]:
        system.answer([text])
    wall, cpu = [], []
    for text in texts:
        began, worked = time.perf_counter(), time.process_time()
        system.answer([text])
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - worked))
    return {
        "messages": len(texts),
        "wall_p50_ms": float(np.percentile(wall, 50)),
        "wall_p95_ms": float(np.percentile(wall, 95)),
        "cpu_p50_ms": float(np.percentile(cpu, 50)),
        "cpu_p95_ms": float(np.percentile(cpu, 95)),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1.0 if sys.platform == "darwin" else 1024)
        / 1e6,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure_here(json.load(sys.stdin))))
