"""Reads the committed 8-bit model back into PyTorch, so that training can go on from it without its checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

PARTS = ("query_key_value", "join", "widen", "narrow")
"""The matrices of a layer, in the order in which the graph uses them."""
SUFFIX = "_quantized"


def state_of(run: Path) -> dict[str, Tensor]:
    """The weights of a run: its checkpoint, or what is read back from its 8-bit numbers."""
    whole = run / "model.pt"
    return dict(torch.load(whole, weights_only=True)) if whole.exists() else state_from_onnx(run / "encoder.onnx")


def state_from_onnx(path: Path) -> dict[str, Tensor]:
    """The state of ``network.Reader`` from ``export.py``'s file. Raises ``ValueError`` on another file."""
    graph = onnx.load(str(path)).graph
    stored = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    state = {
        name.removeprefix("reader."): torch.tensor(array)
        for name, array in stored.items()
        if name.startswith("reader.") and SUFFIX not in name and not name.endswith(("_scale", "_zero_point"))
    }
    for name in ("encoder.words.weight", "encoder.places.weight"):
        state[name] = torch.tensor(_real(stored, f"reader.{name}"))
    for name in ("intent", "danger", "grade", "request"):
        if f"reader.{name}.weight_Transposed{SUFFIX}" not in stored:
            continue  # a model from before that head
        state[f"{name}.weight"] = torch.tensor(_real(stored, f"reader.{name}.weight_Transposed").T.copy())
    matrices = list(_layers(graph, stored))
    if not matrices or len(matrices) % len(PARTS):
        raise ValueError(f"{path.name} is not the committed encoder: {len(matrices)} matrices in its layers")
    for number, matrix in enumerate(matrices):
        layer, part = divmod(number, len(PARTS))
        state[f"encoder.blocks.{layer}.{PARTS[part]}.weight"] = torch.tensor(matrix.T.copy())
    return state


def _layers(graph: Any, stored: dict[str, Any]) -> Iterator[Any]:
    for node in graph.node:
        for name in node.input:
            if node.op_type == "MatMulInteger" and name.startswith("onnx::MatMul") and name.endswith(SUFFIX):
                yield _real(stored, name.removesuffix(SUFFIX))


def _real(stored: dict[str, Any], name: str) -> Any:
    """The 8-bit numbers as floats: ``(q - zero) * scale``, a scale for each column or one for all."""
    whole = stored[name + SUFFIX].astype(np.float32) - stored[f"{name}_zero_point"].astype(np.float32)
    return whole * stored[f"{name}_scale"].astype(np.float32)
