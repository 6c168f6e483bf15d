"""Turns a training run into the committed model: ONNX with 8-bit weights, the cut tokenizer, and a card with hashes.

python scripts/encoder/export.py RUN [--out bot/encoder/model]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from network import Encoder, Reader
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn
from train import encode
from weights import Sizes

from bot.language import normalise
from bot.nlu.data import fingerprint, load_examples

SIZES = Sizes(width=384, layers=12, heads=12, inner=1536, vocabulary=0, positions=512, epsilon=1e-12)
"""Of multilingual-E5-small."""
OUTPUTS = ("intent", "danger", "grade", "request")


class Outputs(nn.Module):
    """Log-shares of the intents, log-odds of danger and of the grades, log-shares of no request and each kind."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        intent, danger, grade, request, _ = self.reader(ids, mask)
        return intent.log_softmax(-1), danger, grade, request.log_softmax(-1)


def main() -> None:
    """Export, compare with PyTorch, write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("bot/encoder/model"))
    parser.add_argument("--data", type=Path, default=Path("nlu_data/nlu"))
    parser.add_argument("--requests", type=Path, default=Path("nlu_data/refused"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(options.run / "tokenizer.json"))
    names = json.loads((options.run / "names.json").read_text())
    reader = Reader(Encoder(tokenizer.get_vocab_size(), SIZES, 0.0), len(names["intents"]), len(names["kinds"]))
    reader.load_state_dict(torch.load(options.run / "model.pt", weights_only=True))
    outputs = Outputs(reader).eval()
    target = options.out / "encoder.onnx"
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        dynamic = {"ids": {0: "batch", 1: "length"}, "mask": {0: "batch", 1: "length"}}
        dynamic |= {name: {0: "batch"} for name in OUTPUTS}
        torch.onnx.export(
            outputs,
            encode(tokenizer, ["xin chào", "em bị bạn đánh thì phải làm sao ạ"]),
            str(whole),
            input_names=["ids", "mask"],
            output_names=list(OUTPUTS),
            opset_version=17,
            dynamo=False,
            dynamic_axes=dynamic,
        )
        quantize_dynamic(whole, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=False)
    (options.out / "tokenizer.json").write_bytes((options.run / "tokenizer.json").read_bytes())
    texts = [normalise(e.text) for e in load_examples(options.data)[::40]]
    agreement = compare(outputs, tokenizer, target, texts)
    learned = {folder.name: fingerprint(folder) for folder in (options.data, options.requests)}
    files = {n: hashlib.sha256((options.out / n).read_bytes()).hexdigest() for n in ("encoder.onnx", "tokenizer.json")}
    card = {**names, "files": files, "data": learned, "export": agreement}
    (options.out / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    print(json.dumps(agreement))


def compare(outputs: Outputs, tokenizer: Tokenizer, path: Path, texts: list[str]) -> dict[str, float]:
    """How the 8-bit model differs from PyTorch's, and its median time for one message on one core in ms."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    same, moved, times = [], [], []
    for text in texts:
        ids, mask = encode(tokenizer, [text])
        with torch.no_grad():
            intent, danger, *_ = outputs(ids, mask)
        began = time.perf_counter()
        found = session.run(None, {"ids": ids.numpy(), "mask": mask.numpy()})
        times.append((time.perf_counter() - began) * 1000)
        same.append(int(intent.argmax()) == int(found[0].argmax()))
        moved.append(abs(float(danger.sigmoid()) - float(1 / (1 + np.exp(-found[1][0])))))
    return {
        "same_intent": round(float(np.mean(same)), 4),
        "danger_moved": round(float(np.mean(moved)), 4),
        "median_ms": round(float(np.median(times)), 2),
        "megabytes": round(path.stat().st_size / 1e6, 1),
    }


if __name__ == "__main__":
    main()
