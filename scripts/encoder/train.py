"""Fine-tunes multilingual-E5-small on the project's messages: four heads, noise views, weights averaged.

    python scripts/encoder/train.py --weights e5-small-q4.bin --tokenizer tokenizer.json --out DIR [--start DIR]

Needs the libraries of ``scripts/encoder/requirements.txt``, which users never install. Situations of the calibration
share (``bot.encoder.is_calibration``) are never trained on: thresholds and confidence are chosen on them.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from network import Encoder, Reader, from_published
from restore import state_of
from sklearn.metrics import average_precision_score, f1_score
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from weights import Weights, cut_vocabulary

from bot.encoder.reading import MAX_PIECES, PREFIX, is_calibration
from bot.language import normalise, strip_accents
from bot.nlu.data import RISKS, Example, Request, load_examples, load_requests
from bot.nlu.noise import noisy
from bot.safety.types import ASKS_TO_DIE, ON_THE_WAY

DANGER = ("disclose_self", "disclose_other", "emergency", "self_harm")
IGNORED = -100
"""PyTorch's label that teaches nothing."""
OFTEN = 2
HALF = torch.cpu._is_avx512_bf16_supported()  # elsewhere bfloat16 is emulated, several times slower


def encode(tokenizer: Tokenizer, normals: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Padded ids and masks of texts in the normal form."""
    rows = [e.ids for e in tokenizer.encode_batch([PREFIX + text for text in normals])]
    rows = [row if len(row) <= MAX_PIECES else [*row[: MAX_PIECES - 1], row[-1]] for row in rows]
    length = max(map(len, rows))
    ids = np.ones((len(rows), length), np.int64)
    mask = np.zeros((len(rows), length), np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def predict(model: Reader, tokenizer: Tokenizer, normals: Sequence[str]) -> tuple[Any, Any, Any]:
    """Intent shares, danger, and that it is a request to refuse (shares) of each text."""
    model.eval()
    order = sorted(range(len(normals)), key=lambda i: len(normals[i]))
    found: list[Any] = [None] * len(normals)
    with torch.no_grad():
        for at in range(0, len(order), 64):
            chosen = order[at : at + 64]
            intent, danger, _, request, _ = model(*encode(tokenizer, [normals[i] for i in chosen]))
            for row, i in enumerate(chosen):
                none = float(request[row].softmax(-1)[0])
                found[i] = (intent[row].softmax(-1).numpy(), float(danger[row].sigmoid()), 1 - none)
    return np.array([f[0] for f in found]), np.array([f[1] for f in found]), np.array([f[2] for f in found])


def false_alarms(at_risk: Any, scores: Any, recall: float) -> float:
    """The share of the rest above the highest threshold that reaches the recall."""
    positive = np.sort(scores[at_risk])[::-1]
    threshold = positive[math.ceil(recall * len(positive)) - 1]
    return float((scores[~at_risk] >= threshold).mean())


def report(name: str, intents: list[str], examples: Sequence[Example], found: tuple[Any, Any, Any]) -> None:
    """One line: accuracy, macro-F1, and false alarms at three recalls."""
    shares, danger, _ = found
    truth = [e.intent for e in examples]
    guess = [intents[i] for i in shares.argmax(1)]
    at_risk = np.array([t in DANGER for t in truth])
    summed = shares[:, [i for i, n in enumerate(intents) if n in DANGER]].sum(1)
    score = (danger + summed) / 2
    alarms = " ".join(f"{r:.2f}:{false_alarms(at_risk, score, r):.3f}" for r in (0.90, 0.95, 0.97, 0.98))
    right = np.mean([t == g for t, g in zip(truth, guess, strict=True)])
    macro = f1_score(truth, guess, average="macro")
    average = average_precision_score(at_risk, score)
    print(f"  {name:6} accuracy {right:.3f} macro-F1 {macro:.3f} AP {average:.3f} false alarms {alarms}", flush=True)


def report_requests(examples: Sequence[Example], requests: Sequence[Request], both: Any) -> None:
    """One line: how many of the requests are seen at some shares of other messages that are taken for one."""
    ordinary, wanted = both[: len(examples)], both[len(examples) :]
    seen = " ".join(f"{s}:{(wanted > np.quantile(ordinary, 1 - s)).mean():.3f}" for s in (0.002, 0.005, 0.01))
    print(f"  requests {len(requests)}, seen at false refusals {seen}", flush=True)


class Targets:
    """What each message teaches. Requests to refuse teach only that they are, and who asks how to die is in danger."""

    def __init__(
        self, examples: Sequence[Example], intents: list[str], requests: Sequence[Request], kinds: list[str]
    ) -> None:
        risks = [RISKS.index(e.risk) for e in examples]
        dangers = [e.intent in DANGER for e in examples]
        told = torch.tensor([intents.index(e.intent) for e in examples])
        apart = len(requests)
        self.request = torch.tensor([0] * len(examples) + [1 + kinds.index(r.kind) for r in requests])
        self.intent = torch.cat([told, torch.full((apart,), IGNORED)])
        # whoever asks about a grave matter may be told of it: that teaches nothing about danger
        grey = [
            not d and r >= 2 and e.intent not in ON_THE_WAY for d, r, e in zip(dangers, risks, examples, strict=True)
        ]
        dying = [float(r.kind in ASKS_TO_DIE) for r in requests]
        self.counts = torch.tensor([float(not g) for g in grey] + dying)
        self.danger = torch.tensor([float(d) for d in dangers] + dying)
        self.grade = torch.tensor([[float(r > k) for k in range(4)] for r in risks] + [[0.0] * 4] * apart)
        count = np.bincount(told.numpy(), minlength=len(intents))
        weight = (count.max() / np.maximum(count, 1)) ** 0.5
        self.weight = torch.tensor(weight / (weight * count).sum() * count.sum(), dtype=torch.float)

    def loss(self, rows: Tensor, out: tuple[Tensor, ...], contrast: float) -> Tensor:
        """Cross-entropy of the intent, of danger and of the grades; optionally supervised contrast of vectors."""
        intent, danger, grade, request, vector = out
        loss = functional.cross_entropy(request.float(), self.request[rows])
        told = self.intent[rows] != IGNORED
        if not told.any():  # a mean of nothing would be no number
            return loss
        loss = loss + functional.cross_entropy(intent.float(), self.intent[rows], self.weight, label_smoothing=0.05)
        each = functional.binary_cross_entropy_with_logits(
            danger.float(), self.danger[rows] * 0.98 + 0.01, reduction="none"
        )
        loss = loss + (each * self.counts[rows]).sum() / told.sum()
        graded = functional.binary_cross_entropy_with_logits(grade.float()[told], self.grade[rows][told])
        loss = loss + 0.5 * graded
        if contrast:
            near = functional.normalize(vector.float(), dim=-1)
            alike = near @ near.T / 0.1
            self_mask = torch.eye(len(near), dtype=torch.bool)
            same = (self.intent[rows][:, None] == self.intent[rows][None]) & ~self_mask & told[:, None]
            log_share = alike - torch.logsumexp(alike.masked_fill(self_mask, -1e9), 1, keepdim=True)
            pairs = same.sum(1)
            if (pairs > 0).any():
                loss = loss - contrast * ((log_share * same).sum(1)[pairs > 0] / pairs[pairs > 0]).mean()
        return loss


def epoch_batches(
    examples: Sequence[Example], requests: Sequence[Request], epoch: int, options: argparse.Namespace
) -> list[list[tuple[str, int]]]:
    """Every message as typed and in another view (bare, or noisy in another way each epoch), of like lengths.

    What is bare already comes once, typed or noisy, and sometimes twice: its views differ little. The few requests to
    refuse come more often. Of what an earlier run has read (``--fresh``, ``--replay``) a share is enough to keep it.
    """
    seed, size = options.seed, options.size
    rng = random.Random(f"{seed}/{epoch}")  # noqa: S311 - variety, not secrecy
    rows: list[tuple[str, int]] = []
    for i, example in enumerate(examples):
        if not drawn(example.situation, options, rng):
            continue
        slips = noisy(example.text, 1000 * seed + epoch)
        if example.text.isascii():
            texts = [example.text if rng.random() < 0.5 else slips]
            texts += [slips] if rng.random() < 0.3 else []
        else:
            texts = [example.text, strip_accents(example.text) if rng.random() < 0.5 else slips]
        rows += [(normalise(text), i) for text in texts]
    for i, request in enumerate(requests, len(examples)):
        if drawn(request.situation, options, rng):
            slipped = [noisy(request.text, 1000 * seed + 10 * epoch + more) for more in range(OFTEN)]
            rows += [(normalise(text), i) for text in (request.text, strip_accents(request.text), *slipped)]
    rng.shuffle(rows)
    batches: list[list[tuple[str, int]]] = []
    for at in range(0, len(rows), size * 25):
        block = sorted(rows[at : at + size * 25], key=lambda row: len(row[0]))
        batches += [block[i : i + size] for i in range(0, len(block), size)]
    rng.shuffle(batches)
    return batches


def drawn(situation: str, options: argparse.Namespace, rng: random.Random) -> bool:
    """Whether an epoch reads a message: a new one always, others as often as ``--replay`` says."""
    return situation.startswith(options.fresh) or rng.random() < options.replay


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("nlu_data/nlu"))
    parser.add_argument("--requests", type=Path, default=Path("nlu_data/refused"))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="go on from another run, or from bot/encoder/model")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--words", type=float, default=0.0, help="rate of the word pieces' vectors (0: frozen)")
    parser.add_argument("--hold", action="store_true", help="do not lower the rate to the end (another run follows)")
    parser.add_argument(
        "--fresh", type=lambda names: tuple(names.split(",")), default=("",), help="how new situations begin: a,b,c"
    )
    parser.add_argument("--replay", type=float, default=1.0, help="share of the other messages that an epoch reads")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--contrast", type=float, default=0.0)
    parser.add_argument("--average", type=float, default=0.998, help="decay of the averaged weights")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true", help="compile the layers: a minute, then quicker steps")
    return parser.parse_args()


def start(
    options: argparse.Namespace, known: Sequence[Example], intents: list[str], kinds: list[str]
) -> tuple[Reader, Tokenizer]:
    """The untrained or earlier model, and the cut tokenizer in ``--out``."""
    path = options.out / "tokenizer.json"
    weights = Weights(options.weights)
    if options.start:
        path.write_bytes((options.start / "tokenizer.json").read_bytes())
        tokenizer = Tokenizer.from_file(str(path))
        model = Reader(Encoder(tokenizer.get_vocab_size(), weights.sizes, options.dropout), len(intents), len(kinds))
        found = model.load_state_dict(state_of(options.start), strict=False)
        if set(found.missing_keys) - {"request.weight", "request.bias"} or found.unexpected_keys:
            raise SystemExit(f"{options.start} is another network: {found}")
        return model, tokenizer
    texts = [PREFIX + normalise(v) for e in known for v in (e.text, strip_accents(e.text), noisy(e.text, 1))]
    kept = cut_vocabulary(options.tokenizer, texts, path)
    tokenizer = Tokenizer.from_file(str(path))
    model = Reader(from_published(weights, kept, options.dropout), len(intents), len(kinds))
    model.eval()
    with torch.no_grad():
        some = [normalise(e.text) for e in known[::8]]
        vectors = torch.cat([model.encoder(*encode(tokenizer, some[i : i + 64])) for i in range(0, len(some), 64)])
        model.centre.copy_(vectors.mean(0))
        model.spread.copy_(vectors.std(0) * 2)
        for head in (model.intent, model.danger, model.grade, model.request):
            head.weight.mul_(0.3)
    return model, tokenizer


def main() -> None:
    """Train, print a line an epoch, keep the averaged weights."""
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    examples = load_examples(options.data)
    known = [e for e in examples if not is_calibration(e.situation)]
    held = [e for e in examples if is_calibration(e.situation)]
    wishes = load_requests(options.requests)
    requests = [r for r in wishes if not is_calibration(r.situation)]
    unseen = [r for r in wishes if is_calibration(r.situation)]
    intents, kinds = sorted({e.intent for e in examples}), sorted({r.kind for r in wishes})
    model, tokenizer = start(options, known, intents, kinds)
    pieces = model.encoder.words.weight.requires_grad_(options.words > 0)
    heads = [p for head in (model.intent, model.danger, model.grade, model.request) for p in head.parameters()]
    body = [p for p in model.encoder.parameters() if p is not pieces]
    groups: list[dict[str, Any]] = [{"params": body, "base": options.rate}]
    groups.append({"params": heads, "base": 3 * options.rate})
    if options.words:
        groups.append({"params": [pieces], "base": options.words, "weight_decay": 0.0})
    optimiser = torch.optim.AdamW(groups, lr=options.rate, weight_decay=0.01, fused=True)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(options.average)
    )
    if options.compile:  # after the average was copied, which is only read with
        for block in model.encoder.blocks:
            block.compile(dynamic=True)
    targets = Targets(known, intents, requests, kinds)
    epochs = [epoch_batches(known, requests, number, options) for number in range(options.epochs)]
    steps = sum(map(len, epochs))
    warm, step, began = 0.06 * steps, 0, time.time()
    print(f"{len(known)} messages to learn, {len(held)} held back, {tokenizer.get_vocab_size()} pieces, {steps} steps")
    for epoch, batches in enumerate(epochs):
        model.train()
        total = 0.0
        for number, batch in enumerate(batches, 1):
            step += 1
            pace = min(1.0, step / warm) * (1.0 if options.hold else max(0.02, 1 - step / steps))
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * pace
            ids, mask = encode(tokenizer, [text for text, _ in batch])
            with torch.autocast("cpu", torch.bfloat16, enabled=HALF):
                out = model(ids, mask)
            loss = targets.loss(torch.tensor([i for _, i in batch]), out, options.contrast)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            average.update_parameters(model)
            total += loss.item()
            if step % 100 == 0:
                pause = (time.time() - began) / step
                print(f"    step {step} loss {total / number:.3f} {pause:.3f} s a step", flush=True)
        minutes = (time.time() - began) / 60
        print(f"epoch {epoch + 1}: loss {total / len(batches):.3f}, {minutes:.1f} minutes", flush=True)
        for name, view in (("typed", str), ("bare", strip_accents)):
            if epoch + 1 == options.epochs or name == "typed":
                found = predict(average.module, tokenizer, [normalise(view(e.text)) for e in held])
                report(name, intents, held, found)
                wanted = predict(average.module, tokenizer, [normalise(view(r.text)) for r in unseen])
                report_requests(held, unseen, np.concatenate([found[2], wanted[2]]))
        torch.save(average.module.state_dict(), options.out / "model.pt")
        (options.out / "names.json").write_text(json.dumps({"intents": intents, "kinds": kinds}))


if __name__ == "__main__":
    main()
