"""The encoder in PyTorch with its four heads. Used for training and export only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from weights import Weights

POSITIONS = 128


class TextDropout(nn.Module):
    """Dropout with one mask for all places of a text: a full mask costs 15 % of a step on a CPU."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        mask = torch.rand(x.shape[0], 1, x.shape[2]) >= self.share
        return x * mask.to(x.dtype) / (1 - self.share)


class Block(nn.Module):
    """One transformer layer, normalised after each half as in BERT."""

    def __init__(self, width: int, heads: int, inner: int, epsilon: float, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.widen = nn.Linear(width, inner)
        self.narrow = nn.Linear(inner, width)
        self.after_attention = nn.LayerNorm(width, epsilon)
        self.after_inner = nn.LayerNorm(width, epsilon)
        self.dropout = TextDropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.query_key_value(x).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        attention = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(width // self.heads) + bias, -1)
        joined = self.join((attention @ value).transpose(1, 2).reshape(batch, length, width))
        x = self.after_attention(x + self.dropout(joined))
        return self.after_inner(x + self.dropout(self.narrow(nn.functional.gelu(self.widen(x)))))


class Encoder(nn.Module):
    """Token ids ``(batch, length)`` and their mask to mean vectors ``(batch, width)``."""

    def __init__(self, vocabulary: int, sizes: Any, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, sizes.width)
        self.places = nn.Embedding(POSITIONS, sizes.width)
        self.norm = nn.LayerNorm(sizes.width, sizes.epsilon)
        self.dropout = TextDropout(dropout)
        self.blocks = nn.ModuleList(
            Block(sizes.width, sizes.heads, sizes.inner, sizes.epsilon, dropout) for _ in range(sizes.layers)
        )

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        places = self.places(torch.arange(ids.shape[1], device=ids.device))
        x = self.dropout(self.norm(self.words(ids) + places))
        bias = ((1.0 - mask.to(x.dtype)) * -1e4)[:, None, None, :]
        for block in self.blocks:
            x = block(x, bias)
        weight = mask.to(x.dtype)[:, :, None]
        return torch.as_tensor((x * weight).sum(1) / weight.sum(1))


class Reader(nn.Module):
    """Encoder and heads: intents, danger, for each grade above ``none`` whether the risk reaches it, and whether the
    message is a request to refuse (the first of its columns: none)."""

    def __init__(self, encoder: Encoder, intents: int, kinds: int, grades: int = 4) -> None:
        super().__init__()
        width = encoder.words.weight.shape[1]
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.intent = nn.Linear(width, intents)
        self.danger = nn.Linear(width, 1)
        self.grade = nn.Linear(width, grades)
        self.request = nn.Linear(width, 1 + kinds)
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("spread", torch.ones(width))

    def vector(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The centred sentence vector (E5's own vectors lie in a narrow cone)."""
        return (self.encoder(ids, mask).float() - self.centre) / self.spread  # type: ignore[operator]

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        vector = self.dropout(self.vector(ids, mask))
        return self.intent(vector), self.danger(vector)[:, 0], self.grade(vector), self.request(vector), vector


def from_published(weights: Weights, kept: Sequence[int], dropout: float) -> Encoder:
    """The published encoder with the vocabulary cut to ``kept``."""
    sizes = weights.sizes
    encoder = Encoder(len(kept), sizes, dropout)
    width, inner = sizes.width, sizes.inner

    def tensor(array: Any) -> Tensor:
        return torch.tensor(np.asarray(array))

    with torch.no_grad():
        words = weights.matrix("emb.word", sizes.vocabulary, width)
        encoder.words.weight.copy_(tensor(words[list(kept)]))
        places = weights.vector("emb.pos", sizes.positions, width)[:POSITIONS] + weights.vector("emb.type", width)
        encoder.places.weight.copy_(tensor(places))
        encoder.norm.weight.copy_(tensor(weights.vector("emb.ln.w", width)))
        encoder.norm.bias.copy_(tensor(weights.vector("emb.ln.b", width)))
        for i, block in enumerate(encoder.blocks):
            qkv = [weights.matrix(f"l{i}.{k}.w", width, width) for k in "qkv"]
            block.query_key_value.weight.copy_(tensor(np.concatenate(qkv)))
            bias = [weights.vector(f"l{i}.{k}.b", width) for k in "qkv"]
            block.query_key_value.bias.copy_(tensor(np.concatenate(bias)))
            for part, name, rows, columns in (
                (block.join, "ao", width, width),
                (block.widen, "fi", inner, width),
                (block.narrow, "fo", width, inner),
            ):
                part.weight.copy_(tensor(weights.matrix(f"l{i}.{name}.w", rows, columns)))
                part.bias.copy_(tensor(weights.vector(f"l{i}.{name}.b", rows)))
            for part, name in ((block.after_attention, "aln"), (block.after_inner, "oln")):
                part.weight.copy_(tensor(weights.vector(f"l{i}.{name}.w", width)))
                part.bias.copy_(tensor(weights.vector(f"l{i}.{name}.b", width)))
    return encoder
