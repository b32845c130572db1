"""Whether a word of a row is the usual one of a key of it: of two accounts in one currency, say."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation.added_rows.column_codes import Codes
from finsim.notation import Bool1D


def usual_words(rows: pa.Table, real: Bool1D, column: str, keys: Collection[str]) -> list[Codes]:
    """Return a reading for each key: 1 where the word of ``column`` is the key's most frequent of real rows.

    0 where it is another, -1 where the key has none.
    """
    word = pd.factorize(rows[column].to_pandas())[0]
    found = []
    for name in sorted(keys):
        key = pd.factorize(rows[name].to_pandas())[0]
        known = real & (key >= 0) & (word >= 0)
        counts = pd.DataFrame({"key": key[known], "word": word[known]}).value_counts(sort=True).reset_index()
        usual = counts.drop_duplicates("key").set_index("key")["word"].reindex(key).to_numpy(dtype=float)
        code = np.where(np.isnan(usual), -1, usual == word).astype(np.int64)
        found.append(Codes(f"{column}: usual of {name}", column, code, code))
    return found
