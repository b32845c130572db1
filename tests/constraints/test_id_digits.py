"""Whole numbers as identifiers: their digits have one code, block after block, near or far apart."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.constraints.evaluating import text_functions
from finsim.constraints.evaluating.text_functions import Digits
from finsim.constraints.tables.label_codes import Labels

BLOCKS = [
    [5, 3, 3, -1], [], [9, 3, -7], [10**15, 3], [-1], [2**63 - 1, -(2**63)], [1_000, 4, 4], [-600, 1_000],
]  # fmt: skip


@pytest.mark.parametrize("widest", [1, 16, 1 << 20])
def test_digits_have_one_code_whatever_the_blocks(widest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_functions, "WIDEST_TABLE", widest)
    labels = Labels()
    words = [labels.code(word) for word in ("-1", "x", "1000")]
    digits = Digits(labels)
    seen: dict[int, int] = {}
    for block in BLOCKS:
        codes = digits.codes(np.array(block, dtype=np.int64))
        assert [labels.text(int(code)) for code in codes] == [str(number) for number in block]
        for number, code in zip(block, codes.tolist(), strict=True):
            assert seen.setdefault(number, code) == code
    assert (seen[-1], seen[1_000]) == (words[0], words[2])
    assert len(labels) == len({*map(str, seen), "x"})


def test_new_numbers_are_coded_in_their_order_and_a_table_stays_small() -> None:
    labels = Labels()
    digits = Digits(labels)
    assert digits.codes(np.array([7, 2, 5, 2])).tolist() == [2, 0, 1, 0]
    assert digits.codes(np.array([6, 7, 1])).tolist() == [4, 2, 3]
    digits.codes(np.array([10**9]))
    assert len(digits._codes) == 7
