"""TF-IDF without a vocabulary in memory: n-grams are hashed, and only the hashes that are frequent enough are kept.

A dictionary of a few hundred thousand n-grams takes 100 bytes and more for each; a sorted array of hashes takes four.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import Pipeline, make_pipeline

BUCKETS = 2**30
"""So many that a few hundred thousand n-grams hardly ever share one."""


class Frequent(BaseEstimator, TransformerMixin):  # type: ignore[misc]
    """Keeps the columns that are set in at least ``min_df`` rows, in the order of their hashes."""

    def __init__(self, min_df: int = 2) -> None:
        self.min_df = min_df

    def fit(self, matrix: Any, _target: Any = None) -> Frequent:
        """Count the rows of each column."""
        columns, rows = np.unique(matrix.indices, return_counts=True)
        self.columns_ = columns[rows >= self.min_df].astype(np.int32)
        return self

    def transform(self, matrix: Any) -> Any:
        """The kept columns, as ``(rows, len(columns_))``."""
        places = np.searchsorted(self.columns_, matrix.indices)
        places[places == len(self.columns_)] = 0
        known = self.columns_[places] == matrix.indices if len(self.columns_) else np.zeros(len(places), bool)
        before = np.concatenate([[0], np.cumsum(known)])
        shape = (matrix.shape[0], len(self.columns_))
        return csr_matrix((matrix.data[known], places[known], before[matrix.indptr]), shape=shape)


def hashed_tfidf(min_df: int, **how: Any) -> Pipeline:
    """Like scikit-learn's ``TfidfVectorizer(sublinear_tf=True)``; ``how`` is passed to ``HashingVectorizer``."""
    counts = HashingVectorizer(
        n_features=BUCKETS, alternate_sign=False, norm=None, lowercase=False, dtype=np.float32, **how
    )
    return make_pipeline(counts, Frequent(min_df), TfidfTransformer(sublinear_tf=True))
