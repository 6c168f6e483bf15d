"""``bm25s`` without jax: it would load it (seconds of every start) for a step that is not used here."""

from __future__ import annotations

import sys
from typing import Any

_NAME = "jax"
_hidden = _NAME not in sys.modules
if _hidden:
    sys.modules[_NAME] = None  # type: ignore[assignment]
try:
    import bm25s
finally:
    if _hidden:
        del sys.modules[_NAME]

BM25: Any = bm25s.BM25
